#include "model/torchscript/products.hpp"

#include <functional>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <utility>

#include "model/conversion/products.hpp"

namespace ridgeline {
namespace {

using Product = std::optional<ConvertedNode>;

/// ... plus an operand that is no bias of the columns.
Product added(Product product, const SourceTensor* to, const SourceTensor& out) {
  if (!product) return product;
  const int full = to && !to->known && to->elements() == out.elements() ? 2 : 1;
  product->operators.push_back(Elementwise{.function = Function::add, .elements = out.elements(), .operands = full});
  return product;
}

Product linear(const TapeCall& call) {
  const SourceTensor *input = call.tensor("input"), *weight = call.tensor("weight");
  if (!input || !weight || weight->shape.size() != 2 || weight->elements() == 0) return std::nullopt;
  SourceTensor rows = *input;
  rows.shape = {input->elements() / weight->shape[1], weight->shape[1]};
  Product product = convert_matrices(
      {.left = rows, .right = *weight, .turned_right = true, .bias = call.tensor("bias") != nullptr});
  if (product && product->weights == &rows) product->weights = input;
  return product;
}

Product addmm(const TapeCall& call) {
  const SourceTensor *bias = call.tensor("self"), *left = call.tensor("mat1"), *right = call.tensor("mat2");
  if (!bias || !left || !right) return std::nullopt;
  const bool columns = bias->learned && right->learned && bias->shape.size() == 1;
  Product product = convert_matrices({.left = *left, .right = *right, .bias = columns});
  return columns ? product : added(std::move(product), bias, *call.outputs.front());
}

Product matmul(const TapeCall& call) {
  const SourceTensor *left = call.tensor("self"), *right = nullptr;
  for (const char* name : {"other", "mat2", "vec", "tensor"})
    if (!right) right = call.tensor(name);
  return left && right ? convert_matmul(*left, *right, *call.outputs.front()) : std::nullopt;
}

Product baddbmm(const TapeCall& call) {
  const SourceTensor *left = call.tensor("batch1"), *right = call.tensor("batch2");
  if (!left || !right) return std::nullopt;
  const SourceTensor& out = *call.outputs.front();
  Product product = convert_matmul(*left, *right, out);
  return call.real("beta", 1) != 0 ? added(std::move(product), call.tensor("self"), out) : product;
}

Product einsum(const TapeCall& call) {
  const auto* equation = call.argument<std::string>("equation");
  const auto* operands = call.argument<std::vector<const SourceTensor*>>("tensors");
  if (!equation || !operands || operands->size() != 2) return std::nullopt;
  return convert_einsum(*equation, *(*operands)[0], *(*operands)[1]);
}

Product convolution(const TapeCall& call) {
  const SourceTensor *input = call.tensor("input"), *kernels = call.tensor("weight");
  if (!input || !kernels) return std::nullopt;
  const bool transposed = call.number("transposed", 0) != 0 || call.op.find("transpose") != std::string::npos;
  return convert_convolution({.input = *input,
                              .kernels = *kernels,
                              .out = *call.outputs.front(),
                              .groups = call.number("groups", 1),
                              .bias = call.tensor("bias") != nullptr,
                              .transposed = transposed});
}

Product attention(const TapeCall& call) {
  const SourceTensor *query = call.tensor("query"), *key = call.tensor("key");
  if (!query || !key || query->shape.size() < 3 || key->shape.size() < 3 || query->elements() == 0)
    return std::nullopt;
  const auto from_end = [](const SourceTensor* t, std::size_t d) { return t->shape[t->shape.size() - d]; };
  const bool heads = query->shape.size() > 3 && key->shape.size() > 3;
  FusedAttention op{.batch = 1,
                    .heads = heads ? from_end(query, 3) : 1,
                    .key_value_heads = heads ? from_end(key, 3) : 1,
                    .queries = from_end(query, 2),
                    .keys = from_end(key, 2),
                    .head_dim = from_end(query, 1),
                    .causal = call.number("is_causal", 0) != 0};
  op.batch = query->elements() / (op.heads * op.queries * op.head_dim);
  return ConvertedNode{.operators = {op}};
}

}  // namespace

Product convert_product(const TapeCall& call) {
  static const std::unordered_map<std::string, std::function<Product(const TapeCall&)>> all{
      {"linear", linear},
      {"addmm", addmm},
      {"matmul", matmul},
      {"mm", matmul},
      {"bmm", matmul},
      {"mv", matmul},
      {"dot", matmul},
      {"baddbmm", baddbmm},
      {"einsum", einsum},
      {"conv1d", convolution},
      {"conv2d", convolution},
      {"conv3d", convolution},
      {"convolution", convolution},
      {"_convolution", convolution},
      {"conv_transpose1d", convolution},
      {"conv_transpose2d", convolution},
      {"conv_transpose3d", convolution},
      {"scaled_dot_product_attention", attention},
      {"_scaled_dot_product_attention", attention},
  };
  const auto found = all.find(call.plain_name());
  return found == all.end() ? std::nullopt : found->second(call);
}

}  // namespace ridgeline
