// Campaigns on a board that heats up while models run, in the cold mode.
#include "calib/measuring/reference.hpp"

#include <stdexcept>

#include "tests/calib/measuring/hot_board.hpp"

namespace ridgeline {
namespace {

TEST_F(HotBoard, IsWaitedForUntilTheReferenceIsBack) {
  const MeasureSummary s = campaign("run.h5");
  EXPECT_EQ(s.measured, plan_.size());
  EXPECT_GT(s.checks, 5u);
  EXPECT_EQ(loads(kQuick), 1 + s.checks);
  EXPECT_GT(s.cooling, 20);
  EXPECT_LT(s.cooling, 0.1 * s.elapsed) << "not of the budget, which is four times as long";
  EXPECT_GT(s.running, 0.9 * s.elapsed);
  EXPECT_TRUE(said("cooling down, the reference is "));
  EXPECT_TRUE(said(" % slower than at first at 6"));
  EXPECT_GT(s.disturbed, 0u) << "rows that found the board hot";
  for (const Measurement& row : rows_) {
    EXPECT_EQ(row.conditions.at("heat"), "cold");
    EXPECT_EQ(row.conditions.at("reference model"), plan_[0].id);
    EXPECT_GE(std::stod(row.conditions.at("reference")), 0.99);
    if (row.conditions.contains("disturbed")) {
      EXPECT_TRUE(row.conditions.at("disturbed").starts_with("the board was hot, the reference "));
      EXPECT_GT(std::stod(row.conditions.at("reference")), 1.02);
    }
  }
  const double most = most_off();
  how_.heat.reset();
  EXPECT_EQ(campaign("other.h5").cooling, 0);
  EXPECT_GT(most_off(), 0.15);
  EXPECT_LT(most, 0.5 * most_off());
}

TEST_F(HotBoard, HasRowsThatFoundItHotMeasuredAgain) {
  const std::size_t first = campaign("run.h5").disturbed;
  how_.again = true;
  const MeasureSummary s = campaign("again.h5");
  EXPECT_EQ(s.measured, plan_.size());
  EXPECT_TRUE(said("again, 1 of "));
  EXPECT_LT(s.disturbed, first);
  EXPECT_GT(s.running, 0.9 * s.elapsed);
}

TEST_F(HotBoard, IsKnownByItsClockOrByThrottlingToo) {
  tools_.state = [this] {
    MachineState state;
    state.clock = 1e9 / slowdown();
    return state;
  };
  EXPECT_GT(campaign("clock.h5").cooling, 0);
  tools_.state = [this] {
    MachineState state;
    state.throttle_flags = slowdown() > 1 ? 4 : 0;
    return state;
  };
  EXPECT_GT(campaign("throttled.h5").cooling, 0);
}

TEST_F(HotBoard, IsNotWaitedForWhereNothingSaysHeat) {
  tools_.state = [] { return MachineState{}; };
  EXPECT_EQ(campaign("run.h5").cooling, 0);
  EXPECT_TRUE(waits_.empty());
  EXPECT_GT(std::stod(rows_.back().conditions.at("reference")), 1.15) << "rows say so all the same";
  EXPECT_GT(machine_.now, 0);
}

TEST_F(HotBoard, IsNotWaitedForWhileOtherProgramsRun) {
  const double began = machine_.now;
  tools_.state = [this, began] {  // they come after half a minute, and take one of two processors
    MachineState state;
    const double passed = machine_.now - began, others = std::max(0.0, passed - 30);
    state.temperature = temperature_;
    state.processors = 2;
    state.own = passed, state.busy = passed + others, state.idle = passed - others;
    return state;
  };
  EXPECT_EQ(campaign("run.h5").cooling, 0);
  EXPECT_GT(std::stod(rows_.back().conditions.at("reference")), 1.15);
}

TEST_F(HotBoard, IsNotWaitedForAgainAfterAWaitInVain) {
  tools_.wait = [this](double seconds) { machine_.now += seconds, waits_.push_back(seconds); };
  const MeasureSummary s = campaign("run.h5");
  EXPECT_EQ(s.measured, plan_.size());
  EXPECT_FALSE(waits_.empty());
  EXPECT_LE(s.cooling, how_.heat->longest_wait);
  EXPECT_GT(s.running, 0.9 * s.elapsed);
  EXPECT_EQ(s.disturbed, 1u) << "what comes after it would not get better";
}

TEST_F(HotBoard, IsNotWaitedForWhereLoadingTakesTheTimeThatMayBeLost) {
  tools_.runner.load = [this, load = tools_.runner.load](const Model& m, const Workload& w, double patience) {
    load(m, w, patience);
    machine_.now += 1;
  };
  const MeasureSummary s = campaign("run.h5");
  EXPECT_LT(s.running, 0.9 * s.elapsed);
  EXPECT_EQ(s.cooling, 0);
}

/// The sixteenth model is three times as slow as expected, which is its own business.
TEST_F(HotBoard, IsCheckedAfterARowThatIsFarFromItsNeighbours) {
  const std::vector<PlannedModel> plan(plan_.begin(), plan_.begin() + 20);
  how_.heat->interval = 1e6;
  for (const bool odd : {false, true}) {
    machine_.lengths.clear();
    machine_.seconds = [&](const Workload& w) {
      return usual(w) * (odd && w.length == plan[15].workload.length ? 3 : 1);
    };
    MeasuringJournal journal(folder_ / (odd ? "odd.h5" : "even.h5"), empty_set(), false);
    EXPECT_EQ(campaign(journal, plan).checks, odd ? 2u : 1u);
    EXPECT_EQ(journal.set().rows[15].conditions.at("reference"), "1.000");
    if (odd) {
      EXPECT_EQ(machine_.lengths[17], kQuick) << "before the row after it";
    }
  }
}

TEST_F(HotBoard, IsCheckedEveryFewMinutesAndSeldomWhereChecksTakeLong) {
  machine_.seconds = [](const Workload& w) { return usual(w); };  // it stays cool
  const MeasureSummary s = campaign("run.h5");
  EXPECT_NEAR(static_cast<double>(s.checks), 1 + s.elapsed / (how_.heat->interval + 8), 1);
  machine_.seconds = [](const Workload& w) { return usual(w) * (w.length % 5 == 1 ? 1.5 : 1); };  // far each time
  const MeasureSummary odd = campaign("odd.h5");
  EXPECT_GT(odd.checks, s.checks);
  const double checking = odd.elapsed - odd.running;
  EXPECT_LT(checking, 0.02 * odd.elapsed + checking / static_cast<double>(odd.checks));
}

TEST_F(HotBoard, HasNoReferenceWhereNoModelIsQuick) {
  const std::vector<PlannedModel> plan(plan_.begin() + 1, plan_.begin() + 4);
  MeasuringJournal journal(folder_ / "run.h5", empty_set(), false);
  EXPECT_EQ(campaign(journal, plan).checks, 0u);
  EXPECT_FALSE(journal.set().rows[0].conditions.contains("reference"));
}

TEST_F(HotBoard, GoesOnWithTheReferenceThatItHad) {
  how_.budget = 250;
  {
    MeasuringJournal journal(folder_ / "run.h5", empty_set(), false);
    ASSERT_LT(campaign(journal, plan_).measured, plan_.size());
  }
  how_.budget = 3600;
  machine_.lengths.clear();
  MeasuringJournal journal(folder_ / "run.h5", empty_set(), true);
  const std::string first = journal.set().rows[0].conditions.at("reference at first");
  campaign(journal, plan_);
  EXPECT_EQ(machine_.lengths.at(1), kQuick) << "it is checked after the first row";
  EXPECT_EQ(journal.set().rows.back().conditions.at("reference at first"), first);
  EXPECT_FALSE(waits_.empty()) << "what it was when cool is known";
}

/// Ctrl-C and kill -9 end the process wherever it is: here, while it waits.
TEST_F(HotBoard, LosesNothingWhenItIsInterruptedWhileItWaits) {
  tools_.wait = [](double) { throw std::runtime_error("interrupted"); };
  {
    MeasuringJournal journal(folder_ / "run.h5", empty_set(), false);
    EXPECT_THROW(campaign(journal, plan_), std::runtime_error);
  }
  const std::vector<Size> loaded = machine_.lengths;
  ASSERT_EQ(loaded.back(), kQuick);
  const MeasuringJournal journal(folder_ / "run.h5", empty_set(), true);
  const Measurement& last = journal.set().rows.back();
  EXPECT_EQ(last.workload.length, loaded[loaded.size() - 2]);
  EXPECT_TRUE(last.conditions.at("disturbed").starts_with("the board was hot"));
}

TEST_F(HotBoard, IsNotMeasuredInBothModesInOneSet) {
  how_.budget = 200;
  for (const HeatMode begun : {HeatMode::cold, HeatMode::heat_soaked}) {
    const bool cold = begun == HeatMode::cold;
    const std::string file = cold ? "cold.h5" : "soaked.h5";
    how_.heat->mode = begun;
    campaign(file);
    how_.heat->mode = cold ? HeatMode::heat_soaked : HeatMode::cold;
    MeasuringJournal journal(folder_ / file, empty_set(), true);
    EXPECT_EQ(error_of([&] { campaign(journal, plan_); }),
              cold ? "--resume: the rows so far were measured cold; leave out --heat-soaked, or begin anew with "
                     "another --out"
                   : "--resume: the rows so far were measured heat-soaked; add --heat-soaked, or begin anew with "
                     "another --out");
  }
}

}  // namespace
}  // namespace ridgeline
