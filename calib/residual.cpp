#include "calib/residual.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

constexpr double kSmallestSpread = 1e-4;  // of a feature, relative: less is rounding
constexpr double kRidge = 0.1;            // added to standardised features' covariance: rows are few
constexpr double kInside = 0.98;          // share of training rows within distance_scale
constexpr Eigen::Index kFeatureBlock = 64;

Eigen::MatrixXd clipped(const Eigen::MatrixXd& x) { return x.cwiseMax(-kClip).cwiseMin(kClip); }

}  // namespace

std::string_view name(FittedMetric metric) {
  constexpr std::array<std::string_view, kMetrics> kNames{"latency", "energy", "peak power"};
  return kNames[static_cast<std::size_t>(metric)];
}

FeatureScaling FeatureScaling::of(const Eigen::MatrixXd& features) {
  FeatureScaling s;
  const auto n = static_cast<double>(features.cols());
  s.centre = features.rowwise().mean();
  s.scale = ((features.colwise() - s.centre).rowwise().squaredNorm() / n).cwiseSqrt();
  for (Eigen::Index j = 0; j < features.rows(); ++j) {
    if (s.scale[j] > kSmallestSpread * (1 + std::abs(s.centre[j])))
      s.used.push_back(j);
    else
      s.scale[j] = 1;
  }
  const auto p = static_cast<Eigen::Index>(s.used.size());
  const Eigen::MatrixXd x = s.standardised(features);
  const Eigen::MatrixXd covariance = x * x.transpose() / n + kRidge * Eigen::MatrixXd::Identity(p, p);
  s.whitening = covariance.llt().matrixL().solve(Eigen::MatrixXd::Identity(p, p));
  if (p == 0) return s;
  const Eigen::VectorXd d = s.distances(x);
  s.distance_scale = quantile({d.data(), static_cast<std::size_t>(d.size())}, kInside);
  return s;
}

Eigen::MatrixXd FeatureScaling::standardised(const Eigen::Ref<const Eigen::MatrixXd>& features) const {
  Eigen::MatrixXd x(static_cast<Eigen::Index>(used.size()), features.cols());
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const Eigen::Index j = used[static_cast<std::size_t>(i)];
    x.row(i) = (features.row(j).array() - centre[j]) / scale[j];
  }
  return x;
}

Eigen::VectorXd FeatureScaling::distances(const Eigen::Ref<const Eigen::MatrixXd>& x) const {
  const double p = std::max<double>(1, static_cast<double>(x.rows()));
  return ((whitening * x).colwise().squaredNorm() / p).cwiseSqrt().transpose();
}

double trust(double distance, double scale) {
  if (!(distance < 2 * scale)) return 0;
  const double t = std::max(0.0, distance / scale - 1);
  return 1 - t * t * (3 - 2 * t);
}

bool Residual::empty() const {
  return std::none_of(metrics.begin(), metrics.end(), [](const MetricResidual& m) { return m.ensemble.has_value(); });
}

Eigen::MatrixXd corrections(const Residual& residual, const Eigen::Ref<const Eigen::MatrixXd>& features) {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(kMetrics, features.cols());
  if (residual.empty()) return result;
  for (Eigen::Index first = 0; first < features.cols(); first += kFeatureBlock) {
    const Eigen::Index count = std::min(kFeatureBlock, features.cols() - first);
    const Eigen::MatrixXd raw = residual.scaling.standardised(features.middleCols(first, count));
    const Eigen::MatrixXd x = clipped(raw);
    Eigen::VectorXd trusted = residual.scaling.distances(raw);
    for (double& d : trusted) d = trust(d, residual.scaling.distance_scale);
    for (std::size_t m = 0; m < kMetrics; ++m) {
      const MetricResidual& metric = residual.metrics[m];
      if (!metric.ensemble) continue;
      result.row(static_cast<Eigen::Index>(m)).segment(first, count) =
          (metric.shrinkage * trusted.array() * mean(*metric.ensemble, x).array())
              .max(-metric.limit)
              .min(metric.limit)
              .transpose();
    }
  }
  return result;
}

std::array<Correction, kMetrics> correction(const Residual& residual, const Eigen::VectorXd& features) {
  const Eigen::MatrixXd log_ratios = corrections(residual, features);
  const Eigen::MatrixXd raw = residual.scaling.standardised(features);
  const double trusted = trust(residual.scaling.distances(raw)[0], residual.scaling.distance_scale);
  std::array<Correction, kMetrics> result;
  for (std::size_t m = 0; m < kMetrics; ++m) {
    const MetricResidual& metric = residual.metrics[m];
    result[m] = {log_ratios(static_cast<Eigen::Index>(m), 0), metric.spread, trusted};
    if (metric.ensemble && metric.spread_varies)
      result[m].spread *=
          std::exp(trusted * (log_spread(*metric.ensemble, clipped(raw))[0] - metric.usual_log_spread));
  }
  return result;
}

