#include "calib/measuring/measure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "calib/measuring/chooser.hpp"
#include "calib/measuring/reference.hpp"
#include "calib/measuring/soak.hpp"
#include "calib/measuring/take.hpp"
#include "calib/measuring/visits.hpp"

namespace ridgeline {
namespace {

constexpr double kCheckpoint = 15;          // s between two
constexpr double kLargestModelShare = 0.1;  // of the budget, for one model of many
constexpr double kOverheadShare = 0.1;      // of the campaign, waiting included

/// Undisturbed rows are better than disturbed ones, among these the one that others took less of a processor from.
bool is_better(const Measurement& row, const Measurement& than) {
  const auto disturbance = [](const Measurement& r) {
    const auto load = r.conditions.find("other load");
    return std::pair(r.conditions.contains("disturbed"), load == r.conditions.end() ? 0 : std::stod(load->second));
  };
  return disturbance(row) < disturbance(than);
}

class Campaign {
 public:
  Campaign(MeasuringJournal& journal, const MeasuringTools& tools, const MeasureOptions& options,
           const std::map<std::string, std::string>& conditions)
      : journal_(journal), tools_(tools), options_(options), conditions_(conditions), began_(tools.clock()) {
    if (!options.counts_earlier) return;
    for (const Measurement& row : journal.set().rows) earlier_ += seconds_taken(row);
  }

  MeasureSummary run(const std::vector<PlannedModel>& plan) {
    if (options_.heat) know_the_board(plan);
    const std::vector<const PlannedModel*> disturbed = take_all(plan);
    for (std::size_t visit = 2; visit <= options_.visits; ++visit) visit_all(plan, visit);
    for (std::size_t i = 0; i < disturbed.size() && options_.again && options_.visits == 1 && !over(); ++i) {
      tell(*disturbed[i], fmt::format("again, {} of {}", i + 1, disturbed.size()), 1);
      get_ready();
      measure_again(*disturbed[i], end_for_one_of(disturbed.size() - i));
    }
    count_rows(plan);
    if (reference_) summary_.cooling = reference_->waited(), summary_.checks = reference_->checks();
    summary_.elapsed = tools_.clock() - began_;
    return summary_;
  }

 private:
  double elapsed() const { return earlier_ + tools_.clock() - began_; }
  bool over() const { return elapsed() >= options_.budget; }

  /// A program that was ended with the model before starts in nobody's share.
  void get_ready() const {
    if (tools_.runner.ready) tools_.runner.ready();
  }

  /// When the first of `models` that are left must have ended.
  double end_for_one_of(std::size_t models) const {
    const double left = options_.budget - elapsed();
    const double fair = std::max({left / static_cast<double>(models), kLargestModelShare * options_.budget,
                                  kLoadingSeconds + options_.repeats.longest_warming + options_.repeats.longest});
    return tools_.clock() + std::min(left, fair);
  }

  void tell(const std::string& step, double share) const {
    if (tools_.progress) tools_.progress(step, std::min(std::max(elapsed() / options_.budget, share), 0.999));
  }
  void tell(const PlannedModel& planned, const std::string& place, double share) const {
    tell(fmt::format("{}: {}", place, planned.id), share);
  }

  void know_the_board(const std::vector<PlannedModel>& plan) {
    const auto telling = [this](const std::string& step) { tell(step, 0); };
    reference_.emplace(*options_.heat, tools_, plan, journal_.set(), telling);
    if (options_.heat->mode != HeatMode::heat_soaked) return;
    get_ready();
    const double longest = std::min(options_.heat->longest_soak, options_.heat->soaking_share * options_.budget);
    const Soaked warmed = soak(*options_.heat, tools_, plan, std::min(longest, options_.budget - elapsed()), telling);
    summary_.soaking = warmed.seconds, summary_.soaked = warmed.settled;
    summary_.running += warmed.seconds;
  }

  /// s that the board may be waited for now.
  double spare() const {
    const double now = tools_.clock() - began_, waited = reference_->waited();
    const double length = std::min(options_.budget - earlier_, now / done_);
    const double others = 1 - summary_.running / (now - waited);
    return std::min(kOverheadShare * length - others * (length - waited) - waited, options_.budget - elapsed());
  }

