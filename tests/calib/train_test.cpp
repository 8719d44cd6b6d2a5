#include "calib/train.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "calib/child_process.hpp"
#include "tests/calib/support.hpp"

namespace ridgeline {
namespace {

ResidualTrainingOptions with_program() {
  ResidualTrainingOptions options;
  options.program = made::train_program();
  return options;
}

/// Mean absolute error of a metric's corrections on fresh rows without noise, over that of correcting nothing.
double remaining(const Residual& residual, FittedMetric metric, double (*truth)(const Eigen::VectorXd&)) {
  double after = 0, before = 0;
  for (const ResidualRow& row : made::rows(200, 0, 99, truth)) {
    const auto m = static_cast<std::size_t>(metric);
    after += std::abs(row.log_ratio[m] - correction(residual, row.features)[m].log_ratio);
    before += std::abs(row.log_ratio[m]);
  }
  return after / before;
}

TEST(DecideShrinkage, UsesWhatHelpsAndNothingElse) {
  Random random(7);
  const Eigen::Index n = 150;
  Eigen::VectorXd y(n), noise(n);
  for (double& v : y) v = 0.1 * random.normal();
  for (double& v : noise) v = 0.1 * random.normal();
  // As sure as 150 rows can make it, never quite.
  EXPECT_NEAR(decide_shrinkage(y, y).shrinkage, 1, 0.01);
  EXPECT_LT(decide_shrinkage(y, y).after, 0.01 * decide_shrinkage(y, y).before);
  EXPECT_NEAR(decide_shrinkage(y, 2 * y).shrinkage, 0.5, 0.005);
  EXPECT_EQ(decide_shrinkage(y, -y).shrinkage, 0);
  EXPECT_EQ(decide_shrinkage(y, noise).shrinkage, 0);
  const ShrinkageDecision part = decide_shrinkage(y, y + noise);
  EXPECT_GT(part.shrinkage, 0.25);
  EXPECT_LT(part.shrinkage, 0.75) << "the least squares solution is 1/2";
  EXPECT_LT(part.after, part.before);
}

TEST(DecideShrinkage, IsNotSwayedByOneWildRow) {
  Eigen::VectorXd y = Eigen::VectorXd::Constant(60, 0.02), q = -y;
  y[0] = q[0] = -2;
  EXPECT_EQ(decide_shrinkage(y, q).shrinkage, 0) << "a row that is 7 times off outvoted 59 others";
}

TEST(TrainResidual, RecoversAKnownOne) {
  RIDGELINE_NEEDS_TRAINING;
  const Residual r = train_residual(made::rows(150, 0.03, 1, made::bent), with_program()).residual;
  for (const FittedMetric m : {FittedMetric::latency, FittedMetric::energy, FittedMetric::peak_power}) {
    EXPECT_GT(r[m].shrinkage, 0.8) << name(m);
    EXPECT_LT(remaining(r, m, made::bent), 0.25) << name(m);
    EXPECT_LT(r[m].held_out_after, 0.5 * r[m].held_out_before);
    EXPECT_GT(r[m].spread, 0.02) << "the noise is 0.03";
    EXPECT_LT(r[m].spread, 0.05);
  }
}

TEST(TrainResidual, FindsNothingInNoise) {
  RIDGELINE_NEEDS_TRAINING;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Residual r = train_residual(made::rows(120, 0.1, seed, made::nothing), with_program()).residual;
    for (const MetricResidual& m : r.metrics) {
      sum += m.shrinkage;
      EXPECT_GT(m.spread, 0.07) << "the noise is 0.1";
      EXPECT_LT(m.spread, 0.14);
    }
  }
  EXPECT_LT(sum / 9, 0.1);
}

TEST(TrainResidual, LearnsWhereTheSpreadVaries) {
  RIDGELINE_NEEDS_TRAINING;
  Random random(11);
  std::vector<ResidualRow> rows = made::rows(300, 0, 2, made::bent);
  for (ResidualRow& row : rows) {
    for (double& y : row.log_ratio) y += (row.features[2] > 3 ? 0.1 : 0.01) * random.normal();
    row.without_fold.assign(5, row.log_ratio);
  }
  const Residual r = train_residual(rows, with_program()).residual;
  Eigen::VectorXd calm = Eigen::VectorXd::Constant(5, 3), rough = calm;
  calm[2] = 2.3;
  rough[2] = 3.7;
  EXPECT_TRUE(r[FittedMetric::latency].spread_varies);
  EXPECT_GT(correction(r, rough)[0].spread, 2 * correction(r, calm)[0].spread);
}

TEST(TrainResidual, IsTheSameForEqualSeeds) {
  RIDGELINE_NEEDS_TRAINING;
  ResidualTrainingOptions options = with_program();
  options.ensemble.steps = 40;
  const auto rows = made::rows(60, 0.02, 4, made::bent);
  const Residual a = train_residual(rows, options).residual, b = train_residual(rows, options).residual;
  ASSERT_TRUE(a[FittedMetric::latency].ensemble && b[FittedMetric::latency].ensemble);
  EXPECT_EQ(a[FittedMetric::latency].ensemble->hidden, b[FittedMetric::latency].ensemble->hidden);
  EXPECT_EQ(corrections(a, rows[0].features), corrections(b, rows[0].features));
  options.ensemble.seed = 1;
  const Residual c = train_residual(rows, options).residual;
  EXPECT_NE(corrections(a, rows[0].features)(0, 0), corrections(c, rows[0].features)(0, 0));
}

TEST(TrainResidual, LeavesOutWhatWasNotMeasured) {
  RIDGELINE_NEEDS_TRAINING;
  std::vector<ResidualRow> rows = made::rows(100, 0.02, 6, made::bent);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].log_ratio[1] = std::nan("");
    if (i % 3 == 0) rows[i].log_ratio[2] = std::nan("");
    rows[i].without_fold.assign(5, rows[i].log_ratio);
  }
  const Residual r = train_residual(rows, with_program()).residual;
  EXPECT_LT(remaining(r, FittedMetric::latency, made::bent), 0.4);
  EXPECT_FALSE(r[FittedMetric::energy].ensemble);
  EXPECT_EQ(r[FittedMetric::energy].spread, 0) << "unknown";
  EXPECT_LT(remaining(r, FittedMetric::peak_power, made::bent), 0.4);
}

