// Sensors from recorded trees, and what is read out of traces of power.
#include "calib/measuring/power_sensors.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <functional>

#include "tests/calib/measuring/recorded_tree.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(PowerSensors, CountersWrapAround) {
  UnwrappedCounter counter(1000);
  EXPECT_EQ(counter.add(900), 900);
  EXPECT_EQ(counter.add(100), 1100);
  EXPECT_EQ(counter.add(50), 2050);
}

TEST(PowerSensors, RaplSumsPackagesAndTheirMemory) {
  const RecordedTree tree;
  const fs::path zones = tree.root() / "sys/class/powercap";
  for (const auto& [zone, name, energy] : {std::tuple{"intel-rapl:0", "package-0", "5000000"},
                                           {"intel-rapl:0:0", "core", "900000"},
                                           {"intel-rapl:0:1", "dram", "2000000"}}) {
    write(zones / zone / "name", std::string(name) + "\n");
    write(zones / zone / "energy_uj", std::string(energy) + "\n");
    write(zones / zone / "max_energy_range_uj", "262143328850\n");
  }
  const FoundSensors found = find_power_sensors(tree.root());
  ASSERT_EQ(found.sensors.size(), 1u);
  EXPECT_EQ(found.sensors[0].name, "RAPL (2 domains)");
  EXPECT_NEAR(found.sensors[0].joules().value(), 7, 1e-12);
}

TEST(PowerSensors, SaysWhatItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const RecordedTree tree;
  const fs::path zone = tree.root() / "sys/class/powercap/intel-rapl:0";
  write(zone / "name", "package-0\n");
  write(zone / "energy_uj", "1\n");
  fs::permissions(zone / "energy_uj", fs::perms::none);
  const FoundSensors found = find_power_sensors(tree.root());
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_EQ(found.problems, std::vector<std::string>{(zone / "energy_uj").string() + ": Permission denied"});
}

TEST(PowerSensors, ReadsAnIna219ByPowerOrByVoltsAndAmperes) {
  const RecordedTree tree;
  const fs::path chip = tree.root() / "sys/class/hwmon/hwmon1";
  write(chip / "name", "ina219\n");
  write(chip / "in1_input", "5000\n");
  write(chip / "curr1_input", "600\n");
  FoundSensors found = find_power_sensors(tree.root());
  ASSERT_EQ(found.sensors.size(), 1u);
  EXPECT_NEAR(found.sensors[0].watts().value(), 3, 1e-12);
  write(chip / "power1_input", "3100000\n");
  write(chip / "update_interval", "2\n");
  found = find_power_sensors(tree.root());
  EXPECT_NEAR(found.sensors[0].watts().value(), 3.1, 1e-12);
  EXPECT_EQ(found.sensors[0].update, 0.002);
}

TEST(PowerSensors, TakesAJetsonsInputRailElseTheSumOfAll) {
  const RecordedTree tree;
  const fs::path chip = tree.root() / "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0";
  for (const auto& [i, rail, milliwatts] :
       {std::tuple{"0", "POM_5V_IN", "2500"}, {"1", "POM_5V_GPU", "100"}, {"2", "POM_5V_CPU", "700"}}) {
    write(chip / (std::string("rail_name_") + i), std::string(rail) + "\n");
    write(chip / (std::string("in_power") + i + "_input"), std::string(milliwatts) + "\n");
  }
  FoundSensors found = find_power_sensors(tree.root());
  ASSERT_EQ(found.sensors.size(), 1u);
  EXPECT_EQ(found.sensors[0].name, "ina3221x POM_5V_IN");
  EXPECT_NEAR(found.sensors[0].watts().value(), 2.5, 1e-12);
  write(chip / "rail_name_0", "POM_OTHER\n");
  found = find_power_sensors(tree.root());
  EXPECT_NEAR(found.sensors[0].watts().value(), 3.3, 1e-12);
}

PowerTrace trace_of(const std::function<double(double)>& watts, double step, double updates, double to) {
  PowerTrace trace;
  for (double t = 0; t <= to; t += step) trace.push_back({t, watts(std::floor(t / updates) * updates), {}});
  return trace;
}

TEST(PowerReading, EnergyIsTheIntegralBetweenTheTimes) {
  const PowerTrace trace = trace_of([](double t) { return 2 + t; }, 0.01, 0.01, 10);
  const PowerReading r = read_power(trace, {.name = "s"}, 2.003, 6.501);
  EXPECT_NEAR(r.energy.value(), 2 * 4.498 + (6.501 * 6.501 - 2.003 * 2.003) / 2, 0.05);
  EXPECT_NEAR(r.peak.value(), 8.5, 0.02);
}

TEST(PowerReading, TheWindowIsTheTimeBetweenNewValues) {
  const PowerTrace trace = trace_of([](double t) { return 3 + std::sin(t); }, 0.01, 0.2, 10);
  const PowerReading r = read_power(trace, {.name = "s"}, 1, 9);
  EXPECT_NEAR(r.window, 0.2, 0.011);
}

TEST(PowerReading, TooFewNewValuesAreNoEnergy) {
  const PowerTrace trace = trace_of([](double t) { return 3 + t; }, 0.01, 4, 10);
  const PowerReading r = read_power(trace, {.name = "slow"}, 1, 6);
  EXPECT_FALSE(r.energy);
  EXPECT_EQ(r.remark, "slow gave 2 new values in 5 s, too few for an energy");
}

TEST(PowerReading, ACounterIsDifferencedAndChecksATrace) {
  PowerTrace counted, both;
  for (double t = 0; t <= 10; t += 0.1) {
    counted.push_back({t, {}, 100 + 4 * t});
    both.push_back({t, 2 + 1e-3 * std::sin(7 * t), 100 + 4 * t});
  }
  const PowerReading r = read_power(counted, {.name = "s"}, 2.05, 7.05);
  EXPECT_NEAR(r.energy.value(), 20, 1e-9);
  EXPECT_NEAR(r.peak.value(), 4, 1e-6);
  EXPECT_EQ(read_power(both, {.name = "s"}, 2, 7).remark, "the trace gives 10 J, the counter 20 J");
}

TEST(PowerLog, IsLaidOverTheRunByItsOwnClock) {
  const PrivateFolder folder;
  const fs::path file = folder.path() / "power.csv";
  write(file, "time [s],power [W]\n1000000,2\n1000001,3\n1000002,4\n1000003,5\n1000004,6\n10000");
  const PowerSensor log = power_log(file, 999990);
  const PowerReading r = read_power(log.log(11, 13), log, 11, 13);
  EXPECT_NEAR(r.energy.value(), 8, 1e-9);
  write(file, "time [s],watts\n1,2\n");
  EXPECT_NE(error_of([&] { power_log(file, 0); }).find("missing column 'power [W]'"), std::string::npos);
}

}  // namespace
}  // namespace ridgeline
