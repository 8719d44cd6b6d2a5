#include "app/report.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "app/calibrated_report.hpp"
#include "model/elasticity.hpp"
#include "model/thermal.hpp"

namespace ridgeline {
namespace {

/// Why there are no joules and watts.
std::string why_no_power(const Device& device) {
  const std::string reason = why_missing(device, "power");
  return "no power data is published for this device" + (reason.empty() ? std::string() : ": " + reason);
}

/// Shares of the total, largest first, zeros left out.
std::vector<Share> finished(std::vector<Share> shares) {
  Seconds total;
  for (const Share& share : shares) total += share.time;
  std::erase_if(shares, [](const Share& share) { return share.time.si() <= 0; });
  for (Share& share : shares) share.share = share.time / total;
  std::stable_sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) { return a.time > b.time; });
  return shares;
}

std::vector<Share> bound_shares(const DetailedEstimate& detail) {
  std::vector<Share> shares;
  for (std::size_t b = 0; b < detail.time_by_bound.size(); ++b)
    shares.push_back({std::string(name(static_cast<Bound>(b))), detail.time_by_bound[b], 0});
  return finished(std::move(shares));
}

std::vector<Share> kind_shares(const DetailedEstimate& detail) {
  std::vector<Share> shares;
  for (std::size_t k = 0; k < kOperatorKinds; ++k)
    shares.push_back({std::string(kind_name(k)), detail.time_by_kind[k], 0});
  return finished(std::move(shares));
}

/// A phase lasts until the first operator of the next one starts.
std::vector<PhaseLine> phase_lines(const DetailedEstimate& detail, const Program& program) {
  std::vector<PhaseLine> lines;
  std::vector<Seconds> starts;
  std::optional<std::size_t> before;
  for (const OperatorReport& report : detail.operators) {
    if (before == report.phase) continue;
    before = report.phase;
    const Phase& phase = program.phases[report.phase];
    if (lines.empty() || lines.back().name != phase.name) {
      starts.push_back(lines.empty() ? Seconds{} : report.when.start);
      lines.push_back({phase.name, 0, {}});
    }
    lines.back().repeats += phase.repeats;
  }
  for (std::size_t i = 0; i < lines.size(); ++i)
    lines[i].latency = (i + 1 < lines.size() ? starts[i + 1] : detail.total.latency) - starts[i];
  return lines;
}

Change to_change(const Elasticity& elasticity) {
  Change change;
  change.parameter = elasticity.parameter;
  change.factor = elasticity.latency < 0 ? 1.1 : 0.9;
  change.latency_elasticity = elasticity.latency;
  change.energy_elasticity = elasticity.energy;
  change.latency_change = std::pow(change.factor, elasticity.latency) - 1;
  if (elasticity.energy) change.energy_change = std::pow(change.factor, *elasticity.energy) - 1;
  return change;
}

/// The three that help latency most, if only a little.
std::vector<Change> helpful_changes(const Scenario& scenario) {
  std::vector<Change> changes;
  for (const Elasticity& elasticity : elasticities(scenario.program, scenario.parameters))
    changes.push_back(to_change(elasticity));
  std::erase_if(changes, [](const Change& change) { return change.latency_change > -1e-5; });
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.latency_change < b.latency_change; });
  if (changes.size() > 3) changes.resize(3);
  return changes;
}

std::optional<SustainedFigures> sustained_figures(const Scenario& scenario, const DataSheetSpread& spread) {
  if (!scenario.device.thermal || !scenario.parameters.has_power) return std::nullopt;
  const Sustained steady =
      sustained(scenario.program, scenario.parameters, *scenario.device.thermal, scenario.sensor_window);
  return SustainedFigures{data_sheet_figure(steady.estimate.latency.si(), "s",
                                            spread.by_metric[static_cast<std::size_t>(Metric::latency)]),
                          steady.clock_factor, steady.temperature, steady.full_clock};
}

std::vector<OperatorLine> operator_lines(const DetailedEstimate& detail, const Scenario& scenario) {
  std::vector<OperatorLine> lines;
  lines.reserve(detail.operators.size());
  for (const OperatorReport& report : detail.operators) {
    const Phase& phase = scenario.program.phases[report.phase];
    const OperatorNode& node = phase.graph[report.vertex];
    OperatorLine line;
    line.phase = phase.name;
    line.repeats = phase.repeats;
    line.layer = node.layer;
    line.label = node.label;
    line.kind = kind_name(node.op);
    line.work = work(node.op, scenario.workload.numerics);
    line.start = report.when.start;
    line.duration = report.cost.duration;
    line.dispatch = report.cost.dispatch;
    if (scenario.parameters.has_power) line.energy = report.cost.energy;
    line.bound = name(report.cost.bound);
    lines.push_back(std::move(line));
  }
  return lines;
}

/// Tokens that "tokens/s" counts: new ones when generating, else all that are processed.
double tokens(const Workload& workload) {
  const double batch = static_cast<double>(workload.batch);
  if (workload.task == Task::decode_step) return batch;
  if (workload.task == Task::generate) return batch * static_cast<double>(workload.new_tokens);
  return batch * static_cast<double>(workload.length);
}

/// Figures of a model some of whose operators nobody knows.
void widen_figures(Report& report, const Widening& by) {
  widen(report.latency, by.latency, by);
  widen(report.energy, by.energy, by);
  widen(report.energy_delay_product, {by.latency.low * by.energy.low, by.latency.high * by.energy.high}, by);
  drop_interval(report.average_power);
  drop_interval(report.peak_power);
}

