#include "calib/campaign.hpp"

#include <algorithm>
#include <cmath>

#include "base/statistics.hpp"
#include "calib/cross_validation.hpp"
#include "data/import.hpp"
#include "tests/calib/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kRows = 1000;

FitOptions options() {
  FitOptions result;
  result.starts = 1;
  return result;
}

double slower_from_400_to_700(std::size_t row) { return row >= 400 && row <= 700 ? std::log(1.25) : 0; }

TEST(Campaign, FindsAnInjectedSlowdownAndKeepsNominalParameters) {
  MeasurementSet calm = synthetic_models(kRows, 1), slowed = calm;
  const Eigen::VectorXd truth = synthetic_truth(synthetic_space());
  measure(calm, truth, 0.03, 2);
  measure(slowed, truth, 0.03, 2, slower_from_400_to_700);
  const FitProblem without(synthetic_space(), calm), with(synthetic_space(), slowed);
  const auto rows = rows_of(with);
  // Only two parameters are free: what rows leave open may be anywhere, with and without a slowdown.
  Prior prior = data_sheet_prior(with.space());
  prior.deviation.setConstant(1e-3);
  for (const char* name : {"matrix utilisation", "dispatch"}) prior.deviation[with.space().find(name)] = 0.7;
  FitOptions normal = options();
  normal.prior_degrees_of_freedom = 1e6;  // heavy tails would let another parameter take the place of these
  const CampaignFit a = fit_campaign(without, rows, prior, normal), b = fit_campaign(with, rows, prior, normal);

  EXPECT_TRUE(a.state.stretches.empty());
  ASSERT_EQ(b.state.stretches.size(), 1u);
  EXPECT_NEAR(static_cast<double>(b.state.stretches[0].first), 400, 10);
  EXPECT_NEAR(static_cast<double>(b.state.stretches[0].last), 700, 10);
  EXPECT_NEAR(b.state.stretches[0].slowdown, 0.25, 0.02);
  for (const char* name : {"matrix utilisation", "dispatch"}) {
    const Eigen::Index j = with.space().find(name);
    EXPECT_NEAR(a.fit.theta[j], truth[j], 0.03) << name;
    EXPECT_NEAR(b.fit.theta[j], a.fit.theta[j], 0.01) << name;
  }
  const auto nominal = without.predict(a.fit.theta, rows), moved = with.predict(b.fit.theta, rows);
  for (const std::size_t i : rows) EXPECT_NEAR(moved[i].values[0] / nominal[i].values[0], 1, 0.01) << i;
}

TEST(Campaign, FindsAnInjectedSlowdownFromTheDataSheetsPriorAndKeepsNominalFigures) {
  MeasurementSet calm = synthetic_models(kRows, 1), slowed = calm;
  const Eigen::VectorXd truth = synthetic_truth(synthetic_space());
  measure(calm, truth, 0.03, 2);
  measure(slowed, truth, 0.03, 2, slower_from_400_to_700);
  const FitProblem without(synthetic_space(), calm), with(synthetic_space(), slowed);
  const auto rows = rows_of(with);
  const Prior prior = data_sheet_prior(with.space());
  const CampaignFit a = fit_campaign(without, rows, prior, options()), b = fit_campaign(with, rows, prior, options());
  EXPECT_TRUE(a.state.stretches.empty());
  ASSERT_EQ(b.state.stretches.size(), 1u);
  EXPECT_NEAR(static_cast<double>(b.state.stretches[0].first), 400, 10);
  EXPECT_NEAR(static_cast<double>(b.state.stretches[0].last), 700, 10);
  EXPECT_NEAR(b.state.stretches[0].slowdown, 0.25, 0.02);
  const auto nominal = without.predict(a.fit.theta, rows), moved = with.predict(b.fit.theta, rows);
  for (const std::size_t i : rows) EXPECT_NEAR(moved[i].values[0] / nominal[i].values[0], 1, 0.01) << i;
}

TEST(Campaign, ReportsNothingOfShuffledRows) {
  MeasurementSet set = synthetic_models(kRows, 3);
  measure(set, synthetic_truth(synthetic_space()), 0.03, 4, slower_from_400_to_700);
  Random(5).shuffle(std::span<Measurement>(set.rows));
  const FitProblem problem(synthetic_space(), set);
  EXPECT_TRUE(
      fit_campaign(problem, rows_of(problem), data_sheet_prior(problem.space()), options()).state.stretches.empty());
}

