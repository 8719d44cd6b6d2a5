#include "calib/levels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

constexpr double kOutlier = 3;  // k, in sigma
constexpr double kGrid = 0.5;   // in sigma
constexpr std::size_t kMostLevels = 400;
constexpr double kSmallestSigma = 1e-5;
constexpr double kNormal = 1.4826;  // sigma of a normal distribution by its median absolute deviation
constexpr double kTails = 4;
constexpr double kDiffuse = 1e6;  // variance of a level that nothing is known of, in sigma²
constexpr std::array kStepRatios{0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0};  // of variances

std::vector<std::size_t> seen_places(const Eigen::VectorXd& series) {
  std::vector<std::size_t> seen;
  for (Eigen::Index i = 0; i < series.size(); ++i)
    if (!std::isnan(series[i])) seen.push_back(static_cast<std::size_t>(i));
  if (seen.size() < 2) throw Error(fmt::format("a level needs at least 2 rows that were seen, got {}", seen.size()));
  return seen;
}

/// Random walk plus noise of known variances, smoothed.
class Smoother {
 public:
  Smoother(const Eigen::VectorXd& series, const std::vector<std::size_t>& jumps)
      : series_(series), jump_(static_cast<std::size_t>(series.size()), false), weight_(series.size()) {
    for (const std::size_t j : jumps) jump_[j] = true;
    weight_.setOnes();
  }

  /// Smoothed levels; the noise of place i has variance sigma²/weight_i.
  Eigen::VectorXd smooth(double sigma2, double step2) {
    const Eigen::Index n = series_.size();
    Eigen::VectorXd level(n), variance(n), before(n);
    double m = 0, p = kDiffuse * sigma2;
    log_likelihood_ = 0;
    for (Eigen::Index i = 0; i < n; ++i) {
      if (i > 0) p += jump_[static_cast<std::size_t>(i)] ? kDiffuse * sigma2 : step2;
      before[i] = p;
      if (!std::isnan(series_[i])) {
        const double f = p + sigma2 / weight_[i], v = series_[i] - m;
        // A level that begins anew says nothing of the steps.
        if (p < 0.5 * kDiffuse * sigma2) {
          const double all = p + sigma2;
          log_likelihood_ -= 0.5 * std::log(all) + 0.5 * (kTails + 1) * std::log1p(v * v / (kTails * all));
        }
        m += p / f * v;
        p -= p * p / f;
      }
      level[i] = m, variance[i] = p;
    }
    for (Eigen::Index i = n - 2; i >= 0; --i) level[i] += variance[i] / before[i + 1] * (level[i + 1] - level[i]);
    return level;
  }
  double log_likelihood() const { return log_likelihood_; }

  /// Weights of the t distribution for these levels; returns the noise's variance with them.
  double reweigh(const Eigen::VectorXd& level, double sigma2) {
    double sum = 0, seen = 0;
    for (Eigen::Index i = 0; i < series_.size(); ++i) {
      if (std::isnan(series_[i])) continue;
      const double e2 = (series_[i] - level[i]) * (series_[i] - level[i]);
      weight_[i] = (kTails + 1) / (kTails + e2 / sigma2);
      sum += weight_[i] * e2;
      seen += 1;
    }
    return std::max(sum / seen, kSmallestSigma * kSmallestSigma);
  }

 private:
  const Eigen::VectorXd& series_;
  std::vector<bool> jump_;
  Eigen::VectorXd weight_;
  double log_likelihood_ = 0;
};

}  // namespace

Jumps find_jumps(const Eigen::VectorXd& series) {
  const std::vector<std::size_t> seen = seen_places(series);
  std::vector<double> y, differences;
  for (const std::size_t i : seen) y.push_back(series[static_cast<Eigen::Index>(i)]);
  for (std::size_t i = 1; i < y.size(); ++i) differences.push_back(std::abs(y[i] - y[i - 1]));
  Jumps jumps;
  jumps.sigma = std::max(kSmallestSigma, kNormal * median(differences) / std::sqrt(2.0));
  const double lowest = quantile(y, 0.005), range = quantile(y, 0.995) - lowest;
  const auto levels = static_cast<std::size_t>(
      std::min(static_cast<double>(kMostLevels), std::ceil(range / (kGrid * jumps.sigma)) + 1));
  const double spacing = levels > 1 ? range / static_cast<double>(levels - 1) : 0;
  const double penalty = 3 * std::log(static_cast<double>(y.size()));

  std::vector<double> cost(levels, 0.0);
  std::vector<std::vector<bool>> came_by_jump(y.size(), std::vector<bool>(levels, false));
  std::vector<std::size_t> best_before(y.size(), 0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t best = static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
    const double jumped = cost[best] + penalty;
    best_before[i] = best;
    for (std::size_t l = 0; l < levels; ++l) {
      if (i > 0 && jumped < cost[l]) cost[l] = jumped, came_by_jump[i][l] = true;
      const double z = (y[i] - lowest - spacing * static_cast<double>(l)) / jumps.sigma;
      cost[l] += 0.5 * std::min(z * z, kOutlier * kOutlier);
    }
  }
  auto l = static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
  for (std::size_t i = y.size(); i-- > 0;) {
    if (!came_by_jump[i][l]) continue;
    jumps.places.push_back(seen[i]);
    l = best_before[i];
  }
  std::reverse(jumps.places.begin(), jumps.places.end());
  return jumps;
}

Levels estimate_levels(const Eigen::VectorXd& series) {
  const Jumps jumps = find_jumps(series);
  Levels best;
  double highest = -std::numeric_limits<double>::infinity();
  for (const double ratio : kStepRatios) {
    Smoother smoother(series, jumps.places);
    double sigma2 = jumps.sigma * jumps.sigma;
    Eigen::VectorXd level;
    for (int round = 0; round < 6; ++round) {
      level = smoother.smooth(sigma2, ratio * sigma2);
      sigma2 = smoother.reweigh(level, sigma2);
    }
    level = smoother.smooth(sigma2, ratio * sigma2);
    if (smoother.log_likelihood() <= highest) continue;
    highest = smoother.log_likelihood();
    best = {level, std::sqrt(sigma2), std::sqrt(ratio * sigma2), jumps.places};
  }
  return best;
}

}  // namespace ridgeline
