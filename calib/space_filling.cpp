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

/// Principal components × candidates, those that hold most of the variance; the first varies most.
Eigen::MatrixXd components(const Eigen::MatrixXd& features) {
  const Eigen::MatrixXd x = FeatureScaling::of(features).standardised(features);
  if (x.rows() == 0) return Eigen::MatrixXd::Zero(1, x.cols());  // all alike
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(x * x.transpose());
  Eigen::Index used = 0;
  const double all = solver.eigenvalues().sum();
  for (double held = 0; used < x.rows() && held < kHeld * all; ++used)
    held += solver.eigenvalues()[x.rows() - 1 - used];
  used = std::max<Eigen::Index>(used, 1);
  return solver.eigenvectors().rightCols(used).rowwise().reverse().transpose() * x;
}

/// The candidate at a point of the unit cube: the candidates are halved along one component after the other, and each
/// coordinate says which halves to go to, so that every candidate has as much room as any other.
Eigen::Index at_point(const Eigen::MatrixXd& x, Eigen::VectorXd point) {
  std::vector<Eigen::Index> cell(static_cast<std::size_t>(x.cols()));
  std::iota(cell.begin(), cell.end(), Eigen::Index{0});
  for (Eigen::Index axis = 0; cell.size() > 1; axis = (axis + 1) % x.rows()) {
    const std::size_t half = cell.size() / 2;
    const auto middle = cell.begin() + static_cast<std::ptrdiff_t>(half);
    std::nth_element(cell.begin(), middle, cell.end(), [&](Eigen::Index a, Eigen::Index b) {
      return x(axis, a) != x(axis, b) ? x(axis, a) < x(axis, b) : a < b;
    });
    const double share = static_cast<double>(half) / static_cast<double>(cell.size());
    double& u = point[axis];
    if (u < share) {
      u /= share;
      cell.erase(middle, cell.end());
    } else {
      u = (u - share) / (1 - share);
      cell.erase(cell.begin(), middle);
    }
  }
  return cell.front();
}

}  // namespace

std::vector<std::size_t> space_filling(const Eigen::MatrixXd& features, std::size_t count, std::uint64_t seed) {
  const auto candidates = static_cast<std::size_t>(features.cols());
  count = std::min(count, candidates);
  std::vector<std::size_t> order;
  if (count == 0) return order;
  const Eigen::MatrixXd x = components(features);
  Random random(seed);
  std::vector<std::uint64_t> shift(static_cast<std::size_t>(x.rows()));
  for (std::uint64_t& bits : shift) bits = random();
  std::vector<bool> taken(candidates, false);
  boost::random::sobol sequence(shift.size());
  Eigen::VectorXd point(x.rows());
  while (order.size() < count) {
    for (std::size_t j = 0; j < shift.size(); ++j) {
      const std::uint64_t digits = order.empty() ? 0 : sequence();  // Boost's sequence leaves the first point, 0, out
      point[static_cast<Eigen::Index>(j)] = std::ldexp(static_cast<double>((digits ^ shift[j]) >> 11), -53);
    }
    const Eigen::Index there = at_point(x, point);
    std::size_t nearest = candidates;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < candidates; ++i) {
      if (taken[i]) continue;
      const double distance = (x.col(static_cast<Eigen::Index>(i)) - x.col(there)).squaredNorm();
      if (distance < least) least = distance, nearest = i;
    }
    taken[nearest] = true;
    order.push_back(nearest);
  }
  return order;
}

}  // namespace ridgeline
