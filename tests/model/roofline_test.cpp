#include "model/roofline.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

using synthetic::NamedParameters;

/// Calls check(name of the device, parameters, operator) over every device, operator kind and several sizes.
template <class Check>
void over_everything(Check check) {
  for (const NamedParameters& device : synthetic::devices())
    for (const Size scale : {1, 7, 64, 200, 1024})
      for (const Operator& op : synthetic::operators(scale)) {
        SCOPED_TRACE(testing::Message() << device.name << ", " << kind_name(op) << ", scale " << scale);
        check(device.parameters, op);
      }
}

Seconds duration(const Operator& op, const CostParameters& p) { return cost(op, p).duration; }

TEST(Roofline, DurationIsPositiveFiniteAndAtLeastEachBound) {
  over_everything([](const CostParameters& p, const Operator& op) {
    const OperatorCost c = cost(op, p);
    const OperatorBounds b = bounds(op, p);
    EXPECT_TRUE(std::isfinite(c.duration.si()));
    EXPECT_GT(c.duration.si(), 0);
    EXPECT_TRUE(std::isfinite(c.energy.si()));
    EXPECT_GE(c.energy.si(), 0);
    for (const Seconds t : b.compute) EXPECT_GE(c.duration, t);
    for (const Seconds t : b.memory) EXPECT_GE(c.duration, t);
    EXPECT_GE(c.duration, p.kernel_floor);
  });
}

TEST(Roofline, UtilisationIsAShare) {
  over_everything([](const CostParameters& p, const Operator& op) {
    const OperatorBounds b = bounds(op, p);
    for (std::size_t k = 0; k < kArithmeticCount; ++k) {
      EXPECT_GT(b.shape(static_cast<Arithmetic>(k)), 0);
      EXPECT_LE(b.shape(static_cast<Arithmetic>(k)), 1 + 1e-15);
      if (b.flops[k].si() == 0) continue;
      const double utilisation = b.flops[k] / b.compute[k] / p.arithmetic[k].peak;
      EXPECT_LE(utilisation, 1 + 1e-12);
    }
  });
}

TEST(Roofline, FasterHardwareIsNeverSlower) {
  over_everything([](const CostParameters& p, const Operator& op) {
    const Seconds before = duration(op, p);
    const auto not_slower = [&](auto change) {
      CostParameters better = p;
      change(better);
      EXPECT_LE(duration(op, better).si(), before.si() * (1 + 1e-12));
    };
    for (std::size_t l = 0; l < p.memory.size(); ++l) {
      not_slower([&](CostParameters& b) { b.memory[l].bandwidth *= 1.3; });
      not_slower([&](CostParameters& b) { b.memory[l].utilisation = 1; });
    }
    for (std::size_t k = 0; k < kArithmeticCount; ++k) {
      not_slower([&](CostParameters& b) { b.arithmetic[k].peak *= 1.3; });
      not_slower([&](CostParameters& b) { b.arithmetic[k].utilisation = 1; });
      not_slower([&](CostParameters& b) {
        b.arithmetic[k].units *= 2;
        b.arithmetic[k].peak *= 2;
      });
      not_slower([&](CostParameters& b) {
        b.arithmetic[k].peak *=
            static_cast<double>(b.arithmetic[k].units + 1) / static_cast<double>(b.arithmetic[k].units);
        b.arithmetic[k].units += 1;
      });
    }
    not_slower([](CostParameters& b) { b.kernel_floor *= 0.5; });
    not_slower([](CostParameters& b) { b.power_limit *= 1.2; });
    not_slower([](CostParameters& b) { b.wave_quantisation *= 0.5; });
    not_slower([](CostParameters& b) { b = at_clock_factor(b, 1.2); });
  });
}

TEST(Roofline, LargerSharedCachesNeverSendMoreToMemory) {
  over_everything([](const CostParameters& p, const Operator& op) {
    for (std::size_t l = 0; l + 1 < p.memory.size(); ++l) {
      if (!p.memory[l].shared) continue;
      CostParameters better = p;
      better.memory[l].size *= 1.5;
      EXPECT_LE(bounds(op, better).traffic[p.memory.size() - 1], bounds(op, p).traffic[p.memory.size() - 1]);
    }
  });
}

TEST(Roofline, LargerShapesAreNeverFaster) {
  for (const NamedParameters& device : synthetic::devices()) {
    // Small steps around quantisation boundaries, and large ones.
    for (Size scale = 1; scale < 1500; scale += scale < 140 ? 1 : 61) {
      const auto small = synthetic::operators(scale), large = synthetic::operators(scale + 1);
      for (std::size_t i = 0; i < small.size(); ++i)
        EXPECT_LE(duration(small[i], device.parameters).si(),
                  duration(large[i], device.parameters).si() * (1 + 1e-12))
            << device.name << ", " << kind_name(small[i]) << ", " << scale;
    }
  }
}

