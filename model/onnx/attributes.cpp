#include "model/onnx/attributes.hpp"

namespace ridgeline {

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const char* name) {
  for (const onnx::AttributeProto& a : node.attribute())
    if (a.name() == name) return &a;
  return nullptr;
}

std::int64_t attribute(const onnx::NodeProto& node, const char* name, std::int64_t otherwise) {
  const onnx::AttributeProto* found = find_attribute(node, name);
  return found ? found->i() : otherwise;
}

std::vector<std::int64_t> list_attribute(const onnx::NodeProto& node, const char* name) {
  const onnx::AttributeProto* found = find_attribute(node, name);
  if (!found) return {};
  return {found->ints().begin(), found->ints().end()};
}

}  // namespace ridgeline
