#include "calib/residual_rows.hpp"

#include <cmath>

#include "calib/work_sums.hpp"

namespace ridgeline {

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
    const double startup = ridgeline::startup(observed, row.weights).si() * row.sequences;
    residual_features(work_sums(row, problem.condenser(), costs), latency, startup, row.weights.si(),
                      features.col(static_cast<Eigen::Index>(i)));
  }
  return features;
}

std::vector<ResidualRow> residual_rows(const FitProblem& problem, const FitSummary& summary,
                                       const CrossValidation& held_out) {
  const std::vector<std::size_t>& rows = held_out.figures.rows;
  std::vector<ResidualRow> result(rows.size());
  const Eigen::MatrixXd features = residual_features(problem, summary.theta, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result[i].features = features.col(static_cast<Eigen::Index>(i));
    result[i].fold = held_out.fold[i];
  }
  const auto ratios_at = [&](std::size_t i, const FitProblem::Prediction& prediction) {
    return log_ratios(problem.target(rows[i]), prediction.values, problem.latency_channels());
  };
  const auto whole = problem.predict(summary.theta, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) result[i].log_ratio = ratios_at(i, whole[i]);
  for (const FitSummary& without : held_out.fits) {
    const auto predictions = problem.predict(without.theta, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) result[i].without_fold.push_back(ratios_at(i, predictions[i]));
  }
  return result;
}

}  // namespace ridgeline
