#include "calib/advice.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/calib/synthetic.hpp"

namespace ridgeline {
namespace {

TEST(LearningCurve, FallsTowardsTheNoise) {
  MeasurementSet set = synthetic_models(160, 61);
  measure(set, synthetic_truth(synthetic_space()), 0.01, 62);
  const FitProblem problem(synthetic_space(), set);
  const auto curve = learning_curve(problem, rows_of(problem), data_sheet_prior(problem.space()), {});
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_EQ(curve[0].rows, 20u);
  EXPECT_EQ(curve[2].rows, 80u);
  EXPECT_LT(curve[2].mape[0], curve[0].mape[0]);
  EXPECT_LT(curve[2].mape[0], 0.015) << "the noise alone makes 0.8 %";
  EXPECT_TRUE(std::isnan(curve[0].mape[1])) << "energy was not measured";
}

TEST(MostTellingRows, NarrowWhatTheyPromise) {
  MeasurementSet set = synthetic_models(60, 63);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 64);
  const FitProblem problem(synthetic_space(), set);
  const std::vector<std::size_t> all = rows_of(problem), some(all.begin(), all.begin() + 5);
  const Prior prior = data_sheet_prior(problem.space());
  const FitSummary before = fit(problem, some, prior);
  const auto telling = most_telling_rows(problem, before, some, 4);
  ASSERT_EQ(telling.size(), 4u);
  for (std::size_t k = 0; k < telling.size(); ++k) {
    EXPECT_EQ(std::count(some.begin(), some.end(), telling[k].row), 0) << "it was fitted already";
    EXPECT_GT(telling[k].narrower, 0);
    if (k > 0) {
      EXPECT_LE(telling[k].narrower, 1.05 * telling[k - 1].narrower);
    }
  }
  const auto uncertainty = [&](const std::vector<std::size_t>& rows) {
    const FitSummary fitted = fit(problem, rows, prior);
    double sum = 0;
    const auto predictions = problem.predict(before.theta, all, true);
    for (const auto& p : predictions) {
      const Eigen::VectorXd g = p.gradient.row(0).transpose() / p.values[0];
      sum += g.dot(fitted.covariance * g);
    }
    return sum;
  };
  std::vector<std::size_t> with_best = some, with_others = some;
  for (const TellingRow& t : telling) with_best.push_back(t.row);
  for (std::size_t i = 5; with_others.size() < with_best.size(); ++i)
    if (std::none_of(telling.begin(), telling.end(), [&](const TellingRow& t) { return t.row == i; }))
      with_others.push_back(i);
  EXPECT_LT(uncertainty(with_best), uncertainty(with_others));
}

TEST(MostTellingRows, AreMeasuredAgainWhereAllWereFitted) {
  MeasurementSet set = synthetic_models(12, 65);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 66);
  const FitProblem problem(synthetic_space(), set);
  const FitSummary fitted = fit(problem, rows_of(problem), data_sheet_prior(problem.space()));
  EXPECT_EQ(most_telling_rows(problem, fitted, rows_of(problem), 3).size(), 3u);
}

}  // namespace
}  // namespace ridgeline
