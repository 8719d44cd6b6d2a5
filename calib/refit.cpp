#include "calib/refit.hpp"

#include <algorithm>

namespace ridgeline {

FitSummary prior_alone(const FitProblem& problem, const Prior& prior, const FitOptions& options) {
  FitSummary summary;
  summary.theta = prior.mean;
  summary.covariance = prior.deviation.array().square().matrix().asDiagonal();
  summary.sigma.assign(problem.channels().size(), options.usual_sigma);
  return summary;
}

FitSummary refit(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                 const FitOptions& options, const FitSummary& last) {
  FitOptions again = options;
  if (last.evaluations > 0) {
    again.start = last.theta;
    again.starts = std::min(again.starts, rows.size() < kRowsThatDecide ? 2 : 1);
  }
  return fit(problem, rows, prior, again);
}

}  // namespace ridgeline
