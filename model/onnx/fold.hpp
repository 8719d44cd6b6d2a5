// Computing what an ONNX graph knows before it runs: the shape arithmetic that exporters write out.
#pragma once

#include <optional>

#include "model/onnx/constant.hpp"

namespace ridgeline {

/// The result of a node of these inputs (null: left out); nothing for operators that are not known here, for results
/// of more than kMostConstantElements, and for wrong operands, which inference complains about.
std::optional<Constant> fold(const onnx::NodeProto& node, const std::vector<const Constant*>& inputs);

}  // namespace ridgeline
