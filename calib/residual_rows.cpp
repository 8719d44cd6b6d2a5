#include "calib/residual_rows.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "calib/work_sums.hpp"

namespace ridgeline {

Eigen::VectorXd theta_without(const FitProblem& problem, const FitSummary& summary,
                              const std::vector<std::size_t>& left_out, const FitOptions& options) {
  const Eigen::Index n = summary.theta.size();
  const double nu = options.degrees_of_freedom;
  Eigen::MatrixXd curvature = summary.covariance.llt().solve(Eigen::MatrixXd::Identity(n, n));
  Eigen::VectorXd pull = Eigen::VectorXd::Zero(n);
  const auto predictions = problem.predict(summary.theta, left_out, true);
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    const Target& target = problem.target(left_out[i]);
    for (std::size_t c = 0; c < target.measured.size(); ++c) {
      if (std::isnan(target.measured[c])) continue;
      const double value = predictions[i].values[static_cast<Eigen::Index>(c)];
      const double r = std::log(target.measured[c] / value);
      const Eigen::VectorXd g = predictions[i].gradient.row(static_cast<Eigen::Index>(c)).transpose() / value;
      const double w = (nu + 1) / (nu * summary.sigma[c] * summary.sigma[c] + r * r);
      curvature -= w * g * g.transpose();
      pull += w * r * g;
    }
  }
  const std::vector<Parameter>& parameters = problem.space().parameters();
  const auto at_bound = [&](Eigen::Index j) {
    const Parameter& p = parameters[static_cast<std::size_t>(j)];
    constexpr double kTouching = 1e-6;
    return summary.theta[j] <= p.lower + kTouching || summary.theta[j] >= p.upper - kTouching;
  };
  for (Eigen::Index j = 0; j < n; ++j) {
    if (!at_bound(j)) continue;
    curvature.row(j).setZero();
    curvature.col(j).setZero();
    curvature(j, j) = 1;
    pull[j] = 0;
  }
  Eigen::VectorXd theta = summary.theta - curvature.ldlt().solve(pull);
  for (Eigen::Index j = 0; j < n; ++j)
    theta[j] = std::clamp(theta[j], parameters[static_cast<std::size_t>(j)].lower,
                          parameters[static_cast<std::size_t>(j)].upper);
  return theta;
}

std::array<double, kMetrics> log_ratios(const Target& target, const Eigen::VectorXd& predicted,
                                        std::size_t latency_channels) {
  double measured_latency = 0, predicted_latency = 0;
  for (std::size_t c = 0; c < latency_channels; ++c) {
    if (std::isnan(target.measured[c])) continue;
    measured_latency += target.measured[c];
    predicted_latency += predicted[static_cast<Eigen::Index>(c)];
  }
  const auto other = [&](std::size_t c) {
    return std::log(target.measured[c] / predicted[static_cast<Eigen::Index>(c)]);
  };
  return {std::log(measured_latency / predicted_latency), other(latency_channels), other(latency_channels + 1)};
}

Eigen::MatrixXd residual_features(const FitProblem& problem, const Eigen::VectorXd& theta,
                                  const std::vector<std::size_t>& rows) {
  const std::vector<bool> every(problem.condenser().operators().size(), true);
  const OperatorCosts costs = operator_costs(problem.condenser(), every, problem.space(), theta, false);
  const ObservationParameters observed = problem.space().at(theta).observation;
  const auto predictions = problem.predict(theta, rows);
  Eigen::MatrixXd features(kResidualFeatures, static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CondensedRow& row = problem.row(rows[i]);
    double latency = 0;
    for (Eigen::Index c = 0; c < static_cast<Eigen::Index>(problem.latency_channels()); ++c)
      if (!std::isnan(predictions[i].values[c])) latency += predictions[i].values[c] * row.sequences;
    const double startup = (observed.startup + observed.startup_per_byte * row.weights).si() * row.sequences;
    residual_features(work_sums(row, problem.condenser(), costs), latency, startup, row.weights.si(),
                      features.col(static_cast<Eigen::Index>(i)));
  }
  return features;
}

std::vector<ResidualRow> residual_rows(const FitProblem& problem, const FitSummary& summary,
                                       const std::vector<std::size_t>& rows, const FitOptions& options,
                                       std::size_t folds, std::uint64_t seed) {
  std::vector<std::size_t> places(rows.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  Random random(seed);
  random.shuffle(std::span<std::size_t>(places));
  std::vector<ResidualRow> result(rows.size());
  std::vector<std::vector<std::size_t>> members(folds);
  for (std::size_t i = 0; i < places.size(); ++i) {
    result[places[i]].fold = i % folds;
    members[i % folds].push_back(rows[places[i]]);
  }
  const std::size_t latency = problem.latency_channels();
  const Eigen::MatrixXd features = residual_features(problem, summary.theta, rows);
  const auto whole = problem.predict(summary.theta, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result[i].features = features.col(static_cast<Eigen::Index>(i));
    result[i].log_ratio = log_ratios(problem.target(rows[i]), whole[i].values, latency);
  }
  for (const std::vector<std::size_t>& left_out : members) {
    const auto predictions = problem.predict(theta_without(problem, summary, left_out, options), rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
      result[i].without_fold.push_back(log_ratios(problem.target(rows[i]), predictions[i].values, latency));
  }
  return result;
}

}  // namespace ridgeline
