#include "calib/fit_objective.hpp"

#include <cmath>

namespace ridgeline {
namespace {

/// (k + 1)/2 · ln(1 + d²/(k·s²)) with its slope by d, and the weight (k + 1)/(k·s² + d²).
struct StudentsT {
  double value, slope, weight;
};
StudentsT students_t(double d, double variance, double k) {
  const double weight = (k + 1) / (k * variance + d * d);
  return {0.5 * (k + 1) * std::log1p(d * d / (k * variance)), weight * d, weight};
}

}  // namespace

double FitObjective::log_ratio(const Target& target, const FitProblem::Prediction& prediction, std::size_t row,
                               std::size_t channel) const {
  const auto c = static_cast<Eigen::Index>(channel);
  const double offset = c < options_.offsets.cols() ? options_.offsets(static_cast<Eigen::Index>(row), c) : 0;
  return std::log(target.measured[channel] / prediction.values[c]) - offset;
}

double FitObjective::value(const Eigen::VectorXd& x) const {
  const Eigen::Index n = parameters();
  double sum = 0;
  const auto predictions = problem_.predict(x.head(n), rows_);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Target& target = problem_.target(rows_[i]);
    for (std::size_t c = 0; c < target.measured.size(); ++c) {
      if (std::isnan(target.measured[c])) continue;
      const double log_sigma = x[n + static_cast<Eigen::Index>(c)];
      sum += log_sigma + students_t(log_ratio(target, predictions[i], rows_[i], c), std::exp(2 * log_sigma),
                                    options_.degrees_of_freedom)
                             .value;
    }
  }
  for (Eigen::Index j = 0; j < n; ++j)
    sum += students_t(x[j] - prior_.mean[j], prior_.deviation[j] * prior_.deviation[j],
                      options_.prior_degrees_of_freedom)
               .value;
  return sum + 0.5 * (x.tail(x.size() - n).array() - std::log(options_.usual_sigma)).square().sum();
}

FitObjective::Point FitObjective::at(const Eigen::VectorXd& x) const {
  const Eigen::Index n = parameters();
  const double nu = options_.degrees_of_freedom;
  Point point;
  point.gradient = Eigen::VectorXd::Zero(size());
  point.curvature = Eigen::MatrixXd::Zero(size(), size());
  point.information = Eigen::MatrixXd::Zero(n, n);
  point.pull = Eigen::VectorXd::Zero(n);
  const auto predictions = problem_.predict(x.head(n), rows_, true);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Target& target = problem_.target(rows_[i]);
    for (std::size_t c = 0; c < target.measured.size(); ++c) {
      if (std::isnan(target.measured[c])) continue;
      const auto channel = static_cast<Eigen::Index>(c);
      const double variance = std::exp(2 * x[n + channel]);
      const double r = log_ratio(target, predictions[i], rows_[i], c);
      const StudentsT t = students_t(r, variance, nu);
      const Eigen::VectorXd g = predictions[i].gradient.row(channel).transpose() / predictions[i].values[channel];
      point.value += x[n + channel] + t.value;
      point.pull -= t.slope * g;
      point.information.selfadjointView<Eigen::Lower>().rankUpdate(g, t.weight);
      point.gradient[n + channel] += 1 - t.slope * r;
      point.curvature(n + channel, n + channel) += 2 * t.slope * r * nu * variance / (nu * variance + r * r);
    }
  }
  point.information = point.information.selfadjointView<Eigen::Lower>();
  point.gradient.head(n) = point.pull;
  point.curvature.topLeftCorner(n, n) = point.information;
  for (Eigen::Index j = 0; j < n; ++j) {
    const StudentsT t = students_t(x[j] - prior_.mean[j], prior_.deviation[j] * prior_.deviation[j],
                                   options_.prior_degrees_of_freedom);
    point.value += t.value;
    point.gradient[j] += t.slope;
    point.curvature(j, j) += t.weight;
  }
  for (Eigen::Index c = n; c < size(); ++c) {
    const double z = x[c] - std::log(options_.usual_sigma);
    point.value += 0.5 * z * z;
    point.gradient[c] += z;
    point.curvature(c, c) += 1;
  }
  return point;
}

}  // namespace ridgeline
