#include "calib/train.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

constexpr int kShrinkages = 20;          // steps of the search
constexpr double kHardlySure = 0.01;     // no correction for so little
constexpr double kUsual = 0.98;          // quantile that single errors are limited to
constexpr double kLimited = 0.95;        // quantile of the training residuals that no correction exceeds
constexpr double kSmallestScale = 1e-6;  // of scales of log-ratios
constexpr double kToDeviation = 1.4826;  // median absolute value of a normal distribution to its deviation

double robust_scale(std::vector<double> values) {
  for (double& v : values) v = std::abs(v);
  return values.empty() ? kSmallestScale : std::max(kSmallestScale, kToDeviation * median(values));
}

std::vector<double> list(const Eigen::VectorXd& v) { return {v.data(), v.data() + v.size()}; }

Eigen::ArrayXd relative_errors(const Eigen::VectorXd& y, const Eigen::VectorXd& q, double c) {
  return ((c * q - y).array().exp() - 1).abs();
}

/// A metric's targets: without each fold, then all rows; where it has no measured row, `rows` is empty.
struct Job {
  std::vector<std::size_t> rows;  ///< measured ones
  std::vector<EnsembleTarget> targets;
  std::vector<double> scales;  ///< by target: values are log-ratios over it
};

Job job_of(const std::vector<ResidualRow>& rows, std::size_t metric, std::size_t folds) {
  Job job;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (std::isfinite(rows[i].log_ratio[metric])) job.rows.push_back(i);
  const auto n = static_cast<Eigen::Index>(rows.size());
  for (std::size_t k = 0; k <= folds; ++k) {
    EnsembleTarget target{Eigen::VectorXd::Zero(n), Eigen::VectorXd::Zero(n)};
    std::vector<double> used;
    for (const std::size_t i : job.rows) {
      if (rows[i].fold == k) continue;
      const auto row = static_cast<Eigen::Index>(i);
      target.values[row] = k == folds ? rows[i].log_ratio[metric] : rows[i].without_fold[k][metric];
      target.weights[row] = 1;
      used.push_back(target.values[row]);
    }
    const double scale = robust_scale(used);
    target.values /= scale;
    job.targets.push_back(std::move(target));
    job.scales.push_back(scale);
  }
  return job;
}

/// Scores of Student's t with known scales; the constant terms are left out.
double log_likelihood(const Eigen::VectorXd& error, const Eigen::VectorXd& log_scale, double nu) {
  const Eigen::ArrayXd r = error.array() * (-log_scale.array()).exp();
  return -(log_scale.array() + 0.5 * (nu + 1) * (r.square() / nu).log1p()).sum();
}

MetricResidual decide(const std::vector<ResidualRow>& rows, std::size_t metric, const Job& job, std::size_t folds,
                      std::span<const TrainedEnsemble> trained, double nu, Eigen::MatrixXd& held_out) {
  const auto n = static_cast<Eigen::Index>(job.rows.size());
  Eigen::VectorXd y(n), q(n), s(n), own(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::size_t row = job.rows[static_cast<std::size_t>(i)], k = rows[row].fold;
    y[i] = rows[row].without_fold[k][metric];
    q[i] = job.scales[k] * trained[k].mean[static_cast<Eigen::Index>(row)];
    s[i] = trained[k].log_spread[static_cast<Eigen::Index>(row)];
    own[i] = std::abs(rows[row].log_ratio[metric]);
  }
  const ShrinkageDecision decision = decide_shrinkage(y, q);
  MetricResidual result;
  result.shrinkage = decision.shrinkage;
  result.held_out_before = decision.before;
  result.held_out_after = decision.after;
  const Eigen::VectorXd error = y - decision.shrinkage * q;
  result.spread = robust_scale(list(error));
  if (decision.shrinkage == 0) return result;

  result.limit = std::min(std::log(2.0), quantile(list(own), kLimited));
  const double usual = median(list(s));
  const Eigen::VectorXd constant = Eigen::VectorXd::Constant(n, std::log(result.spread));
  const Eigen::VectorXd varying = constant.array() + s.array() - usual;
  result.spread_varies = log_likelihood(error, varying, nu) > log_likelihood(error, constant, nu);
  const TrainedEnsemble& final = trained[folds];
  Eigen::VectorXd spreads(n);
  for (Eigen::Index i = 0; i < n; ++i)
    spreads[i] = final.log_spread[static_cast<Eigen::Index>(job.rows[static_cast<std::size_t>(i)])];
  result.usual_log_spread = median(list(spreads));
  for (Eigen::Index i = 0; i < n; ++i)
    held_out(static_cast<Eigen::Index>(metric), static_cast<Eigen::Index>(job.rows[static_cast<std::size_t>(i)])) =
        std::clamp(decision.shrinkage * q[i], -result.limit, result.limit);
  Ensemble ensemble = final.ensemble;
  ensemble.out *= job.scales[folds];
  ensemble.out_bias *= job.scales[folds];
  ensemble.linear *= job.scales[folds];
  result.ensemble = std::move(ensemble);
  return result;
}

