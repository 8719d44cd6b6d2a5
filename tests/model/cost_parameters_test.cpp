#include "model/cost_parameters.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "model/roofline.hpp"
#include "tests/model/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

CostParameters parameters(std::string_view device, std::string_view runtime = "pytorch-eager",
                          Precision precision = Precision::fp32) {
  return data_sheet_parameters(load_device(device), load_runtime(runtime), uniform_numerics(precision));
}

TEST(DataSheetParameters, TakePeaksAndTilesFromTheDevice) {
  const CostParameters p = parameters("a100-pcie-40gb");
  EXPECT_NEAR(p.arithmetic[0].peak.si(), 19.5e12, 0.01e12) << "NVIDIA, A100 white paper: 19.5 TFLOP/s in fp32";
  EXPECT_EQ(p.arithmetic[0].units, 108);
  EXPECT_NEAR(parameters("a100-pcie-40gb", "pytorch-eager", Precision::fp16).arithmetic[0].peak.si(), 312e12, 1e12);
  EXPECT_EQ(p.memory.back().bandwidth.si(), 1555e9);
  EXPECT_TRUE(p.memory.back().shared);
  EXPECT_EQ(p.memory.front().instances, 108);
  EXPECT_TRUE(p.asynchronous);
  EXPECT_EQ(p.power_limit.si(), 250);
}

TEST(DataSheetParameters, ArithmeticOnActivationsKeepsTheirPrecision) {
  const Device device = load_device("a100-pcie-40gb");
  const CostParameters p = data_sheet_parameters(device, load_runtime("ideal"), uniform_numerics(Precision::int8));
  EXPECT_EQ(p.arithmetic[1].peak, effective_rate(device, Arithmetic::vector, Precision::int8).peak);
  EXPECT_GT(p.arithmetic[0].peak, p.arithmetic[1].peak);
}

TEST(DataSheetParameters, DispatchIsTheRuntimesOverTheHostsSpeed) {
  const Runtime runtime = load_runtime("pytorch-eager");
  const Device device = load_device("raspberry-pi-4");
  const CostParameters p = data_sheet_parameters(device, runtime, {});
  EXPECT_EQ(p.dispatch[0], runtime.dispatch_kernel / device.host_speed);
  EXPECT_EQ(p.dispatch[Operator(View{}).index()], runtime.dispatch_view / device.host_speed);
  EXPECT_FALSE(p.asynchronous);
  EXPECT_EQ(p.launch.si(), 0);
}

TEST(DataSheetParameters, AProcessorsOwnDispatchSlowsWithItsClockAGpusDoesNot) {
  const Runtime runtime = load_runtime("pytorch-eager");
  Device pi = load_device("raspberry-pi-4"), gpu = load_device("jetson-nano-gpu");
  const Seconds pi_full = data_sheet_parameters(pi, runtime, {}).dispatch[0];
  const Seconds gpu_full = data_sheet_parameters(gpu, runtime, {}).dispatch[0];
  pi = at_clock(pi, pi.nominal_clock * 0.5);
  gpu = at_clock(gpu, gpu.nominal_clock * 0.5);
  EXPECT_NEAR(data_sheet_parameters(pi, runtime, {}).dispatch[0] / pi_full, 2, 1e-12);
  EXPECT_EQ(data_sheet_parameters(gpu, runtime, {}).dispatch[0], gpu_full);
}

TEST(DataSheetParameters, ARuntimeWithoutThreadsUsesOneUnit) {
  const CostParameters p = parameters("raspberry-pi-4", "pytorch-no-blas");
  EXPECT_EQ(p.arithmetic[0].units, 1);
  EXPECT_EQ(p.arithmetic[1].units, 4);
  EXPECT_DOUBLE_EQ(p.arithmetic[0].peak.si() * 4, parameters("raspberry-pi-4").arithmetic[0].peak.si());
}

TEST(DataSheetParameters, PackedBlocksAreTakenToStayInACache) {
  EXPECT_EQ(parameters("raspberry-pi-4").weight_passes, 1);
  EXPECT_EQ(parameters("a100-pcie-40gb").weight_passes, 1);
}

TEST(DataSheetParameters, PackingAndMultiplyingFollowOneAnother) {
  EXPECT_EQ(parameters("raspberry-pi-4").overlap, 1);
  EXPECT_EQ(parameters("a100-pcie-40gb").overlap, 4);
  EXPECT_GT(parameters("raspberry-pi-4").batched_call.si(), 0);
  EXPECT_EQ(parameters("a100-pcie-40gb").batched_call.si(), 0);
}

TEST(DataSheetParameters, RefuseAPrecisionTheDeviceCannotDo) {
  Device device = load_device("ncs2");
  EXPECT_EQ(
      error_of([&] { data_sheet_parameters(device, load_runtime("ideal"), uniform_numerics(Precision::fp32)); }),
      error_of([&] { effective_rate(device, Arithmetic::matrix, Precision::fp32); }));
  EXPECT_NE(
      error_of([&] { data_sheet_parameters(device, load_runtime("ideal"), uniform_numerics(Precision::fp32)); }),
      "(no error)");
}

TEST(AtClockFactor, AgreesWithTheDeviceAtThatClock) {
  const Runtime runtime = load_runtime("pytorch-eager");
  for (const std::string& name : device_names()) {
    const Device device = load_device(name);
    const double factor = 0.8;  // where the straight line of the voltage meets the table
    const Hertz clock = device.clock * factor;
    if (!device.operating_points.empty() && clock < device.operating_points.front().clock) continue;
    const Numerics numerics = uniform_numerics(default_precision(device));
    const CostParameters described = data_sheet_parameters(at_clock(device, clock), runtime, numerics);
    const CostParameters scaled = at_clock_factor(data_sheet_parameters(device, runtime, numerics), factor);
    SCOPED_TRACE(name);
    for (std::size_t k = 0; k < kArithmeticCount; ++k) {
      EXPECT_NEAR(scaled.arithmetic[k].peak / described.arithmetic[k].peak, 1, 1e-12);
      if (!device.power) continue;
      EXPECT_NEAR(scaled.arithmetic[k].energy / described.arithmetic[k].energy, 1, 1e-9);
    }
    for (std::size_t l = 0; l < scaled.memory.size(); ++l)
      EXPECT_NEAR(scaled.memory[l].bandwidth / described.memory[l].bandwidth, 1, 1e-12);
    for (std::size_t o = 0; o < kOperatorKinds; ++o)
      EXPECT_NEAR(scaled.dispatch[o].si(), described.dispatch[o].si(), 1e-12 * described.dispatch[o].si());
    EXPECT_NEAR(scaled.clock_scale, described.clock_scale, 1e-12);
  }
}

TEST(AtClockFactor, ComposesAndUndoesItself) {
  const CostParameters p = synthetic::gpu();
  const CostParameters back = at_clock_factor(at_clock_factor(p, 0.7), 1 / 0.7);
  EXPECT_NEAR(back.voltage_slope, p.voltage_slope, 1e-12);
  EXPECT_NEAR(back.arithmetic[0].energy / p.arithmetic[0].energy, 1, 1e-12);
  EXPECT_NEAR(back.memory[0].energy / p.memory[0].energy, 1, 1e-12);
  EXPECT_NEAR(back.arithmetic[0].peak / p.arithmetic[0].peak, 1, 1e-12);
}

}  // namespace
}  // namespace ridgeline
