#include "calib/residual.hpp"

#include <gtest/gtest.h>

#include "tests/calib/support.hpp"

namespace ridgeline {
namespace {

Eigen::MatrixXd features(Eigen::Index count) {
  Random random(5);
  Eigen::MatrixXd x(5, count);
  for (double& v : x.reshaped()) v = 3 + 0.5 * random.normal();
  x.row(4).setConstant(7);
  return x;
}

/// A latency residual that is linear in the first feature.
Residual made_residual() {
  Residual r;
  r.scaling = FeatureScaling::of(features(100));
  const auto p = static_cast<Eigen::Index>(r.scaling.used.size());
  Ensemble e;
  e.members = 1;
  e.hidden = Eigen::MatrixXd::Constant(1, p, 0.1);
  e.hidden_bias = e.out = e.spread = Eigen::VectorXd::Constant(1, 0.2);
  e.out_bias = e.spread_bias = Eigen::VectorXd::Zero(1);
  e.linear = Eigen::MatrixXd::Zero(1, p);
  e.linear(0, 0) = 0.1;
  r[FittedMetric::latency] = {e, 0.5, 0.12, 0.07, true, 0.01, 0.1, 0.08};
  r[FittedMetric::energy].spread = 0.2;
  return r;
}

TEST(FeatureScaling, LeavesOutWhatDoesNotVary) {
  const FeatureScaling s = FeatureScaling::of(features(100));
  EXPECT_EQ(s.used, (std::vector<Eigen::Index>{0, 1, 2, 3}));
  const Eigen::MatrixXd x = s.standardised(features(100));
  for (Eigen::Index j = 0; j < 4; ++j) {
    EXPECT_NEAR(x.row(j).mean(), 0, 1e-12);
    EXPECT_NEAR(x.row(j).squaredNorm() / 100, 1, 1e-12);
  }
}

TEST(FeatureScaling, OfEqualRowsUsesNothing) {
  const Eigen::MatrixXd same = Eigen::MatrixXd::Constant(5, 10, 2);
  EXPECT_TRUE(FeatureScaling::of(same).used.empty());
}

TEST(Trust, IsWholeInsideAndNothingFarAway) {
  EXPECT_EQ(trust(0, 2), 1);
  EXPECT_EQ(trust(2, 2), 1);
  EXPECT_NEAR(trust(3, 2), 0.5, 1e-15);
  EXPECT_EQ(trust(4, 2), 0);
  EXPECT_EQ(trust(1e300, 2), 0);
  EXPECT_EQ(trust(std::nan(""), 2), 0);
  double last = 1;
  for (double d = 2; d < 4; d += 0.01) {
    EXPECT_LE(trust(d, 2), last);
    last = trust(d, 2);
  }
}

TEST(Residual, GivesFarQueriesNoCorrection) {
  const Residual r = made_residual();
  Eigen::VectorXd near = r.scaling.centre, far = near;
  near[0] += r.scaling.scale[0];
  far[0] += 100 * r.scaling.scale[0];
  EXPECT_NE(corrections(r, near)(0, 0), 0);
  EXPECT_EQ(correction(r, near)[0].trust, 1);
  EXPECT_EQ(corrections(r, far)(0, 0), 0);
  EXPECT_EQ(correction(r, far)[0].trust, 0);
  EXPECT_EQ(correction(r, far)[0].spread, r[FittedMetric::latency].spread) << "nor another spread";
}

TEST(Residual, KeepsItsLimitAndLeavesOtherMetricsAlone) {
  const Residual r = made_residual();
  const Eigen::MatrixXd c = corrections(r, features(300));
  EXPECT_EQ(c.row(0).cwiseAbs().maxCoeff(), r[FittedMetric::latency].limit) << "the limit was never reached";
  EXPECT_EQ(c.bottomRows(2).cwiseAbs().maxCoeff(), 0);
  for (Eigen::Index i = 0; i < c.cols(); ++i)
    EXPECT_NEAR(correction(r, features(300).col(i))[0].log_ratio, c(0, i), 1e-14);
  EXPECT_EQ(correction(r, features(300).col(0))[1].spread, 0.2);
}

TEST(Residual, ThatIsEmptyCorrectsNothing) {
  EXPECT_TRUE(Residual{}.empty());
  EXPECT_FALSE(made_residual().empty());
  EXPECT_EQ(corrections(Residual{}, features(10)), Eigen::MatrixXd::Zero(3, 10));
}

TEST(Corrected, KeepsThePhysicalBounds) {
  const PhysicalBounds bounds{1.0, 10};
  const RunFigures usual = corrected({2, 40, 25}, {std::log(1.1), std::log(0.9), 0}, bounds);
  EXPECT_NEAR(usual.latency, 2.2, 1e-12);
  EXPECT_NEAR(usual.energy, 36, 1e-12);
  EXPECT_NEAR(usual.peak_power, 25, 1e-12);
  const RunFigures low = corrected({1.5, 16, 11}, {-0.6, -0.6, -0.6}, bounds);
  EXPECT_EQ(low.latency, 1.0);
  EXPECT_EQ(low.energy, 10.0) << "static power over the corrected latency";
  EXPECT_EQ(low.peak_power, 10.0);
  const RunFigures below = corrected({0.5, 3, 9}, {-0.6, -0.6, -0.6}, bounds);
  EXPECT_EQ(below.latency, 0.5) << "a figure that is lower already stays";
  EXPECT_EQ(below.energy, 3.0);
  EXPECT_EQ(below.peak_power, 9.0);
}

TEST(Residual, SurvivesArrays) {
  const Residual r = made_residual(), back = residual_from(to_arrays(r));
  EXPECT_EQ(corrections(back, features(300)), corrections(r, features(300)));
  for (std::size_t m = 0; m < kMetrics; ++m) {
    EXPECT_EQ(back.metrics[m].ensemble.has_value(), r.metrics[m].ensemble.has_value());
    EXPECT_EQ(back.metrics[m].spread, r.metrics[m].spread);
    EXPECT_EQ(back.metrics[m].held_out_before, r.metrics[m].held_out_before);
    EXPECT_EQ(back.metrics[m].held_out_after, r.metrics[m].held_out_after);
  }
  EXPECT_EQ(correction(back, features(1).col(0))[0].spread, correction(r, features(1).col(0))[0].spread);
}

TEST(Residual, RefusesArraysThatDoNotFit) {
  ArrayGroup group = to_arrays(made_residual());
  group.groups.erase("peak power");
  EXPECT_EQ(error_of([&] { residual_from(group); }), "a surrogate without its group 'peak power'");
  group = to_arrays(made_residual());
  group.arrays["used"].values.back() = 5;
  EXPECT_EQ(error_of([&] { residual_from(group); }), "the surrogate uses a feature that its scaling does not have");
  group = to_arrays(made_residual());
  group.arrays["used"] = {{1}, {0}, "1"};
  group.arrays["whitening"] = {{1, 1}, {1}, "1"};
  EXPECT_EQ(error_of([&] { residual_from(group); }),
            "the surrogate's networks read another number of features than its scaling has");
}

}  // namespace
}  // namespace ridgeline
