#include "model/power_trace.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace ridgeline {
namespace {

struct EnergySums {
  double seconds = 0;
  double joules = 0;
};

EnergySums totals(std::span<const PowerSegment> trace) {
  EnergySums sum;
  for (const PowerSegment& segment : trace) {
    sum.seconds += segment.duration.si();
    sum.joules += (segment.power * segment.duration).si();
  }
  if (!(sum.seconds > 0)) throw Error("a power trace must last some time");
  return sum;
}

/// One end of the window, on the endless repetition of the trace.
struct End {
  std::span<const PowerSegment> trace;
  std::size_t segment = 0;
  double left = trace[0].duration.si();  ///< seconds to the segment's end

  double power() const { return trace[segment].power.si(); }
  void next_segment() {
    segment = segment + 1 == trace.size() ? 0 : segment + 1;
    left = trace[segment].duration.si();
  }
};

/// Highest energy in a window shorter than the trace: both ends walk once round, from boundary to boundary.
double most_energy(std::span<const PowerSegment> trace, double window) {
  End back{trace}, front{trace};
  double held = 0;
  for (double remaining = window; remaining > 0;) {
    const double step = std::min(remaining, front.left);
    held += step * front.power();
    remaining -= step;
    front.left -= step;
    if (remaining > 0) front.next_segment();
  }
  double most = held;
  for (std::size_t passed = 0; passed < trace.size();) {
    const double step = std::min(back.left, front.left);
    held += step * (front.power() - back.power());
    most = std::max(most, held);
    back.left -= step;
    front.left -= step;
    if (front.left <= 0) front.next_segment();
    if (back.left <= 0) back.next_segment(), ++passed;
  }
  return most;
}

}  // namespace

Watts peak_power(std::span<const PowerSegment> trace, Seconds window) {
  const EnergySums all = totals(trace);
  if (window.si() <= 0) {
    Watts highest{0};
    for (const PowerSegment& segment : trace)
      if (segment.duration.si() > 0) highest = std::max(highest, segment.power);
    return highest;
  }
  const double repetitions = std::floor(window.si() / all.seconds);
  const double rest = window.si() - repetitions * all.seconds;
  return Watts((repetitions * all.joules + most_energy(trace, std::clamp(rest, 0.0, all.seconds))) / window.si());
}

Watts average_power(std::span<const PowerSegment> trace) {
  const EnergySums all = totals(trace);
  return Watts(all.joules / all.seconds);
}

}  // namespace ridgeline
