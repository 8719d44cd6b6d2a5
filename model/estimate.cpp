#include "model/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ridgeline {
namespace {

/// Costs of one phase's operators, in program order. Layers are often alike, so an operator is first compared with
/// the one at the same place of the layer before.
std::vector<OperatorCost> phase_costs(const OperatorGraph& graph, const Roofline& roofline) {
  std::vector<OperatorCost> costs(num_vertices(graph));
  std::size_t layer = 0, layer_before = 0;  // where they begin
  for (OperatorVertex v = 0; v < costs.size(); ++v) {
    if (v > 0 && graph[v].layer != graph[v - 1].layer) layer_before = std::exchange(layer, v);
    const OperatorVertex alike = layer_before + (v - layer);
    costs[v] = alike < layer && graph[alike].op == graph[v].op ? costs[alike] : roofline.cost(graph[v].op);
  }
  return costs;
}

std::vector<std::vector<OperatorCost>> all_costs(const Program& program, const CostParameters& parameters) {
  const Roofline roofline(parameters);
  std::vector<std::vector<OperatorCost>> costs;
  costs.reserve(program.phases.size());
  for (const Phase& phase : program.phases) costs.push_back(phase_costs(phase.graph, roofline));
  return costs;
}

/// Power segments up to the time `end`, appended as operators are scheduled.
struct Recorder {
  Watts static_power;
  Watts waiting_power;  ///< between operators
  std::vector<PowerSegment> trace = {};
  Seconds end = {};
  bool waited = false;  ///< since last asked

  void wait_until(Seconds time) {
    if (time > end) trace.push_back({time - end, waiting_power}), end = time, waited = true;
  }
  void record(const ScheduledOperator& when) {
    if (when.end == when.start) return;
    wait_until(when.start);
    trace.push_back({when.end - when.start, static_power + when.dynamic_power});
    end = when.end;
  }
};

/// Simulates all repetitions of a phase. Once a repetition leaves the lead of the host as it found it, or the device
/// never waited and its backlog does not shrink, all further repetitions look the same.
void record_phase(const std::vector<OperatorCost>& costs, Size repeats, const CostParameters& parameters,
                  Seconds window, QueueState& state, Recorder& recorder) {
  for (Size done = 0; done < repeats;) {
    const QueueState before = state;
    recorder.waited = false;
    for (const OperatorCost& c : costs) recorder.record(schedule(c, parameters, state));
    ++done;
    const double host = (state.host - before.host).si(), device = (state.device - before.device).si();
    const double period = std::max(host, device), lead = device - host;
    const bool same = std::abs(lead) <= 1e-13 * period || (!recorder.waited && lead >= 0);
    if (!same || !(period > 0)) continue;
    const Size kept = static_cast<Size>(std::min(std::ceil(window.si() / period) + 1, 1e15));
    const Size skipped = std::max<Size>(0, repeats - done - kept);
    state.host += Seconds(host * static_cast<double>(skipped));
    state.device += Seconds(device * static_cast<double>(skipped));
    recorder.end += Seconds(device * static_cast<double>(skipped));
    repeats -= skipped;
    if (skipped > 0) window = Seconds(INFINITY);  // nothing more to skip
  }
}

std::vector<PowerSegment> power_trace(const std::vector<std::vector<OperatorCost>>& costs, const Program& program,
                                      const CostParameters& parameters, Seconds window) {
  Recorder recorder{parameters.static_power, parameters.static_power + waiting_power(parameters)};
  QueueState state;
  std::size_t operators = 0;
  for (const auto& phase : costs) operators += phase.size();
  recorder.trace.reserve(2 * operators);
  for (std::size_t p = 0; p < costs.size(); ++p)
    record_phase(costs[p], program.phases[p].repeats, parameters, window, state, recorder);
  recorder.wait_until(state.finished());
  return std::move(recorder.trace);
}

struct Sums {
  QueueStep step;
  Seconds host, device;
  Joules dynamic;

  void add(const OperatorCost& c, const CostParameters& parameters) {
    step = step.then(queue_step(c, parameters));
    host += c.dispatch;
    device += c.duration;
    dynamic += c.energy;
    dynamic += waiting_power(parameters) * c.dispatch;
  }
  void add(const Sums& phase, Size repeats) {
    step = step.then(repeated(phase.step, repeats));
    host += phase.host * static_cast<double>(repeats);
    device += phase.device * static_cast<double>(repeats);
    dynamic += phase.dynamic * static_cast<double>(repeats);
  }
};

Estimate estimate(const std::vector<std::vector<OperatorCost>>& costs, const Program& program,
                  const CostParameters& parameters, Seconds window) {
  Sums whole;
  for (std::size_t p = 0; p < costs.size(); ++p) {
    Sums phase;
    for (const OperatorCost& c : costs[p]) phase.add(c, parameters);
    whole.add(phase, program.phases[p].repeats);
  }
  Estimate result;
  result.host_time = whole.host;
  result.device_time = whole.device;
  result.latency = whole.step(QueueState{}).finished();
  result.memory = memory_use(program, parameters.numerics);
  if (!parameters.has_power) return result;

  result.static_energy = parameters.static_power * result.latency;
  result.energy = *result.static_energy + whole.dynamic;
  if (!(result.latency.si() > 0)) return result;
  result.average_power = *result.energy / result.latency;
  result.peak_power = peak_power(power_trace(costs, program, parameters, window), window);
  return result;
}

}  // namespace

Estimate estimate(const Program& program, const CostParameters& parameters, Seconds window) {
  return estimate(all_costs(program, parameters), program, parameters, window);
}

Totals totals(const Program& program, const CostParameters& parameters) {
  const Roofline roofline(parameters);
  Sums whole;
  for (const Phase& phase : program.phases) {
    Sums sums;
    for (const OperatorCost& c : phase_costs(phase.graph, roofline)) sums.add(c, parameters);
    whole.add(sums, phase.repeats);
  }
  Totals result{whole.step(QueueState{}).finished(), {}};
  if (parameters.has_power) result.energy = parameters.static_power * result.latency + whole.dynamic;
  return result;
}

std::vector<PowerSegment> power_trace(const Program& program, const CostParameters& parameters, Seconds window) {
  if (!parameters.has_power) return {};
  return power_trace(all_costs(program, parameters), program, parameters, window);
}

DetailedEstimate estimate_in_detail(const Program& program, const CostParameters& parameters, Seconds window) {
  const std::vector<std::vector<OperatorCost>> costs = all_costs(program, parameters);
  DetailedEstimate result;
  result.total = estimate(costs, program, parameters, window);
  QueueState state;
  for (std::size_t p = 0; p < costs.size(); ++p) {
    const Phase& phase = program.phases[p];
    const auto repeats = static_cast<double>(phase.repeats);
    const QueueState before = state;
    QueueStep once;
    for (std::size_t v = 0; v < costs[p].size(); ++v) {
      const OperatorCost& c = costs[p][v];
      once = once.then(queue_step(c, parameters));
      result.operators.push_back({p, v, c, schedule(c, parameters, state)});
      result.time_by_kind[phase.graph[v].op.index()] += c.duration * repeats;
      result.time_by_bound[static_cast<std::size_t>(c.bound)] += c.duration * repeats;
    }
    state = repeated(once, phase.repeats)(before);
  }
  result.time_by_bound[static_cast<std::size_t>(Bound::dispatch)] = result.total.latency - result.total.device_time;
  return result;
}

}  // namespace ridgeline