TEST(TrainResidual, DoesNotBeginWithFewRows) {
  ResidualTrainingOptions options;
  options.program = "/nowhere/ridgeline-train";
  const Residual r = train_residual(made::rows(29, 0.05, 1, made::bent), options).residual;
  EXPECT_TRUE(r.empty());
  EXPECT_GT(r[FittedMetric::latency].spread, 0.05) << "how far held-out rows are off is known all the same";
  EXPECT_EQ(error_of([&] { train_residual(made::rows(30, 0.05, 1, made::bent), options); }),
            "cannot start /nowhere/ridgeline-train: No such file or directory");
}

TEST(TrainResidual, DoesNotBeginWithEqualRows) {
  ResidualTrainingOptions options;
  options.program = "/nowhere/ridgeline-train";
  std::vector<ResidualRow> rows = made::rows(50, 0.05, 1, made::nothing);
  for (ResidualRow& row : rows) row.features = rows[0].features;
  EXPECT_TRUE(train_residual(rows, options).residual.empty());
}

TEST(TrainResidual, RefusesRowsThatDoNotFitTogether) {
  auto rows = made::rows(40, 0.05, 1, made::nothing);
  rows[3].features[2] = std::nan("");
  EXPECT_EQ(error_of([&] { train_residual(rows); }),
            "rows of a residual need equally many features, all of them finite");
  rows = made::rows(40, 0.05, 1, made::nothing);
  rows[7].fold = 5;
  EXPECT_EQ(error_of([&] { train_residual(rows); }),
            "rows of a residual need the log-ratios without each fold, and a fold among those");
  rows.resize(1);
  EXPECT_EQ(error_of([&] { train_residual(rows); }), "a residual needs at least two rows");
}

TEST(TrainProgram, SaysWhatIsWrongWithAJob) {
  RIDGELINE_NEEDS_TRAINING;
  const PrivateFolder folder;
  const std::string job = (folder.path() / "job.json").string(), result = (folder.path() / "result.json").string();
  const std::string program = made::train_program().string();
  EXPECT_EQ(error_of([&] {
              run_program(program, {job, result});
            }),
            program + " failed with exit code 1: cannot read " + job);
  EXPECT_EQ(error_of([&] { run_program(program, {}); }),
            program + " failed with exit code 2: usage: ridgeline-train JOB RESULT (both JSON files)");
  std::ofstream(job) << "{\"members\": 3}";
  const std::string error = error_of([&] { run_program(program, {job, result}); });
  EXPECT_NE(error.find("feature_count"), std::string::npos) << error;
  EXPECT_FALSE(std::filesystem::exists(result));
}

}  // namespace
}  // namespace ridgeline
