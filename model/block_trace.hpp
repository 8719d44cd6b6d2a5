// The dynamic power of a run of kernels over time, from corner to corner, and what a sliding window holds of it.
#pragma once

#include <cstddef>
#include <span>

#include "model/cost_parameters.hpp"

namespace ridgeline {

/// What the schedule does with one launched kernel; all in SI units.
struct BlockKernel {
  double dispatch = 0;  ///< host time, that of metadata operators before it included
  double duration = 0;  ///< zero: launches nothing (what is left of the host's work at a block's end)
  double watts = 0;     ///< dynamic
  friend bool operator==(const BlockKernel&, const BlockKernel&) = default;
};

/// Times until which host and device are busy (schedule.hpp).
struct BlockState {
  double host = 0;
  double device = 0;
};

/// `watts` are drawn from `begin` until the next corner, `used` joules have been before.
struct Corner {
  double begin = 0, used = 0, watts = 0;
};

/// How many corners a trace of so many kernels has at most.
constexpr std::size_t most_corners(std::size_t kernels) { return 2 * kernels + 1; }

/// The corners of the kernels, dispatched from `state` on, where `used` joules have been drawn. Ends with a corner at
/// the time until which the device is busy. They are written to the front of `room`, which must hold most_corners().
std::span<const Corner> trace_of(std::span<const BlockKernel> kernels, const CostParameters& parameters,
                                 BlockState state, double used, std::span<Corner> room);

/// The highest energy between s and s + shift for s in [from, until], where s lies in the trace `first` and s + shift
/// in the trace `second`. Piecewise linear in s, so highest where one end meets a corner.
double most_energy(std::span<const Corner> first, std::span<const Corner> second, double shift, double from,
                   double until);

}  // namespace ridgeline
