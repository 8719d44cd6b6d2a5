// The detailed estimate: every operator costed, scheduled and accounted for.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "model/cost_parameters.hpp"
#include "model/lowering.hpp"
#include "model/memory.hpp"
#include "model/power_trace.hpp"
#include "model/roofline.hpp"
#include "model/schedule.hpp"

namespace ridgeline {

/// Raw point values; intervals and origins are added by who knows them.
struct Estimate {
  Seconds latency;               ///< warm, from the first dispatch to the last result, whole program
  std::optional<Joules> energy;  ///< static power × latency + dynamic
  std::optional<Joules> static_energy;
  std::optional<Watts> average_power;
  std::optional<Watts> peak_power;  ///< through the sensor's window, the program repeated back to back
  MemoryUse memory;
  Seconds host_time;    ///< sum of dispatches
  Seconds device_time;  ///< sum of durations
};

struct OperatorReport {
  std::size_t phase;
  OperatorVertex vertex;
  OperatorCost cost;
  ScheduledOperator when;  ///< first repetition of its phase
};

struct DetailedEstimate {
  Estimate total;
  std::vector<OperatorReport> operators;             ///< in program order; phases that repeat appear once
  std::array<Seconds, kOperatorKinds> time_by_kind;  ///< device time, with repeats
  std::array<Seconds, kBoundCount> time_by_bound;    ///< the same by Bound; dispatch: the device waited for the host
};

/// `window`: averaging window of the power sensor; 0 for instantaneous. Both cost every operator once, whatever the
/// repeats of its phase.
Estimate estimate(const Program& program, const CostParameters& parameters, Seconds window);
DetailedEstimate estimate_in_detail(const Program& program, const CostParameters& parameters, Seconds window);

/// Latency and energy alone, at about half the price.
struct Totals {
  Seconds latency;
  std::optional<Joules> energy;
};
Totals totals(const Program& program, const CostParameters& parameters);

/// Power over the whole program. Of a phase that repeats in a steady rhythm no more repetitions are kept than windows
/// of this length can tell apart, so peak_power(trace, window) is that of the full trace. Empty without power data.
std::vector<PowerSegment> power_trace(const Program& program, const CostParameters& parameters, Seconds window);

}  // namespace ridgeline
