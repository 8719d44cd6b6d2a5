#include "hwdesc/dvfs.hpp"

#include "hwdesc/device_file.hpp"
#include "hwdesc/energy.hpp"
#include "hwdesc/rates.hpp"
#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(Dvfs, InterpolatesVoltageBetweenOperatingPoints) {
  const Device device = board();
  EXPECT_NEAR(voltage_at(device, Hertz(500e6))->si(), 0.8, 1e-12);
  EXPECT_NEAR(voltage_at(device, Hertz(750e6))->si(), 0.9, 1e-12);
  EXPECT_NEAR(voltage_at(device, Hertz(1e9))->si(), 1.0, 1e-12);
  EXPECT_NEAR(dynamic_energy_scale(device, Hertz(500e6)), 0.64, 1e-12);
}

TEST(Dvfs, ApproximatesVoltageWithoutATable) {
  Device device = board();
  device.operating_points.clear();
  EXPECT_FALSE(voltage_at(device, Hertz(5e8)).has_value());
  EXPECT_DOUBLE_EQ(dynamic_energy_scale(device, device.nominal_clock), 1);
  EXPECT_NEAR(dynamic_energy_scale(device, Hertz(500e6)), 0.8 * 0.8, 1e-12);
}

TEST(Dvfs, SlowsEverythingThatFollowsTheClock) {
  const Device fast = board();
  const Device slow = at_clock(fast, Hertz(500e6));
  EXPECT_EQ(slow.nominal_clock, fast.nominal_clock);
  EXPECT_NEAR(effective_rate(slow, Arithmetic::matrix, Precision::fp32).peak /
                  effective_rate(fast, Arithmetic::matrix, Precision::fp32).peak,
              0.5, 1e-12);
  EXPECT_NEAR(total_bandwidth(slow, slow.memory[0]) / total_bandwidth(fast, fast.memory[0]), 0.5, 1e-12);
  EXPECT_EQ(total_bandwidth(slow, slow.memory[2]), total_bandwidth(fast, fast.memory[2]));
  EXPECT_NEAR(slow.power->idle.si(), 1, 1e-12);
  EXPECT_NEAR(slow.host_speed, 0.25, 1e-12);
  EXPECT_NEAR(busy_power(slow).si(), 0.5 * 0.64, 1e-12);
  const Device back = at_clock(slow, fast.clock);
  EXPECT_NEAR(back.power->idle.si(), fast.power->idle.si(), 1e-12);
  EXPECT_NEAR(back.host_speed, fast.host_speed, 1e-12);
}

TEST(Dvfs, GivesTheRangeForAClockOutsideTheTable) {
  EXPECT_EQ(error_of([] { at_clock(board(), Hertz(1.2e9)); }),
            "board: clock: clock of 1.200 GHz is out of range; board runs from 500.0 MHz to 1.000 GHz");
  EXPECT_EQ(error_of([] { at_clock(load_device("t4"), Hertz(1)); }),
            "t4: clock: clock of 1.000 Hz is out of range; t4 runs from 1.000 MHz to 20.00 GHz");
}

TEST(Dvfs, SetsAPowerMode) {
  const Device low = in_power_mode(board(), "low");
  EXPECT_EQ(low.clock, Hertz(500e6));
  EXPECT_EQ(low.units, 2);
  const Device nano = in_power_mode(load_device("jetson-nano-gpu"), "5W");
  EXPECT_EQ(nano.clock, Hertz(640e6));
  EXPECT_NEAR(nano.host_speed, 0.22, 1e-12);
}

TEST(Dvfs, NamesTheModesForAnUnknownOne) {
  EXPECT_EQ(error_of([] { in_power_mode(board(), "lo"); }),
            "board: power_modes: unknown power mode 'lo'; did you mean 'low'? the power modes are: low");
  EXPECT_EQ(error_of([] { in_power_mode(load_device("t4"), "low"); }),
            "t4: power_modes: no power mode 'low'; t4 has no power modes");
}

/// Power of one busy core above idle, as measured by PARTSim's authors (simconf/models/tb, the same files as the
/// voltages and idle powers of these descriptions), against f·V² scaled from the highest clock.
struct Measured {
  double mhz;
  double watts;
};

void expect_cubic_law(const std::string& name, const std::vector<Measured>& points, double tolerance) {
  const Device device = load_device(name);
  for (const Measured& point : points) {
    const Hertz clock(point.mhz * 1e6);
    const double scale = clock / device.nominal_clock;
    const double predicted = points.back().watts * scale * dynamic_energy_scale(device, clock);
    EXPECT_NEAR(predicted / point.watts, 1, tolerance) << name << " " << point.mhz << " MHz";
  }
}

TEST(Dvfs, BusyPowerFollowsClockTimesVoltageSquaredOnALittleCore) {
  expect_cubic_law(
      "odroid-xu3-a7",
      {{400, 0.0298}, {600, 0.0485}, {800, 0.0748}, {1000, 0.1078}, {1200, 0.1493}, {1400, 0.2058}},  // gzip-9
      0.12);
}

TEST(Dvfs, BusyPowerFollowsClockTimesVoltageSquaredOnARaspberryPi) {
  expect_cubic_law("raspberry-pi-4", {{700, 0.2226}, {900, 0.2962}, {1100, 0.3706}, {1300, 0.4438}, {1500, 0.5196}},
                   0.10);  // decrypt
}

}  // namespace
}  // namespace ridgeline
