// Rows for the residual surrogate from a fit, with the fits that leave each fold out.
//
// Fitting again without each fold would cost as many fits. One Gauss-Newton step from the whole fit does it nearly
// as well (approximate cross-validation: Giordano et al. 2019):
//
//   theta_k = theta - H_k⁻¹·g_k     g_k = Σ w_i·r_i·∇ln(predicted_i) over the fold's rows: what the fold pulled with
//   H_k     = the fit's curvature less the fold's part of it
//
// with w_i the weights of the t distribution at the solution. Parameters at a bound stay there.
#pragma once

#include <vector>

#include "calib/fit.hpp"
#include "calib/train.hpp"

namespace ridgeline {

/// Parameters of the fit to `rows` but those of `left_out`, approximately.
Eigen::VectorXd theta_without(const FitProblem& problem, const FitSummary& summary,
                              const std::vector<std::size_t>& left_out, const FitOptions& options);

/// Features and log-ratios of `rows`, which the fit of `summary` saw. Folds are drawn from `seed`.
std::vector<ResidualRow> residual_rows(const FitProblem& problem, const FitSummary& summary,
                                       const std::vector<std::size_t>& rows, const FitOptions& options,
                                       std::size_t folds = 10, std::uint64_t seed = 0);

/// Features of any rows of the problem at `theta`: one column a row.
Eigen::MatrixXd residual_features(const FitProblem& problem, const Eigen::VectorXd& theta,
                                  const std::vector<std::size_t>& rows);

/// ln(measured / predicted) by metric; parts of a latency are added up. NaN where not measured.
std::array<double, kMetrics> log_ratios(const Target& target, const Eigen::VectorXd& predicted,
                                        std::size_t latency_channels);

}  // namespace ridgeline
