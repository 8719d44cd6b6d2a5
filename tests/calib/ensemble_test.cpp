#include "calib/ensemble.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "calib/ensemble_job.hpp"
#include "tests/calib/support.hpp"

namespace ridgeline {
namespace {

/// Two members of one hidden unit over two features.
Ensemble small() {
  Ensemble e;
  e.members = 2;
  e.hidden = (Eigen::MatrixXd(2, 2) << 1, 0, 0, 2).finished();
  e.hidden_bias = Eigen::Vector2d(0, -1);
  e.out = Eigen::Vector2d(3, 5);
  e.out_bias = Eigen::Vector2d(0.1, 0.3);
  e.linear = (Eigen::MatrixXd(2, 2) << 0, 1, 1, 0).finished();
  e.spread = Eigen::Vector2d(1, -1);
  e.spread_bias = Eigen::Vector2d(-2, -4);
  return e;
}

double sigmoid(double z) { return z / std::sqrt(1 + z * z); }

TEST(Ensemble, AveragesItsMembers) {
  const Eigen::MatrixXd x = (Eigen::MatrixXd(2, 2) << 0.5, -1, 2, 0).finished();
  const Eigen::VectorXd m = mean(small(), x), s = log_spread(small(), x);
  for (Eigen::Index i = 0; i < 2; ++i) {
    const double a = sigmoid(x(0, i)), b = sigmoid(2 * x(1, i) - 1);
    EXPECT_NEAR(m[i], ((3 * a + 0.1 + x(1, i)) + (5 * b + 0.3 + x(0, i))) / 2, 1e-15);
    EXPECT_NEAR(s[i], ((a - 2) + (-b - 4)) / 2, 1e-15);
  }
}

TEST(Ensemble, GivesEqualFiguresAloneAndInBlocks) {
  Random random(3);
  Eigen::MatrixXd x(2, 200);
  for (double& v : x.reshaped()) v = random.normal();
  const Eigen::VectorXd together = mean(small(), x);
  for (Eigen::Index i = 0; i < x.cols(); ++i) EXPECT_NEAR(mean(small(), x.col(i))[0], together[i], 1e-14);
}

TEST(Ensemble, SurvivesArrays) {
  const Ensemble back = ensemble_from(to_arrays(small()));
  EXPECT_EQ(back.members, 2);
  EXPECT_EQ(back.hidden, small().hidden);
  EXPECT_EQ(back.hidden_bias, small().hidden_bias);
  EXPECT_EQ(back.out, small().out);
  EXPECT_EQ(back.out_bias, small().out_bias);
  EXPECT_EQ(back.linear, small().linear);
  EXPECT_EQ(back.spread, small().spread);
  EXPECT_EQ(back.spread_bias, small().spread_bias);
}

TEST(Ensemble, RefusesArraysThatDoNotFit) {
  ArrayGroup group = to_arrays(small());
  group.arrays.erase("out");
  EXPECT_EQ(error_of([&] { ensemble_from(group); }), "a surrogate without its array 'out'");
  group = to_arrays(small());
  group.arrays["linear"].shape = {1, 4};
  EXPECT_EQ(error_of([&] { ensemble_from(group); }),
            "the surrogate's array 'linear' does not have the shape that its neighbours need");
  group = to_arrays(small());
  group.arrays["hidden"].values.pop_back();
  EXPECT_EQ(error_of([&] { ensemble_from(group); }),
            "the surrogate's array 'hidden' does not have the shape that its neighbours need");
  group = to_arrays(small());
  group.arrays["out_bias"] = {{3}, {1, 2, 3}, "1"};
  EXPECT_EQ(error_of([&] { ensemble_from(group); }), "2 hidden units do not divide among 3 members");
}

TEST(TrainedEnsemble, IsEvaluatedAsLibtorchDoes) {
  RIDGELINE_NEEDS_TRAINING;
  Random random(1);
  Eigen::MatrixXd x(4, 90);
  for (double& v : x.reshaped()) v = random.normal();
  EnsembleTarget target{Eigen::VectorXd(x.row(0).array() * x.row(1).array()), Eigen::VectorXd::Ones(90)};
  EnsembleTarget half = target;
  half.weights.head(45).setZero();
  EnsembleOptions options;
  options.members = 3;
  options.steps = 60;
  options.rows_per_step = 50;
  const auto trained = train_ensembles(x, {target, half}, options, made::train_program());
  ASSERT_EQ(trained.size(), 2u);
  for (const TrainedEnsemble& t : trained) {
    EXPECT_GT(t.mean.cwiseAbs().maxCoeff(), 0.05) << "nothing was learnt: the comparison says nothing";
    EXPECT_LT((mean(t.ensemble, x) - t.mean).cwiseAbs().maxCoeff(), 1e-6);
    EXPECT_LT((log_spread(t.ensemble, x) - t.log_spread).cwiseAbs().maxCoeff(), 1e-6);
  }
  EXPECT_GT((trained[0].mean - trained[1].mean).cwiseAbs().maxCoeff(), 1e-3) << "weights of rows are ignored";
}

}  // namespace
}  // namespace ridgeline
