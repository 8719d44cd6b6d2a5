#include "calib/residual_rows.hpp"

#include <gtest/gtest.h>

#include "calib/cross_validation.hpp"
#include "calib/work_sums.hpp"
#include "tests/calib/support.hpp"
#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

/// Encoders of random depth and widths.
Architecture encoder(Random& random) {
  Architecture a;
  a.name = "made";
  a.embeddings = {.vocabulary = 1000, .width = 64 * static_cast<Size>(1 + random.below(6)), .positions = 128};
  const auto layers = 1 + random.below(8);
  for (std::uint64_t l = 0; l < layers; ++l) {
    Layer layer{.width = a.embeddings.width};
    layer.sublayers.push_back({Attention{.heads = 2, .head_dim = layer.width / 2}});
    layer.sublayers.push_back({FeedForward{.hidden = {128 * static_cast<Size>(1 + random.below(16))}}});
    a.encoder.layers.push_back(layer);
  }
  return a;
}

/// Latencies and energies of the synthetic CPU with every parameter at `theta`, times log-normal noise.
MeasurementSet measured(const CostParameters& cpu, double noise, std::size_t count) {
  Random random(21);
  MeasurementSet set;
  set.name = "made";
  for (std::size_t i = 0; i < count; ++i) {
    Measurement row;
    row.id = "row " + std::to_string(i);
    row.definition = encoder(random);
    row.workload = {.task = Task::encode, .length = 64};
    row.latency = row.energy = MeasuredValue{1, std::nullopt};
    set.rows.push_back(row);
  }
  const ParameterSpace space(data_sheet_model(cpu, Protocol::warm), false, true);
  const FitProblem problem(space, set);
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(space.size());
  theta[space.find("dispatch")] = 0.7;
  theta[space.find("matrix utilisation")] = -0.4;
  theta[space.find("static power")] = 0.3;
  std::vector<std::size_t> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = i;
  const auto predictions = problem.predict(theta, all);
  for (std::size_t i = 0; i < count; ++i) {
    set.rows[i].latency->value = predictions[i].values[0] * std::exp(noise * random.normal());
    set.rows[i].energy->value = predictions[i].values[1] * std::exp(noise * random.normal());
  }
  return set;
}

struct Fitted {
  CostParameters cpu = synthetic::cpu();
  FitProblem problem{ParameterSpace(data_sheet_model(cpu, Protocol::warm), false, true), measured(cpu, 0.05, 30)};
  std::vector<std::size_t> rows;
  FitOptions options;
  FitSummary summary;

  Fitted() {
    for (std::size_t i = 0; i < problem.size(); ++i) rows.push_back(i);
    options.starts = 1;
    summary = fit(problem, rows, data_sheet_prior(problem.space()), options);
  }
};

TEST(ResidualRows, HoldTheLogRatiosOfTheFitAndOfThoseWithoutAFold) {
  const Fitted f;
  const CrossValidation held_out =
      cross_validated_log_ratios(f.problem, f.rows, data_sheet_prior(f.problem.space()), f.options, 5, 1);
  const auto rows = residual_rows(f.problem, f.summary, held_out);
  const auto predictions = f.problem.predict(f.summary.theta, f.rows);
  ASSERT_EQ(rows.size(), f.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(rows[i].log_ratio[0], std::log(f.problem.target(i).measured[0] / predictions[i].values[0]), 1e-12);
    EXPECT_TRUE(std::isnan(rows[i].log_ratio[2])) << "peak power was not measured";
    EXPECT_EQ(rows[i].fold, held_out.fold[i]);
    ASSERT_EQ(rows[i].without_fold.size(), 5u);
    EXPECT_NEAR(rows[i].without_fold[rows[i].fold][0], held_out.figures.log_ratios()(static_cast<Eigen::Index>(i), 0),
                1e-12);
  }
}

TEST(ResidualRows, AddUpThePartsOfALatency) {
  const auto ratios = log_ratios({{1, 2, 5, 7}}, Eigen::Vector4d(2, 4, 5, 14), 2);
  EXPECT_NEAR(ratios[0], std::log(3.0 / 6.0), 1e-15);
  EXPECT_NEAR(ratios[1], 0, 1e-15);
  EXPECT_NEAR(ratios[2], std::log(0.5), 1e-15);
}

TEST(ResidualFeatures, SharesAddUpToOneWhereTheHostWaits) {
  const Fitted f;
  const Eigen::MatrixXd features = residual_features(f.problem, f.summary.theta, f.rows);
  const auto shares = static_cast<Eigen::Index>(kOperatorKinds) + 2;
  for (Eigen::Index i = 0; i < features.cols(); ++i) {
    EXPECT_NEAR(features.col(i).head(shares).sum(), 1, 1e-9);
    EXPECT_GE(features.col(i).head(shares).minCoeff(), 0);
  }
  EXPECT_EQ(residual_feature_names().size(), static_cast<std::size_t>(kResidualFeatures));
}

TEST(WorkSums, AddUp) {
  const Numerics numerics;
  const Operator product = MatMul{.rows = 8, .columns = 16, .inner = 32};
  WorkSums twice = work_sums(product, 2, 3, numerics);
  twice += work_sums(product, 2, 3, numerics);
  const WorkSums two = work_sums(product, 2, 3, numerics, 2);
  EXPECT_EQ(twice.dispatch, two.dispatch);
  EXPECT_EQ(twice.duration, two.duration);
  EXPECT_EQ(two.duration[product.index()], 6);
  EXPECT_EQ(twice.flops, two.flops);
  EXPECT_GE(two.flops, 2 * 2.0 * 8 * 16 * 32);
  EXPECT_EQ(twice.bytes, two.bytes);
}

}  // namespace
}  // namespace ridgeline
