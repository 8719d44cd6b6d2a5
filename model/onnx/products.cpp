#include "model/onnx/products.hpp"

#include <string>

#include "model/conversion/products.hpp"
#include "model/onnx/attributes.hpp"

namespace ridgeline {
namespace {

using Product = std::optional<ConvertedNode>;

Product gemm(const OnnxNode& node) {
  return convert_matrices({.left = *node.inputs.at(0),
                           .right = *node.inputs.at(1),
                           .turned_left = attribute(*node.proto, "transA", 0) != 0,
                           .turned_right = attribute(*node.proto, "transB", 0) != 0,
                           .bias = node.inputs.size() > 2 && node.inputs[2]});
}

Product convolution(const OnnxNode& node, const OnnxTensor& kernels, bool bias, bool transposed = false) {
  return convert_convolution({.input = *node.inputs.at(0),
                              .kernels = kernels,
                              .out = *node.outputs.front(),
                              .groups = attribute(*node.proto, "group", 1),
                              .bias = bias,
                              .transposed = transposed});
}

Product einsum(const OnnxNode& node) {
  const auto* found = find_attribute(*node.proto, "equation");
  if (!found || node.inputs.size() != 2) return std::nullopt;
  return convert_einsum(found->s(), *node.inputs[0], *node.inputs[1]);
}

Product as_integer(Product product) {
  if (product) product->integer_product = true;
  return product;
}

}  // namespace

std::optional<ConvertedNode> convert_product(const OnnxNode& node) {
  const std::string& op = node.proto->op_type();
  const auto in = [&](std::size_t i) { return i < node.inputs.size() ? node.inputs[i] : nullptr; };
  const OnnxTensor* out = node.outputs.front();
  if (!in(0) || !in(1) || !out) return std::nullopt;
  if (op == "MatMul") return convert_matmul(*in(0), *in(1), *out);
  if (op == "MatMulInteger") return as_integer(convert_matmul(*in(0), *in(1), *out));
  if (op == "QLinearMatMul" && in(3)) return as_integer(convert_matmul(*in(0), *in(3), *out));
  if (op == "Gemm") return gemm(node);
  if (op == "Einsum") return einsum(node);
  if (op == "Conv") return convolution(node, *in(1), in(2) != nullptr);
  if (op == "ConvTranspose") return convolution(node, *in(1), in(2) != nullptr, true);
  if (op == "ConvInteger") return as_integer(convolution(node, *in(1), false));
  if (op == "QLinearConv" && in(3)) return as_integer(convolution(node, *in(3), in(8) != nullptr));
  return std::nullopt;
}

}  // namespace ridgeline
