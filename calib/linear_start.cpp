#include "calib/linear_start.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {
namespace {

constexpr double kStartRidge = 1e-4;  // a multiplier of 10 costs what one row off by 9 % does
constexpr double kLowest = 0.05;      // of multipliers
constexpr double kTiny = 1e-10;       // where few terms were chosen
constexpr int kReweightings = 8;
constexpr Eigen::Index kMostTerms = 8;
constexpr double kSmallestDeviation =
    0.03;  // relative deviations below it weigh as squares, above as absolute values

/// Fresh memory is left to the optimiser: it matters where `allocation` does, and among the few terms of a start it
/// took the place of one that leads to a better optimum (EdgeTran's M1 CPU).
bool scales_time(const Parameter& p) {
  return p.name.starts_with("kernel share of") || p.name == "kernel floor" || p.name == "batched call" ||
         p.name == "allocation" || p.name == "dispatch" || p.name == "start-up" || p.name == "start-up per byte" ||
         p.name == "paging";
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

/// A figure as a linear function of multipliers: wanted = parts · m, both divided by what was measured.
struct LinearProblem {
  std::vector<Eigen::Index> parameters;  ///< by column
  Eigen::VectorXd signs;                 ///< of d figure / d parameter
  Eigen::MatrixXd parts;
  Eigen::VectorXd wanted;
};

struct Solution {
  Eigen::VectorXd multipliers;
  double deviation;  ///< mean absolute
};

Solution solve(const Eigen::MatrixXd& parts, const Eigen::VectorXd& wanted, double ridge) {
  Solution s{Eigen::VectorXd::Ones(parts.cols()), 0};
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(wanted.size());
  for (int round = 0; round < kReweightings; ++round) {
    s.multipliers =
        bounded_least_squares(weights.asDiagonal() * parts, weights.asDiagonal() * wanted, ridge, kLowest);
    const Eigen::ArrayXd off = (parts * s.multipliers - wanted).array().abs();
    s.deviation = off.mean();
    weights = (kSmallestDeviation / off.max(kSmallestDeviation)).sqrt().matrix();
  }
  return s;
}

template <class Free>
LinearProblem linear_problem(const FitProblem& problem, const std::vector<std::size_t>& rows, std::size_t first,
                             std::size_t count, Free free, const Eigen::VectorXd& theta) {
  const Figures now = figures(problem, rows, theta, first, count);
  LinearProblem linear;
  if (now.measured.size() < 2) return linear;
  for (Eigen::Index j = 0; j < theta.size(); ++j)
    if (free(j) && now.gradient.col(j).cwiseAbs().maxCoeff() > 0) linear.parameters.push_back(j);
  linear.signs.resize(static_cast<Eigen::Index>(linear.parameters.size()));
  linear.parts.resize(now.measured.size(), linear.signs.size());
  for (Eigen::Index c = 0; c < linear.signs.size(); ++c) {
    const auto column = now.gradient.col(linear.parameters[static_cast<std::size_t>(c)]);
    linear.signs[c] = column.sum() > 0 ? 1 : -1;
    linear.parts.col(c) = column.cwiseAbs();
  }
  const Eigen::ArrayXd scale = now.measured.array().inverse();
  const Eigen::VectorXd rest = (now.predicted - linear.parts.rowwise().sum()).cwiseMax(0.0);
  linear.wanted = ((now.measured - rest).array() * scale).matrix();
  linear.parts.array().colwise() *= scale;
  return linear;
}

void move(const FitProblem& problem, const LinearProblem& linear, const Eigen::VectorXd& multipliers,
          Eigen::VectorXd& theta) {
  for (Eigen::Index c = 0; c < multipliers.size(); ++c) {
    const Eigen::Index j = linear.parameters[static_cast<std::size_t>(c)];
    const Parameter& p = problem.space().parameters()[static_cast<std::size_t>(j)];
    theta[j] = std::clamp(theta[j] + linear.signs[c] * std::log(multipliers[c]), p.lower, p.upper);
  }
}

/// The few terms that explain most: added one after another while that lowers rows · ln(deviation) + what the prior
/// takes for moving them so far.
Eigen::VectorXd sparse_multipliers(const LinearProblem& linear, const Eigen::VectorXd& deviations) {
  const Eigen::Index columns = linear.parts.cols();
  const auto rows = static_cast<double>(linear.wanted.size());
  Eigen::VectorXd best = Eigen::VectorXd::Ones(columns);
  std::vector<Eigen::Index> chosen;
  const auto cost = [&](double deviation, const std::vector<Eigen::Index>& which, const Eigen::VectorXd& m) {
    double sum = rows * std::log(std::max(deviation, 0.1 * kSmallestDeviation));
    for (std::size_t k = 0; k < which.size(); ++k) {
      const double z = std::log(m[static_cast<Eigen::Index>(k)]) / deviations[which[k]];
      sum += 1.5 * std::log1p(0.5 * z * z);
    }
    return sum;
  };
  double lowest = cost((linear.parts.rowwise().sum() - linear.wanted).cwiseAbs().mean(), {}, {});
  while (static_cast<Eigen::Index>(chosen.size()) < std::min(kMostTerms, columns)) {
    Eigen::Index added = -1;
    for (Eigen::Index c = 0; c < columns; ++c) {
      if (std::find(chosen.begin(), chosen.end(), c) != chosen.end()) continue;
      std::vector<Eigen::Index> which = chosen;
      which.push_back(c);
      const Eigen::MatrixXd parts = linear.parts(Eigen::all, which);
      const Eigen::VectorXd others = linear.parts.rowwise().sum() - parts.rowwise().sum();
      const Solution s = solve(parts, linear.wanted - others, kTiny);
      if (const double now = cost(s.deviation, which, s.multipliers); now < lowest) {
        lowest = now;
        added = c;
        best.setOnes();
        best(which) = s.multipliers;
      }
    }
    if (added < 0) break;
    chosen.push_back(added);
  }
  return best;
}

template <class Scales>
void improve(const FitProblem& problem, const std::vector<std::size_t>& rows, std::size_t first, std::size_t count,
             Scales scales, const Prior* sparse, Eigen::Index fixed, Eigen::VectorXd& theta) {
  const auto free = [&](Eigen::Index j) {
    return j != fixed && scales(problem.space().parameters()[static_cast<std::size_t>(j)]);
  };
  const LinearProblem linear = linear_problem(problem, rows, first, count, free, theta);
  if (linear.parameters.empty()) return;
  const Eigen::VectorXd m = sparse ? sparse_multipliers(linear, sparse->deviation(linear.parameters))
                                   : solve(linear.parts, linear.wanted, kStartRidge).multipliers;
  move(problem, linear, m, theta);
}

Eigen::VectorXd improved(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior* sparse,
                         Eigen::Index fixed, Eigen::VectorXd theta) {
  const std::size_t latency = problem.latency_channels();
  for (int round = 0; round < 2; ++round) improve(problem, rows, 0, latency, scales_time, sparse, fixed, theta);
  for (int round = 0; round < 2; ++round) improve(problem, rows, latency, 1, scales_energy, sparse, fixed, theta);
  return theta;
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
  return improved(problem, rows, nullptr, -1, std::move(theta));
}

Eigen::VectorXd sparse_start(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                             Eigen::VectorXd theta, Eigen::Index fixed) {
  return improved(problem, rows, &prior, fixed, std::move(theta));
}

}  // namespace ridgeline
