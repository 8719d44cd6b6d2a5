#include "calib/fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "calib/linear_start.hpp"
#include "model/lowering.hpp"
#include "tests/calib/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

ParameterSpace space_of(const char* device, const char* runtime, Protocol protocol) {
  const CostParameters cost = data_sheet_parameters(load_device(device), load_runtime(runtime), Numerics{});
  return {data_sheet_model(cost, protocol), protocol == Protocol::whole_process, cost.has_power};
}

/// The same models with energy and peak power to be measured as well.
MeasurementSet with_power(std::size_t rows) {
  MeasurementSet set = synthetic_models(rows, 3);
  for (Measurement& row : set.rows) row.energy = row.peak_power = MeasuredValue{1, {}};
  return set;
}

struct Board {
  const char* device;
  const char* runtime;
  Protocol protocol;
};

class Boards : public testing::TestWithParam<Board> {};

TEST_P(Boards, GradientsAreThoseOfFiniteDifferences) {
  const auto [device, runtime, protocol] = GetParam();
  const FitProblem problem(space_of(device, runtime, protocol), with_power(4));
  const std::vector<std::size_t> rows = rows_of(problem);
  Random random(5);
  Eigen::VectorXd theta(problem.space().size());
  for (Eigen::Index j = 0; j < theta.size(); ++j) {
    const Parameter& p = problem.space().parameters()[static_cast<std::size_t>(j)];
    theta[j] = std::clamp(0.3 * random.normal(), p.lower + 0.01, p.upper - 0.01);
  }
  const auto here = problem.predict(theta, rows, true);
  constexpr double kStep = 1e-3;
  for (Eigen::Index j = 0; j < theta.size(); ++j) {
    Eigen::VectorXd below = theta, above = theta;
    below[j] -= kStep;
    above[j] += kStep;
    const auto low = problem.predict(below, rows), high = problem.predict(above, rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (Eigen::Index c = 0; c < here[i].values.size(); ++c) {
        const double slope = (high[i].values[c] - low[i].values[c]) / (2 * kStep);
        EXPECT_NEAR(here[i].gradient(c, j), slope, 2e-3 * here[i].values[c])
            << problem.space().parameters()[static_cast<std::size_t>(j)].name << ", " << problem.channels()[c];
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Fit, Boards,
                         testing::Values(Board{"raspberry-pi-4", "pytorch-eager", Protocol::warm},
                                         Board{"raspberry-pi-4", "pytorch-no-blas", Protocol::whole_process},
                                         Board{"t4", "pytorch-eager", Protocol::warm},
                                         Board{"a100-sxm-40gb", "pytorch-eager", Protocol::whole_process}),
                         [](const auto& board) {
                           std::string name = board.param.device;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + (board.param.protocol == Protocol::warm ? "_warm" : "_process");
                         });

TEST(Fit, WithoutAnyEvidenceTheResultIsThePrior) {
  const FitProblem problem(synthetic_space(), synthetic_models(3, 1));
  Prior prior = data_sheet_prior(problem.space());
  prior.mean[problem.space().find("dispatch")] = 0.25;
  const FitSummary summary = fit(problem, {}, prior);
  EXPECT_TRUE(summary.theta.isApprox(prior.mean, 1e-6));
  EXPECT_TRUE(summary.information.isZero());
}

TEST(Fit, FindsTheParametersOfABoardFromTwentyNoisyRows) {
  MeasurementSet set = synthetic_models(60, 11);
  const Eigen::VectorXd truth = synthetic_truth(synthetic_space());
  measure(set, truth, 0.02, 12);
  const FitProblem problem(synthetic_space(), set);
  const std::vector<std::size_t> all = rows_of(problem);
  const std::vector<std::size_t> some(all.begin(), all.begin() + 20), others(all.begin() + 20, all.end());
  const Prior prior = data_sheet_prior(problem.space());
  const FitSummary summary = fit(problem, some, prior);
  EXPECT_LT(summary.sigma[0], 0.04);
  const auto fitted = problem.predict(summary.theta, others), sheet = problem.predict(prior.mean, others),
             real = problem.predict(truth, others);
  double error = 0, before = 0;
  for (std::size_t i = 0; i < others.size(); ++i) {
    error += std::abs(std::log(fitted[i].values[0] / real[i].values[0])) / static_cast<double>(others.size());
    before += std::abs(std::log(sheet[i].values[0] / real[i].values[0])) / static_cast<double>(others.size());
  }
  EXPECT_GT(before, 0.3);
  EXPECT_LT(error, 0.03);
}

/// Every operator of those models as a row of its own.
MeasurementSet operators_of(const MeasurementSet& models) {
  MeasurementSet set = models;
  set.rows.clear();
  for (const Measurement& row : models.rows) {
    const Phase phase = lower(row.definition, row.workload).phases.front();
    for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v) {
      Measurement& one = set.rows.emplace_back(row);
      one.op = MeasuredOperator{phase.name, static_cast<Size>(v), phase.graph[v].label};
      one.id += ": " + to_text(*one.op);
      one.order = static_cast<std::int64_t>(set.rows.size());
    }
  }
  return set;
}

TEST(Fit, SingleOperatorsTeachWhatWholeModelsTake) {
  const ParameterSpace space = synthetic_space();
  const Eigen::VectorXd truth = synthetic_truth(space);
  MeasurementSet set = operators_of(synthetic_models(5, 41));
  measure(set, truth, 0.03, 42);
  const FitProblem problem(space, set);
  EXPECT_EQ(problem.channels().front(), "operator");
  const Eigen::VectorXd theta = fit(problem, rows_of(problem), data_sheet_prior(space)).theta;
  const FitProblem models(space, synthetic_models(10, 43));
  const auto found = models.predict(theta, rows_of(models)), real = models.predict(truth, rows_of(models));
  for (std::size_t i = 0; i < models.size(); ++i)
    EXPECT_NEAR(found[i].values[0], real[i].values[0], 0.03 * real[i].values[0]) << i;
}

TEST(Fit, AnOperatorThatTheProgramHasNotIsRefused) {
  MeasurementSet set = operators_of(synthetic_models(1, 41));
  set.rows[2].op->label = "missing";
  EXPECT_EQ(error_of([&] { FitProblem(synthetic_space(), set); }),
            "the program has no operator 'encoder 2 missing'; was it measured by another version of Ridgeline?");
}

// Where memory is short, time grows faster than the weights: neither reading them once nor a start-up says so.
TEST(Fit, TellsWeightsThatArePagedFromWeightsThatAreReadOnce) {
  MeasurementSet set = synthetic_models(60, 11);
  const auto space = [] { return space_of("raspberry-pi-4", "pytorch-eager", Protocol::whole_process); };
  Eigen::VectorXd truth = Eigen::VectorXd::Zero(space().size());
  truth[space().find("start-up")] = std::log(20.0);
  truth[space().find("start-up per byte")] = std::log(20.0);
  truth[space().find("paging")] = std::log(5e4);
  const FitProblem measured(space(), set);
  Random noise(12);
  const auto figures = measured.predict(truth, rows_of(measured));
  for (std::size_t i = 0; i < figures.size(); ++i)
    set.rows[i].latency->value = figures[i].values[0] * std::exp(0.02 * noise.normal());
  const FitProblem problem(space(), set);
  const FitSummary found = fit(problem, rows_of(problem), data_sheet_prior(problem.space()));
  EXPECT_NEAR(found.theta[problem.space().find("paging")], std::log(5e4), 0.3);
  const auto again = problem.predict(found.theta, rows_of(problem));
  for (std::size_t i = 0; i < figures.size(); ++i)
    EXPECT_NEAR(again[i].values[0] / figures[i].values[0], 1, 0.05) << i;
}

TEST(Fit, AnOutlierIsNotBelieved) {
  MeasurementSet set = synthetic_models(40, 21);
  measure(set, synthetic_truth(synthetic_space()), 0.01, 22);
  const auto latency_of = [&](const MeasurementSet& rows) {
    const FitProblem problem(synthetic_space(), rows);
    const FitSummary summary = fit(problem, rows_of(problem), data_sheet_prior(problem.space()));
    return problem.predict(summary.theta, {7})[0].values[0];
  };
  const double calm = latency_of(set);
  set.rows[3].latency->value *= 20;
  EXPECT_NEAR(latency_of(set) / calm, 1, 0.01);
}

TEST(Fit, EqualSeedsGiveEqualResults) {
  MeasurementSet set = synthetic_models(20, 31);
  measure(set, synthetic_truth(synthetic_space()), 0.05, 32);
  const FitProblem problem(synthetic_space(), set);
  const Prior prior = data_sheet_prior(problem.space());
  const FitSummary a = fit(problem, rows_of(problem), prior, {.seed = 4}),
                   b = fit(problem, rows_of(problem), prior, {.seed = 4});
  EXPECT_EQ(a.theta, b.theta);
  EXPECT_EQ(a.evaluations, b.evaluations);
}

TEST(Fit, ACondensedRowIsWhatTheEstimateSays) {
  for (const char* device : {"raspberry-pi-4", "titan-xp"}) {
    const FitProblem problem(space_of(device, "pytorch-eager", Protocol::warm), synthetic_models(6, 41));
    const CostParameters& cost = problem.space().data_sheet().cost;
    const MeasurementSet set = synthetic_models(6, 41);
    const auto predictions = problem.predict(Eigen::VectorXd::Zero(problem.space().size()), rows_of(problem));
    for (std::size_t i = 0; i < set.rows.size(); ++i) {
      const Program program = lower(set.rows[i].definition, set.rows[i].workload);
      const Totals expected = totals(program, cost);
      EXPECT_NEAR(predictions[i].values[0] / (expected.latency.si() / static_cast<double>(program.sequences)), 1,
                  1e-9);
    }
  }
}

TEST(LinearStart, FindsKernelsAHundredTimesSlowerThanThought) {
  MeasurementSet set = synthetic_models(30, 51);
  const ParameterSpace space = synthetic_space();
  Eigen::VectorXd truth = Eigen::VectorXd::Zero(space.size());
  truth[space.find("kernel share of element-wise")] = std::log(0.01);
  measure(set, truth, 0.01, 52);
  const FitProblem problem(space, set);
  const Eigen::VectorXd start = linear_start(problem, rows_of(problem), Eigen::VectorXd::Zero(space.size()));
  EXPECT_NEAR(std::exp(start[space.find("kernel share of element-wise")]), 0.01, 0.005);
}

TEST(LinearStart, BoundedLeastSquaresMeetsTheOptimalityConditions) {
  Random random(61);
  Eigen::MatrixXd a(12, 5);
  Eigen::VectorXd b(12);
  for (double& x : a.reshaped()) x = random.normal();
  for (double& x : b) x = random.normal();
  constexpr double kRidge = 1e-3, kLowest = 0.05;
  const Eigen::VectorXd x = bounded_least_squares(a, b, kRidge, kLowest);
  const Eigen::VectorXd gradient = a.transpose() * (a * x - b) + kRidge * (x - Eigen::VectorXd::Ones(5));
  for (Eigen::Index j = 0; j < 5; ++j) {
    EXPECT_GE(x[j], kLowest);
    if (x[j] > kLowest)
      EXPECT_NEAR(gradient[j], 0, 1e-4);
    else
      EXPECT_GE(gradient[j], -1e-4);
  }
}

}  // namespace
}  // namespace ridgeline
