#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/error.hpp"
#include "calib/campaign.hpp"
#include "calib/cross_validation.hpp"
#include "calib/validation.hpp"

namespace ridgeline {
namespace {

void require_order(const MeasurementSet& set, std::size_t known) {
  if (!set.ordered) throw Error(fmt::format("{}: rows are not in measuring order", set.name));
  if (known < kRowsForState)
    throw Error(fmt::format("{}: {} rows leave {} to know the state of the board from: it takes {}", set.name,
                            set.rows.size(), known, kRowsForState));
}

CalibratedFigures latency_alone(double latency) {
  CalibratedFigures figures;
  for (CalibratedFigure& figure : figures) figure = {kMissing, kMissing, kMissing, false};
  figures.front() = {latency, latency, latency, false};
  return figures;
}

}  // namespace

Validation validate_within_campaign(const MeasurementSet& set, const FitProblem& problem, const Prior& prior,
                                    const CalibrateOptions& options) {
  const std::size_t count = problem.size();
  require_order(set, count - (count + options.folds - 1) / options.folds);
  const std::vector<std::size_t> fold_of = deal_folds(count, options.folds, options.seed);
  FitOptions how = options.fit;
  how.seed = options.seed;
  Validation result;
  result.rows = count;
  std::vector<double> said, was;
  for (std::size_t fold = 0; fold < options.folds; ++fold) {
    if (options.progress)
      options.progress(fmt::format("fold {} of {}", fold + 1, options.folds),
                       static_cast<double>(fold) / static_cast<double>(options.folds));
    std::vector<std::size_t> known, held_out;
    for (std::size_t row = 0; row < count; ++row) (fold_of[row] == fold ? held_out : known).push_back(row);
    const CampaignFit campaign = fit_campaign(problem, known, prior, how);
    how.start = campaign.fit.theta;  // saves time, and moves the next fold by no more than the optimiser's tolerance
    how.starts = 1;
    const std::vector<FitProblem::Prediction> predictions = problem.predict(campaign.fit.theta, held_out);
    for (std::size_t i = 0; i < held_out.size(); ++i) {
      const Measurement& row = set.rows[held_out[i]];
      const double latency = latency_in_state(predictions[i], campaign.state, held_out[i]);
      result.numbers.push_back(held_out[i]);
      result.predicted.push_back(latency_alone(latency));
      if (!row.latency) continue;
      said.push_back(latency);
      was.push_back(row.latency->value);
    }
  }
  if (options.progress) options.progress("done", 1);
  if (!said.empty()) result.by_metric.front() = Validated{score(said, was), {}, {}};
  return result;
}

}  // namespace ridgeline
