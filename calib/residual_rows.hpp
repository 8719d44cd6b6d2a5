// Rows for the residual surrogate: features and what a fit leaves over, by the fit to all rows and by the fits that
// left each fold out.
//
// The state of the board along the campaign stays in: models of one stretch often resemble one another, so that part
// of it can be told from their features, and held-out rows are predicted better (docs/accuracy.md).
#pragma once

#include <vector>

#include "calib/cross_validation.hpp"
#include "calib/fit.hpp"
#include "calib/train.hpp"

namespace ridgeline {

/// `held_out` holds the same rows in the same order, `summary` is of the fit to all of them.
std::vector<ResidualRow> residual_rows(const FitProblem& problem, const FitSummary& summary,
                                       const CrossValidation& held_out);

/// Features of any rows of the problem at `theta`: one column a row.
Eigen::MatrixXd residual_features(const FitProblem& problem, const Eigen::VectorXd& theta,
                                  const std::vector<std::size_t>& rows);

/// ln(measured / predicted) by metric; parts of a latency are added up. NaN where not measured.
std::array<double, kMetrics> log_ratios(const Target& target, const Eigen::VectorXd& predicted,
                                        std::size_t latency_channels);

}  // namespace ridgeline