RunFigures corrected(RunFigures analytic, const Eigen::Vector3d& log_ratios, const PhysicalBounds& bounds) {
  const auto at_least = [](double figure, double bound, double before) {
    return std::max(figure, std::min(bound, before));
  };
  RunFigures figures;
  figures.latency = at_least(analytic.latency * std::exp(log_ratios[0]), bounds.latency, analytic.latency);
  figures.energy =
      at_least(analytic.energy * std::exp(log_ratios[1]), bounds.static_power * figures.latency, analytic.energy);
  figures.peak_power =
      at_least(analytic.peak_power * std::exp(log_ratios[2]), bounds.static_power, analytic.peak_power);
  return figures;
}

namespace {

ArrayGroup::Array scalar(double value, std::string unit = "1") { return {{1}, {value}, std::move(unit)}; }
double scalar_of(const ArrayGroup& group, const std::string& name) { return array_of(group, name, {1}).values[0]; }

ArrayGroup to_arrays(const MetricResidual& metric) {
  ArrayGroup group;
  if (metric.ensemble) group = to_arrays(*metric.ensemble);
  group.arrays["shrinkage"] = scalar(metric.shrinkage);
  group.arrays["limit"] = scalar(metric.limit);
  group.arrays["residual_spread"] = scalar(metric.spread);
  group.arrays["spread_varies"] = scalar(metric.spread_varies ? 1 : 0);
  group.arrays["usual_log_spread"] = scalar(metric.usual_log_spread);
  group.arrays["held_out_before"] = scalar(metric.held_out_before);
  group.arrays["held_out_after"] = scalar(metric.held_out_after);
  return group;
}

MetricResidual metric_from(const ArrayGroup& group, Eigen::Index features) {
  MetricResidual metric;
  if (group.arrays.count("hidden") != 0) {
    metric.ensemble = ensemble_from(group);
    if (metric.ensemble->features() != features)
      throw Error("the surrogate's networks read another number of features than its scaling has");
  }
  metric.shrinkage = scalar_of(group, "shrinkage");
  metric.limit = scalar_of(group, "limit");
  metric.spread = scalar_of(group, "residual_spread");
  metric.spread_varies = scalar_of(group, "spread_varies") != 0;
  metric.usual_log_spread = scalar_of(group, "usual_log_spread");
  metric.held_out_before = scalar_of(group, "held_out_before");
  metric.held_out_after = scalar_of(group, "held_out_after");
  return metric;
}

}  // namespace

ArrayGroup to_arrays(const Residual& residual) {
  ArrayGroup group;
  const FeatureScaling& s = residual.scaling;
  Eigen::VectorXd used(static_cast<Eigen::Index>(s.used.size()));
  for (std::size_t i = 0; i < s.used.size(); ++i) used[static_cast<Eigen::Index>(i)] = static_cast<double>(s.used[i]);
  group.arrays = {{"used", to_array(used)},
                  {"centre", to_array(s.centre)},
                  {"scale", to_array(s.scale)},
                  {"whitening", to_array(s.whitening)},
                  {"distance_scale", scalar(s.distance_scale)}};
  for (std::size_t m = 0; m < kMetrics; ++m)
    group.groups[std::string(name(static_cast<FittedMetric>(m)))] = to_arrays(residual.metrics[m]);
  return group;
}

Residual residual_from(const ArrayGroup& group) {
  Residual residual;
  FeatureScaling& s = residual.scaling;
  s.centre = vector_from(array_of(group, "centre", {-1}));
  s.scale = vector_from(array_of(group, "scale", {s.centre.size()}));
  for (const double number : array_of(group, "used", {-1}).values) {
    if (!(number >= 0 && number < static_cast<double>(s.centre.size())))
      throw Error("the surrogate uses a feature that its scaling does not have");
    s.used.push_back(static_cast<Eigen::Index>(number));
  }
  const auto p = static_cast<Eigen::Index>(s.used.size());
  s.whitening = matrix_from(array_of(group, "whitening", {p, p}));
  s.distance_scale = scalar_of(group, "distance_scale");
  for (std::size_t m = 0; m < kMetrics; ++m) {
    const std::string metric(name(static_cast<FittedMetric>(m)));
    const auto found = group.groups.find(metric);
    if (found == group.groups.end()) throw Error("a surrogate without its group '" + metric + "'");
    residual.metrics[m] = metric_from(found->second, p);
  }
  return residual;
}

}  // namespace ridgeline
