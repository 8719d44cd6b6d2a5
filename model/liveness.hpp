// Which activations are alive while an operator runs: model/memory.hpp says by what rules.
#pragma once

#include <span>
#include <vector>

#include "model/graph.hpp"

namespace ridgeline {

/// By vertex: its inputs and its result included. `kept` tensors and the last vertex's are never freed.
std::vector<Bytes> live_activations(const OperatorGraph& graph, const Numerics& numerics,
                                    std::span<const OperatorVertex> kept = {});

}  // namespace ridgeline
