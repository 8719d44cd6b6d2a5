#include "calib/measuring/chooser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <memory>
#include <numeric>
#include <unordered_map>

#include "base/statistics.hpp"
#include "calib/calibrate.hpp"
#include "calib/measuring/measure.hpp"
#include "calib/refit.hpp"
#include "calib/residual_rows.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kFirstChosen = 8;   // before there is a fit: a rule's start may be shorter
constexpr std::size_t kFewestChosen = 2;  // between two fits
constexpr double kChosenShare = 0.25;     // of the rows measured so far
constexpr double kChoosingShare = 0.08;   // of the time

/// A row of the model, with the parts that its latency will be timed in.
Measurement unmeasured(const PlannedModel& planned) {
  Measurement row;
  row.id = planned.id, row.model = planned.model;
  row.definition = planned.definition, row.workload = planned.workload;
  for (const Phase& phase : lower(planned.definition, planned.workload).phases)
    if (row.parts.empty() || row.parts.back().phase != phase.name)
      row.parts.push_back({phase.name, {std::nan(""), std::nullopt}});
  if (row.parts.size() == 1) row.parts.clear();
  return row;
}

/// Rows of the problem are the candidates, then what else had been measured before.
class GuidedChooser {
 public:
  GuidedChooser(std::vector<PlannedModel> candidates, const CostParameters& data_sheet, ChooserOptions options)
      : candidates_(std::move(candidates)), data_sheet_(data_sheet), options_(std::move(options)) {}

  std::optional<NextModel> next(const MeasurementSet& known) {
    if (queue_.empty()) {
      const double began = now();
      if (!problem_) begin(known);
      learn(known);
      refill(known);
      took_ = now() - began;
    }
    if (queue_.empty()) return std::nullopt;
    const std::size_t row = queue_.front();
    queue_.pop_front();
    asked_[row] = true;
    NextModel next;
    next.number = row;
    next.left = left();
    next.said = fmt::format("model {}", known.rows.size() + 1);
    if (const std::optional<double> error = expected_error(known))
      next.said += fmt::format(", expected error {:.1f} %", 100 * *error);
    if (fit_.evaluations > 0) next.conditions[kPredicted] = fmt::format("{:.6g} s", predicted(row));
    return next;
  }

 private:
  double now() const { return options_.clock ? options_.clock() : 0; }

