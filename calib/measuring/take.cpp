#include "calib/measuring/take.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "calib/condensed.hpp"
#include "data/sets.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

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
  row.definition = planned.definition, row.workload = planned.workload;
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
  const Program program = lower(planned.definition, planned.workload);
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

}  // namespace

TakenModel take_model(const PlannedModel& planned, const MeasuringTools& tools, const RepeatOptions& options,
                      double until) {
  TakenModel taken;
  tools.runner.load(planned.definition, planned.workload, until - tools.clock());
  taken.before = tools.state();
  std::optional<PowerSampler> sampler;
  const bool reads_power = tools.sensor && !planned.by_operator;
  if (reads_power) sampler.emplace(*tools.sensor, tools.clock);
  RepeatOptions repeats = options;
  if (reads_power) repeats.shortest = std::max(repeats.shortest, shortest_for(*tools.sensor));
  const Timed timed = time_model(tools, planned.by_operator, repeats, until);
  taken.rows = planned.by_operator ? operator_rows(planned, timed, repeats.trimmed)
                                   : std::vector{row_of(planned, timed, repeats.trimmed)};
  if (sampler) add_power(taken.rows.front(), sampler->stop(), *tools.sensor, timed);
  taken.after = tools.state();
  taken.seconds = {timed.summary.median, timed.summary.low, timed.summary.high};
  taken.running = timed.running;
  taken.settled = timed.summary.reached;
  return taken;
}

}  // namespace ridgeline
