#include "calib/advice.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.hpp"
#include "calib/residual_rows.hpp"

namespace ridgeline {
namespace {

/// What one row can say: gradients of its measured channels' logarithms, and their noise.
struct Telling {
  std::size_t row;
  Eigen::MatrixXd gradients;
  Eigen::VectorXd variances;
};

std::vector<Telling> telling_rows(const FitProblem& problem, const FitSummary& fit) {
  std::vector<std::size_t> all(problem.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const auto predictions = problem.predict(fit.theta, all, true);
  std::vector<Telling> result;
  for (const std::size_t row : all) {
    std::vector<Eigen::Index> channels;
    for (std::size_t c = 0; c < problem.channels().size(); ++c)
      if (!std::isnan(problem.target(row).measured[c])) channels.push_back(static_cast<Eigen::Index>(c));
    const auto n = static_cast<Eigen::Index>(channels.size());
    Telling one{row, Eigen::MatrixXd(n, problem.space().size()), Eigen::VectorXd(n)};
    for (Eigen::Index i = 0; i < n; ++i) {
      const Eigen::Index c = channels[static_cast<std::size_t>(i)];
      one.gradients.row(i) = predictions[row].gradient.row(c) / predictions[row].values[c];
      const double sigma = fit.sigma[static_cast<std::size_t>(c)];
      one.variances[i] = sigma * sigma;
    }
    result.push_back(std::move(one));
  }
  return result;
}

/// C·Gᵀ·(G·C·Gᵀ + S)^(-1/2): its outer product is what the row takes from C.
Eigen::MatrixXd reduction(const Eigen::MatrixXd& covariance, const Telling& row) {
  const Eigen::MatrixXd cross = covariance * row.gradients.transpose();
  Eigen::MatrixXd inner = row.gradients * cross;
  inner.diagonal() += row.variances;
  return inner.llt().matrixL().solve(cross.transpose()).transpose();
}

}  // namespace

std::vector<LearningPoint> learning_curve(const FitProblem& problem, const std::vector<std::size_t>& rows,
                                          const Prior& prior, const FitOptions& options) {
  constexpr std::size_t kFewest = 2, kMost = 400;
  std::vector<std::size_t> order = rows;
  Random(options.seed).shuffle(std::span<std::size_t>(order));
  std::vector<LearningPoint> curve;
  for (const std::size_t part : {8u, 4u, 2u}) {
    const std::size_t count = std::min(rows.size(), kMost) / part;
    if (count < kFewest) continue;
    const auto cut = order.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<std::size_t> some(order.begin(), cut), others(cut, order.end());
    const FitSummary fitted = fit(problem, some, prior, options);
    const auto predictions = problem.predict(fitted.theta, others);
    LearningPoint point{count, {}};
    std::array<double, kMetrics> scored{};
    for (std::size_t i = 0; i < others.size(); ++i) {
      const auto ratios = log_ratios(problem.target(others[i]), predictions[i].values, problem.latency_channels());
      for (std::size_t m = 0; m < kMetrics; ++m)
        if (std::isfinite(ratios[m])) point.mape[m] += std::abs(std::expm1(-ratios[m])), scored[m] += 1;
    }
    for (std::size_t m = 0; m < kMetrics; ++m)
      point.mape[m] = scored[m] > 0 ? point.mape[m] / scored[m] : std::numeric_limits<double>::quiet_NaN();
    curve.push_back(point);
  }
  return curve;
}

std::vector<TellingRow> most_telling_rows(const FitProblem& problem, const FitSummary& fit,
                                          const std::vector<std::size_t>& fitted, std::size_t count) {
  const std::vector<Telling> rows = telling_rows(problem, fit);
  Eigen::MatrixXd covariance = fit.covariance;
  Eigen::MatrixXd wanted = Eigen::MatrixXd::Zero(covariance.rows(), covariance.cols());  // Σ gᵀ·g
  double noise = 0;
  for (const Telling& row : rows) {
    wanted += row.gradients.transpose() * row.gradients;
    noise += row.variances.sum();
  }
  std::vector<bool> taken(rows.size(), false);
  if (fitted.size() < rows.size())
    for (const std::size_t row : fitted) taken[row] = true;
  std::vector<TellingRow> chosen;
  while (chosen.size() < count) {
    const double before = covariance.cwiseProduct(wanted).sum() + noise;
    std::size_t best = rows.size();
    double most = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (taken[i]) continue;
      const Eigen::MatrixXd r = reduction(covariance, rows[i]);
      const double gain = r.cwiseProduct(wanted * r).sum();
      if (gain > most) most = gain, best = i;
    }
    if (best == rows.size()) break;
    const Eigen::MatrixXd r = reduction(covariance, rows[best]);
    covariance -= r * r.transpose();
    taken[best] = true;
    chosen.push_back({rows[best].row, 1 - std::sqrt(std::max(0.0, before - most) / before)});
  }
  return chosen;
}

}  // namespace ridgeline
