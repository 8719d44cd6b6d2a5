// Intervals around calibrated figures, from errors on rows that the fit had not seen.
//
// Rows i = 1..n give r_i = ln(measured / predicted), out of fold (calib/cross_validation.hpp). Their scale may change
// with features x (logarithms: of the predicted figure, of the fit's own spread, ...):
//
//   s(x) = exp(b_0 + b·z(x))        z: centred, divided by the deviation, clamped to the range that was seen
//
// b has the highest Student's t likelihood (4 degrees of freedom) with a ridge on it. Scores u_i = r_i / s_i use an
// s_i fitted without row i's fold. A query with features x gets measured/predicted in
//
//   [exp(s(x)·low), exp(s(x)·high)]       low = (1 - w)·(-Q_c(|u|)) + w·Q_{(1-c)/2}(u),    w = n / (n + 20)
//
// and likewise high: the tails of many rows speak for themselves, few rows only say how large errors are. Q_p is the
// order statistic of rank p·(n + 1), interpolated (Hyndman & Fan 1996, type 6): the next row of an exchangeable
// sequence falls below it with probability p. Beyond the last order statistic an exponential tail goes on.
//
// Which features and which ridge is decided by the interval score (calib/scores.hpp) in an inner cross-validation;
// a varying scale must beat the constant one by 1.645 standard errors of the difference (with 95 % confidence), and
// has one feature for every 25 rows at most.
//
// What is guaranteed: were s fixed and predictions those of fits that left the row's fold out, symmetric intervals
// would cover 90 % from n = 9 on, and at least 80 % under the worst of algorithms (jackknife+ and CV+, Barber et al.
// 2021, theorems 1 and 4). Each tail alone needs n = 19. Fits to all rows differ little from those without a fold, so
// the coverage is near nominal in practice, and varies: with n rows its standard deviation is about
// sqrt(c·(1 - c)/(n + 2)), 7 points at n = 16. Rows of a campaign are exchangeable only when held-out rows come from
// all of it.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <span>

#include "model/figures.hpp"

namespace ridgeline {

/// Plain numbers, so that a calibration can store them.
struct ConformalIntervals {
  double coverage = 0.9;
  std::size_t rows = 0;
  double low = 0, high = 0;                            ///< of scores; low <= 0 <= high
  double log_scale = 0;                                ///< b_0
  Eigen::VectorXd weights;                             ///< b, by feature; 0 where the feature does not help
  Eigen::VectorXd centre, deviation, lowest, highest;  ///< of features; the last two after centring and dividing

  /// Bounds of measured/predicted; the predicted figure itself is always inside.
  Spread factors(const Eigen::VectorXd& features) const;
};

/// `features` is rows × features, most telling first: the first 0, 1, ... columns are tried. Rows whose ratio is NaN
/// (not measured) are left out. Error with fewer than two rows, or features that are not finite.
ConformalIntervals conformal_intervals(std::span<const double> log_ratios, const Eigen::MatrixXd& features,
                                       double coverage = 0.9);

/// The same with one scale for all.
ConformalIntervals constant_intervals(std::span<const double> log_ratios, double coverage = 0.9);

}  // namespace ridgeline
