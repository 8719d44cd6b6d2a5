// The posterior of rows against what a fit says, and against the algebra of one more row.
#include "calib/linear_posterior.hpp"

#include <Eigen/Cholesky>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"
#include "base/statistics.hpp"
#include "calib/residual.hpp"
#include "calib/residual_rows.hpp"
#include "tests/calib/synthetic.hpp"

namespace ridgeline {
namespace {

class Posterior : public ::testing::Test {
 protected:
  Posterior() {
    MeasurementSet set = synthetic_models(60, 81);
    measure(set, synthetic_truth(synthetic_space()), 0.02, 82);
    problem_.emplace(synthetic_space(), set);
    all_ = rows_of(*problem_);
    prior_ = data_sheet_prior(problem_->space());
    features_ = residual_features(*problem_, prior_.mean, all_);
    measured_.assign(all_.begin(), all_.begin() + 6);
    fit_ = fit(*problem_, measured_, prior_);
  }
  LinearPosterior of(const std::vector<std::size_t>& measured) const {
    return {*problem_, prior_, fit_, FitOptions{}, measured, all_, features_};
  }

  std::optional<FitProblem> problem_;
  std::vector<std::size_t> all_, measured_;
  Prior prior_;
  Eigen::MatrixXd features_;
  FitSummary fit_;
};

TEST_F(Posterior, NarrowsWithWhatIsMeasured) {
  const double nothing = of({}).mean_deviation(), few = of({0, 1}).mean_deviation(),
               six = of(measured_).mean_deviation();
  EXPECT_LT(few, nothing);
  EXPECT_LT(six, few);
  EXPECT_GT(six, 0.5 * fit_.sigma[0]) << "noise stays";
}

TEST_F(Posterior, ConditioningTakesWhatTheGainPromised) {
  LinearPosterior posterior = of(measured_);
  for (const std::size_t row : {20u, 33u, 20u, 59u}) {
    const double before = posterior.mean_deviation(), gain = posterior.gain(row);
    EXPECT_GT(gain, 0);
    posterior.condition(row);
    EXPECT_NEAR(posterior.mean_deviation(), before - gain, 1e-12);
  }
}

/// The covariance of chosen rows does not depend on the order in which they are measured.
TEST_F(Posterior, OrderDoesNotMatter) {
  LinearPosterior one = of(measured_), other = of(measured_);
  for (const std::size_t row : {10u, 20u, 30u}) one.condition(row);
  for (const std::size_t row : {30u, 10u, 20u}) other.condition(row);
  EXPECT_NEAR(one.mean_deviation(), other.mean_deviation(), 1e-10);
  EXPECT_NEAR(one.gain(40), other.gain(40), 1e-10);
}

TEST_F(Posterior, ARowThatWasMeasuredSaysLessTheSecondTime) {
  LinearPosterior posterior = of(measured_);
  const double first = posterior.gain(45);
  posterior.condition(45);
  EXPECT_LT(posterior.gain(45), 0.7 * first);
}

/// A draw of the process that rows which are alike share, of deviation 1.
Eigen::VectorXd alike_for_like_rows(const Eigen::MatrixXd& features, std::uint64_t seed) {
  const Eigen::MatrixXd x = FeatureScaling::of(features).standardised(features);
  Eigen::MatrixXd kernel(x.cols(), x.cols());
  std::vector<double> distances;
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      kernel(i, j) = (x.col(i) - x.col(j)).squaredNorm();
      if (j < i) distances.push_back(kernel(i, j));
    }
  kernel = (-0.5 / median(distances) * kernel.array()).exp();
  kernel.diagonal().array() += 1e-9;
  Random random(seed);
  Eigen::VectorXd drawn(x.cols());
  for (double& value : drawn) value = random.normal();
  return kernel.llt().matrixL() * drawn;
}

/// Residuals that are noise are taken for noise, those that rows share are seen to be shared.
TEST_F(Posterior, TellsNoiseFromWhatRowsShare) {
  const double noise = of(all_).shared();
  MeasurementSet set = synthetic_models(60, 81);
  const Eigen::VectorXd alike = alike_for_like_rows(features_, 83);
  measure(set, synthetic_truth(synthetic_space()), 0.001, 82,
          [&](std::size_t i) { return 0.05 * alike[static_cast<Eigen::Index>(i)]; });
  problem_.emplace(synthetic_space(), set);
  fit_ = fit(*problem_, all_, prior_);
  const double shared = of(all_).shared();
  EXPECT_LT(noise, 0.4);
  EXPECT_GT(shared, 0.6);
}

}  // namespace
}  // namespace ridgeline
