// Campaigns on a board that is warmed up first.
#include "calib/measuring/soak.hpp"

#include "tests/calib/measuring/hot_board.hpp"

namespace ridgeline {
namespace {

TEST_F(HotBoard, SoakedIsAsHotFromTheFirstRowOn) {
  heating_ = 60;
  how_.heat->mode = HeatMode::heat_soaked;
  const MeasureSummary s = campaign("run.h5");
  EXPECT_TRUE(waits_.empty());
  EXPECT_TRUE(said("warming up by " + plan_.back().id)) << "the one that takes nearest to a second";
  EXPECT_TRUE(s.soaked);
  EXPECT_GT(s.soaking, heating_);
  EXPECT_LT(s.soaking, how_.heat->longest_soak);
  EXPECT_EQ(s.disturbed, 0u);
  EXPECT_GT(s.running, 0.95 * s.elapsed);
  for (const Measurement& row : rows_) {
    EXPECT_NEAR(off(row), std::log(1.2), 0.01);
    EXPECT_NEAR(std::stod(row.conditions.at("reference")), 1, 0.01);
    EXPECT_EQ(row.conditions.at("heat"), "heat-soaked");
  }
}

TEST_F(HotBoard, IsSoakedForAShareOfTheBudgetAtMost) {
  how_.heat->mode = HeatMode::heat_soaked;
  for (const double budget : {30.0, 300.0}) {
    how_.budget = budget;
    const MeasureSummary s = campaign("run" + std::to_string(budget) + ".h5");
    EXPECT_FALSE(s.soaked);
    EXPECT_GT(s.soaking, how_.heat->soaking_share * budget - 3);
    EXPECT_LE(s.soaking, how_.heat->soaking_share * budget);
    EXPECT_LE(s.elapsed, budget);
  }
}

TEST_F(HotBoard, IsSoakedByAnotherModelWhereOneCannotRun) {
  how_.heat->mode = HeatMode::heat_soaked;
  machine_.fails = plan_.back().workload.length;
  const MeasureSummary s = campaign("run.h5");
  EXPECT_TRUE(said("warming up by " + plan_[plan_.size() - 2].id));
  EXPECT_GT(s.soaking, 60);
  EXPECT_EQ(s.failed, 1u);
}

}  // namespace
}  // namespace ridgeline