  void begin(const MeasurementSet& known) {
    MeasurementSet set = known;
    set.rows.clear();
    for (const PlannedModel& planned : candidates_) set.rows.push_back(unmeasured(planned));
    for (std::size_t i = 0; i < set.rows.size(); ++i) number_[set.rows[i].id] = i;
    for (const Measurement& row : known.rows)
      if (!row.op && number_.emplace(row.id, set.rows.size()).second) set.rows.push_back(row);
    problem_.emplace(parameter_space(data_sheet_, set.protocol), set);
    asked_.assign(problem_->size(), false);
    known_.assign(problem_->size(), false);
    failed_.assign(problem_->size(), false);
    std::vector<std::size_t> all(problem_->size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    prior_ = prior();
    features_ = residual_features(*problem_, prior_.mean, all);
    fit_ = prior_alone(*problem_, prior_, options_.fit);
  }

  Prior prior() const { return calibration_prior(*problem_, measured_, options_.kind, options_.lessons); }

  /// What has been measured or has failed since the last time.
  void learn(const MeasurementSet& known) {
    for (const Measurement& row : known.rows) {
      const auto number = number_.find(row.id);
      if (number == number_.end() || known_[number->second]) continue;
      problem_->set_target(number->second, row);
      known_[number->second] = true;
      measured_.push_back(number->second);
    }
    for (const Exclusion& failed : known.excluded)
      if (const auto number = number_.find(failed.id); number != number_.end()) failed_[number->second] = true;
  }

  /// Candidates, the measured ones among them.
  std::vector<std::size_t> pool() const {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      if (known_[i] || (!failed_[i] && !asked_[i])) rows.push_back(i);
    return rows;
  }

  std::size_t left() const {
    const std::vector<std::size_t> rows = pool();
    const auto open = std::count_if(rows.begin(), rows.end(), [&](std::size_t i) { return !known_[i]; });
    return 1 + static_cast<std::size_t>(open);
  }

  void refill(const MeasurementSet& known) {
    const std::vector<std::size_t> candidates = pool();
    if (std::all_of(candidates.begin(), candidates.end(), [&](std::size_t i) { return known_[i]; })) return;
    const bool fits = options_.rule == ChoiceRule::active || options_.rule == ChoiceRule::protran ||
                      options_.target_error.has_value();
    if (fits && measured_.size() > fitted_) {
      prior_ = prior();  // the first row that measures power tells what other devices draw
      fit_ = refit(*problem_, measured_, prior_, options_.fit, fit_);
      fitted_ = measured_.size();
    }
    const std::optional<double> error = expected_error(known);
    if (options_.target_error && error && *error < *options_.target_error) return;
    const std::vector<double> seconds = expected_seconds(*problem_, fit_.theta, candidates, options_.repeats);
    const std::vector<std::size_t> rows =
        choose(options_.rule,
               {*problem_, prior_, features_, candidates, measured_, fit_, options_.fit, seconds, options_.seed},
               batch(known));
    queue_.assign(rows.begin(), rows.end());
  }

  /// How many to choose by one fit.
  std::size_t batch(const MeasurementSet& known) const {
    if (measured_.empty()) return kFirstChosen;
    double seconds = 0;
    for (const Measurement& row : known.rows) seconds += seconds_taken(row);
    const double each = seconds / static_cast<double>(known.rows.size());
    const double wanted = kChosenShare * static_cast<double>(measured_.size());
    const double affordable = each > 0 ? std::ceil(took_ / (kChoosingShare * each)) : 0;
    return std::max(kFewestChosen, static_cast<std::size_t>(std::max(wanted, affordable)));
  }

  /// s a sequence
  double predicted(std::size_t row) const {
    const Eigen::VectorXd values = problem_->predict(fit_.theta, {row}).front().values;
    double seconds = 0;
    for (std::size_t c = 0; c < problem_->latency_channels(); ++c)
      if (const double part = values[static_cast<Eigen::Index>(c)]; !std::isnan(part)) seconds += part;
    return seconds;
  }

  std::vector<PlannedModel> candidates_;
  CostParameters data_sheet_;
  ChooserOptions options_;
  std::optional<FitProblem> problem_;
  std::unordered_map<std::string, std::size_t> number_;  ///< row of the problem by id
  std::vector<bool> asked_, known_, failed_;             ///< by row
  std::vector<std::size_t> measured_;                    ///< in measuring order
  std::deque<std::size_t> queue_;                        ///< chosen by the last fit
  Prior prior_;
  Eigen::MatrixXd features_;
  FitSummary fit_;
  std::size_t fitted_ = 0;  ///< rows that the fit is to
  double took_ = 0;         ///< s of the last choice
};

}  // namespace

ModelChooser in_plan_order(std::size_t models) {
  return [models, next = std::size_t{0}](const MeasurementSet&) mutable -> std::optional<NextModel> {
    if (next == models) return std::nullopt;
    const std::size_t number = next++;
    return NextModel{.number = number,
                     .left = models - number,
                     .share = static_cast<double>(number) / static_cast<double>(models),
                     .said = fmt::format("{} of {}", number + 1, models)};
  };
}

ModelChooser guided_chooser(std::vector<PlannedModel> candidates, const CostParameters& data_sheet,
                            ChooserOptions options) {
  const auto chooser = std::make_shared<GuidedChooser>(std::move(candidates), data_sheet, std::move(options));
  return [chooser](const MeasurementSet& known) { return chooser->next(known); };
}

std::optional<double> expected_error(const MeasurementSet& set) {
  std::vector<double> errors;
  for (auto row = set.rows.rbegin(); row != set.rows.rend() && errors.size() < kRowsForError; ++row) {
    const auto made = row->conditions.find(kPredicted);
    if (made == row->conditions.end() || !row->latency || row->op) continue;
    errors.push_back(std::abs(std::strtod(made->second.c_str(), nullptr) / row->latency->value - 1));
  }
  if (errors.size() < kRowsForError) return std::nullopt;
  return median(errors);
}

}  // namespace ridgeline
