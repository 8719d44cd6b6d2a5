// NVIDIA's library, as far as a made-up one can stand for it.
#include "calib/measuring/nvml.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace ridgeline {
namespace {

TEST(Nvml, ReadsPowerAndEnergyOfEachCardThatTellsThem) {
  const FoundSensors found = find_nvml(RIDGELINE_FAKE_NVML);
  ASSERT_EQ(found.sensors.size(), 1u);
  const PowerSensor& sensor = found.sensors.front();
  EXPECT_EQ(sensor.name, "NVML 0 (Fake 100)");
  EXPECT_TRUE(sensor.of_card);
  EXPECT_EQ(sensor.watts(), 100);
  const double before = sensor.joules().value();
  EXPECT_EQ(sensor.joules().value() - before, 50);
  ASSERT_EQ(found.problems.size(), 1u);
  EXPECT_EQ(found.problems.front(), std::string(RIDGELINE_FAKE_NVML) + ", card 1 (Silent): tells no power");
}

TEST(Nvml, SensorsOutliveTheSearchAndGiveEnergies) {
  const PowerSensor sensor = find_nvml(RIDGELINE_FAKE_NVML).sensors.at(0);
  PowerTrace trace;
  for (int i = 0; i < 6; ++i) trace.push_back({0.5 * i, sensor.watts(), sensor.joules()});
  // A steady draw shows one value only; the counter moves.
  const PowerReading reading = read_power(trace, sensor, 0, 2.5);
  ASSERT_TRUE(reading.energy) << reading.remark;
  EXPECT_NEAR(*reading.energy, 250, 1e-9);
  EXPECT_NEAR(reading.peak.value(), 100, 1e-9);
}

TEST(Nvml, SaysWhyThereIsNone) {
  ::setenv("FAKE_NVML_FAILS", "1", 1);
  const FoundSensors found = find_nvml(RIDGELINE_FAKE_NVML);
  ::unsetenv("FAKE_NVML_FAILS");
  EXPECT_TRUE(found.sensors.empty());
  ASSERT_EQ(found.problems.size(), 1u);
  EXPECT_EQ(found.problems.front(), std::string(RIDGELINE_FAKE_NVML) + ": Driver Not Loaded");
}

TEST(Nvml, AMachineWithoutCardsHasNoProblem) {
  const FoundSensors found = find_nvml("libmissing-nvml.so.7");
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_TRUE(found.problems.empty());
}

}  // namespace
}  // namespace ridgeline
