// Several visits of each model: what comes of a machine that is slow for a while.
#include "calib/measuring/visits.hpp"

#include <gtest/gtest.h>

#include "data/sets.hpp"
#include "tests/calib/measuring/fake_machine.hpp"

namespace ridgeline {
namespace {

MeasureOptions three_visits() {
  MeasureOptions options;
  options.budget = 60;
  options.visits = 3;
  options.repeats.longest = 1;
  return options;
}

TEST(Visits, TheMedianDoesNotSeeAStretchInWhichTheMachineWasSlow) {
  const PrivateFolder folder;
  FakeMachine machine;
  const double began = machine.now;
  machine.seconds = [&](const Workload& w) {
    const double t = machine.now - began;
    return 1e-3 * static_cast<double>(w.length) * (t > 2 && t < 8 ? 1.3 : 1);
  };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  const auto plan = plan_of_lengths({32, 64, 96, 128, 160, 192});
  const MeasureSummary s = measure(plan, journal, machine.tools(), three_visits(), {});
  EXPECT_EQ(s.measured, 6u);
  EXPECT_EQ(s.left, 0u);
  EXPECT_EQ(machine.lengths.size(), 18u);
  bool was_slow = false;
  for (const Measurement& row : journal.set().rows) {
    EXPECT_EQ(visits_of(row), 3u) << row.id;
    EXPECT_NEAR(row.latency->value, 1e-3 * static_cast<double>(row.workload.length) / 2, 1e-9) << row.id;
    was_slow = was_slow || *row.latency->standard_deviation > 0.1 * row.latency->value;
  }
  EXPECT_TRUE(was_slow);
}

TEST(Visits, TheFirstRoundTakesItsShareOfTheBudgetOnly) {
  const PrivateFolder folder;
  FakeMachine machine;
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  MeasureOptions options = three_visits();
  options.budget = 24;
  std::vector<Size> lengths;
  for (Size length = 100; length < 116; ++length) lengths.push_back(length);
  const MeasureSummary s = measure(plan_of_lengths(lengths), journal, machine.tools(), options, {});
  EXPECT_GT(s.left, 0u);
  EXPECT_EQ(s.measured + s.left, lengths.size());
  EXPECT_LE(s.elapsed, options.budget);
  std::size_t thrice = 0;
  for (const Measurement& row : journal.set().rows) thrice += visits_of(row) == 3;
  EXPECT_GE(2 * thrice, s.measured);
}

TEST(Visits, GoOnWhereTheyWereInterrupted) {
  const PrivateFolder folder;
  FakeMachine machine;
  const auto plan = plan_of_lengths({32, 64, 96});
  {
    MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
    MeasureOptions once = three_visits();
    once.visits = 2;
    measure(plan, journal, machine.tools(), once, {});
  }
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), true);
  machine.lengths.clear();
  measure(plan, journal, machine.tools(), three_visits(), {});
  EXPECT_EQ(machine.lengths.size(), 3u);
  for (const Measurement& row : journal.set().rows) EXPECT_EQ(visits_of(row), 3u);
}

Measurement row_taking(double encoder, double decode, bool disturbed) {
  Measurement row;
  row.id = "t5";
  add_part(row, "encoder", {encoder, 0.0});
  add_part(row, "decode", {decode, 0.0});
  row.energy = MeasuredValue{10 * (encoder + decode), std::nullopt};
  row.conditions["took"] = "2.000 s";
  if (disturbed) row.conditions["disturbed"] = "other programs kept 1.0 processors busy";
  return row;
}

TEST(Visits, EachPartIsAMedianOfItsOwn) {
  const Measurement twice = merged_visits(row_taking(1, 5, true), row_taking(2, 7, true));
  EXPECT_TRUE(twice.conditions.contains("disturbed"));
  const Measurement row = merged_visits(twice, row_taking(4, 6, false));
  EXPECT_FALSE(row.conditions.contains("disturbed"));
  EXPECT_EQ(visits_of(row), 3u);
  EXPECT_EQ(row.conditions.at("visits encoder"), "1, 2, 4 s");
  EXPECT_DOUBLE_EQ(row.parts.at(0).latency.value, 2);
  EXPECT_DOUBLE_EQ(row.parts.at(1).latency.value, 6);
  EXPECT_DOUBLE_EQ(row.latency->value, 8);
  EXPECT_DOUBLE_EQ(row.energy->value, 90);
  EXPECT_NEAR(*row.parts.at(1).latency.standard_deviation, 1, 1e-12);
  EXPECT_EQ(row.conditions.at("took"), "6.000 s");
}

}  // namespace
}  // namespace ridgeline
