#include "calib/conformal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "base/statistics.hpp"
#include "calib/cross_validation.hpp"
#include "calib/scores.hpp"
#include "data/import.hpp"
#include "hwdesc/device_file.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

using Values = std::vector<double>;

/// Errors whose logarithmic scale is `base` + `slope`·x, x uniform in [-1, 1]; a second feature says nothing.
struct Errors {
  Values ratios;
  Eigen::MatrixXd features;

  Errors(std::size_t n, double slope, bool skewed, std::uint64_t seed, double base = std::log(0.1))
      : features(static_cast<Eigen::Index>(n), 2) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      const auto row = static_cast<Eigen::Index>(i);
      features.row(row) << 2 * random.uniform() - 1, random.normal();
      const double z = random.normal();
      const double error = skewed ? -std::log(1 - random.uniform()) - std::log(2.0) : z;
      ratios.push_back(std::exp(base + slope * features(row, 0)) * error);
    }
  }
};

struct Outcome {
  double coverage = 0, below = 0, above = 0, score = 0;
};
Outcome try_on(const ConformalIntervals& intervals, const Errors& fresh, bool with_features = true) {
  Outcome outcome;
  const auto n = static_cast<double>(fresh.ratios.size());
  for (std::size_t i = 0; i < fresh.ratios.size(); ++i) {
    const Eigen::VectorXd x = fresh.features.row(static_cast<Eigen::Index>(i)).transpose();
    const Spread f = intervals.factors(with_features ? x : Eigen::VectorXd());
    const double y = fresh.ratios[i];
    outcome.below += (y < std::log(f.low) ? 1 : 0) / n;
    outcome.above += (y > std::log(f.high) ? 1 : 0) / n;
    outcome.score += interval_score(std::log(f.low), std::log(f.high), y, intervals.coverage) / n;
  }
  outcome.coverage = 1 - outcome.below - outcome.above;
  return outcome;
}

// The mean coverage of intervals from n exchangeable rows is nominal for every n; one set's own coverage scatters
// with the standard deviation that the header states, so that the mean of 400 sets is known to 0.4 points at n = 16.
TEST(Conformal, MeanCoverageIsNominalForFewAndManyRows) {
  for (const std::size_t n : {9u, 16u, 20u, 60u, 200u}) {
    const int sets = n > 100 ? 40 : 400;
    double coverage = 0;
    for (int s = 0; s < sets; ++s) {
      const Errors known(n, 0, false, static_cast<std::uint64_t>(s) * 2 + n);
      coverage += try_on(constant_intervals(known.ratios), Errors(300, 0, false, 100000 + s), false).coverage / sets;
    }
    EXPECT_NEAR(coverage, 0.9, 0.02) << n << " rows";
  }
}

TEST(Conformal, WidthFollowsTheScaleOfErrors) {
  const Errors known(200, 1, false, 1), fresh(4000, 1, false, 2);
  const ConformalIntervals varying = conformal_intervals(known.ratios, known.features);
  const Outcome with = try_on(varying, fresh), constant = try_on(constant_intervals(known.ratios), fresh, false);
  EXPECT_NEAR(with.coverage, 0.9, 0.05);
  EXPECT_LT(with.score, 0.95 * constant.score);
  // Deviation of x is 1/sqrt(3).
  EXPECT_NEAR(varying.weights[0], 1 / std::sqrt(3.0), 0.2);
}

TEST(Conformal, StaysConstantWhereFeaturesSayNothing) {
  int varying = 0;
  double with = 0, without = 0;
  for (std::uint64_t s = 0; s < 20; ++s) {
    const Errors known(150, 0, false, s), fresh(1000, 0, false, 1000 + s);
    const ConformalIntervals intervals = conformal_intervals(known.ratios, known.features);
    varying += intervals.weights.norm() > 0 ? 1 : 0;
    with += try_on(intervals, fresh).score;
    without += try_on(constant_intervals(known.ratios), fresh, false).score;
  }
  EXPECT_LE(varying, 10);
  EXPECT_LT(with, 1.02 * without);
}

TEST(Conformal, ManyRowsGiveEachTailItsOwnEnd) {
  const Errors known(2000, 0, true, 3), fresh(20000, 0, true, 4);
  const ConformalIntervals intervals = constant_intervals(known.ratios);
  const Outcome outcome = try_on(intervals, fresh, false);
  EXPECT_NEAR(outcome.coverage, 0.9, 0.02);
  EXPECT_NEAR(outcome.below, 0.05, 0.02);
  EXPECT_NEAR(outcome.above, 0.05, 0.02);
  EXPECT_GT(intervals.high, -2 * intervals.low);
}

// One cold cache among 16 rows may widen an interval, but not to the outlier's own size where the rank is below it.
TEST(Conformal, OneOutlierAmongManyRowsHardlyMatters) {
  Errors known(100, 0, false, 5);
  const ConformalIntervals before = constant_intervals(known.ratios);
  known.ratios[17] = 3;
  const ConformalIntervals after = constant_intervals(known.ratios);
  EXPECT_LT(after.high, 1.25 * before.high);
  EXPECT_GT(after.low, 1.25 * before.low);
}

