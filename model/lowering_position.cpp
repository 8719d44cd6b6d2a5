#include <string>

#include "model/lowering_sublayers.hpp"

namespace ridgeline {

std::int32_t add_relative_keys(Emitter& emit, Size heads, Size head_dim, Size buckets, std::int32_t query,
                               std::int32_t scores) {
  const SublayerContext& c = emit.context;
  const Size pairs = c.queries * c.keys;
  NodeNumber distance = kNoNode;
  if (emit.eager()) {
    const NodeNumber rows = emit.copy(Movement::fill, c.queries, "positions left", {});
    const NodeNumber columns = emit.copy(Movement::fill, c.keys, "positions right", {});
    const NodeNumber left = emit.view(1, "left column", rows);
    const NodeNumber right = emit.view(1, "right row", columns);
    distance = emit.separate(Function::add, pairs, "distance", {left, right}, 0);
    distance = emit.separate(Function::add, pairs, "distance shift", {distance});
  }
  const NodeNumber table = emit.add(Embedding{.lookups = pairs, .width = head_dim, .vocabulary = 2 * buckets - 1},
                                    "distance table", {distance});
  const NodeNumber by_position = emit.view(3, "query by place", query);
  // einsum "bhld,lrd->bhlr": one product for every query position
  NodeNumber relative =
      emit.add(BatchedMatMul{.batch = c.queries, .rows = c.batch * heads, .columns = c.keys, .inner = head_dim},
               "relative scores", {by_position, table});
  relative = emit.view(2, "relative heads", relative);
  return emit.elementwise(Function::add, c.batch * heads * pairs, "relative add", {relative, scores}, 2);
}

std::int32_t bucket_bias(Emitter& emit, Size heads, Size buckets, std::int32_t mask) {
  const SublayerContext& c = emit.context;
  const Size rows = c.cached ? c.keys : c.queries;  // eager code computes all rows and keeps the last ones
  const Size pairs = rows * c.keys;
  const Size elements = c.batch * heads * c.queries * c.keys;
  NodeNumber number = kNoNode;
  if (emit.eager()) {
    const NodeNumber left = emit.view(1, "context column", emit.copy(Movement::fill, rows, "context places", {}));
    const NodeNumber right = emit.view(1, "memory row", emit.copy(Movement::fill, c.keys, "memory places", {}));
    const auto step = [&](Function f, std::string_view label, std::initializer_list<NodeNumber> inputs,
                          int operands = 1) { return emit.separate(f, pairs, label, inputs, operands); };
    NodeNumber distance = step(Function::add, "distance", {left, right}, 0);
    if (c.decoder) {
      distance = step(Function::clamp, "distance past", {distance});
      distance = step(Function::scale, "distance size", {distance});
      number = emit.copy(Movement::fill, pairs, "bucket base", {});
    } else {
      number = step(Function::compare, "bucket side", {distance});
      number = step(Function::convert, "bucket number", {number});
      number = step(Function::scale, "bucket base", {number});
      distance = step(Function::scale, "distance size", {distance});
    }
    const NodeNumber small = step(Function::compare, "bucket small", {distance});
    NodeNumber large = step(Function::convert, "bucket float", {distance});
    large = step(Function::scale, "bucket ratio", {large});
    large = step(Function::exp, "bucket log", {large});
    large = step(Function::scale, "bucket log share", {large});
    large = step(Function::scale, "bucket log wide", {large});
    large = step(Function::convert, "bucket whole", {large});
    large = step(Function::add, "bucket large", {large});
    const NodeNumber last = emit.copy(Movement::fill, pairs, "bucket last", {});
    large = step(Function::clamp, "bucket capped", {large, last}, 2);
    large = step(Function::mask, "bucket chosen", {small, distance, large}, 2);
    number = step(Function::add, "bucket", {number, large}, 2);
  }
  const NodeNumber table =
      emit.add(Embedding{.lookups = emit.eager() ? pairs : c.queries * c.keys, .width = heads, .vocabulary = buckets},
               "bucket table", {number});
  const NodeNumber bias = emit.view(3, "bucket heads", table);
  return emit.separate(Function::add, elements, "bias and mask", {bias, mask});
}

std::int32_t rotate(Emitter& emit, Size elements, std::string_view label, std::int32_t input) {
  using enum Function;
  const std::string name(label);
  const NodeNumber cosine = emit.elementwise(multiply, elements, name + " cosine", {input});
  if (!emit.eager()) {
    const NodeNumber sine = emit.elementwise(multiply, elements, name + " sine", {cosine});
    return emit.elementwise(add, elements, name + " rotated", {sine});
  }
  const NodeNumber half = emit.view(2, name + " halves", input);
  const NodeNumber negated = emit.elementwise(scale, elements / 2, name + " negated", {half});
  const NodeNumber swapped = emit.copy(Movement::concatenate, elements, name + " swapped", {negated, half});
  const NodeNumber sine = emit.elementwise(multiply, elements, name + " sine", {swapped});
  return emit.elementwise(add, elements, name + " rotated", {cosine, sine}, 2);
}

}  // namespace ridgeline
