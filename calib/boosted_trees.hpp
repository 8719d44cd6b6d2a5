// Boosted regression trees whose disagreement is a measure of how unsure they are.
//
// AdaBoost.R2 (Drucker 1997) with linear loss: each tree learns a sample of the rows drawn by their weights, rows
// that it misses weigh more for the next one, and the prediction is the weighted median. Trees are grown until leaves
// are pure (Breiman et al. 1984). This is the predictor by which ProTran chooses what to measure (Tuli & Jha 2023).
#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <span>
#include <vector>

namespace ridgeline {

/// Grown to the sum of squares; x <= threshold goes left.
class RegressionTree {
 public:
  /// From columns of `x` (features × rows), as often as `sample` names them; not empty.
  RegressionTree(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, std::vector<std::size_t> sample);
  double operator()(const Eigen::Ref<const Eigen::VectorXd>& x) const;

 private:
  struct Node {
    Eigen::Index feature = -1;  ///< -1: a leaf
    double value = 0;           ///< threshold, or the leaf's mean
    std::size_t left = 0, right = 0;
  };
  std::size_t grow(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, std::span<std::size_t> sample);

  std::vector<Node> nodes_;
};

class BoostedTrees {
 public:
  /// At most `trees`: boosting ends with one that is perfect, or worse than chance. Error without rows.
  BoostedTrees(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, std::size_t trees, std::uint64_t seed);
  /// Weighted median of the trees.
  double predict(const Eigen::Ref<const Eigen::VectorXd>& x) const;
  /// Standard deviation between the trees.
  double spread(const Eigen::Ref<const Eigen::VectorXd>& x) const;
  std::size_t size() const { return trees_.size(); }

 private:
  std::vector<RegressionTree> trees_;
  std::vector<double> weights_;
};

}  // namespace ridgeline
