#include "model/memory.hpp"

#include <algorithm>

#include "model/liveness.hpp"

namespace ridgeline {

Bytes peak_activations(const OperatorGraph& graph, const Numerics& numerics, std::span<const OperatorVertex> kept) {
  const std::vector<Bytes> live = live_activations(graph, numerics, kept);
  return live.empty() ? Bytes(0) : *std::max_element(live.begin(), live.end());
}

MemoryUse memory_use(const Program& program, const Numerics& numerics) {
  MemoryUse use{program.weights, program.cache, Bytes(0), program.optimiser_state};
  for (const Phase& phase : program.phases)
    use.activations = std::max(use.activations, peak_activations(phase.graph, numerics, phase.results));
  return use;
}

}  // namespace ridgeline
