#include "model/schedule.hpp"

namespace ridgeline {

QueueStep queue_step(const OperatorCost& cost, const CostParameters& parameters) {
  const Seconds d = cost.dispatch, t = cost.duration;
  if (!parameters.asynchronous) return {d + t, d + t, Seconds(-1e300)};
  if (t.si() == 0) return {d, Seconds(-1e300), Seconds(0)};
  return {d, d + parameters.launch + t, t};
}

QueueStep repeated(QueueStep step, Size count) {
  QueueStep result;
  for (; count > 0; count /= 2, step = step.then(step))
    if (count % 2 == 1) result = result.then(step);
  return result;
}

ScheduledOperator schedule(const OperatorCost& cost, const CostParameters& parameters, QueueState& state) {
  ScheduledOperator when;
  state.host += cost.dispatch;
  if (!parameters.asynchronous) {
    when.start = state.host;
    state.host += cost.duration;
    state.device = state.host;
  } else if (cost.duration.si() == 0) {
    when.start = state.host;
    when.end = state.host;
    return when;
  } else {
    when.start = std::max(state.device, state.host + parameters.launch);
    state.device = when.start + cost.duration;
  }
  when.end = when.start + cost.duration;
  if (cost.duration.si() > 0) when.dynamic_power = cost.energy / cost.duration;
  return when;
}

}  // namespace ridgeline
