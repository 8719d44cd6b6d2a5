#include "calib/observation.hpp"

#include <cmath>

namespace ridgeline {

Seconds startup(const ObservationParameters& parameters, Bytes weights) {
  return parameters.startup + (parameters.startup_per_byte + parameters.paging * weights) * weights;
}

Observation observe(const WarmRun& run, const ObservationParameters& parameters, Watts static_power) {
  const Seconds before = startup(parameters, run.weights);
  const Joules warm = static_power * run.latency + run.dynamic;
  const double seen = parameters.response.si() > 0 ? -std::expm1(-(run.latency / parameters.response)) : 1;
  Observation result;
  result.latency = (run.latency / run.sequences + before).si();
  result.energy = (warm / run.sequences + parameters.startup_power * before).si();
  result.peak_power = (static_power + parameters.peak_ratio * seen * (run.dynamic / run.latency)).si();
  return result;
}

}  // namespace ridgeline
