#include "calib/scores.hpp"

#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

using Values = std::vector<double>;

TEST(Scores, AreThoseOfTheStatisticsRoom) {
  const Values predicted{1.1, 1.8, 3.0, 5.0}, measured{1.0, 2.0, 3.0, 4.0};
  const Scores s = score(predicted, measured);
  EXPECT_EQ(s.rows, 4u);
  EXPECT_NEAR(s.mape, (0.1 + 0.1 + 0 + 0.25) / 4, 1e-12);
  EXPECT_NEAR(s.median_ape, 0.1, 1e-12);
  EXPECT_NEAR(s.rmse, std::sqrt((0.01 + 0.04 + 1) / 4), 1e-12);
  EXPECT_NEAR(s.r2.value(), 1 - 1.05 / 5, 1e-12);
  EXPECT_NEAR(s.spearman.value(), 1, 1e-12);
  EXPECT_NEAR(s.kendall.value(), 1, 1e-12);
}

TEST(Scores, LeaveOutWhatIsUndefined) {
  const Scores one = score(Values{2}, Values{1});
  EXPECT_NEAR(one.mape, 1, 1e-12);
  EXPECT_FALSE(one.r2 || one.spearman || one.kendall);
  const Scores constant = score(Values{2, 2}, Values{1, 3});
  EXPECT_TRUE(constant.r2);
  EXPECT_FALSE(constant.spearman || constant.kendall);
}

// Gneiting & Raftery (2007), eq. 43: width inside, 2/alpha times the distance beyond the end outside.
TEST(Scores, IntervalScoreIsWidthAndPenalty) {
  EXPECT_NEAR(interval_score(-1, 2, 0, 0.9), 3, 1e-12);
  EXPECT_NEAR(interval_score(-1, 2, 2.5, 0.9), 3 + 20 * 0.5, 1e-12);
  EXPECT_NEAR(interval_score(-1, 2, -3, 0.5), 3 + 4 * 2, 1e-12);
}

TEST(Scores, IntervalsOfFactors) {
  const Values predicted{1, 10, 100, 1000}, measured{1, 10, 100, 2000};
  Values low, high;
  for (const double p : predicted) low.push_back(p / 1.1), high.push_back(p * 1.1);
  const IntervalScores s = score_intervals(predicted, measured, low, high, 0.9);
  EXPECT_NEAR(s.coverage, 0.75, 1e-12);
  EXPECT_NEAR(s.mean_width, 1.1 - 1 / 1.1, 1e-12);
  EXPECT_NEAR(s.interval_score, 2 * std::log(1.1) + 20 * (std::log(2) - std::log(1.1)) / 4, 1e-12);
}

// The true quantiles have the lowest expected score of all intervals (Gneiting & Raftery, section 6.2), and no
// constant interval is better than the best one.
TEST(Scores, PreferTrueQuantilesAndBoundConstantOnes) {
  Random random(7);
  const std::size_t n = 4000;
  Values predicted(n, 1.0), measured;
  std::vector<double> spread;
  for (std::size_t i = 0; i < n; ++i) {
    spread.push_back(i % 2 == 0 ? 0.02 : 0.2);
    measured.push_back(std::exp(spread[i] * random.normal()));
  }
  const auto scored = [&](double own, double constant) {
    Values low, high;
    for (const double s : spread) {
      low.push_back(std::exp(-1.6449 * (own * s + constant)));
      high.push_back(std::exp(1.6449 * (own * s + constant)));
    }
    return score_intervals(predicted, measured, low, high, 0.9);
  };
  const IntervalScores exact = scored(1, 0);
  EXPECT_NEAR(exact.coverage, 0.9, 0.015);
  EXPECT_LT(exact.interval_score, scored(0.7, 0).interval_score);
  EXPECT_LT(exact.interval_score, scored(1.4, 0).interval_score);
  EXPECT_LT(exact.interval_score, exact.best_constant_score);
  for (const double width : {0.05, 0.08, 0.1, 0.12, 0.2})
    EXPECT_GE(scored(0, width).interval_score, exact.best_constant_score);
}

TEST(Scores, ComplainAboutWhatTheyCannotScore) {
  EXPECT_EQ(error_of([] { score(Values{}, Values{}); }), "scores need at least one row");
  EXPECT_EQ(error_of([] { score(Values{1}, Values{0}); }), "scores need positive measured values, got 0");
  EXPECT_EQ(error_of([] { score(Values{1}, Values{std::nan("")}); }),
            "scores need positive measured values, got nan");
  EXPECT_EQ(error_of([] { score(Values{1, 2}, Values{1}); }), "scores of 1 rows got 2 predicted values");
  EXPECT_EQ(error_of([] { score_intervals(Values{1}, Values{1}, Values{2}, Values{1}, 0.9); }),
            "an interval ends at 1 before it begins at 2");
  EXPECT_EQ(error_of([] { score_intervals(Values{1}, Values{1}, Values{1}, Values{1}, 90); }),
            "coverage must be between 0 and 1, got 90");
}

}  // namespace
}  // namespace ridgeline
