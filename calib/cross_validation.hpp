// Predictions of rows by fits that never saw them: what intervals, residual models and reports are built on.
//
// Rows are shuffled with a seed and dealt into folds; each fold is predicted by a fit to all others (as many folds as
// rows: leave one out). Columns are "latency", "energy", "peak power", then the parts where the set has them; a set
// with parts predicts its latency as their sum.
//
//   log_ratio = ln(measured / predicted)         spread² = gᵀ·C·g + sigma²
//
// The spread is the fit's own standard deviation of a log-ratio: g is d ln(predicted) / d theta, C the covariance of
// the parameters and sigma the channel's scale. Errors of parts are taken to rise and fall together, as they do when
// a board slows down, so the sum's sigma is the mean of theirs by share of the time.
#pragma once

#include "calib/fit.hpp"

namespace ridgeline {

/// Figures of rows at one fit. Matrices are rows × columns; NaN where a row was not measured, and for parts that only
/// other rows have. A row's latency is the sum of its own parts.
struct RowFigures {
  std::vector<std::size_t> rows;     ///< numbers in the problem
  std::vector<std::string> columns;  ///< "latency", "energy", "peak power", and the parts
  Eigen::MatrixXd measured;          ///< SI
  Eigen::MatrixXd predicted;         ///< SI
  Eigen::MatrixXd spread;            ///< of the log-ratio

  Eigen::MatrixXd log_ratios() const { return (measured.array() / predicted.array()).log().matrix(); }
};
RowFigures row_figures(const FitProblem& problem, const std::vector<std::size_t>& rows, const FitSummary& fit);

struct CrossValidation {
  RowFigures figures;             ///< rows in the order in which they were given
  std::vector<std::size_t> fold;  ///< by row
  std::vector<FitSummary> fits;   ///< by fold
};

/// `folds` is lowered to the number of rows. Error with fewer than two rows or folds. A start in the options
/// (FitOptions::start) makes it several times faster; it must be a
/// converged fit, else folds go on from where it stopped and their errors say nothing of it.
CrossValidation cross_validated_log_ratios(const FitProblem& problem, const std::vector<std::size_t>& rows,
                                           const Prior& prior, const FitOptions& options, std::size_t folds,
                                           std::uint64_t seed);

/// Fold of each of `rows` rows: sizes differ by one at most.
std::vector<std::size_t> deal_folds(std::size_t rows, std::size_t folds, std::uint64_t seed);

}  // namespace ridgeline
