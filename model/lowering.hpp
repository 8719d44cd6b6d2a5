// Architecture × workload -> operator graphs.
//
// A sublayer is lowered by itself, from its width and the workload alone, so whatever costs graphs may cost a
// sublayer once and remember it by value (model/batch.hpp). The eager order of operators is that of the Hugging Face
// and FlexiBERT sources; fusion rewrites it.
#pragma once

#include <string>
#include <vector>

#include "model/architecture.hpp"
#include "model/graph.hpp"
#include "model/workload.hpp"

namespace ridgeline {

/// One graph that runs `repeats` times in a row.
struct Phase {
  std::string name;  ///< "encoder", "prefill", "decode", "forward", "backward", "optimiser"
  OperatorGraph graph;
  Size repeats = 1;
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
Program lower(const Architecture& architecture, const Workload& workload);

/// What a sublayer sees of the rest of the model.
struct SublayerContext {
  Size width = 0;          ///< of its layer
  Size tokens = 0;         ///< rows: batch × positions processed now
  Size batch = 1;          ///< sequences × beams
  Size queries = 0;        ///< positions processed now, per sequence
  Size keys = 0;           ///< positions attended to, per sequence (cache included)
  Size memory_width = 0;   ///< cross attention: width of the encoder's result
  Size memory_length = 0;  ///< ... and its length
  bool cached = false;     ///< keys and values of earlier positions come from a cache
  bool first_in_stack = false;
  friend bool operator==(const SublayerContext&, const SublayerContext&) = default;
};

/// Appends the sublayer's operators to `graph`, reading node `input`; returns the node that holds its result.
std::int32_t lower_sublayer(const Sublayer& sublayer, const SublayerContext& context, const Workload& workload,
                            GraphBuilder& graph, std::int32_t input);

}  // namespace ridgeline
