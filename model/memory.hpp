// Peak memory by liveness: a tensor lives from its producer to its last reader.
//
// Views, scatters and operators fused into their producer share their first input's buffer. A result buffer is
// allocated while the inputs are alive; a tensor that nobody reads is freed at once, unless it is kept. Keys and
// values in a cache are counted as cache, not as activations. Temporary buffers inside kernels and the allocator's
// rounding are left out.
#pragma once

#include <span>

#include "model/lowering.hpp"

namespace ridgeline {

struct MemoryUse {
  Bytes weights;
  Bytes cache;
  Bytes activations;  ///< highest sum of live tensors (training: everything kept for the backward pass)
  Bytes optimiser_state;
  Bytes total() const { return weights + cache + activations + optimiser_state; }
};

/// Highest live activation bytes of one graph; `kept` tensors and the last vertex's are never freed.
Bytes peak_activations(const OperatorGraph& graph, const Numerics& numerics,
                       std::span<const OperatorVertex> kept = {});
MemoryUse memory_use(const Program& program, const Numerics& numerics);

}  // namespace ridgeline
