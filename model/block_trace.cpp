#include "model/block_trace.hpp"

#include <algorithm>
#include <limits>

namespace ridgeline {

void append_trace(std::span<const BlockKernel> kernels, const CostParameters& parameters, BlockState& state,
                  double& used, std::vector<Corner>& corners) {
  const double launch = parameters.launch.si(), waiting = parameters.dispatch_power.si();
  for (const BlockKernel& kernel : kernels) {
    state.host += kernel.dispatch;
    if (parameters.asynchronous) {
      if (kernel.duration == 0) continue;
      const double start = std::max(state.device, state.host + launch);
      if (start > state.device) corners.push_back({state.device, used, 0});
      corners.push_back({start, used, kernel.watts});
      state.device = start + kernel.duration;
    } else {
      corners.push_back({state.device, used, waiting});
      used += waiting * kernel.dispatch;
      corners.push_back({state.host, used, kernel.watts});
      state.host += kernel.duration;
      state.device = state.host;
    }
    used += kernel.watts * kernel.duration;
  }
  corners.push_back({state.device, used, 0});
}

double most_energy(std::span<const Corner> first, std::span<const Corner> second, double shift, double from,
                   double until) {
  double most = -std::numeric_limits<double>::infinity();
  std::size_t i = 0, j = 0;
  while (i + 2 < first.size() && first[i + 1].begin <= from) ++i;
  while (j + 2 < second.size() && second[j + 1].begin - shift <= from) ++j;
  for (double s = from;;) {
    const double left = first[i].used + first[i].watts * (s - first[i].begin);
    const double reached = second[j].used + second[j].watts * (s + shift - second[j].begin);
    most = std::max(most, reached - left);
    if (s >= until) return most;
    const bool more_first = i + 2 < first.size(), more_second = j + 2 < second.size();
    const double next_first = more_first ? first[i + 1].begin : until;
    const double next_second = more_second ? second[j + 1].begin - shift : until;
    s = std::min({std::max(s, next_first), std::max(s, next_second), until});
    if (more_first && next_first <= s) ++i;
    if (more_second && next_second <= s) ++j;
  }
}

}  // namespace ridgeline
