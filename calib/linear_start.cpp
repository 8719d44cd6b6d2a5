#include "calib/linear_start.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {
namespace {

constexpr double kStartRidge = 1e-4;  // a multiplier of 10 costs what one row off by 9 % does
constexpr double kLowest = 0.05;      // of multipliers
constexpr double kSmallestDeviation =
    0.03;  // relative deviations below it weigh as squares, above as absolute values

bool scales_time(const Parameter& p) {
  return p.name.starts_with("kernel share of") || p.name == "kernel floor" || p.name == "batched call" ||
         p.name == "allocation" || p.name == "dispatch" || p.name == "start-up" || p.name == "start-up per byte";
}

bool scales_energy(const Parameter& p) {
  return p.name == "static power" || p.name == "busy power" || p.name == "start-up power" ||
         p.name.starts_with("energy per");
}

/// Sums over those of the channels [first, first + count) that a row has; rows without any are left out.
struct Figures {
  Eigen::VectorXd measured, predicted;
  Eigen::MatrixXd gradient;
};

Figures figures(const FitProblem& problem, const std::vector<std::size_t>& rows, const Eigen::VectorXd& theta,
                std::size_t first, std::size_t count) {
  std::vector<std::size_t> usable;
  for (const std::size_t row : rows) {
    const std::vector<double>& m = problem.target(row).measured;
    if (std::any_of(m.begin() + static_cast<std::ptrdiff_t>(first),
                    m.begin() + static_cast<std::ptrdiff_t>(first + count), [](double x) { return !std::isnan(x); }))
      usable.push_back(row);
  }
  const auto predictions = problem.predict(theta, usable, true);
  Figures result;
  const auto n = static_cast<Eigen::Index>(usable.size());
  result.measured = result.predicted = Eigen::VectorXd::Zero(n);
  result.gradient = Eigen::MatrixXd::Zero(n, theta.size());
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto& p = predictions[static_cast<std::size_t>(i)];
    for (std::size_t c = first; c < first + count; ++c) {
      const auto channel = static_cast<Eigen::Index>(c);
      const double measured = problem.target(usable[static_cast<std::size_t>(i)]).measured[c];
      if (std::isnan(measured)) continue;
      result.measured[i] += measured;
      result.predicted[i] += p.values[channel];
      result.gradient.row(i) += p.gradient.row(channel);
    }
  }
  return result;
}

Eigen::VectorXd multipliers(const Eigen::MatrixXd& parts, const Eigen::VectorXd& wanted) {
  Eigen::VectorXd m = Eigen::VectorXd::Ones(parts.cols());
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(wanted.size());
  for (int round = 0; round < 8; ++round) {
    m = bounded_least_squares(weights.asDiagonal() * parts, weights.asDiagonal() * wanted, kStartRidge, kLowest);
    weights = (parts * m - wanted).array().abs().max(kSmallestDeviation).sqrt().inverse().matrix();
    weights *= std::sqrt(kSmallestDeviation);
  }
  return m;
}

template <class Scales>
void improve(const FitProblem& problem, const std::vector<std::size_t>& rows, std::size_t first, std::size_t count,
             Scales scales, Eigen::VectorXd& theta) {
  const Figures now = figures(problem, rows, theta, first, count);
  if (now.measured.size() < 2) return;
  std::vector<Eigen::Index> chosen;
  for (Eigen::Index j = 0; j < theta.size(); ++j)
    if (scales(problem.space().parameters()[static_cast<std::size_t>(j)]) &&
        now.gradient.col(j).cwiseAbs().maxCoeff() > 0)
      chosen.push_back(j);
  const auto k = static_cast<Eigen::Index>(chosen.size());
  Eigen::MatrixXd parts(now.measured.size(), k);
  for (Eigen::Index c = 0; c < k; ++c)
    parts.col(c) = now.gradient.col(chosen[static_cast<std::size_t>(c)]).cwiseAbs();
  const Eigen::VectorXd rest = (now.predicted - parts.rowwise().sum()).cwiseMax(0.0);
  const Eigen::ArrayXd scale = now.measured.array().inverse();
  const Eigen::VectorXd m =
      multipliers((parts.array().colwise() * scale).matrix(), ((now.measured - rest).array() * scale).matrix());
  for (Eigen::Index c = 0; c < k; ++c) {
    const Eigen::Index j = chosen[static_cast<std::size_t>(c)];
    const Parameter& p = problem.space().parameters()[static_cast<std::size_t>(j)];
    const double sign = now.gradient.col(j).sum() > 0 ? 1 : -1;
    theta[j] = std::clamp(theta[j] + sign * std::log(m[c]), p.lower, p.upper);
  }
}

}  // namespace

Eigen::VectorXd bounded_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, double ridge,
                                      double lowest) {
  constexpr int kRounds = 2000;
  const Eigen::Index n = a.cols();
  const Eigen::MatrixXd h = a.transpose() * a + ridge * Eigen::MatrixXd::Identity(n, n);
  const Eigen::VectorXd g = a.transpose() * b + Eigen::VectorXd::Constant(n, ridge);
  Eigen::VectorXd x = Eigen::VectorXd::Ones(n);
  for (int round = 0; round < kRounds; ++round) {
    double moved = 0;
    for (Eigen::Index j = 0; j < n; ++j) {
      const double to = std::max(lowest, x[j] + (g[j] - h.row(j).dot(x)) / h(j, j));
      moved = std::max(moved, std::abs(to - x[j]) / std::max(1.0, x[j]));
      x[j] = to;
    }
    if (moved < 1e-6) break;
  }
  return x;
}

Eigen::VectorXd linear_start(const FitProblem& problem, const std::vector<std::size_t>& rows, Eigen::VectorXd theta) {
  const std::size_t latency = problem.latency_channels();
  for (int round = 0; round < 2; ++round) improve(problem, rows, 0, latency, scales_time, theta);
  for (int round = 0; round < 2; ++round) improve(problem, rows, latency, 1, scales_energy, theta);
  return theta;
}

}  // namespace ridgeline
