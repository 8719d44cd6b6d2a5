// Learning curves of rules: what they are made of, and that equal seeds give equal curves.
#include "calib/replay.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "calib/validation.hpp"
#include "tests/calib/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

FitProblem measured_problem() {
  MeasurementSet set = synthetic_models(80, 91);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 92);
  return {synthetic_space(), set};
}

ReplayOptions few() {
  ReplayOptions options;
  options.rules = {ChoiceRule::random, ChoiceRule::active};
  options.sizes = {5, 10, 20, 200};
  options.seeds = 2;
  options.fit.starts = 1;
  return options;
}

TEST(Replay, ScoresFitsToWhatWasChosenOnWhatWasHeldOut) {
  const FitProblem problem = measured_problem();
  const Prior prior = data_sheet_prior(problem.space());
  const ReplayOptions options = few();
  const Replay replayed = replay(problem, prior, options);
  EXPECT_EQ(replayed.rows, 80u);
  EXPECT_EQ(replayed.held_out, 24u);
  ASSERT_EQ(replayed.runs.size(), 4u);
  for (const ReplayRun& run : replayed.runs) {
    ASSERT_EQ(run.points.size(), 3u) << "200 rows are not there";
    EXPECT_EQ(run.all.rows, 56u);
    EXPECT_TRUE(std::isnan(run.all.mape[1])) << "energy was not measured";
    EXPECT_DOUBLE_EQ(run.all.error, run.all.mape[0]);
    for (std::size_t i = 1; i < run.points.size(); ++i) EXPECT_GT(run.points[i].seconds, run.points[i - 1].seconds);
    EXPECT_LT(run.points.back().seconds, run.all.seconds);
    EXPECT_GE(run.points[0].seconds, 5 * planned_seconds({}, 0)) << "each row is loaded, warmed and run";
    EXPECT_EQ(run.area, excess_area(run.points, run.all.error));
  }
  EXPECT_EQ(replayed.runs[0].all.error, replayed.runs[1].all.error) << "rules are compared on the same rows";
  EXPECT_NE(replayed.runs[0].all.error, replayed.runs[2].all.error);
  const Split split = split_rows(80, 56, 1);
  const Eigen::VectorXd theta = fit(problem, split.fitted, prior, options.fit).theta;
  double sum = 0;
  const auto predictions = problem.predict(theta, split.held_out);
  for (std::size_t i = 0; i < split.held_out.size(); ++i)
    sum += std::abs(predictions[i].values[0] / problem.target(split.held_out[i]).measured[0] - 1);
  EXPECT_NEAR(replayed.runs[2].all.error, sum / 24, 1e-3 * sum / 24) << "as exactly as optimisers find one optimum";
}

TEST(Replay, EqualSeedsGiveEqualCurves) {
  const FitProblem problem = measured_problem();
  const Prior prior = data_sheet_prior(problem.space());
  ReplayOptions options = few();
  const Replay both = replay(problem, prior, options);
  options.first_seed = 1;
  options.seeds = 1;
  const Replay second = replay(problem, prior, options);
  for (std::size_t r = 0; r < 2; ++r)
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(second.runs[r].points[i].error, both.runs[2 + r].points[i].error);
}

TEST(Replay, AreaIsOverTheLogarithmOfRows) {
  std::vector<ReplayPoint> points(3);
  points[0] = {10, 0, {}, 0.3};
  points[1] = {20, 0, {}, 0.2};
  points[2] = {40, 0, {}, 0.1};
  EXPECT_NEAR(excess_area(points, 0.1), (0.15 + 0.05) * std::log(2.0), 1e-15);
}

TEST(Replay, NeedsTwoSizes) {
  const FitProblem problem = measured_problem();
  ReplayOptions options = few();
  options.sizes = {5, 57};
  EXPECT_EQ(error_of([&] { replay(problem, data_sheet_prior(problem.space()), options); }),
            "a learning curve needs two sizes within the 56 rows that may be chosen");
}

}  // namespace
}  // namespace ridgeline
