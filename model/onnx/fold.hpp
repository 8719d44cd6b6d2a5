// Computing what an ONNX graph knows before it runs: the shape arithmetic that exporters write out.
#pragma once

#include <optional>

#include "model/onnx/constant.hpp"

namespace ridgeline {

/// The result of a node of these inputs (null: left out); nothing for operators that are not known here, for results
/// of more than kMostConstantElements, and for wrong operands, which inference complains about.
std::optional<Constant> fold(const onnx::NodeProto& node, const std::vector<const Constant*>& inputs);

/// A whole-number attribute, or `otherwise`.
std::int64_t attribute(const onnx::NodeProto& node, const char* name, std::int64_t otherwise);
/// A list of whole numbers; empty where there is none.
std::vector<std::int64_t> list_attribute(const onnx::NodeProto& node, const char* name);
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const char* name);

}  // namespace ridgeline
