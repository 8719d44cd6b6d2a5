#include "calib/measuring/measure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "calib/condensed.hpp"
#include "calib/measuring/visits.hpp"
#include "data/sets.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

constexpr double kCheckpoint = 15;  // s between two
constexpr double kLargestModelShare = 0.1;  // of the budget, for one model of many

/// One model's timed runs, by phase.
struct Timed {
  RepeatSummary summary;
  std::vector<double> all;  // s by run
  std::vector<std::string> phases;
  std::vector<std::vector<double>> seconds;  // by phase, then run
  std::vector<OperatorRuns> operators;       // where they were asked for
  double start = 0, end = 0;                 // of the timed runs
  double running = 0;                        // s, warming included
};

/// The runs that follow, or none when they would take longer than until `until`.
std::optional<Runs> run_until(const MeasuringTools& tools, bool by_operator, std::size_t times, double until) {
  const double patience = until - tools.clock();
  if (patience <= 0) return std::nullopt;
  try {
    Runs runs = by_operator ? tools.runner.run_operators(times, patience) : tools.runner.run(times, patience);
    if (runs.phases.empty()) throw Error("nothing ran");
    return runs;
  } catch (const TookTooLong&) {
    return std::nullopt;
  }
}

Timed time_model(const MeasuringTools& tools, bool by_operator, const RepeatOptions& options, double until) {
  const double began = tools.clock();
  Repeats repeats(options);
  Timed timed;
  while (!repeats.done()) {
    const bool was_warm = repeats.warm();
    const std::optional<Runs> answered = run_until(tools, by_operator, repeats.next(), until);
    if (!answered && !repeats.timed().empty()) break;  // fewer runs than wanted
    if (!answered) throw TookTooLong(fmt::format("no warm run in {:.3g} s", until - began));
    const Runs& runs = *answered;
    timed.running += runs.end - runs.start;
    if (!was_warm) {
      for (std::size_t r = 0; r < runs.phases.size() && !repeats.warm(); ++r) repeats.add(runs.seconds(r));
      continue;
    }
    if (timed.start == 0) timed.start = runs.start;
    timed.operators.resize(runs.operators.size());
    for (std::size_t k = 0; k < runs.operators.size(); ++k) {
      timed.operators[k].op = runs.operators[k].op;
      std::vector<double>& known = timed.operators[k].seconds;
      known.insert(known.end(), runs.operators[k].seconds.begin(), runs.operators[k].seconds.end());
    }
    timed.end = runs.end;
    for (std::size_t r = 0; r < runs.phases.size(); ++r) {
      repeats.add(runs.seconds(r));
      timed.seconds.resize(runs.phases[r].size());
      timed.phases.resize(runs.phases[r].size());
      for (std::size_t p = 0; p < runs.phases[r].size(); ++p) {
        timed.phases[p] = runs.phases[r][p].first;
        timed.seconds[p].push_back(runs.phases[r][p].second);
      }
    }
  }
  timed.summary = repeats.summary();
  timed.all = repeats.timed();
  return timed;
}

Measurement bare_row(const PlannedModel& planned) {
  Measurement row;
  row.id = planned.id, row.model = planned.model;
  row.architecture = planned.architecture, row.workload = planned.workload;
  return row;
}

void add_precision(Measurement& row, std::span<const double> seconds) {
  const MedianInterval i = median_interval(seconds);
  row.conditions["runs"] = fmt::format("{}", seconds.size());
  row.conditions["fastest"] = fmt::format("{:.6g} s", *std::min_element(seconds.begin(), seconds.end()));
  row.conditions["median within"] = fmt::format("{:.1f} %", 50 * (i.high - i.low) / i.median);
}

/// Those that are equal are measured by the first of them, those that take no time that a clock can tell by none.
std::vector<Measurement> operator_rows(const PlannedModel& planned, const Timed& timed, double trimmed_share) {
  const Program program = lower(planned.architecture, planned.workload);
  const double sequences = static_cast<double>(planned.workload.batch);
  std::vector<Measurement> rows;
  std::vector<Operator> seen;
  for (const OperatorRuns& runs : timed.operators) {
    const Operator& op = operator_of(program, runs.op);
    const double middle = median(runs.seconds);
    if (middle <= 0 || std::find(seen.begin(), seen.end(), op) != seen.end()) continue;
    seen.push_back(op);
    Measurement row = bare_row(planned);
    row.op = runs.op;
    row.id += ": " + to_text(runs.op);
    row.latency = MeasuredValue{middle / sequences, trimmed(runs.seconds, trimmed_share).deviation / sequences};
    add_precision(row, runs.seconds);
    rows.push_back(std::move(row));
  }
  return rows;
}

Measurement row_of(const PlannedModel& planned, const Timed& timed, double trimmed_share) {
  Measurement row = bare_row(planned);
  const double sequences = static_cast<double>(planned.workload.batch);
  if (timed.phases.size() == 1) {
    row.latency = MeasuredValue{timed.summary.median / sequences, timed.summary.deviation / sequences};
  } else {
    for (std::size_t p = 0; p < timed.phases.size(); ++p)
      add_part(
          row, timed.phases[p],
          {median(timed.seconds[p]) / sequences, trimmed(timed.seconds[p], trimmed_share).deviation / sequences});
  }
  add_precision(row, timed.all);
  return row;
}

