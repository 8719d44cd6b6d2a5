#include "calib/boosted_trees.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"

namespace ridgeline {
namespace {

struct Division {
  Eigen::Index feature = -1;
  double threshold = 0;
  double gain = 0;  ///< what it takes from the sum of squares
};

/// The best of one feature. `order` is the sample; it is sorted here.
void consider(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, Eigen::Index feature,
              std::vector<Eigen::Index>& order, Division& best) {
  std::sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) {
    return x(feature, a) != x(feature, b) ? x(feature, a) < x(feature, b) : a < b;
  });
  const auto n = static_cast<double>(order.size());
  double all = 0, left = 0;
  for (const Eigen::Index i : order) all += y[i];
  for (std::size_t k = 0; k + 1 < order.size(); ++k) {
    left += y[order[k]];
    const double here = x(feature, order[k]), next = x(feature, order[k + 1]);
    if (here == next) continue;
    const double on_left = static_cast<double>(k + 1), right = all - left;
    const double gain = left * left / on_left + right * right / (n - on_left) - all * all / n;
    if (gain <= best.gain) continue;
    const double between = std::midpoint(here, next);  // of neighbouring numbers it is one of the two
    best = {feature, between < next ? between : here, gain};
  }
}

}  // namespace

RegressionTree::RegressionTree(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, std::vector<std::size_t> sample) {
  if (sample.empty()) throw Error("a regression tree needs a row to learn from");
  grow(x, y, sample);
}

std::size_t RegressionTree::grow(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, std::span<std::size_t> sample) {
  const std::size_t number = nodes_.size();
  nodes_.emplace_back();
  std::vector<Eigen::Index> order(sample.begin(), sample.end());
  double sum = 0, squares = 0;
  for (const Eigen::Index i : order) sum += y[i], squares += y[i] * y[i];
  const double mean = sum / static_cast<double>(order.size());
  nodes_[number].value = mean;
  Division best;
  best.gain = 1e-12 * squares;  // less is rounding: the rows are alike
  for (Eigen::Index j = 0; j < x.rows() && order.size() > 1; ++j) consider(x, y, j, order, best);
  if (best.feature < 0) return number;
  const auto middle = std::partition(sample.begin(), sample.end(), [&](std::size_t i) {
    return x(best.feature, static_cast<Eigen::Index>(i)) <= best.threshold;
  });
  const auto cut = static_cast<std::size_t>(middle - sample.begin());
  const std::size_t left = grow(x, y, sample.first(cut)), right = grow(x, y, sample.subspan(cut));
  nodes_[number] = {best.feature, best.threshold, left, right};
  return number;
}

double RegressionTree::operator()(const Eigen::Ref<const Eigen::VectorXd>& x) const {
  std::size_t at = 0;
  while (nodes_[at].feature >= 0) at = x[nodes_[at].feature] <= nodes_[at].value ? nodes_[at].left : nodes_[at].right;
  return nodes_[at].value;
}

BoostedTrees::BoostedTrees(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, std::size_t trees,
                           std::uint64_t seed) {
  if (y.size() == 0) throw Error("boosted trees need a row to learn from");
  const auto n = static_cast<std::size_t>(y.size());
  Random random(seed);
  std::vector<double> weight(n, 1.0 / static_cast<double>(n)), reaches(n);
  while (trees_.size() < trees) {
    std::partial_sum(weight.begin(), weight.end(), reaches.begin());
    std::vector<std::size_t> sample(n);
    for (std::size_t& i : sample)
      i = std::min<std::size_t>(n - 1, static_cast<std::size_t>(std::upper_bound(reaches.begin(), reaches.end(),
                                                                                 random.uniform() * reaches.back()) -
                                                                reaches.begin()));
    RegressionTree tree(x, y, std::move(sample));
    Eigen::VectorXd loss(y.size());
    for (Eigen::Index i = 0; i < y.size(); ++i) loss[i] = std::abs(tree(x.col(i)) - y[i]);
    const double worst = loss.maxCoeff();
    if (worst > 0) loss /= worst;
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i) mean += weight[i] * loss[static_cast<Eigen::Index>(i)];
    if (mean >= 0.5 && !trees_.empty()) break;
    trees_.push_back(std::move(tree));
    if (mean <= 0 || mean >= 0.5) {
      weights_.push_back(1);
      break;
    }
    const double beta = mean / (1 - mean);
    weights_.push_back(std::log(1 / beta));
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += weight[i] *= std::pow(beta, 1 - loss[static_cast<Eigen::Index>(i)]);
    for (double& w : weight) w /= sum;
  }
}

double BoostedTrees::predict(const Eigen::Ref<const Eigen::VectorXd>& x) const {
  std::vector<std::pair<double, double>> said;
  for (std::size_t t = 0; t < trees_.size(); ++t) said.emplace_back(trees_[t](x), weights_[t]);
  std::sort(said.begin(), said.end());
  double half = 0, sum = 0;
  for (const double w : weights_) half += 0.5 * w;
  for (const auto& [value, weight] : said)
    if ((sum += weight) >= half) return value;
  return said.back().first;
}

double BoostedTrees::spread(const Eigen::Ref<const Eigen::VectorXd>& x) const {
  double sum = 0, squares = 0;
  const auto n = static_cast<double>(trees_.size());
  for (const RegressionTree& tree : trees_) sum += tree(x);
  for (const RegressionTree& tree : trees_) squares += (tree(x) - sum / n) * (tree(x) - sum / n);
  return std::sqrt(squares / n);
}

}  // namespace ridgeline
