#include "calib/cross_validation.hpp"

#include <algorithm>
#include <cmath>

#include "data/import.hpp"
#include "tests/calib/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(CrossValidation, DealsEveryRowOnce) {
  const auto fold = deal_folds(23, 5, 1);
  for (std::size_t k = 0; k < 5; ++k) {
    const auto size = std::count(fold.begin(), fold.end(), k);
    EXPECT_TRUE(size == 4 || size == 5);
  }
  EXPECT_EQ(fold, deal_folds(23, 5, 1));
  EXPECT_NE(fold, deal_folds(23, 5, 2));
  auto one_each = deal_folds(4, 10, 1);
  std::sort(one_each.begin(), one_each.end());
  EXPECT_EQ(one_each, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(error_of([] { deal_folds(1, 5, 0); }), "cross-validation needs 2 rows and 2 folds, got 1 and 5");
}

// One row measured 1.5 times slower moves every prediction of the fits that see it, and none of the fit that does
// not.
TEST(CrossValidation, PredictsRowsThatTheFitNeverSaw) {
  MeasurementSet set = synthetic_models(30, 1);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 2);
  MeasurementSet spoilt = set;
  spoilt.rows[7].latency->value *= 1.5;
  const FitProblem a(synthetic_space(), set), b(synthetic_space(), spoilt);
  const std::vector<std::size_t> rows = rows_of(a);
  FitOptions options;
  options.starts = 1;
  const Prior prior = data_sheet_prior(a.space());
  const CrossValidation x = cross_validated_log_ratios(a, rows, prior, options, 5, 3);
  const CrossValidation y = cross_validated_log_ratios(b, rows, prior, options, 5, 3);
  ASSERT_EQ(x.fits.size(), 5u);
  std::size_t moved = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    if (x.fold[i] == x.fold[7])
      EXPECT_EQ(x.figures.predicted(row, 0), y.figures.predicted(row, 0)) << i;
    else
      moved += x.figures.predicted(row, 0) != y.figures.predicted(row, 0) ? 1 : 0;
  }
  EXPECT_EQ(moved, 24u);
  EXPECT_NEAR(y.figures.log_ratios()(7, 0) - x.figures.log_ratios()(7, 0), std::log(1.5), 1e-9);
  EXPECT_TRUE(std::isnan(x.figures.measured(0, 1)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_GT(x.figures.spread(static_cast<Eigen::Index>(i), 0), 0);
    EXPECT_LT(std::abs(x.figures.log_ratios()(static_cast<Eigen::Index>(i), 0)), 0.3);
  }
}

// Two parts: the latency is their sum, row by row.
TEST(CrossValidation, LatencyIsTheSumOfItsParts) {
  RIDGELINE_NEEDS_DATA("hat/wmt14ende_cpu_raspberrypi_all.csv");
  MeasurementSet set = import_hat(shared_data() / "hat/wmt14ende_cpu_raspberrypi_all.csv");
  set.rows.resize(12);
  const CostParameters cost = data_sheet_parameters(load_device(set.device), load_runtime(set.runtime), Numerics{});
  const FitProblem problem(ParameterSpace(data_sheet_model(cost, set.protocol), false, false), set);
  FitOptions options;
  options.starts = 1;
  options.evaluations = 20;
  const CrossValidation cv =
      cross_validated_log_ratios(problem, rows_of(problem), data_sheet_prior(problem.space()), options, 3, 0);
  ASSERT_EQ(cv.figures.columns, (std::vector<std::string>{"latency", "energy", "peak power", "encoder", "decode"}));
  const auto& p = cv.figures.predicted;
  EXPECT_LT((p.col(0) - p.col(3) - p.col(4)).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_NEAR(cv.figures.measured(3, 0), set.rows[3].latency->value, 1e-12);
}

// A set may hold rows of other phases: encoders that are timed whole beside an encoder-decoder that is timed by
// parts.
TEST(CrossValidation, ARowsLatencyIsTheSumOfItsOwnPartsWhateverOthersHave) {
  MeasurementSet set = synthetic_models(4, 1);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 2);
  MeasurementSet mixed = set;
  mixed.rows[0].parts = {{"encoder", *mixed.rows[0].latency}};
  const FitProblem alike(synthetic_space(), set), differing(synthetic_space(), mixed);
  ASSERT_EQ(alike.latency_channels(), 1u);
  ASSERT_EQ(differing.latency_channels(), 2u);
  const auto figures_of = [](const FitProblem& problem) {
    FitSummary fit;
    fit.theta = synthetic_truth(problem.space());
    fit.covariance = 0.01 * Eigen::MatrixXd::Identity(problem.space().size(), problem.space().size());
    fit.sigma.assign(problem.channels().size(), 0.1);
    return row_figures(problem, rows_of(problem), fit);
  };
  const RowFigures one = figures_of(alike), two = figures_of(differing);
  for (Eigen::Index i = 0; i < 4; ++i) {
    EXPECT_EQ(two.predicted(i, 0), one.predicted(i, 0)) << i;
    EXPECT_EQ(two.measured(i, 0), one.measured(i, 0)) << i;
    EXPECT_EQ(two.spread(i, 0), one.spread(i, 0)) << i;
    EXPECT_EQ(std::isnan(two.predicted(i, 3)), i != 0) << i;  // the part that the first row alone has
  }
}

}  // namespace
}  // namespace ridgeline
