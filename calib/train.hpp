// Training the residual surrogate, and deciding how much of it to use.
//
// Rows are divided into folds. For each fold the networks learn the residuals that the *analytic fit without that
// fold* leaves on the other rows, and are scored on the fold with that same fit: neither the parameters nor the
// networks have seen what they are scored on, and the networks learn from the smaller residuals of rows that the fit
// has seen, as the final ones must. Then per metric, with q the held-out prediction and a(c) the mean over rows of
// |exp(c·q)·analytic / measured - 1|, single rows limited to the 98th percentile of a(0)'s,
//
//   c* = the c in [0, 1] with the least a(c),        z = (a(0) - a(c*)) / the standard error of its mean
//   shrinkage = c* · max(0, 1 - kDoubt / z²)
//
// The second factor is the positive part of James and Stein's (1961): a gain that chance could have made is not used,
// a clear one nearly in full, and no threshold lies between the two.
//
// Members of the ensemble differ in their decay too, over a decade: averaging over it spares a choice that a few
// dozen rows cannot make.
#pragma once

#include <array>
#include <vector>

#include "calib/ensemble_job.hpp"
#include "calib/residual.hpp"

namespace ridgeline {

struct ResidualRow {
  Eigen::VectorXd features;                  ///< kResidualFeatures of calib/work_sums.hpp
  std::array<double, kMetrics> log_ratio{};  ///< ln(measured / analytic) of the fit to all rows; NaN: not measured
  std::size_t fold = 0;                      ///< to which the row belongs
  /// By fold: the same with the fit that did not see that fold. All rows have equally many.
  std::vector<std::array<double, kMetrics>> without_fold;
};

struct ResidualTrainingOptions {
  EnsembleOptions ensemble;
  std::size_t fewest_rows = 30;   ///< below, nothing is trained: so few cannot tell a gain from chance
  std::filesystem::path program;  ///< empty: look for it
};

struct TrainedResidual {
  Residual residual;         ///< without ensembles where rows are too few or nothing helps; still with spreads
  Eigen::MatrixXd held_out;  ///< metrics × rows: corrections by the ensembles that had not seen the row
};
/// Error when training fails.
TrainedResidual train_residual(const std::vector<ResidualRow>& rows, const ResidualTrainingOptions& options = {});

/// What cross-validation says of predictions `q` of the log-ratios `y`; rows without one are left out by the caller.
struct ShrinkageDecision {
  double shrinkage = 0;
  double before = 0, after = 0;  ///< a(0), a(shrinkage), single rows not limited
};
inline constexpr double kDoubt = 1;
ShrinkageDecision decide_shrinkage(const Eigen::VectorXd& y, const Eigen::VectorXd& q);

}  // namespace ridgeline
