// What physics leaves over: ln(measured / analytic) of latency, energy and peak power, and its spread.
//
//   correction(x) = clamp(shrinkage · trust(x) · mean(x), ±limit)      mean: an ensemble (calib/ensemble.hpp)
//
// x are the features of calib/work_sums.hpp less their means over the training rows, divided by their deviations and
// clipped to ±kClip. shrinkage in [0, 1] is what nested cross-validation of the training rows allows: 0 where the
// ensemble does not help beyond chance, and then there is no ensemble (calib/train.hpp). trust falls with the
// Mahalanobis distance d from the training rows' centre: 1 up to `distance_scale` (which holds nearly all of them),
// 0 from twice that on, a cubic between. limit <= ln 2.
//
// The laws hold whatever the networks say: figures stay positive, and no correction takes latency below what the
// device could do at its data sheet's rates, energy below static power over the corrected latency, or peak power
// below static power (a figure that the analytic model has lower already is left there).
#pragma once

#include <Eigen/Core>

#include <array>
#include <optional>

#include "calib/ensemble.hpp"
#include "calib/metrics.hpp"

namespace ridgeline {

inline constexpr double kClip = 4;

/// Centre, scale and shape of the training rows' features.
struct FeatureScaling {
  std::vector<Eigen::Index> used;  ///< numbers of the features that differ between training rows
  Eigen::VectorXd centre, scale;   ///< of all features
  Eigen::MatrixXd whitening;       ///< W with d² = |W·x|² / used features, x before clipping
  double distance_scale = 1;

  /// From one column a training row; at least two. `rows` all equal: no feature is used.
  static FeatureScaling of(const Eigen::MatrixXd& features);
  /// x before clipping: used features × columns.
  Eigen::MatrixXd standardised(const Eigen::Ref<const Eigen::MatrixXd>& features) const;
  Eigen::VectorXd distances(const Eigen::Ref<const Eigen::MatrixXd>& standardised) const;
};
/// 1 for d <= scale, 0 for d >= 2·scale, once continuously differentiable between.
double trust(double distance, double scale);

/// One metric.
struct MetricResidual {
  std::optional<Ensemble> ensemble;  ///< none: no correction
  double shrinkage = 0;
  double limit = 0;             ///< of |correction|
  double spread = 0;            ///< scale of held-out ln(measured / corrected); 0: unknown
  bool spread_varies = false;   ///< the ensemble's log-spread beats a constant on held-out rows
  double usual_log_spread = 0;  ///< the ensemble's, median over training rows
  double held_out_before = 0;   ///< mean absolute relative error of held-out training rows without ...
  double held_out_after = 0;    ///< ... and with the correction: what the report shows
};

struct Correction {
  double log_ratio = 0;
  double spread = 0;  ///< scale of what is left, in ln; 0: unknown
  double trust = 0;
};

struct Residual {
  FeatureScaling scaling;
  std::array<MetricResidual, kMetrics> metrics;

  const MetricResidual& operator[](FittedMetric m) const { return metrics[static_cast<std::size_t>(m)]; }
  MetricResidual& operator[](FittedMetric m) { return metrics[static_cast<std::size_t>(m)]; }
  bool empty() const;
};

/// One column of `features` (all features × rows) a row; result: metrics × rows of correction(x). Takes blocks of
/// rows at once: about a microsecond a row.
Eigen::MatrixXd corrections(const Residual& residual, const Eigen::Ref<const Eigen::MatrixXd>& features);
std::array<Correction, kMetrics> correction(const Residual& residual, const Eigen::VectorXd& features);

/// Figures of one run in SI, and what they cannot fall below.
struct RunFigures {
  double latency = 0, energy = 0, peak_power = 0;
};
struct PhysicalBounds {
  double latency = 0;       ///< s: the work at the data sheet's peak rates
  double static_power = 0;  ///< W
};
RunFigures corrected(RunFigures analytic, const Eigen::Vector3d& log_ratios, const PhysicalBounds& bounds);

ArrayGroup to_arrays(const Residual& residual);
/// Error when an array is missing or has the wrong shape.
Residual residual_from(const ArrayGroup& group);

}  // namespace ridgeline
