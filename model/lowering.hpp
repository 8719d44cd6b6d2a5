// Architecture × workload -> operator graphs.
//
// The eager order of operators is that of the Hugging Face, FlexiBERT and fairseq sources; a runtime that fuses
// dispatches fewer (model/fusion.hpp). docs/lowering.md says which operators and why.
#pragma once

#include <string>
#include <vector>

#include "model/architecture.hpp"
#include "model/graph.hpp"
#include "model/lowering_parts.hpp"
#include "model/workload.hpp"

namespace ridgeline {

/// One graph that runs `repeats` times in a row.
struct Phase {
  std::string name;  ///< "encoder", "prefill", "decode", "forward", "backward", "optimiser"
  OperatorGraph graph;
  Size repeats = 1;
  std::vector<OperatorVertex> results;  ///< whose tensors outlive the graph (the last vertex always does)
};

struct Program {
  std::vector<Phase> phases;
  Size parameters = 0;    ///< of the architecture
  Bytes weights;          ///< parameters as stored
  Bytes cache;            ///< largest key/value cache during the program
  Bytes optimiser_state;  ///< gradients and moments (training)
  Size sequences = 1;     ///< what "per sequence" divides by
};

/// Throws Error for impossible pairs: a sequence longer than the positions, decoding with an encoder-only model, ...
///
/// generate: the decoding steps differ in the length of the cache only. Up to 64 of them are phases of their own; of
/// more, neighbours are grouped into at most 64 phases that repeat their middle step, so that sums of what grows
/// linearly with the cache (FLOPs, bytes) stay exact.
Program lower(const Architecture& architecture, const Workload& workload);

/// Program::weights and Program::cache together, without lowering.
Bytes resident_size(const Architecture& architecture, const Workload& workload);

}  // namespace ridgeline
