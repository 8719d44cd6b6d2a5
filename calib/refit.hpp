// Fits one after another, while rows come in.
#pragma once

#include <vector>

#include "calib/fit.hpp"

namespace ridgeline {

/// What is known without rows, in the form of a fit of no evaluations.
FitSummary prior_alone(const FitProblem& problem, const Prior& prior, const FitOptions& options);

/// The fit to `rows` from the optimum of the `last` one on, with linear least squares beside it while rows are few,
/// when optima are several. From the prior on, with all starts, when the last one was of no rows.
FitSummary refit(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                 const FitOptions& options, const FitSummary& last);

}  // namespace ridgeline
