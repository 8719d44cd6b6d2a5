// Peak memory by liveness: a tensor lives from its producer to its last reader.
#pragma once

#include "model/lowering.hpp"

namespace ridgeline {

struct MemoryUse {
  Bytes weights;
  Bytes cache;
  Bytes activations;  ///< highest sum of live tensors (training: everything kept for the backward pass)
  Bytes optimiser_state;
  Bytes total() const { return weights + cache + activations + optimiser_state; }
};

/// Highest live activation bytes of one graph; views alias their input.
Bytes peak_activations(const OperatorGraph& graph, const Numerics& numerics);
MemoryUse memory_use(const Program& program, const Numerics& numerics);

}  // namespace ridgeline