  /// One after the other, as they are chosen: those that were disturbed.
  std::vector<const PlannedModel*> take_all(const std::vector<PlannedModel>& plan) {
    const ModelChooser chooser = options_.chooser ? options_.chooser : in_plan_order(plan.size());
    const bool visited_once = !plan.empty() && plan.front().by_operator;
    const double share = visited_once ? 1 : 1 / static_cast<double>(options_.visits);
    std::vector<const PlannedModel*> disturbed;
    while (elapsed() < options_.budget * share) {
      const std::optional<NextModel> next = chosen(chooser);
      if (!next) {
        summary_.enough = true;
        break;
      }
      const PlannedModel& planned = plan.at(next->number);
      if (journal_.contains(planned.id)) continue;
      tell(planned, next->said, next->share);
      done_ = share * (1 - static_cast<double>(next->left - 1) / static_cast<double>(plan.size()));
      get_ready();
      if (!measure_one(planned, end_for_one_of(next->left), next->conditions)) disturbed.push_back(&planned);
    }
    return disturbed;
  }

  std::optional<NextModel> chosen(const ModelChooser& chooser) {
    const double began = tools_.clock();
    std::optional<NextModel> next = chooser(journal_.set());
    summary_.choosing += tools_.clock() - began;
    return next;
  }

  /// Rows without their place in the campaign; Error when the model cannot run.
  std::vector<Measurement> take(const PlannedModel& planned, double until) {
    const double began = tools_.clock();
    TakenModel taken = take_model(planned, tools_, options_.repeats, until);
    summary_.running += taken.running;
    if (!taken.settled) ++summary_.unsettled;
    std::map<std::string, std::string> conditions = conditions_of(taken.before, taken.after);
    conditions["took"] = fmt::format("{:.3f} s", (tools_.clock() - began) / static_cast<double>(taken.rows.size()));
    for (Measurement& row : taken.rows) row.conditions.insert(conditions.begin(), conditions.end());
    return std::move(taken.rows);
  }

  std::map<std::string, std::string> conditions_of(const MachineState& before, const MachineState& after) const {
    std::map<std::string, std::string> all = conditions_;
    const Disturbances d = between(before, after);
    if (after.temperature) all["temperature"] = fmt::format("{:.0f} degC", *after.temperature);
    if (after.clock) all["clock"] = fmt::format("{:.0f} MHz", *after.clock / 1e6);
    if (d.other_load > 0.05) all["other load"] = fmt::format("{:.2f} processors", d.other_load);
    if (const auto words = d.words(); !words.empty()) all["disturbed"] = fmt::format("{}", fmt::join(words, "; "));
    return all;
  }

  /// False when it was disturbed. Only what the model throws is a failure of the model: a journal or a store that
  /// cannot be written ends the campaign. One that is still at it when the budget is spent is left as if it had not
  /// been begun.
  bool measure_one(const PlannedModel& planned, double until, const std::map<std::string, std::string>& conditions) {
    std::vector<Measurement> rows;
    try {
      rows = take(planned, until);
    } catch (const TookTooLong& error) {
      if (!over())
        journal_.append(Exclusion{planned.id, fmt::format("skipped: {}, a fair share of the budget", error.what())});
      return true;
    } catch (const Error& error) {
      journal_.append(Exclusion{planned.id, error.what()});
      return true;
    }
    for (Measurement& row : rows) row.conditions.insert(conditions.begin(), conditions.end());
    keep(planned, rows);
    return rows.empty() || !rows.front().conditions.contains("disturbed");
  }

  /// Those measured before that have been visited less often.
  void visit_all(const std::vector<PlannedModel>& plan, std::size_t visit) {
    for (std::size_t i = 0; i < plan.size() && !over(); ++i) {
      const Measurement* known = row_named(plan[i].id);
      if (known == nullptr || visits_of(*known) >= visit) continue;
      tell(plan[i], fmt::format("visit {}, {} of {}", visit, i + 1, plan.size()),
           static_cast<double>(i) / static_cast<double>(plan.size()));
      done_ = (static_cast<double>(visit - 1) + static_cast<double>(i + 1) / static_cast<double>(plan.size())) /
              static_cast<double>(options_.visits);
      get_ready();
      std::vector<Measurement> rows;
      try {
        rows = take(plan[i], end_for_one_of(plan.size() - i));
      } catch (const Error&) {
        continue;  // the visits before stand
      }
      keep_prediction(*known, rows.front());
      rows.front() = merged_visits(*known, std::move(rows.front()));
      record(rows);
      check_board(plan[i], rows, false);
    }
  }