TEST(Roofline, LargerMatricesAreNeverFasterInAnyDimension) {
  Random random(5);
  for (const NamedParameters& device : synthetic::devices())
    for (int trial = 0; trial < 5000; ++trial) {
      const auto size = [&] { return static_cast<Size>(1 + random.below(1u << random.below(13))); };
      const MatMul small{size(), size(), size()};
      MatMul large = small;
      (trial % 3 == 0   ? large.rows
       : trial % 3 == 1 ? large.columns
                        : large.inner) += static_cast<Size>(1 + random.below(64));
      EXPECT_LE(duration(small, device.parameters).si(), duration(large, device.parameters).si() * (1 + 1e-12))
          << device.name << ": " << small.rows << " x " << small.columns << " x " << small.inner << " and "
          << large.rows << " x " << large.columns << " x " << large.inner;
    }
}

TEST(Roofline, PowerNeverExceedsTheCap) {
  over_everything([](CostParameters p, const Operator& op) {
    if (!p.has_power) return;
    for (const double limit : {45.0, 60.0, 100.0, 200.0})
      for (const double slope : {0.0, 0.4, 1.0}) {
        p.power_limit = Watts(limit);
        p.voltage_slope = slope;
        const OperatorCost c = cost(op, p);
        EXPECT_LE(c.energy / c.duration + p.static_power, p.power_limit * (1 + 1e-12));
      }
  });
}

TEST(Roofline, TheCapLowersTheClockAndWithItTheVoltage) {
  CostParameters p = synthetic::gpu();
  p.kernel_floor = Seconds(0);
  p.memory[2].bandwidth = BytesPerSecond(1e30);  // then all time scales with the clock
  const MatMul op{4096, 4096, 4096};
  const OperatorCost capped = cost(op, p);
  p.power_limit = Watts(INFINITY);
  const OperatorCost free = cost(op, p);
  EXPECT_EQ(capped.bound, Bound::power);
  EXPECT_EQ(free.bound, Bound::matrix);
  EXPECT_NEAR((capped.energy / capped.duration).si(), 160, 1e-6);
  EXPECT_LT(capped.energy, free.energy);
  // x·(1 - s + s·x)²·P = 160 W with x the clock that is left.
  const double x = free.duration / capped.duration, v = 1 - 0.4 + 0.4 * x;
  const double off_chip = (bounds(op, p).traffic[2] * p.memory[2].energy).si();
  const double on_chip = free.energy.si() - off_chip;
  EXPECT_NEAR(x * (on_chip * v * v + off_chip) / free.duration.si(), 160, 1e-6);
}

TEST(Roofline, WithoutVoltageDataCappedEnergyStaysAndTimeStretches) {
  CostParameters p = synthetic::gpu();
  p.voltage_slope = 0;
  const MatMul op{4096, 4096, 4096};
  const OperatorCost capped = cost(op, p);
  p.power_limit = Watts(INFINITY);
  EXPECT_NEAR(capped.energy.si(), cost(op, p).energy.si(), 1e-12);
  EXPECT_NEAR(capped.duration.si(), capped.energy.si() / 160, 1e-12);
}

TEST(Roofline, NamesTheBindingBound) {
  const CostParameters cpu = synthetic::cpu(), gpu = synthetic::gpu();
  EXPECT_EQ(cost(MatMul{2048, 2048, 2048}, cpu).bound, Bound::matrix);
  EXPECT_EQ(cost(MatMul{1, 4096, 4096}, cpu).bound, Bound::dram) << "a matrix times a vector reads every weight once";
  EXPECT_EQ(cost(MatMul{1, 4096, 4096}, gpu).bound, Bound::dram);
  EXPECT_EQ(cost(View{3}, cpu).bound, Bound::dispatch);
  EXPECT_EQ(cost(Elementwise{.function = Function::add, .elements = 10, .operands = 2}, gpu).bound, Bound::floor);
  EXPECT_EQ(cost(Elementwise{.function = Function::gelu, .elements = 100000}, cpu).bound, Bound::transcendental);
  EXPECT_EQ(cost(Elementwise{.function = Function::add, .elements = 100000, .operands = 2}, cpu).bound, Bound::cache);
  EXPECT_EQ(cost(Elementwise{.function = Function::add, .elements = 100000000, .operands = 2}, cpu).bound,
            Bound::dram);
}

TEST(Roofline, ActivationsThatFitTheSharedCacheDoNotReachMemoryButWeightsDo) {
  const CostParameters p = synthetic::cpu();
  const std::size_t dram = p.memory.size() - 1;
  EXPECT_EQ(bounds(Softmax{1000, 100}, p).traffic[dram].si(), 0);
  EXPECT_EQ(bounds(Softmax{1000, 2000}, p).traffic[dram].si(), 2 * 1000 * 2000 * 4 - 8e6);
  const MatMul op{128, 768, 768, 1, false};
  EXPECT_EQ(bounds(op, p).traffic[dram].si(), 768 * 768 * 4);
}

TEST(Roofline, OperandsThatExceedACacheAreReadAgain) {
  CostParameters p = synthetic::cpu();
  p.memory[2].size = Bytes(1 << 20);
  const Size n = 8192;
  const double bytes = bounds(MatMul{n, n, n, 1, false}, p).traffic[3].si();
  // 2·n³ elements / sqrt(elements that fit), and the result once.
  const double blocked = 4 * (2 * std::pow(n, 3) / std::sqrt((1 << 20) / 4.0) + n * n);
  EXPECT_NEAR(bytes, blocked, 0.02 * blocked);
}

