#include <string>

#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

NodeNumber logits(Emitter& emit, const HeadPart& part, NodeNumber x) {
  const OutputHead& head = *part.head;
  const SublayerContext& c = emit.context;
  const Size vocabulary = part.embeddings->vocabulary, table_width = part.embeddings->width;
  const bool narrow = head.tied && !head.widened && table_width != c.width;
  const Size width = narrow ? table_width : c.width;
  if (head.transform) {
    x = emit.linear("transform", x, c.tokens, c.width, width);
    x = emit.activation(head.activation, c.tokens * width, x);
    x = emit.norm(NormKind::layer_norm, c.tokens, width, "transform norm", x);
  } else if (narrow) {
    x = emit.linear("narrow", x, c.tokens, c.width, width, false);
  }
  NodeNumber weights = kNoNode;
  if (head.tied && head.widened && emit.eager()) {  // both halves of the table are put together in every pass
    emit.view(1, "table turned", kNoNode);
    weights = emit.copy(Movement::concatenate, width * vocabulary, "table", {});
  }
  const NodeNumber result = emit.add(
      MatMul{.rows = c.tokens, .columns = vocabulary, .inner = width, .bias = head.bias}, "logits", {x, weights});
  if (head.tied) emit.graph.share_weights(result, part.table);
  return result;
}

/// Cross entropy with `labels` choices for each of `rows`.
NodeNumber loss(Emitter& emit, Size rows, Size labels, NodeNumber scores, std::string_view name) {
  const NodeNumber probabilities = emit.add(Softmax{rows, labels}, std::string(name) + " softmax", {scores});
  return emit.add(Reduction{1, rows}, name, {probabilities});
}

}  // namespace

std::int32_t lower_head(Emitter& emit, const HeadPart& part, std::int32_t input) {
  const OutputHead& head = *part.head;
  const SublayerContext& c = emit.context;
  const Size rows = head.every_position ? c.tokens : c.batch;
  const bool pooled = head.pooler || head.classes > 0;
  NodeNumber words = input, first = input;
  if (head.language_model) words = logits(emit, part, input);
  if (pooled && !head.every_position) first = emit.view(1, "first position", input);
  if (head.pooler) {
    first = emit.linear("pooler", first, rows, c.width, c.width);
    first = emit.elementwise(Function::tanh, rows * c.width, "pooler tanh", {first});
  }
  if (head.classes > 0) {
    if (!head.language_model) first = emit.dropout(rows * c.width, "dropout", first);  // not in pre-training heads
    first = emit.linear("classes", first, rows, c.width, head.classes, head.class_bias);
  }
  NodeNumber result = head.language_model ? words : first;
  if (!emit.training() || (!head.language_model && head.classes == 0)) return result;
  NodeNumber sum = kNoNode;
  if (head.language_model) sum = loss(emit, c.tokens, part.embeddings->vocabulary, words, "loss");
  if (head.classes == 0) return sum;
  const NodeNumber other = loss(emit, rows, head.classes, first, "label loss");
  return sum < 0 ? other : emit.separate(Function::add, 1, "loss sum", {sum, other}, 2);
}

}  // namespace ridgeline
