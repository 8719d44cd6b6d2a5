// Made-up devices with round numbers, one of each kind, and one operator of each kind in several sizes: what the laws
// of the cost model are tested on.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/cost_parameters.hpp"

namespace ridgeline::synthetic {

struct NamedParameters {
  std::string name;
  CostParameters parameters;
};

/// Four cores with 8 lanes, L1 and L2 private, L3 shared, 20 GB/s of DRAM; host and device are one.
inline CostParameters cpu() {
  CostParameters p;
  p.arithmetic[0] = {FlopsPerSecond(200e9), 0.8, 4, 4, 8, 1, JoulesPerFlop(50e-12)};
  p.arithmetic[1] = {FlopsPerSecond(100e9), 0.7, 4, 1, 8, 1, JoulesPerFlop(60e-12)};
  p.arithmetic[2] = {FlopsPerSecond(5e9), 0.7, 4, 1, 8, 1, JoulesPerFlop(900e-12)};
  p.memory = {{"l1", Bytes(4 * 32768), 4, false, BytesPerSecond(800e9), 0.9, true, JoulesPerByte(2e-12)},
              {"l2", Bytes(4 * 524288), 4, false, BytesPerSecond(300e9), 0.9, true, JoulesPerByte(5e-12)},
              {"l3", Bytes(8e6), 1, true, BytesPerSecond(120e9), 0.9, true, JoulesPerByte(10e-12)},
              {"dram", Bytes(8e9), 1, true, BytesPerSecond(20e9), 0.8, false, JoulesPerByte(100e-12)}};
  p.dispatch.fill(Seconds(4e-6));
  p.dispatch[Operator(View{}).index()] = Seconds(1e-6);
  p.has_power = true;
  p.static_power = Watts(5);
  p.voltage_slope = 0.4;
  return p;
}

/// The same cores where packing and multiplying follow one another, and each product of a batch is a call.
inline CostParameters packing_cpu() {
  CostParameters p = cpu();
  p.overlap = 1;
  p.weight_passes = 4;
  p.batched_call = Seconds(1e-6);
  return p;
}

/// A hundred multiprocessors behind a queue; its power limit binds for large products.
inline CostParameters gpu() {
  CostParameters p;
  p.arithmetic[0] = {FlopsPerSecond(20e12), 0.9, 100, 32, 32, 8, JoulesPerFlop(15e-12)};
  p.arithmetic[1] = {FlopsPerSecond(10e12), 0.9, 100, 1, 32, 1, JoulesPerFlop(15e-12)};
  p.arithmetic[2] = {FlopsPerSecond(1e12), 0.9, 100, 1, 32, 1, JoulesPerFlop(60e-12)};
  p.memory = {{"l1", Bytes(100 * 131072), 100, false, BytesPerSecond(18e12), 0.9, true, JoulesPerByte(1e-12)},
              {"l2", Bytes(6e6), 1, true, BytesPerSecond(3e12), 0.9, true, JoulesPerByte(4e-12)},
              {"dram", Bytes(16e9), 1, true, BytesPerSecond(900e9), 0.85, false, JoulesPerByte(30e-12)}};
  p.dispatch.fill(Seconds(6e-6));
  p.dispatch[Operator(View{}).index()] = Seconds(2e-6);
  p.launch = Seconds(5e-6);
  p.kernel_floor = Seconds(1e-6);
  p.asynchronous = true;
  p.has_power = true;
  p.static_power = Watts(40);
  p.power_limit = Watts(200);
  p.voltage_slope = 0.4;
  return p;
}

/// One large systolic array over a shared scratchpad.
inline CostParameters npu() {
  CostParameters p;
  p.arithmetic[0] = {FlopsPerSecond(1e12), 0.7, 1, 64, 64, 16, JoulesPerFlop(1e-12)};
  p.arithmetic[1] = {FlopsPerSecond(20e9), 0.7, 1, 1, 16, 1, JoulesPerFlop(10e-12)};
  p.arithmetic[2] = {FlopsPerSecond(2e9), 0.7, 1, 1, 16, 1, JoulesPerFlop(50e-12)};
  p.memory = {{"scratchpad", Bytes(2e6), 1, true, BytesPerSecond(200e9), 1, true, {}},
              {"dram", Bytes(5e8), 1, true, BytesPerSecond(4e9), 0.8, false, JoulesPerByte(150e-12)}};
  p.numerics = uniform_numerics(Precision::fp16);
  p.dispatch.fill(Seconds(30e-6));
  p.dispatch[Operator(View{}).index()] = Seconds(0);
  p.launch = Seconds(100e-6);
  p.asynchronous = true;
  return p;
}

inline std::vector<NamedParameters> devices() {
  return {{"cpu", cpu()}, {"packing cpu", packing_cpu()}, {"gpu", gpu()}, {"npu", npu()}};
}

/// Every operator kind; sizes about `scale` times the smallest sensible ones.
inline std::vector<Operator> operators(Size scale) {
  const Size s = scale;
  return {MatMul{s, 3 * s + 1, 2 * s},
          MatMul{1, 64 * s, 16 * s, 1, false},
          MatMul{8 * s, 8 * s, 8 * s, 8, true},
          MatMul{4 * s, 4 * s, 8 * s, 1, true, 0.5},
          BatchedMatMul{12, s, s, 64},
          BatchedMatMul{12, 1, 16 * s, 64, 4, true},
          FusedAttention{.batch = 2, .heads = 4, .key_value_heads = 2, .queries = s, .keys = 2 * s, .head_dim = 64},
          FusedAttention{
              .batch = 1, .heads = 4, .key_value_heads = 4, .queries = s, .keys = s, .head_dim = 64, .causal = true},
          Softmax{12 * s, s},
          Normalisation{NormKind::layer_norm, s, 16 * s},
          Elementwise{.function = Function::gelu, .elements = 100 * s},
          Elementwise{.function = Function::add, .elements = 1000 * s, .operands = 2},
          Embedding{s, 768, 30522},
          FourierMixing{Transform::dft, 2, s, 64},
          DepthwiseConvolution{1, s, 64, 9},
          DynamicConvolution{1, s, 64, 9, 4},
          Copy{Movement::contiguous, 700 * s},
          Reduction{s, 4 * s},
          Routing{s, 8, 2},
          OptimiserStep{Optimiser::adam, 1000 * s}};
}

/// A random operator of a random kind.
inline Operator any_operator(Random& random) {
  const std::vector<Operator> all = operators(static_cast<Size>(1) << random.below(10));
  return all[random.below(all.size())];
}

}  // namespace ridgeline::synthetic
