#include "calib/boosted_trees.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// Points in the unit square and a step with a slope.
struct Made {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;

  explicit Made(Eigen::Index rows, std::uint64_t seed) : x(2, rows), y(rows) {
    Random random(seed);
    for (Eigen::Index i = 0; i < rows; ++i) {
      x(0, i) = random.uniform();
      x(1, i) = random.uniform();
      y[i] = truth(x.col(i));
    }
  }
  static double truth(const Eigen::VectorXd& at) { return (at[0] > 0.4 ? 2.0 : 1.0) + 0.5 * at[1]; }
};

TEST(RegressionTree, GrowsUntilLeavesArePure) {
  const Made made(50, 1);
  std::vector<std::size_t> all(50);
  std::iota(all.begin(), all.end(), std::size_t{0});
  const RegressionTree tree(made.x, made.y, all);
  for (Eigen::Index i = 0; i < 50; ++i) EXPECT_NEAR(tree(made.x.col(i)), made.y[i], 1e-9) << i;
  EXPECT_EQ(error_of([&] { RegressionTree(made.x, made.y, {}); }), "a regression tree needs a row to learn from");
}

/// The first division is where the step is: between the two nearest points on either side.
TEST(RegressionTree, DividesNumbersWithNothingBetweenThem) {
  Eigen::MatrixXd x(1, 2);
  Eigen::VectorXd y(2);
  y << 1, 2;
  double low = 1.0;
  for (int neighbour = 0; neighbour < 4; ++neighbour) {  // midpoints round to the even one, so to either side
    const double high = std::nextafter(low, 2.0);
    x << low, high;
    const RegressionTree tree(x, y, {0, 1});
    EXPECT_EQ(tree(x.col(0)), 1);
    EXPECT_EQ(tree(x.col(1)), 2);
    low = high;
  }
}

TEST(RegressionTree, DividesWhereTheSquaresFallMost) {
  Eigen::MatrixXd x(1, 6);
  x << 0, 1, 2, 3, 4, 5;
  Eigen::VectorXd y(6);
  y << 1, 1, 1, 5, 5, 5;
  const RegressionTree tree(x, y, {0, 1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(tree(Eigen::VectorXd::Constant(1, 2.49)), 1);
  EXPECT_DOUBLE_EQ(tree(Eigen::VectorXd::Constant(1, 2.51)), 5);
}

TEST(BoostedTrees, PredictWhatTheyHaveNotSeen) {
  const Made made(200, 2), other(100, 3);
  const BoostedTrees trees(made.x, made.y, 50, 4);
  double squares = 0;
  for (Eigen::Index i = 0; i < 100; ++i) squares += std::pow(trees.predict(other.x.col(i)) - other.y[i], 2);
  EXPECT_LT(std::sqrt(squares / 100), 0.06) << "the values spread by 0.5";
}

TEST(BoostedTrees, AreLeastSureWhereNothingWasLearnt) {
  Made made(120, 5);
  Eigen::MatrixXd x(2, 0);
  std::vector<double> y;
  for (Eigen::Index i = 0; i < 120; ++i) {
    if (made.x(0, i) > 0.3 && made.x(0, i) < 0.7) continue;  // the step is in the gap
    x.conservativeResize(2, x.cols() + 1);
    x.col(x.cols() - 1) = made.x.col(i);
    y.push_back(made.y[i]);
  }
  const BoostedTrees trees(x, Eigen::Map<Eigen::VectorXd>(y.data(), x.cols()), 100, 6);
  EXPECT_GT(trees.spread(Eigen::Vector2d(0.5, 0.5)), 2 * trees.spread(Eigen::Vector2d(0.1, 0.5)));
}

TEST(BoostedTrees, FollowTheirSeedAndNeedARow) {
  const Made made(40, 7);
  const BoostedTrees one(made.x, made.y, 20, 8), same(made.x, made.y, 20, 8), other(made.x, made.y, 20, 9);
  const Eigen::Vector2d at(0.42, 0.3);
  EXPECT_EQ(one.predict(at), same.predict(at));
  EXPECT_EQ(one.spread(at), same.spread(at));
  EXPECT_NE(one.spread(at), other.spread(at));
  EXPECT_EQ(error_of([] { BoostedTrees({}, {}, 5, 0); }), "boosted trees need a row to learn from");
}

TEST(BoostedTrees, EqualRowsAreOneLeaf) {
  const BoostedTrees trees(Eigen::MatrixXd::Ones(3, 4), Eigen::VectorXd::Constant(4, 2.5), 10, 0);
  EXPECT_EQ(trees.predict(Eigen::Vector3d::Ones()), 2.5);
  EXPECT_EQ(trees.spread(Eigen::Vector3d::Zero()), 0);
}

}  // namespace
}  // namespace ridgeline
