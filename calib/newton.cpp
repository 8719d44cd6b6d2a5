#include "calib/newton.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <vector>

namespace ridgeline {
namespace {

constexpr double kPromised = 1e-4;                            // of ln posterior
constexpr double kGentle = 1e-3, kLeast = 1e-7, kMost = 1e8;  // damping: first, and its range
constexpr double kWorthwhile = 1e-3;                          // of the promised decrease

/// The minimum of gᵀ·s + sᵀ·H·s/2 with x + s inside the bounds: exact for those that stay inside, and no variable
/// that went to its bound comes back.
Eigen::VectorXd bounded_step(const Eigen::MatrixXd& h, const Eigen::VectorXd& g, const Eigen::VectorXd& low,
                             const Eigen::VectorXd& high) {
  const Eigen::Index n = g.size();
  Eigen::VectorXd step = Eigen::VectorXd::Zero(n);
  std::vector<bool> fixed(static_cast<std::size_t>(n), false);
  for (Eigen::Index j = 0; j < n; ++j)
    fixed[static_cast<std::size_t>(j)] = (low[j] >= 0 && g[j] > 0) || (high[j] <= 0 && g[j] < 0);
  for (Eigen::Index round = 0; round < n; ++round) {
    std::vector<Eigen::Index> free;
    for (Eigen::Index j = 0; j < n; ++j)
      if (!fixed[static_cast<std::size_t>(j)]) free.push_back(j), step[j] = 0;
    const Eigen::VectorXd slope = g + h * step;
    const Eigen::VectorXd solved = h(free, free).llt().solve(-slope(free));
    bool inside = true;
    for (std::size_t k = 0; k < free.size(); ++k) {
      const Eigen::Index j = free[k];
      step[j] = std::clamp(solved[static_cast<Eigen::Index>(k)], low[j], high[j]);
      if (step[j] == solved[static_cast<Eigen::Index>(k)]) continue;
      fixed[static_cast<std::size_t>(j)] = true;
      inside = false;
    }
    if (inside) break;
  }
  return step;
}

}  // namespace

Polished polish(const FitObjective& objective, Eigen::VectorXd x, const Eigen::VectorXd& lower,
                const Eigen::VectorXd& upper, int steps) {
  Polished result{std::move(x), {}, 1, false};
  result.point = objective.at(result.x);
  double damping = kGentle;
  while (result.evaluations < steps) {
    const Eigen::VectorXd& g = result.point.gradient;
    Eigen::MatrixXd h = result.point.curvature;
    const Eigen::VectorXd low = lower - result.x, high = upper - result.x;
    const Eigen::VectorXd whole = bounded_step(h, g, low, high);
    if (-(g.dot(whole) + 0.5 * whole.dot(h * whole)) < kPromised) {
      result.converged = true;
      break;
    }
    bool moved = false;
    while (!moved && damping < kMost && result.evaluations < steps) {
      h = result.point.curvature;
      h.diagonal() *= 1 + damping;
      const Eigen::VectorXd step = bounded_step(h, g, low, high);
      const double promised = -(g.dot(step) + 0.5 * step.dot(result.point.curvature * step));
      const Eigen::VectorXd to = (result.x + step).cwiseMax(lower).cwiseMin(upper);
      const double value = objective.value(to);
      ++result.evaluations;
      moved = result.point.value - value > kWorthwhile * promised && promised > 0;
      damping = moved ? std::max(kLeast, 0.2 * damping) : 5 * damping;
      if (moved) result.x = to;
    }
    if (!moved) break;
    result.point = objective.at(result.x);
  }
  return result;
}

}  // namespace ridgeline
