#include "model/thermal.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "model/zoo.hpp"
#include "tests/model/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Program bert() { return lower(zoo_model("bert-base").architecture, {.batch = 32}); }

Thermal body(double resistance) { return {KelvinPerWatt(resistance), JoulesPerKelvin(20), Kelvin(300), Kelvin(350)}; }

TEST(Sustained, ACoolDeviceKeepsItsClock) {
  const CostParameters p = synthetic::gpu();
  const Estimate cold = estimate(bert(), p, Seconds(0.1));
  const Sustained s = sustained(bert(), p, body(0.1), Seconds(0.1));
  EXPECT_EQ(s.clock_factor, 1);
  EXPECT_EQ(s.estimate.latency, cold.latency);
  EXPECT_TRUE(std::isinf(s.full_clock.si()));
  EXPECT_DOUBLE_EQ(s.temperature.si(), 300 + 0.1 * cold.average_power->si());
}

TEST(Sustained, AHotDeviceSettlesAtTheThrottleTemperature) {
  const CostParameters p = synthetic::gpu();
  const Estimate cold = estimate(bert(), p, Seconds(0.1));
  const double allowed = 0.7 * cold.average_power->si();
  const Sustained s = sustained(bert(), p, body(50 / allowed), Seconds(0.1));
  EXPECT_TRUE(s.reaches);
  EXPECT_LT(s.clock_factor, 1);
  EXPECT_GT(s.estimate.latency, cold.latency);
  EXPECT_NEAR(s.temperature.si(), 350, 1e-6);
  EXPECT_NEAR(s.estimate.average_power->si(), allowed, 1e-6);
}

TEST(Sustained, TheFullClockLastsUntilTheBodyIsWarm) {
  // Integrate C·dT/dt = P - (T - ambient)/R by small steps.
  const CostParameters p = synthetic::gpu();
  const double power = estimate(bert(), p, Seconds(0.1)).average_power->si();
  const double resistance = 50 / (0.7 * power);
  const Sustained s = sustained(bert(), p, body(resistance), Seconds(0.1));
  double temperature = 300, time = 0;
  const double step = s.full_clock.si() / 20000;
  while (temperature < 350) {
    temperature += step / 20 * (power - (temperature - 300) / resistance);
    time += step;
  }
  EXPECT_NEAR(time, s.full_clock.si(), 1e-3 * s.full_clock.si());
}

TEST(Sustained, SaysWhenNoClockIsLowEnough) {
  const Sustained s = sustained(bert(), synthetic::gpu(), body(10), Seconds(0.1));
  EXPECT_FALSE(s.reaches);
  EXPECT_GT(s.temperature.si(), 350);
}

TEST(Sustained, NeedsPowerData) {
  EXPECT_EQ(error_of([] { sustained(bert(), synthetic::npu(), body(1), Seconds(0)); }),
            "no sustained figures without power data");
}

}  // namespace
}  // namespace ridgeline
