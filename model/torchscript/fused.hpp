// Layers that PyTorch runs as one operator when a model is not trained, as the operators that they consist of.
#pragma once

#include <optional>

#include "model/torchscript/tape.hpp"

namespace ridgeline {

/// Of multi-head attention and encoder layers (`nn.MultiheadAttention`, `nn.TransformerEncoderLayer`); nothing for
/// other calls.
std::optional<ConvertedNode> convert_fused(const TapeCall& call);

}  // namespace ridgeline