TEST(Campaign, PredictsHeldOutRowsByTheirNeighboursState) {
  MeasurementSet set = synthetic_models(400, 6);
  measure(set, synthetic_truth(synthetic_space()), 0.01, 7,
          [](std::size_t i) { return 0.1 * std::sin(static_cast<double>(i) / 30); });
  const FitProblem problem(synthetic_space(), set);
  const auto fold = deal_folds(problem.size(), 5, 0);
  std::vector<std::size_t> known, held_out;
  for (std::size_t i = 0; i < problem.size(); ++i) (fold[i] == 0 ? held_out : known).push_back(i);
  const CampaignFit campaign = fit_campaign(problem, known, data_sheet_prior(problem.space()), options());
  const auto predictions = problem.predict(campaign.fit.theta, held_out);
  std::vector<double> nominal, in_state, measured;
  for (std::size_t k = 0; k < held_out.size(); ++k) {
    nominal.push_back(predictions[k].values[0]);
    in_state.push_back(latency_in_state(predictions[k], campaign.state, held_out[k]));
    measured.push_back(problem.target(held_out[k]).measured[0]);
  }
  EXPECT_LT(mape(in_state, measured), 0.02);
  EXPECT_GT(mape(nominal, measured), 0.05);
}

TEST(Campaign, NamesOutliersAndLeavesTheStateAlone) {
  MeasurementSet set = synthetic_models(200, 8);
  measure(set, synthetic_truth(synthetic_space()), 0.02, 9,
          [](std::size_t i) { return i == 17 || i == 120 ? std::log(3.0) : 0; });
  const FitProblem problem(synthetic_space(), set);
  const CampaignFit campaign = fit_campaign(problem, rows_of(problem), data_sheet_prior(problem.space()), options());
  EXPECT_EQ(campaign.state.outliers, (std::vector<std::size_t>{17, 120}));
  EXPECT_LT(campaign.state.slowdown.cwiseAbs().maxCoeff(), 0.03);
}

TEST(Campaign, NeedsRowsAndOffsetsThatFit) {
  MeasurementSet set = synthetic_models(99, 10);
  const FitProblem problem(synthetic_space(), set);
  const auto rows = rows_of(problem);
  const Prior prior = data_sheet_prior(problem.space());
  EXPECT_EQ(error_of([&] { campaign_state(problem, prior.mean, rows); }),
            "the state of a campaign needs at least 100 rows, got 99");
  FitOptions wrong;
  wrong.offsets = Eigen::MatrixXd::Zero(98, 1);
  EXPECT_EQ(error_of([&] { fit(problem, rows, prior, wrong); }),
            "a fit to 99 rows with 1 latencies got offsets for 98 × 1");
}

// Half of a public campaign, a fifth of it held out: two thirds of the error are the board's state.
TEST(Campaign, ExplainsMostOfTheErrorOfAPublicSet) {
  RIDGELINE_NEEDS_DATA("hat/wmt14ende_gpu_titanxp_all.csv");
  MeasurementSet set = import_hat(shared_data() / "hat/wmt14ende_gpu_titanxp_all.csv");
  set.rows.erase(set.rows.begin(), set.rows.begin() + static_cast<std::ptrdiff_t>(set.rows.size() * 11 / 20));
  const CostParameters cost =
      data_sheet_parameters(load_device(set.device), load_runtime(set.runtime), set.rows.front().workload.numerics);
  const FitProblem problem(ParameterSpace(data_sheet_model(cost, set.protocol), false, false), set);
  const auto fold = deal_folds(problem.size(), 5, 0);
  std::vector<std::size_t> known, held_out;
  for (std::size_t i = 0; i < problem.size(); ++i) (fold[i] == 0 ? held_out : known).push_back(i);
  FitOptions quick = options();
  quick.evaluations = 25;
  const CampaignFit campaign = fit_campaign(problem, known, data_sheet_prior(problem.space()), quick, 2);
  const auto predictions = problem.predict(campaign.fit.theta, held_out);
  std::vector<double> nominal, in_state, measured;
  for (std::size_t k = 0; k < held_out.size(); ++k) {
    nominal.push_back(predictions[k].values.head(2).sum());
    in_state.push_back(latency_in_state(predictions[k], campaign.state, held_out[k]));
    measured.push_back(problem.target(held_out[k]).measured[0] + problem.target(held_out[k]).measured[1]);
  }
  EXPECT_LT(mape(in_state, measured), 0.6 * mape(nominal, measured));
  EXPECT_FALSE(campaign.state.stretches.empty());
}

// As where encoders are timed whole and encoder-decoders by parts.
TEST(Campaign, KnowsTheStateOfRowsOfDifferentParts) {
  MeasurementSet set = synthetic_models(200, 1);
  const Eigen::VectorXd truth = synthetic_truth(synthetic_space());
  measure(set, truth, 0.01, 2, [](std::size_t row) { return row >= 60 && row < 120 ? std::log(1.25) : 0; });
  for (std::size_t i = 0; i < set.rows.size(); i += 4) set.rows[i].parts = {{"encoder", *set.rows[i].latency}};
  const FitProblem problem(synthetic_space(), set);
  ASSERT_EQ(problem.latency_channels(), 2u);
  const CampaignState state = campaign_state(problem, truth, rows_of(problem));
  for (const Eigen::Index row : {20, 21, 160, 161}) EXPECT_NEAR(state.slowdown[row], 0, 0.02) << row;
  for (const Eigen::Index row : {88, 89}) EXPECT_NEAR(state.slowdown[row], 0.25, 0.03) << row;
}

}  // namespace
}  // namespace ridgeline