  const Measurement* row_named(const std::string& id) const {
    const auto& rows = journal_.set().rows;
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == id; });
    return found == rows.end() ? nullptr : &*found;
  }

  void measure_again(const PlannedModel& planned, double until) {
    std::vector<Measurement> rows;
    try {
      rows = take(planned, until);
    } catch (const Error&) {
      return;  // the first rows stand
    }
    if (rows.empty()) return;
    const Measurement* first = row_named(rows[0].id);
    if (first != nullptr && !is_better(rows[0], *first)) return;
    if (first != nullptr) keep_prediction(*first, rows[0]);
    keep(planned, rows);
  }

  /// It was made before the first of several measurements.
  static void keep_prediction(const Measurement& first, Measurement& row) {
    if (const auto made = first.conditions.find(kPredicted); made != first.conditions.end())
      row.conditions.insert(*made);
  }

  void keep(const PlannedModel& planned, std::vector<Measurement>& rows) {
    for (Measurement& row : rows) row.order = next_order_++;
    record(rows);
    check_board(planned, rows, true);
  }

  void record(std::vector<Measurement>& rows) {
    if (reference_) reference_->note(rows);
    journal_.append(rows);
    checkpoint();
  }

  /// The rows are on the disk already; what is learnt of the board now is written there once more. `disturbs`: a
  /// board that was hot makes them disturbed ones.
  void check_board(const PlannedModel& planned, std::vector<Measurement>& rows, bool disturbs) {
    if (!reference_ || rows.empty()) return;
    get_ready();
    if (!reference_->check_after(planned, rows, options_.budget - elapsed())) return;
    if (disturbs && reference_->must_cool())
      for (Measurement& row : rows) {
        std::string& words = row.conditions["disturbed"];
        words += (words.empty() ? "" : "; ") + reference_->heat_words();
      }
    record(rows);
    reference_->cool_down(spare());
  }

  void checkpoint() {
    if (!tools_.checkpoint || tools_.clock() - checkpointed_ < kCheckpoint) return;
    tools_.checkpoint(journal_.set());
    checkpointed_ = tools_.clock();
  }

  void count_rows(const std::vector<PlannedModel>& plan) {
    summary_.left = static_cast<std::size_t>(
        std::count_if(plan.begin(), plan.end(), [&](const PlannedModel& p) { return !journal_.contains(p.id); }));
    summary_.measured = journal_.set().rows.size();
    summary_.failed = journal_.set().excluded.size();
    for (const Measurement& row : journal_.set().rows)
      if (row.conditions.contains("disturbed")) ++summary_.disturbed;
  }

  static std::int64_t order_after(const MeasurementSet& set) {
    std::int64_t next = 0;
    for (const Measurement& row : set.rows) next = std::max(next, row.order + 1);
    return next;
  }

  MeasuringJournal& journal_;
  const MeasuringTools& tools_;
  const MeasureOptions& options_;
  const std::map<std::string, std::string>& conditions_;
  double began_;
  double earlier_ = 0;  // s of the budget that earlier runs spent
  double checkpointed_ = began_;
  double done_ = 1;  // share of the plan, the model at hand included
  std::int64_t next_order_ = order_after(journal_.set());
  MeasureSummary summary_;
  std::optional<ReferenceModel> reference_;
};

}  // namespace

double seconds_taken(const Measurement& row) {
  const auto took = row.conditions.find("took");
  return took == row.conditions.end() ? 0 : std::strtod(took->second.c_str(), nullptr);
}

MeasureSummary measure(const std::vector<PlannedModel>& plan, MeasuringJournal& journal, const MeasuringTools& tools,
                       const MeasureOptions& options, const std::map<std::string, std::string>& conditions) {
  return Campaign(journal, tools, options, conditions).run(plan);
}

}  // namespace ridgeline
