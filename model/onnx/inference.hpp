// Shapes that ONNX's own inference does not tell: of Einsum, and of operator sets younger than the library.
#pragma once

#include <optional>
#include <vector>

#include "model/onnx/shapes.hpp"

namespace ridgeline {

/// Of result number `output`. Empty where ONNX's inference is to be asked: it goes wrong without a word where a
/// younger operator set turned an attribute into an input.
std::optional<std::vector<Size>> own_shape(const onnx::NodeProto& node, const std::vector<const OnnxTensor*>& inputs,
                                           int output);

}  // namespace ridgeline
