// Matrix products and convolutions among the nodes of an ONNX graph.
#pragma once

#include <optional>

#include "model/conversion/source.hpp"
#include "model/onnx/shapes.hpp"

namespace ridgeline {

/// Nothing for other nodes, and for an Einsum that is no product of two matrices.
std::optional<ConvertedNode> convert_product(const OnnxNode& node);

}  // namespace ridgeline
