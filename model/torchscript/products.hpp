// Matrix products, convolutions and attention among the calls of a TorchScript model.
#pragma once

#include <optional>

#include "model/torchscript/tape.hpp"

namespace ridgeline {

/// Nothing for other calls, and where operands are no such product (an einsum of three tensors).
std::optional<ConvertedNode> convert_product(const TapeCall& call);

}  // namespace ridgeline
