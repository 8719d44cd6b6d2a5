// How often a model is run, from times that are made up.
#include "calib/measuring/repeats.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/random.hpp"

namespace ridgeline {
namespace {

TEST(Repeats, AMediansIntervalIsThatOfOrderStatistics) {
  const std::vector<double> six{3, 1, 6, 2, 5, 4};
  const MedianInterval i = median_interval(six);
  EXPECT_EQ(i.median, 3.5);
  EXPECT_EQ(i.low, 1);
  EXPECT_EQ(i.high, 6);
  std::vector<double> hundred;
  for (int k = 1; k <= 100; ++k) hundred.push_back(k);
  EXPECT_EQ(median_interval(hundred).low, 40);  // ranks 40 and 61: Hahn & Meeker 1991, table A.15a
  EXPECT_EQ(median_interval(hundred).high, 61);
}

TEST(Repeats, TheIntervalHoldsTheMedianAsOftenAsItSays) {
  Random random(3);
  int held = 0;
  constexpr int kTimes = 2000;
  for (int t = 0; t < kTimes; ++t) {
    std::vector<double> values;
    for (int i = 0; i < 15; ++i) values.push_back(std::exp(random.normal()));  // skewed; its median is 1
    const MedianInterval i = median_interval(values);
    held += i.low <= 1 && 1 <= i.high;
  }
  EXPECT_GE(held, static_cast<int>(0.94 * kTimes));
}

/// Adds times until it is done, at most `most`.
Repeats repeated(const RepeatOptions& options, const std::function<double(int)>& time, int most = 100000) {
  Repeats repeats(options);
  for (int i = 0; i < most && !repeats.done(); ++i) repeats.add(time(i));
  return repeats;
}

TEST(Repeats, WarmingRunsAreNotTimed) {
  const Repeats r = repeated({}, [](int i) { return i < 10 ? 0.1 / (1 + i) : 0.01; });
  EXPECT_GE(r.summary().warming, 10u);
  EXPECT_EQ(r.summary().median, 0.01);
  EXPECT_EQ(r.summary().deviation, 0);
}

TEST(Repeats, WarmingEndsWhereItMustEvenIfNothingSettles) {
  RepeatOptions options;
  options.longest_warming = 1;
  const Repeats r = repeated(options, [](int i) { return i % 4 < 2 ? 0.1 : 0.3; });
  EXPECT_LE(r.summary().warming, 11u);
  EXPECT_FALSE(r.summary().reached);
}

TEST(Repeats, QuietModelsTakeTheFewestRunsAndNoisyOnesMore) {
  Random random(1);
  const Repeats quiet = repeated({}, [&](int) { return 0.01 * (1 + 0.002 * random.normal()); });
  EXPECT_EQ(quiet.summary().runs, RepeatOptions{}.fewest);
  const Repeats noisy = repeated({}, [&](int) { return 0.01 * (1 + 0.1 * std::abs(random.normal())); });
  EXPECT_GT(noisy.summary().runs, 20u);
  EXPECT_TRUE(noisy.summary().reached);
  EXPECT_LE(noisy.summary().high - noisy.summary().low, 0.04 * noisy.summary().median);
}

TEST(Repeats, SlowModelsEndAfterTheFewestRuns) {
  Random random(1);
  const Repeats r = repeated({}, [&](int) { return 2 * (1 + random.uniform()); });
  EXPECT_EQ(r.summary().runs, RepeatOptions{}.fewest);
}

/// A model whose median is never known takes as long as was planned, or warms up sooner.
TEST(Repeats, AreAsLongAsPlannedAtMost) {
  Random random(2);
  for (const double run : {0.001, 0.3, 2.0}) {
    double spent = 0;
    repeated({.target = 1e-9, .most = 1'000'000}, [&](int) {
      const double seconds = run * (1 + 0.5 * (random.uniform() - 0.5));
      spent += seconds;
      return seconds;
    });
    const double planned = planned_seconds({}, run) - kLoadingSeconds;
    EXPECT_LT(spent, 1.2 * planned) << run;
    EXPECT_GT(spent, 0.8 * (planned - std::max(RepeatOptions{}.longest_warming, run))) << run;
  }
}

TEST(Repeats, TrimmingLeavesOutAnInterruption) {
  const Repeats r =
      repeated({.target = 1e-9, .most = 20}, [](int i) { return i % 20 == 19 ? 5.0 : 0.01 + 1e-5 * i; });
  EXPECT_LT(r.summary().trimmed_mean, 0.02);
  EXPECT_LT(r.summary().deviation, 0.001);
}

TEST(Repeats, ASlowSensorGetsTheTimeItNeeds) {
  RepeatOptions options;
  options.shortest = 3;
  const Repeats r = repeated(options, [](int) { return 0.1; });
  EXPECT_GE(r.summary().runs, 30u);
}

}  // namespace
}  // namespace ridgeline
