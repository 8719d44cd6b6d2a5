// Operators of ONNX that map numbers one by one.
#pragma once

#include <optional>
#include <string>

#include "model/operators.hpp"

namespace ridgeline {

/// Nothing for all others, and for those whose function depends on attributes or operands.
std::optional<Function> onnx_function(const std::string& op_type);

}  // namespace ridgeline