void add_power(Measurement& row, const PowerTrace& trace, const PowerSensor& sensor, const Timed& timed) {
  const PowerReading reading = read_power(trace, sensor, timed.start, timed.end);
  if (!reading.energy) {
    row.conditions["power"] = reading.remark;
    return;
  }
  const double runs = static_cast<double>(timed.summary.runs);
  row.energy = MeasuredValue{*reading.energy / runs / static_cast<double>(row.workload.batch), {}};
  if (reading.peak) row.peak_power = MeasuredValue{*reading.peak, {}};
  row.conditions["power sensor"] = sensor.name;
  row.conditions["peak window"] = fmt::format("{:.3g} s", reading.window);
  if (!reading.remark.empty()) row.conditions["power"] = reading.remark;
}

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
    std::vector<const PlannedModel*> disturbed;
    for (std::size_t i = 0; i < plan.size(); ++i) {
      if (journal_.contains(plan[i].id)) continue;
      if (over() || (!plan[i].by_operator && elapsed() >= options_.budget / static_cast<double>(options_.visits))) {
        ++summary_.left;
        continue;
      }
      tell(plan[i], i, plan.size());
      get_ready();
      if (!measure_one(plan[i], end_for_one_of(plan.size() - i))) disturbed.push_back(&plan[i]);
    }
    for (std::size_t visit = 2; visit <= options_.visits; ++visit) visit_all(plan, visit);
    for (std::size_t i = 0; i < disturbed.size() && options_.again && options_.visits == 1 && !over(); ++i) {
      tell(*disturbed[i], plan.size() - 1, plan.size());
      get_ready();
      measure_again(*disturbed[i], end_for_one_of(disturbed.size() - i));
    }
    count_rows();
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

  void tell(const PlannedModel& planned, std::size_t i, std::size_t count) const {
    if (!tools_.progress) return;
    const double share = std::max(elapsed() / options_.budget, static_cast<double>(i) / static_cast<double>(count));
    tools_.progress(fmt::format("{} of {}: {}", i + 1, count, planned.id), std::min(share, 0.999));
  }

  /// Rows without their place in the campaign; Error when the model cannot run.
  std::vector<Measurement> take(const PlannedModel& planned, double until) {
    const double began = tools_.clock();
    tools_.runner.load(planned.architecture, planned.workload, until - began);
    const MachineState before = tools_.state();
    std::optional<PowerSampler> sampler;
    const bool reads_power = tools_.sensor && !planned.by_operator;
    if (reads_power) sampler.emplace(*tools_.sensor, tools_.clock);
    RepeatOptions repeats = options_.repeats;
    if (reads_power) repeats.shortest = std::max(repeats.shortest, shortest_for(*tools_.sensor));
    const Timed timed = time_model(tools_, planned.by_operator, repeats, until);
    std::vector<Measurement> rows = planned.by_operator ? operator_rows(planned, timed, repeats.trimmed)
                                                        : std::vector{row_of(planned, timed, repeats.trimmed)};
    if (sampler) add_power(rows.front(), sampler->stop(), *tools_.sensor, timed);
    const MachineState after = tools_.state();
    summary_.running += timed.running;
    if (!timed.summary.reached) ++summary_.unsettled;
    std::map<std::string, std::string> conditions = conditions_of(before, after);
    conditions["took"] = fmt::format("{:.3f} s", (tools_.clock() - began) / static_cast<double>(rows.size()));
    for (Measurement& row : rows) row.conditions.insert(conditions.begin(), conditions.end());
    return rows;
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
  bool measure_one(const PlannedModel& planned, double until) {
    std::vector<Measurement> rows;
    try {
      rows = take(planned, until);
    } catch (const TookTooLong& error) {
      if (over()) {
        ++summary_.left;
      } else {
        journal_.append(Exclusion{planned.id, fmt::format("skipped: {}, a fair share of the budget", error.what())});
      }
      return true;
    } catch (const Error& error) {
      journal_.append(Exclusion{planned.id, error.what()});
      return true;
    }
    keep(rows);
    return rows.empty() || !rows.front().conditions.contains("disturbed");
  }

  /// Those measured before that have been visited less often.
  void visit_all(const std::vector<PlannedModel>& plan, std::size_t visit) {
    for (std::size_t i = 0; i < plan.size() && !over(); ++i) {
      const Measurement* known = row_named(plan[i].id);
      if (known == nullptr || visits_of(*known) >= visit) continue;
      tell(plan[i], i, plan.size());
      get_ready();
      std::vector<Measurement> rows;
      try {
        rows = take(plan[i], end_for_one_of(plan.size() - i));
      } catch (const Error&) {
        continue;  // the visits before stand
      }
      journal_.append(merged_visits(*known, std::move(rows.front())));
      checkpoint();
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
    if (first == nullptr || is_better(rows[0], *first)) keep(rows);
  }

  void keep(std::vector<Measurement>& rows) {
    for (Measurement& row : rows) row.order = next_order_++;
    journal_.append(rows);
    checkpoint();
  }

  void checkpoint() {
    if (!tools_.checkpoint || tools_.clock() - checkpointed_ < kCheckpoint) return;
    tools_.checkpoint(journal_.set());
    checkpointed_ = tools_.clock();
  }

  void count_rows() {
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
  std::int64_t next_order_ = order_after(journal_.set());
  MeasureSummary summary_;
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
