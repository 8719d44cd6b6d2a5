#include "model/cost_parameters.hpp"

namespace ridgeline {

CostParameters at_clock_factor(CostParameters parameters, double factor) {
  const double voltage = 1 + parameters.voltage_slope * (factor - 1);
  const double energy = voltage * voltage;
  for (ArithmeticParameters& engine : parameters.arithmetic) {
    engine.peak *= factor;
    engine.energy *= energy;
  }
  for (MemoryParameters& level : parameters.memory) {
    if (!level.follows_clock) continue;
    level.bandwidth *= factor;
    level.energy *= energy;
  }
  if (!parameters.asynchronous)
    for (Seconds& dispatch : parameters.dispatch) dispatch *= 1 / factor;
  parameters.busy_power *= factor * energy;
  parameters.dispatch_power *= factor * energy;
  parameters.voltage_slope *= factor / voltage;
  parameters.clock_scale *= factor;
  return parameters;
}

}  // namespace ridgeline