void add_figures(Report& report, const Scenario& scenario, const DetailedEstimate& detail,
                 const DataSheetSpread& spread) {
  const Estimate& total = detail.total;
  const auto spread_of = [&](Metric metric) { return spread.by_metric[static_cast<std::size_t>(metric)]; };
  const auto optional_figure = [&](const auto& value, std::string_view unit, Metric metric) {
    return value ? data_sheet_figure(value->si(), unit, spread_of(metric))
                 : no_basis(unit, why_no_power(scenario.device));
  };
  const double per_sequence = 1.0 / static_cast<double>(scenario.program.sequences);

  report.latency = data_sheet_figure(total.latency.si(), "s", spread_of(Metric::latency));
  report.energy = optional_figure(total.energy, "J", Metric::energy);
  report.average_power = optional_figure(total.average_power, "W", Metric::average_power);
  report.peak_power = optional_figure(total.peak_power, "W", Metric::peak_power);
  std::optional<JouleSeconds> edp;
  if (total.energy) edp = *total.energy * total.latency;
  report.energy_delay_product = optional_figure(edp, "J·s", Metric::energy_delay_product);
  report.startup = scenario.parameters.startup.si() > 0
                       ? data_sheet_figure(scenario.parameters.startup.si(), "s", std::nullopt)
                       : no_basis("s", "not known for this device and runtime");
  if (scenario.calibration.used) calibrate_figures(report, scenario, total);
  if (scenario.workload.task == Task::train) {
    for (Figure* figure : {&report.energy, &report.average_power, &report.peak_power, &report.energy_delay_product}) {
      if (!figure->value) continue;
      figure->origin = Origin::extrapolated;
      figure->low = figure->high = std::nullopt;
      figure->reason = "the energy of training steps has never been compared with measurements";
    }
  }
  if (const std::optional<Widening> by = widening(scenario, detail)) widen_figures(report, *by);
  report.latency_per_sequence = scaled_figure(report.latency, per_sequence, "s");
  report.throughput = inverse_figure(report.latency, static_cast<double>(scenario.program.sequences), "sequences/s");
  report.token_throughput = inverse_figure(report.latency, tokens(scenario.workload), "tokens/s");
  report.energy_per_sequence = scaled_figure(report.energy, per_sequence, "J");
  report.memory_parts = total.memory;
  report.memory = data_sheet_figure(total.memory.total().si(), "B", spread_of(Metric::memory));
}

}  // namespace

DataSheetSpread load_data_sheet_spread() {
  return parse_data_sheet_spread(read_document(data_folder() / "data" / "data_sheet_spread.yaml"));
}

Report problem_report(const std::string& model, const std::string& device, const std::string& problem) {
  Report report;
  report.model = model;
  report.device = device;
  report.problem = problem;
  for (Figure* figure : {&report.latency, &report.latency_per_sequence, &report.throughput, &report.token_throughput,
                         &report.energy, &report.energy_per_sequence, &report.average_power, &report.peak_power,
                         &report.energy_delay_product, &report.memory, &report.startup})
    figure->reason = problem;
  return report;
}

Report make_report(const Scenario& scenario, const DataSheetSpread& spread, bool operators) {
  Report report;
  report.model = name_of(scenario.model);
  report.family = family_of(scenario.model);
  report.parameters = scenario.program.parameters;
  for (const Phase& phase : scenario.program.phases)
    report.work =
        report.work + static_cast<double>(phase.repeats) * total_work(phase.graph, scenario.workload.numerics);
  report.device = scenario.device.name;
  report.device_title = scenario.device.title;
  report.runtime = scenario.runtime.name;
  report.runtime_title = scenario.runtime.title;
  report.workload = scenario.workload;
  report.clock = scenario.device.clock;
  report.nominal_clock = scenario.device.nominal_clock;
  report.power_mode = scenario.power_mode;
  report.overrides = scenario.overrides;
  report.notes = scenario.notes;
  report.calibration = calibration_note(scenario.calibration);
  report.why_no_calibration = scenario.calibration.why_none;
  report.sensor_window = scenario.sensor_window;
  if (scenario.device.sensor) report.sensor = scenario.device.sensor->name;
  report.coverage = spread.coverage;

  const DetailedEstimate detail = estimate_in_detail(scenario.program, scenario.parameters, scenario.sensor_window);
  add_figures(report, scenario, detail, spread);
  report.capacity = scenario.device.memory.back().size;
  report.fits = detail.total.memory.total() <= report.capacity;
  report.phases = phase_lines(detail, scenario.program);
  if (scenario.calibration.used)
    for (PhaseLine& phase : report.phases) phase.latency *= scenario.calibration.used->latency.value;
  report.bounds = bound_shares(detail);
  report.kinds = kind_shares(detail);
  report.changes = helpful_changes(scenario);
  report.sustained = sustained_figures(scenario, spread);
  if (report.sustained && scenario.calibration.used)
    report.sustained->latency = calibrated_sustained(*report.sustained, *scenario.calibration.used);
  if (const std::optional<Widening> by = widening(scenario, detail); by && report.sustained)
    widen(report.sustained->latency, by->latency, *by);
  report.unknown = unknown_shares(scenario, detail);
  if (!report.unknown.empty()) report.notes.push_back(unknown_note(report.unknown));
  if (operators) report.operators = operator_lines(detail, scenario);
  return report;
}

}  // namespace ridgeline