/// Without an ensemble: what held-out rows say of the analytic fit.
MetricResidual untrained(const std::vector<ResidualRow>& rows, std::size_t metric) {
  std::vector<double> y;
  for (const ResidualRow& row : rows)
    if (std::isfinite(row.log_ratio[metric])) y.push_back(row.without_fold[row.fold][metric]);
  MetricResidual result;
  if (y.empty()) return result;
  const Eigen::VectorXd errors = Eigen::Map<const Eigen::VectorXd>(y.data(), static_cast<Eigen::Index>(y.size()));
  const Eigen::VectorXd none = Eigen::VectorXd::Zero(errors.size());
  result.spread = robust_scale(y);
  result.held_out_before = result.held_out_after = relative_errors(errors, none, 0).mean();
  return result;
}

void check(const std::vector<ResidualRow>& rows) {
  if (rows.size() < 2) throw Error("a residual needs at least two rows");
  const std::size_t folds = rows.front().without_fold.size();
  for (const ResidualRow& row : rows) {
    if (row.features.size() != rows.front().features.size() || !row.features.allFinite())
      throw Error("rows of a residual need equally many features, all of them finite");
    if (row.without_fold.size() != folds || row.fold >= folds)
      throw Error("rows of a residual need the log-ratios without each fold, and a fold among those");
  }
}

}  // namespace

ShrinkageDecision decide_shrinkage(const Eigen::VectorXd& y, const Eigen::VectorXd& q) {
  const Eigen::ArrayXd plain = relative_errors(y, q, 0);
  const double most = quantile(list(plain), kUsual);
  const auto n = static_cast<double>(y.size());
  double best = 0, shrinkage = 0, sure = 0;
  for (int step = 1; step <= kShrinkages; ++step) {
    const double c = static_cast<double>(step) / kShrinkages;
    const Eigen::ArrayXd gain = plain.min(most) - relative_errors(y, q, c).min(most);
    if (gain.mean() <= best) continue;
    const double error2 = (gain - gain.mean()).square().sum() / std::max(1.0, n - 1) / n;
    best = gain.mean();
    shrinkage = c;
    sure = std::max(0.0, 1 - kDoubt * error2 / (best * best));
  }
  if (sure < kHardlySure) return {.shrinkage = 0, .before = plain.mean(), .after = plain.mean()};
  ShrinkageDecision decision;
  decision.shrinkage = shrinkage * sure;
  decision.before = plain.mean();
  decision.after = relative_errors(y, q, decision.shrinkage).mean();
  return decision;
}

TrainedResidual train_residual(const std::vector<ResidualRow>& rows, const ResidualTrainingOptions& options) {
  check(rows);
  const std::size_t folds = rows.front().without_fold.size();
  Eigen::MatrixXd features(rows.front().features.size(), static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) features.col(static_cast<Eigen::Index>(i)) = rows[i].features;
  TrainedResidual result;
  Residual& residual = result.residual;
  result.held_out = Eigen::MatrixXd::Zero(kMetrics, static_cast<Eigen::Index>(rows.size()));
  residual.scaling = FeatureScaling::of(features);
  for (std::size_t m = 0; m < kMetrics; ++m) residual.metrics[m] = untrained(rows, m);
  if (residual.scaling.used.empty()) return result;

  std::array<Job, kMetrics> jobs;
  std::vector<EnsembleTarget> targets;
  for (std::size_t m = 0; m < kMetrics; ++m) {
    jobs[m] = job_of(rows, m, folds);
    if (jobs[m].rows.size() < options.fewest_rows)
      jobs[m].targets.clear();
    else
      targets.insert(targets.end(), jobs[m].targets.begin(), jobs[m].targets.end());
  }
  if (targets.empty()) return result;
  const Eigen::MatrixXd x = residual.scaling.standardised(features).cwiseMax(-kClip).cwiseMin(kClip);
  const auto trained = train_ensembles(x, targets, options.ensemble, options.program);
  std::size_t next = 0;
  for (std::size_t m = 0; m < kMetrics; ++m) {
    if (jobs[m].targets.empty()) continue;
    residual.metrics[m] = decide(rows, m, jobs[m], folds, std::span(trained).subspan(next, folds + 1),
                                 options.ensemble.degrees_of_freedom, result.held_out);
    next += folds + 1;
  }
  return result;
}

}  // namespace ridgeline
