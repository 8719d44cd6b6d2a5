#include "model/torchscript/fused.hpp"

#include <string>
#include <vector>

namespace ridgeline {
namespace {

Elementwise elementwise(Function function, Size elements, int operands = 1) {
  return {.function = function, .elements = elements, .operands = operands};
}

/// Self-attention with its projections, from `rows` tokens of `width` numbers on.
void add_attention(std::vector<Operator>& all, const TapeCall& call, Size batch, Size rows, Size width) {
  const Size heads = call.number("num_head", call.number("num_heads", 1));
  const Size length = rows / batch, depth = width / heads;
  all.push_back(MatMul{.rows = rows, .columns = 3 * width, .inner = width});
  all.push_back(elementwise(Function::scale, rows * width));
  all.push_back(BatchedMatMul{.batch = batch * heads, .rows = length, .columns = length, .inner = depth});
  if (call.tensor("mask")) all.push_back(elementwise(Function::mask, batch * heads * length * length));
  all.push_back(Softmax{batch * heads * length, length});
  all.push_back(BatchedMatMul{.batch = batch * heads, .rows = length, .columns = depth, .inner = length});
  all.push_back(Copy{.movement = Movement::contiguous, .elements = rows * width});
  all.push_back(MatMul{.rows = rows, .columns = width, .inner = width});
}

}  // namespace

std::optional<ConvertedNode> convert_fused(const TapeCall& call) {
  const std::string op = call.plain_name();
  const bool layer = op == "_transformer_encoder_layer_fwd";
  if (!layer && op != "_native_multi_head_attention") return std::nullopt;
  const SourceTensor* x = call.tensor(layer ? "src" : "query");
  const SourceTensor *weights = call.tensor("qkv_weight"), *hidden = call.tensor("ffn_weight_1");
  const Size heads = call.number("num_head", call.number("num_heads", 0));
  if (!x || !weights || x->shape.size() != 3 || x->elements() == 0 || heads < 1 || x->shape[2] % heads != 0)
    return std::nullopt;
  if (layer && (!hidden || hidden->shape.size() != 2)) return std::nullopt;
  if (!layer && (call.tensor("key") != x || call.tensor("value") != x)) return std::nullopt;
  const Size batch = x->shape[0], width = x->shape[2], rows = batch * x->shape[1];
  ConvertedNode result{.weights = weights};
  std::vector<Operator>& all = result.operators;
  const Normalisation norm{NormKind::layer_norm, rows, width};
  const bool norm_first = call.number("norm_first", 0) != 0;
  if (layer && norm_first) all.push_back(norm);
  add_attention(all, call, batch, rows, width);
  if (!layer) return result;
  all.push_back(elementwise(Function::add, rows * width, 2));
  all.push_back(norm);
  all.push_back(MatMul{.rows = rows, .columns = hidden->shape[0], .inner = width});
  all.push_back(
      elementwise(call.number("use_gelu", 0) != 0 ? Function::gelu : Function::relu, rows * hidden->shape[0]));
  all.push_back(MatMul{.rows = rows, .columns = width, .inner = hidden->shape[0]});
  all.push_back(elementwise(Function::add, rows * width, 2));
  if (!norm_first) all.push_back(norm);
  return result;
}

}  // namespace ridgeline
