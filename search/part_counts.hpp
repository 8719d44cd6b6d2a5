// Parameters and key/value cache of the parts of a model, so that a model's are sums.
#pragma once

#include "model/lowering_parts.hpp"

namespace ridgeline {

/// Learned numbers of a part: over all parts of a model (those of one decoding step, for decoders) they add up to
/// parameter_count(), for models whose layers share no weights and whose decoder has embeddings of its own.
Size part_parameters(const Part& part);

/// Elements of keys and values that a decoder keeps for this part at the end of `workload`, over all its sequences; 0
/// for other parts. They add up to what resident_size() counts.
Size part_cache_elements(const Part& part, const Workload& workload, bool encoder_decoder);

}  // namespace ridgeline
