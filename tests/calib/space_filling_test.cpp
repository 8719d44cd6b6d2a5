#include "calib/space_filling.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "base/random.hpp"

namespace ridgeline {
namespace {

Eigen::MatrixXd square(Eigen::Index points, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd x(2, points);
  for (double& value : x.reshaped()) value = random.uniform();
  return x;
}

/// Mean over all points of the distance to the nearest chosen one.
double mean_gap(const Eigen::MatrixXd& x, const std::vector<std::size_t>& chosen) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.cols(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (const std::size_t c : chosen)
      least = std::min(least, (x.col(i) - x.col(static_cast<Eigen::Index>(c))).norm());
    sum += least;
  }
  return sum / static_cast<double>(x.cols());
}

TEST(SpaceFilling, EveryFirstPartCoversMoreThanChance) {
  for (const std::size_t count : {4u, 8u, 16u}) {
    double spread = 0, chance = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const Eigen::MatrixXd x = square(300, 100 + seed);
      spread += mean_gap(x, space_filling(x, count, seed));
      std::vector<std::size_t> first(count);  // the points are random already
      for (std::size_t i = 0; i < count; ++i) first[i] = i;
      chance += mean_gap(x, first);
    }
    EXPECT_LT(spread, 0.95 * chance) << count;
  }
}

TEST(SpaceFilling, ASequenceGoesOnAsItBegan) {
  const Eigen::MatrixXd x = square(50, 1);
  const auto all = space_filling(x, 1000, 2), some = space_filling(x, 10, 2);
  EXPECT_EQ(all.size(), 50u);
  EXPECT_EQ(std::set<std::size_t>(all.begin(), all.end()).size(), 50u);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
  EXPECT_NE(space_filling(x, 10, 3), some);
}

TEST(SpaceFilling, CandidatesThatAreAlikeOrNone) {
  EXPECT_EQ(space_filling(Eigen::MatrixXd::Ones(3, 4), 4, 0).size(), 4u);
  EXPECT_TRUE(space_filling(Eigen::MatrixXd(3, 0), 4, 0).empty());
}

}  // namespace
}  // namespace ridgeline
