// Power over time and what a sensor makes of it.
#pragma once

#include <span>
#include <vector>

#include "base/quantity.hpp"

namespace ridgeline {

struct PowerSegment {
  Seconds duration;
  Watts power;  ///< static included
};

/// Highest mean power over any window of that length when the trace repeats without pause (warm, back to back); a
/// zero window is the highest instantaneous power. Exact: the energy in a window is piecewise linear in where the
/// window starts, so its maximum lies where one end of the window meets a boundary. A window longer than the trace
/// holds whole repetitions and a remainder. O(segments). Throws Error for a trace that lasts no time.
Watts peak_power(std::span<const PowerSegment> trace, Seconds window);

/// Mean power of the trace.
Watts average_power(std::span<const PowerSegment> trace);

}  // namespace ridgeline