TEST(Conformal, FewRowsWidenBeyondTheLargestError) {
  const Values three{0.1, -0.2, 0.15};
  const ConformalIntervals intervals = constant_intervals(three);
  EXPECT_GT(intervals.high, 0.2);
  EXPECT_LT(intervals.low, -0.2);
}

TEST(Conformal, LeavesOutWhatWasNotMeasuredAndClampsFarQueries) {
  Errors known(200, 1, false, 6);
  known.ratios[3] = std::numeric_limits<double>::quiet_NaN();
  const ConformalIntervals intervals = conformal_intervals(known.ratios, known.features);
  EXPECT_EQ(intervals.rows, 199u);
  const Spread edge = intervals.factors(Eigen::Vector2d(1, 0)), beyond = intervals.factors(Eigen::Vector2d(50, 0));
  EXPECT_NEAR(beyond.high, edge.high, 0.05 * edge.high);
  EXPECT_LE(edge.low, 1);
  EXPECT_GE(edge.high, 1);
}

TEST(Conformal, EqualRowsGiveAnIntervalOfNoWidth) {
  const ConformalIntervals intervals = constant_intervals(Values(12, 0.0));
  const Spread f = intervals.factors(Eigen::VectorXd());
  EXPECT_EQ(f.low, 1);
  EXPECT_EQ(f.high, 1);
}

// Rows that neither the fit nor its intervals saw, within 2.6 standard deviations of a binomial share.
TEST(Conformal, CoversHeldOutRowsOfAPublicSet) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  const auto sets = import_edgetran(shared_data() / "edgetran/dataset.json");
  const auto set = std::find_if(sets.begin(), sets.end(), [](const auto& s) { return s.name == "edgetran/a100"; });
  ASSERT_NE(set, sets.end());
  const CostParameters cost = data_sheet_parameters(load_device(set->device), load_runtime(set->runtime),
                                                    set->rows.front().workload.numerics);
  const FitProblem problem(ParameterSpace(data_sheet_model(cost, set->protocol), true, cost.has_power), *set);
  const Prior prior = data_sheet_prior(problem.space());
  const auto fold = deal_folds(problem.size(), 5, 1);
  std::vector<std::size_t> known, held_out;
  for (std::size_t i = 0; i < problem.size(); ++i) (fold[i] == 0 ? held_out : known).push_back(i);
  FitOptions options;
  options.starts = 1;
  const FitSummary whole = fit(problem, known, prior, options);
  options.start = whole.theta;
  const CrossValidation cv = cross_validated_log_ratios(problem, known, prior, options, 5, 0);
  const RowFigures fresh = row_figures(problem, held_out, whole);
  const auto features = [](const RowFigures& f, Eigen::Index column) {
    Eigen::MatrixXd x(f.predicted.rows(), 2);
    x << f.predicted.col(column).array().log().matrix(), f.spread.col(column).array().log().matrix();
    return x;
  };
  const double n = static_cast<double>(held_out.size()), allowed = std::max(0.05, 2.6 * std::sqrt(0.09 / n));
  for (Eigen::Index c = 0; c < 3; ++c) {
    const Eigen::VectorXd ratios = cv.figures.log_ratios().col(c), held = fresh.log_ratios().col(c);
    const ConformalIntervals intervals =
        conformal_intervals(Values(ratios.begin(), ratios.end()), features(cv.figures, c));
    double coverage = 0;
    for (Eigen::Index i = 0; i < held.size(); ++i) {
      const Spread f = intervals.factors(features(fresh, c).row(i).transpose());
      coverage += std::log(f.low) <= held[i] && held[i] <= std::log(f.high) ? 1 / n : 0;
    }
    EXPECT_NEAR(coverage, 0.9, allowed) << fresh.columns[static_cast<std::size_t>(c)];
  }
}

TEST(Conformal, ComplainsAboutWhatItCannotUse) {
  EXPECT_EQ(error_of([] { constant_intervals(Values{0.1}); }),
            "intervals need at least 2 rows that were measured, got 1");
  EXPECT_EQ(error_of([] { constant_intervals(Values{0.1, 0.2}, 90); }), "coverage must be between 0 and 1, got 90");
  EXPECT_EQ(error_of([] {
              conformal_intervals(Values{0.1, 0.2}, Eigen::MatrixXd::Zero(3, 1));
            }),
            "intervals of 2 rows got features of 3");
  EXPECT_EQ(error_of([] {
              conformal_intervals(Values{0.1, 0.2}, Eigen::MatrixXd::Constant(2, 1, INFINITY));
            }),
            "intervals need finite ratios and features");
  const ConformalIntervals intervals = constant_intervals(Values{0.1, 0.2});
  EXPECT_EQ(error_of([&] { intervals.factors(Eigen::VectorXd::Zero(1)); }), "intervals of 0 features got 1");
}

}  // namespace
}  // namespace ridgeline
