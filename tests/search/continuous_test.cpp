#include "search/continuous.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hwdesc/device_file.hpp"
#include "model/estimate.hpp"
#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(Continuous, FindsTheMinimumOfRosenbrocksValley) {
  const ContinuousVariable variables[] = {{"x", 0.1, 10}, {"y", 0.1, 10}};
  const double begin[] = {5, 0.2};
  const auto valley = [](std::span<const double> p) -> ContinuousValues {
    return {std::pow(1 - p[0], 2) + 100 * std::pow(p[1] - p[0] * p[0], 2)};
  };
  const ContinuousOptimum found = optimise_continuous(variables, begin, valley, {.evaluations = 5000});
  EXPECT_LT(found.values.objective, 1e-4);
  EXPECT_NEAR(found.point[0], 1, 0.01);
}

TEST(Continuous, StopsAtTheConstraint) {
  const ContinuousVariable variables[] = {{"x", 0.1, 10}};
  const double begin[] = {9};
  const ContinuousOptimum found =
      optimise_continuous(variables, begin, [](std::span<const double> p) -> ContinuousValues {
        return {p[0], {2.5 - p[0]}};
      });
  EXPECT_TRUE(found.feasible);
  EXPECT_NEAR(found.point[0], 2.5, 1e-4);
  EXPECT_GE(found.point[0], 2.5 - 1e-8);
}

TEST(Continuous, SaysWhenNothingMeetsTheConstraints) {
  const ContinuousVariable variables[] = {{"x", 1, 10}};
  const double begin[] = {5};
  const ContinuousOptimum found =
      optimise_continuous(variables, begin, [](std::span<const double> p) -> ContinuousValues {
        return {-p[0], {p[0] + 1}};
      });
  EXPECT_FALSE(found.feasible);
  EXPECT_NEAR(found.point[0], 1, 1e-3);  // the nearest to it
}

TEST(Continuous, PassesOnWhatIsThrown) {
  const ContinuousVariable variables[] = {{"x", 1, 10}};
  const double begin[] = {5};
  int calls = 0;
  const auto fails = [&](std::span<const double> p) -> ContinuousValues {
    if (++calls > 20) throw Error("no such clock");
    return {p[0]};
  };
  EXPECT_EQ(error_of([&] { optimise_continuous(variables, begin, fails); }), "no such clock");
  EXPECT_EQ(error_of([&] { optimise_continuous({}, {}, fails); }), "0 continuous variables with a start of 0");
  const double outside[] = {20};
  EXPECT_EQ(error_of([&] { optimise_continuous(variables, outside, fails); }),
            "x: the start 20 is not within 1 to 10");
}

TEST(Continuous, ReadsVariablesAsFactors) {
  const ContinuousVariable v = parse_variable("dram.bandwidth=x0.5..x2");
  EXPECT_EQ(v.name, "dram.bandwidth");
  EXPECT_EQ(v.from, 0.5);
  EXPECT_EQ(v.to, 2);
  EXPECT_EQ(to_text(v), "dram.bandwidth=x0.5..x2");
  for (const char* wrong : {"", "clock", "clock=x1", "clock=0.5..1", "clock=x1..x0.5", "clock=x0..x1", "=x1..x2",
                            "clock=x1..x2y", "clock=x1..xinf"})
    EXPECT_EQ(error_of([&] { parse_variable(wrong); }),
              "'" + std::string(wrong) +
                  "' is no variable: expected KEY=xFROM..xTO with 0 < FROM < TO, for example clock=x0.5..x1");
}

/// Energy of BERT on a Jetson Nano over its clock, with a limit on latency: no operating point is as good as the
/// clock that is found between two of them, and no clock of a fine grid is better.
TEST(Continuous, FindsAClockBetweenOperatingPoints) {
  const Device device = load_device("jetson-nano-gpu");
  const Runtime runtime = load_runtime("pytorch-eager");
  Workload workload;
  workload.task = Task::encode;
  workload.length = 128;
  const Program program = lower(load_model("bert-base"), workload);
  const auto at = [&](double clock) {
    return estimate(program, data_sheet_parameters(at_clock(device, Hertz(clock)), runtime, workload.numerics),
                    device.sensor ? device.sensor->window : Seconds{});
  };
  const double low = device.operating_points.front().clock.si(), high = device.operating_points.back().clock.si();
  const double limit = 0.5 * (at(low).latency.si() + at(high).latency.si());
  const auto function = [&](std::span<const double> p) -> ContinuousValues {
    const Estimate e = at(p[0]);
    return {e.energy->si(), {e.latency.si() / limit - 1}};
  };
  const ContinuousVariable variables[] = {{"clock", low, high}};
  const double begin[] = {high};
  const ContinuousOptimum found = optimise_continuous(variables, begin, function);
  ASSERT_TRUE(found.feasible);
  double best_grid = INFINITY, best_point = INFINITY;
  const auto consider = [&](double clock, double& best) {
    const Estimate e = at(clock);
    if (e.latency.si() <= limit) best = std::min(best, e.energy->si());
  };
  for (int i = 0; i <= 500; ++i) consider(low * std::pow(high / low, i / 500.0), best_grid);
  for (const OperatingPoint& point : device.operating_points) consider(point.clock.si(), best_point);
  EXPECT_LE(found.values.objective, best_grid * (1 + 1e-3));
  EXPECT_LE(found.values.objective, best_point * (1 + 1e-9));
}

}  // namespace
}  // namespace ridgeline
