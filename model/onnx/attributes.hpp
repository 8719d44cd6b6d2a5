// Attributes of ONNX nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "model/onnx/constant.hpp"

namespace ridgeline {

/// Null: the node has none of that name.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const char* name);
/// A whole number, or `otherwise`.
std::int64_t attribute(const onnx::NodeProto& node, const char* name, std::int64_t otherwise);
/// A list of whole numbers; empty where there is none.
std::vector<std::int64_t> list_attribute(const onnx::NodeProto& node, const char* name);

}  // namespace ridgeline
