#include "calib/measuring/measure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "data/sets.hpp"

namespace ridgeline {
namespace {

constexpr double kCheckpoint = 15;  // s between two

/// One model's timed runs, by phase.
struct Timed {
  RepeatSummary summary;
  std::vector<std::string> phases;
  std::vector<std::vector<double>> seconds;  // by phase, then run
  double start = 0, end = 0;                 // of the timed runs
  double running = 0;                        // s, warming included
};

Timed time_model(const ModelRunner& runner, const RepeatOptions& options) {
  Repeats repeats(options);
  Timed timed;
  while (!repeats.done()) {
    const bool was_warm = repeats.warm();
    const Runs runs = runner.run(repeats.next());
    if (runs.phases.empty()) throw Error("nothing ran");
    timed.running += runs.end - runs.start;
    if (!was_warm) {
      for (std::size_t r = 0; r < runs.phases.size() && !repeats.warm(); ++r) repeats.add(runs.seconds(r));
      continue;
    }
    if (timed.start == 0) timed.start = runs.start;
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
  return timed;
}

Measurement row_of(const PlannedModel& planned, const Timed& timed, double trimmed_share) {
  Measurement row;
  row.id = planned.id, row.model = planned.model;
  row.architecture = planned.architecture, row.workload = planned.workload;
  const double sequences = static_cast<double>(planned.workload.batch);
  if (timed.phases.size() == 1) {
    row.latency = MeasuredValue{timed.summary.median / sequences, timed.summary.deviation / sequences};
  } else {
    for (std::size_t p = 0; p < timed.phases.size(); ++p)
      add_part(
          row, timed.phases[p],
          {median(timed.seconds[p]) / sequences, trimmed(timed.seconds[p], trimmed_share).deviation / sequences});
  }
  row.conditions["runs"] = fmt::format("{}", timed.summary.runs);
  row.conditions["fastest"] = fmt::format("{:.6g} s", timed.summary.fastest);
  row.conditions["median within"] =
      fmt::format("{:.1f} %", 50 * (timed.summary.high - timed.summary.low) / timed.summary.median);
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
      : journal_(journal), tools_(tools), options_(options), conditions_(conditions), began_(tools.clock()) {}

  MeasureSummary run(const std::vector<PlannedModel>& plan) {
    std::vector<const PlannedModel*> disturbed;
    for (std::size_t i = 0; i < plan.size(); ++i) {
      if (journal_.contains(plan[i].id)) continue;
      if (over()) {
        ++summary_.left;
        continue;
      }
      tell(plan[i], i, plan.size());
      if (!measure_one(plan[i])) disturbed.push_back(&plan[i]);
    }
    for (const PlannedModel* planned : disturbed) {
      if (!options_.again || over()) break;
      tell(*planned, plan.size() - 1, plan.size());
      measure_again(*planned);
    }
    count_rows();
    summary_.elapsed = elapsed();
    return summary_;
  }

 private:
  double elapsed() const { return tools_.clock() - began_; }
  bool over() const { return elapsed() >= options_.budget; }

  void tell(const PlannedModel& planned, std::size_t i, std::size_t count) const {
    if (!tools_.progress) return;
    const double left = std::max(0.0, options_.budget - elapsed());
    const double share = std::max(elapsed() / options_.budget, static_cast<double>(i) / static_cast<double>(count));
    tools_.progress(fmt::format("{} of {}: {}; {:.0f} min {:02.0f} s left at most", i + 1, count, planned.id,
                                std::floor(left / 60), std::floor(std::fmod(left, 60))),
                    std::min(share, 0.999));
  }

  /// A row without its place in the campaign; Error when the model cannot run.
  Measurement take(const PlannedModel& planned) {
    tools_.runner.load(planned.architecture, planned.workload);
    const MachineState before = tools_.state();
    std::optional<PowerSampler> sampler;
    if (tools_.sensor) sampler.emplace(*tools_.sensor, tools_.clock);
    RepeatOptions repeats = options_.repeats;
    if (tools_.sensor) repeats.shortest = std::max(repeats.shortest, shortest_for(*tools_.sensor));
    const Timed timed = time_model(tools_.runner, repeats);
    Measurement row = row_of(planned, timed, repeats.trimmed);
    if (sampler) add_power(row, sampler->stop(), *tools_.sensor, timed);
    const MachineState after = tools_.state();
    summary_.running += timed.running;
    if (!timed.summary.reached) ++summary_.unsettled;
    const Disturbances d = between(before, after);
    row.conditions.insert(conditions_.begin(), conditions_.end());
    if (after.temperature) row.conditions["temperature"] = fmt::format("{:.0f} degC", *after.temperature);
    if (after.clock) row.conditions["clock"] = fmt::format("{:.0f} MHz", *after.clock / 1e6);
    if (d.other_load > 0.05) row.conditions["other load"] = fmt::format("{:.2f} processors", d.other_load);
    if (const auto words = d.words(); !words.empty())
      row.conditions["disturbed"] = fmt::format("{}", fmt::join(words, "; "));
    return row;
  }

  /// False when it was disturbed. Only what the model throws is a failure of the model: a journal or a store that
  /// cannot be written ends the campaign.
  bool measure_one(const PlannedModel& planned) {
    std::optional<Measurement> row;
    try {
      row = take(planned);
    } catch (const Error& error) {
      journal_.append(Exclusion{planned.id, error.what()});
      return true;
    }
    keep(*row);
    return !row->conditions.contains("disturbed");
  }

  void measure_again(const PlannedModel& planned) {
    std::optional<Measurement> row;
    try {
      row = take(planned);
    } catch (const Error&) {
      return;  // the first row stands
    }
    const auto& rows = journal_.set().rows;
    const auto first = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == planned.id; });
    if (first == rows.end() || is_better(*row, *first)) keep(*row);
  }

  void keep(Measurement& row) {
    row.order = next_order_++;
    journal_.append(row);
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
  double checkpointed_ = began_;
  std::int64_t next_order_ = order_after(journal_.set());
  MeasureSummary summary_;
};

}  // namespace

MeasureSummary measure(const std::vector<PlannedModel>& plan, MeasuringJournal& journal, const MeasuringTools& tools,
                       const MeasureOptions& options, const std::map<std::string, std::string>& conditions) {
  return Campaign(journal, tools, options, conditions).run(plan);
}

}  // namespace ridgeline
