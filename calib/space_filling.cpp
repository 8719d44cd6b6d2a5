#include "calib/space_filling.hpp"

#include <Eigen/Eigenvalues>
#include <boost/random/sobol.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.hpp"
#include "calib/residual.hpp"

namespace ridgeline {
namespace {

constexpr double kHeld = 0.9;  // of the variance

/// Principal components × candidates, each row as ranks in (0, 1).
Eigen::MatrixXd coordinates(const Eigen::MatrixXd& features) {
  const Eigen::MatrixXd x = FeatureScaling::of(features).standardised(features);
  const Eigen::Index n = x.cols();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(x * x.transpose());
  Eigen::Index used = 0;
  const double all = solver.eigenvalues().sum();
  for (double held = 0; used < x.rows() && held < kHeld * all; ++used)
    held += solver.eigenvalues()[x.rows() - 1 - used];
  Eigen::MatrixXd result = solver.eigenvectors().rightCols(used).transpose() * x;
  for (Eigen::Index j = 0; j < used; ++j) {
    std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](Eigen::Index a, Eigen::Index b) { return result(j, a) < result(j, b); });
    for (Eigen::Index rank = 0; rank < n; ++rank)
      result(j, order[static_cast<std::size_t>(rank)]) = (static_cast<double>(rank) + 0.5) / static_cast<double>(n);
  }
  return result;
}

}  // namespace

std::vector<std::size_t> space_filling(const Eigen::MatrixXd& features, std::size_t count, std::uint64_t seed) {
  const auto candidates = static_cast<std::size_t>(features.cols());
  count = std::min(count, candidates);
  std::vector<std::size_t> order;
  if (count == 0) return order;
  const Eigen::MatrixXd x = coordinates(features);
  Random random(seed);
  Eigen::VectorXd shift(x.rows());
  for (double& s : shift) s = random.uniform();
  std::vector<bool> taken(candidates, false);
  boost::random::sobol sequence(static_cast<std::size_t>(std::max<Eigen::Index>(1, x.rows())));
  while (order.size() < count) {
    Eigen::VectorXd point(x.rows());
    for (double& p : point) p = std::ldexp(static_cast<double>(sequence() >> 11), -53);
    point += shift;
    point -= point.array().floor().matrix();
    std::size_t nearest = candidates;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < candidates; ++i) {
      if (taken[i]) continue;
      const double distance = (x.col(static_cast<Eigen::Index>(i)) - point).squaredNorm();
      if (distance < least) least = distance, nearest = i;
    }
    taken[nearest] = true;
    order.push_back(nearest);
  }
  return order;
}

}  // namespace ridgeline
