#include "calib/levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Eigen::VectorXd noise(Eigen::Index n, double sigma, std::uint64_t seed) {
  Random random(seed);
  return Eigen::VectorXd::NullaryExpr(n, [&] { return sigma * random.normal(); });
}

TEST(Levels, FindsWhereALevelBeginsAndEnds) {
  Eigen::VectorXd series = noise(1000, 0.05, 1);
  series.segment(400, 300).array() += 0.2;
  const Jumps jumps = find_jumps(series);
  ASSERT_EQ(jumps.places.size(), 2u);
  EXPECT_NEAR(static_cast<double>(jumps.places[0]), 400, 3);
  EXPECT_NEAR(static_cast<double>(jumps.places[1]), 700, 3);
  EXPECT_NEAR(jumps.sigma, 0.05, 0.005);
  const Levels levels = estimate_levels(series);
  EXPECT_NEAR(levels.level[200], 0, 0.01);
  EXPECT_NEAR(levels.level[550], 0.2, 0.01);
}

TEST(Levels, NoiseAndOutliersAloneMakeNoJump) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Eigen::VectorXd series = noise(2000, 0.02, seed);
    Random random(100 + seed);
    for (Eigen::Index i = 0; i < series.size(); ++i)
      if (random.uniform() < 0.1) series[i] += 0.5;
    EXPECT_TRUE(find_jumps(series).places.empty()) << seed;
    EXPECT_NEAR(estimate_levels(series).level[1000], 0, 0.02);
  }
}

// A random walk of known steps: the smoother's error is near the one it has with the true variances,
// sqrt(step·sigma/2) for small steps (the stationary variance of a local level, smoothed from both sides).
TEST(Levels, FollowsASlowDriftThroughGaps) {
  const double sigma = 0.05, step = 0.005;
  Eigen::VectorXd truth = noise(2000, step, 3);
  for (Eigen::Index i = 1; i < truth.size(); ++i) truth[i] += truth[i - 1];
  Eigen::VectorXd series = truth + noise(2000, sigma, 4);
  Random random(5);
  for (Eigen::Index i = 0; i < series.size(); ++i)
    if (random.uniform() < 0.2) series[i] = std::numeric_limits<double>::quiet_NaN();
  const Levels levels = estimate_levels(series);
  EXPECT_NEAR(levels.sigma, sigma * 0.85, 0.01);  // scale of a t of 4 degrees of freedom fitted to a normal
  EXPECT_GT(levels.step, step / 3);
  EXPECT_LT(levels.step, step * 3);
  const double error = std::sqrt((levels.level - truth).squaredNorm() / static_cast<double>(truth.size()));
  EXPECT_LT(error, 1.5 * std::sqrt(step * sigma / 2 / 0.8));
}

TEST(Levels, AConstantSeriesIsItsOwnLevel) {
  const Levels levels = estimate_levels(Eigen::VectorXd::Constant(50, 0.3));
  EXPECT_TRUE(levels.jumps.empty());
  EXPECT_NEAR(levels.level[0], 0.3, 1e-5);
  EXPECT_NEAR(levels.level[49], 0.3, 1e-5);
}

TEST(Levels, ComplainAboutTooLittle) {
  EXPECT_EQ(error_of([] { find_jumps(Eigen::VectorXd::Constant(1, 0.1)); }),
            "a level needs at least 2 rows that were seen, got 1");
}

}  // namespace
}  // namespace ridgeline