TEST(Roofline, CopiedWeightsPassMemorySeveralTimes) {
  CostParameters p = synthetic::cpu();
  const auto traffic = [&](const Operator& op) { return bounds(op, p).traffic[3].si(); };
  const MatMul large{5, 4096, 4096, 1, false}, small{5, 512, 512, 1, false};
  const double large_once = traffic(large), small_once = traffic(small);
  p.weight_passes = 4;
  EXPECT_DOUBLE_EQ(traffic(large), 4 * large_once);
  EXPECT_DOUBLE_EQ(traffic(small), small_once) << "both copies fit the last cache";
}

TEST(Roofline, BoundsThatDoNotOverlapAdd) {
  CostParameters p = synthetic::cpu();
  p.overlap = 1;
  const MatMul op{30, 512, 2048, 1, true};
  const OperatorBounds b = bounds(op, p);
  Seconds sum = p.kernel_floor;
  for (const Seconds t : b.compute) sum += t;
  for (const Seconds t : b.memory) sum += t;
  EXPECT_DOUBLE_EQ(duration(op, p).si(), sum.si());
}

TEST(Roofline, EachProductOfABatchIsACall) {
  CostParameters p = synthetic::cpu();
  const BatchedMatMul op{40, 1, 30, 64};
  const double before = duration(op, p).si();
  p.batched_call = Seconds(3e-6);
  EXPECT_NEAR(duration(op, p).si(), before + 40 * 3e-6, 1e-15);
}

TEST(Roofline, ProductsWithAVocabularyHaveARateOfTheirOwn) {
  CostParameters p = synthetic::cpu();
  const MatMul vocabulary{5, 32768, 512, 1, false}, layer{5, 2048, 512, 1, false};
  const double slow = duration(vocabulary, p).si(), same = duration(layer, p).si();
  p.vocabulary_rate = 2;
  EXPECT_NEAR(duration(vocabulary, p).si(), slow / 2, 1e-12 * slow);
  EXPECT_EQ(duration(layer, p).si(), same);
}

TEST(Roofline, LowPrecisionWeightsShrinkTraffic) {
  CostParameters p = synthetic::gpu();
  const MatMul op{1, 4096, 4096, 1, false};
  const double fp32 = bounds(op, p).traffic[2].si();
  p.numerics = uniform_numerics(Precision::int4);
  EXPECT_NEAR(bounds(op, p).traffic[2].si(), fp32 / 8, 1e-3 * fp32);
}

TEST(Roofline, AFusedElementwiseCostsArithmeticOnly) {
  const CostParameters p = synthetic::cpu();
  const OperatorCost alone = cost(Elementwise{.function = Function::gelu, .elements = 100000}, p);
  const OperatorCost fused =
      cost(Elementwise{.function = Function::gelu, .elements = 100000, .fused_into_producer = true}, p);
  EXPECT_EQ(fused.dispatch.si(), 0);
  EXPECT_LT(fused.duration, alone.duration);
  EXPECT_GT(fused.duration.si(), 0);
}

TEST(Roofline, AViewCostsItsDispatches) {
  const OperatorCost c = cost(View{3}, synthetic::cpu());
  EXPECT_DOUBLE_EQ(c.dispatch.si(), 3e-6);
  EXPECT_EQ(c.duration.si(), 0);
  EXPECT_EQ(c.energy.si(), 0);
}

TEST(Roofline, EnergyCountsOperationsAndBytes) {
  CostParameters p = synthetic::gpu();
  p.power_limit = Watts(INFINITY);
  const MatMul op{512, 512, 512, 1, false};
  const OperatorBounds b = bounds(op, p);
  double expected = 0;
  for (std::size_t k = 0; k < 3; ++k) expected += (b.flops[k] * p.arithmetic[k].energy).si();
  for (std::size_t l = 0; l < 3; ++l) expected += (b.traffic[l] * p.memory[l].energy).si();
  EXPECT_DOUBLE_EQ(cost(op, p).energy.si(), expected);
  EXPECT_DOUBLE_EQ(b.flops[0].si(), 2.0 * 512 * 512 * 512);
}

TEST(Roofline, IsContinuousInItsParameters) {
  // No jump as a rate moves by a millionth, however the binding bound or the tiling changes.
  over_everything([](const CostParameters& p, const Operator& op) {
    for (double factor = 0.25; factor < 4; factor *= 1.37) {
      CostParameters a = p;
      a.arithmetic[0].peak *= factor;
      CostParameters b = a;
      b.arithmetic[0].peak *= 1 + 1e-6;
      EXPECT_NEAR(duration(op, a) / duration(op, b), 1, 1.1e-6);
      a = p;
      a.memory[p.memory.size() - 2].bandwidth *= factor;
      b = a;
      b.memory[p.memory.size() - 2].bandwidth *= 1 + 1e-6;
      EXPECT_NEAR(duration(op, a) / duration(op, b), 1, 1.1e-6);
    }
  });
}

}  // namespace
}  // namespace ridgeline
