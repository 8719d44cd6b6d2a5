// Operators of PyTorch that map numbers one by one.
#pragma once

#include <optional>
#include <string>

#include "model/operators.hpp"

namespace ridgeline {

/// `op` without "aten::" and without the "_" of one that works in place. Nothing for all others, and for those whose
/// function depends on their arguments.
std::optional<Function> aten_function(const std::string& op);

}  // namespace ridgeline
