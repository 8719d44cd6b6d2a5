#include "hwdesc/energy.hpp"

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

// The board: 10 W limit, 2 W idle, 4 busy units of 1 W leave 4 W for work; 32 GFLOP/s of matrix peak.
TEST(Energy, DerivesFromWhatFullLoadLeaves) {
  const Device device = board();
  EXPECT_NEAR(dynamic_energy(device, Arithmetic::matrix, Precision::fp32)->si(), 0.8 * 4 / 32e9, 1e-21);
  EXPECT_NEAR(dynamic_energy(device, Arithmetic::matrix, Precision::int8)->si(), 0.8 * 4 / 128e9, 1e-21);
  EXPECT_NEAR(dynamic_energy(device, Arithmetic::vector, Precision::fp32)->si(), 0.8 * 4 / 16e9, 1e-21);
  EXPECT_NEAR(dynamic_energy(device, Arithmetic::transcendental, Precision::fp32)->si(), 0.8 * 4 / 2e9, 1e-20);
  EXPECT_NEAR(transfer_energy(device, 2)->si(), 0.5 * 4 / 5e9, 1e-20);
  EXPECT_NEAR(transfer_energy(device, 1)->si(), 0.5 * 4 / 5e9 / 16, 1e-20);
  EXPECT_NEAR(transfer_energy(device, 0)->si(), 0.5 * 4 / 5e9 / 128, 1e-20);
}

TEST(Energy, TakesWhatTheFileStates) {
  const Device device = board("  busy_unit: 1 W", "  energy: {matrix: {fp32: 50 pJ/FLOP, source: book}}");
  EXPECT_NEAR(dynamic_energy(device, Arithmetic::matrix, Precision::fp32)->si(), 50e-12, 1e-20);
  EXPECT_NEAR(dynamic_energy(device, Arithmetic::vector, Precision::fp32)->si(), 100e-12, 1e-20)
      << "equal power at the peak of each kind";
  const Device wired = board("achievable: 0.5", "achievable: 0.5, energy: 160 pJ/B");
  EXPECT_NEAR(transfer_energy(wired, 2)->si(), 160e-12, 1e-20);
  EXPECT_NEAR(transfer_energy(wired, 0)->si(), 1.25e-12, 1e-20);
}

TEST(Energy, ComputesInThePrecisionThatTheDeviceReallyUses) {
  const Device device = board();
  EXPECT_EQ(dynamic_energy(device, Arithmetic::matrix, Precision::fp16),
            dynamic_energy(device, Arithmetic::matrix, Precision::fp32));
}

TEST(Energy, FallsWithVoltageSquaredExceptInDram) {
  const Device fast = board(), slow = at_clock(fast, Hertz(500e6));
  EXPECT_NEAR(*dynamic_energy(slow, Arithmetic::matrix, Precision::fp32) /
                  *dynamic_energy(fast, Arithmetic::matrix, Precision::fp32),
              0.64, 1e-12);
  EXPECT_NEAR(*transfer_energy(slow, 0) / *transfer_energy(fast, 0), 0.64, 1e-12);
  EXPECT_NEAR(*transfer_energy(slow, 2) / *transfer_energy(fast, 2), 1, 1e-12);
}

TEST(Energy, IsUnknownWithoutPowerData) {
  Device device = board();
  device.power.reset();
  EXPECT_FALSE(dynamic_energy(device, Arithmetic::matrix, Precision::fp32).has_value());
  EXPECT_FALSE(transfer_energy(device, 0).has_value());
  EXPECT_EQ(busy_power(device), Watts{});
  EXPECT_FALSE(with_energies(device).memory[0].energy.has_value());
}

TEST(Energy, WrittenInChangesNoAnswer) {
  const Device device = board(), full = with_energies(device);
  for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental})
    for (const Precision precision : supported_precisions(device))
      EXPECT_EQ(dynamic_energy(device, kind, precision), dynamic_energy(full, kind, precision));
  for (std::size_t level = 0; level < device.memory.size(); ++level)
    EXPECT_EQ(transfer_energy(device, level), transfer_energy(full, level));
}

TEST(Energy, StaysThatOfTheDescriptionInWhatIfs) {
  const Device device = load_device("v100-pcie-32gb");
  const auto energy = [](const Device& d) { return *dynamic_energy(d, Arithmetic::vector, Precision::fp32); };
  for (const Override& change : {Override{"units", "40"}, Override{"power.limit", "150W"},
                                 Override{"matrix.fp32.per_cycle", "x2"}, Override{"dram.bandwidth", "x4"}}) {
    const Device changed = load_device("v100-pcie-32gb", {change});
    EXPECT_EQ(energy(changed), energy(device)) << change.key;
    EXPECT_EQ(*transfer_energy(changed, 0), *transfer_energy(device, 0)) << change.key;
  }
  const Device set = load_device("v100-pcie-32gb", {{"power.energy.matrix.fp32", "x2"}});
  EXPECT_NEAR(*dynamic_energy(set, Arithmetic::matrix, Precision::fp32) /
                  *dynamic_energy(device, Arithmetic::matrix, Precision::fp32),
              2.0, 1e-9);
}

}  // namespace
}  // namespace ridgeline
