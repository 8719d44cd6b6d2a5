#include "model/block_trace.hpp"

#include <algorithm>
#include <limits>

namespace ridgeline {

std::span<const Corner> trace_of(std::span<const BlockKernel> kernels, const CostParameters& parameters,
                                 BlockState state, double used, std::span<Corner> room) {
  const double launch = parameters.launch.si(), waiting = parameters.dispatch_power.si();
  Corner* next = room.data();
  for (const BlockKernel& kernel : kernels) {
    state.host += kernel.dispatch;
    if (parameters.asynchronous) {
      if (kernel.duration == 0) continue;
      const double start = std::max(state.device, state.host + launch);
      *next = {state.device, used, 0};
      next += start > state.device;
      *next++ = {start, used, kernel.watts};
      state.device = start + kernel.duration;
    } else {
      *next++ = {state.device, used, waiting};
      used += waiting * kernel.dispatch;
      *next++ = {state.host, used, kernel.watts};
      state.host += kernel.duration;
      state.device = state.host;
    }
    used += kernel.watts * kernel.duration;
  }
  *next++ = {state.device, used, 0};
  return {room.data(), next};
}

double most_energy(std::span<const Corner> first, std::span<const Corner> second, double shift, double from,
                   double until) {
  double most = -std::numeric_limits<double>::infinity();
  const Corner *a = first.data(), *b = second.data();
  const Corner* last_a = a + std::max<std::size_t>(first.size(), 2) - 2;
  const Corner* last_b = b + std::max<std::size_t>(second.size(), 2) - 2;
  while (a < last_a && a[1].begin <= from) ++a;
  while (b < last_b && b[1].begin - shift <= from) ++b;
  for (double s = from;;) {
    const double left = a->used + a->watts * (s - a->begin);
    const double reached = b->used + b->watts * (s + shift - b->begin);
    most = std::max(most, reached - left);
    if (s >= until) return most;
    const double a_ends = a < last_a ? a[1].begin : until, b_ends = b < last_b ? b[1].begin - shift : until;
    s = std::max(s, std::min({a_ends, b_ends, until}));
    a += a < last_a && a_ends <= s;
    b += b < last_b && b_ends <= s;
  }
}

}  // namespace ridgeline
