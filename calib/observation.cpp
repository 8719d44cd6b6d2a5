#include "calib/observation.hpp"

#include <cmath>

namespace ridgeline {

Observation observe(const WarmRun& run, const ObservationParameters& parameters, Watts static_power) {
  const Seconds startup = parameters.startup + parameters.startup_per_byte * run.weights;
  const Joules warm = static_power * run.latency + run.dynamic;
  const double seen = parameters.response.si() > 0 ? -std::expm1(-(run.latency / parameters.response)) : 1;
  Observation result;
  result.latency = (run.latency / run.sequences + startup).si();
  result.energy = (warm / run.sequences + parameters.startup_power * startup).si();
  result.peak_power = (static_power + parameters.peak_ratio * seen * (run.dynamic / run.latency)).si();
  return result;
}

}  // namespace ridgeline
