#include "model/onnx/inference.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "model/onnx/attributes.hpp"

namespace ridgeline {
namespace {

using Shape = std::optional<std::vector<Size>>;
using Inputs = std::vector<const OnnxTensor*>;

/// "bqhd,bkhd->bhqk": sizes by letter. Empty for ellipses and what does not fit.
Shape einsum_shape(const onnx::NodeProto& node, const Inputs& in) {
  const auto* found = find_attribute(node, "equation");
  if (!found) return std::nullopt;
  std::string equation = found->s();
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->");
  if (arrow == std::string::npos) return std::nullopt;
  std::map<char, Size> sizes;
  std::size_t operand = 0, place = 0;
  for (const char c : equation.substr(0, arrow)) {
    if (c == ',') {
      ++operand, place = 0;
      continue;
    }
    if (operand >= in.size() || !in[operand] || place >= in[operand]->shape.size()) return std::nullopt;
    sizes[c] = in[operand]->shape[place++];
  }
  std::vector<Size> shape;
  for (const char c : equation.substr(arrow + 2)) {
    if (!sizes.contains(c) || c == '.') return std::nullopt;
    shape.push_back(sizes[c]);
  }
  return shape;
}

/// Axes as an input: from set 18 on (ReduceSum: 13, which ONNX's inference knows).
Shape reduced_shape(const onnx::NodeProto& node, const Inputs& in) {
  if (in.size() < 2 || !in[0] || !in[1] || !in[1]->value) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(in[0]->shape.size());
  std::vector<bool> reduced(in[0]->shape.size(), in[1]->value->whole.empty());
  if (in[1]->value->whole.empty() && attribute(node, "noop_with_empty_axes", 0) != 0) return in[0]->shape;
  for (std::int64_t axis : in[1]->value->whole) {
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) return std::nullopt;
    reduced[static_cast<std::size_t>(axis)] = true;
  }
  std::vector<Size> shape;
  for (std::size_t d = 0; d < reduced.size(); ++d) {
    if (!reduced[d])
      shape.push_back(in[0]->shape[d]);
    else if (attribute(node, "keepdims", 1) != 0)
      shape.push_back(1);
  }
  return shape;
}

/// From set 18 on a number of parts may be given, of which the last is the rest.
Shape split_shape(const onnx::NodeProto& node, const Inputs& in, int output) {
  const std::int64_t parts = attribute(node, "num_outputs", 0);
  if (parts < 1 || in.empty() || !in[0] || (in.size() > 1 && in[1])) return std::nullopt;
  std::vector<Size> shape = in[0]->shape;
  std::int64_t axis = attribute(node, "axis", 0);
  if (axis < 0) axis += static_cast<std::int64_t>(shape.size());
  if (axis < 0 || axis >= static_cast<std::int64_t>(shape.size())) return std::nullopt;
  Size& length = shape[static_cast<std::size_t>(axis)];
  const Size each = (length + parts - 1) / parts;
  length = std::clamp<Size>(length - output * each, 0, each);
  return shape;
}

bool keeps_shape(std::string_view op) {
  constexpr std::array<std::string_view, 6> ops{
      "Gelu", "Mish", "Swish", "GroupNormalization", "RMSNormalization", "SimplifiedLayerNormalization"};
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

}  // namespace

Shape own_shape(const onnx::NodeProto& node, const Inputs& inputs, int output) {
  const std::string& op = node.op_type();
  if (op == "Einsum") return einsum_shape(node, inputs);
  if (op.starts_with("Reduce")) return reduced_shape(node, inputs);
  if (op == "Split") return split_shape(node, inputs, output);
  if (output == 0 && keeps_shape(op) && !inputs.empty() && inputs[0]) return inputs[0]->shape;
  return std::nullopt;
}

}  // namespace ridgeline
