#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

/// 0 where tokens may be attended to, a large negative number where not, in the shape that layers add to their
/// scores.
NodeNumber prepare_mask(Emitter& emit, MaskCode code) {
  const SublayerContext& c = emit.context;
  if (code == MaskCode::none) return kNoNode;
  const Size padding = c.batch * c.keys, elements = c.mask_elements;
  NodeNumber prepared = emit.copy(Movement::fill, padding, "attention mask", {});
  if (code == MaskCode::padding) {
    prepared = emit.view(1, "mask by key", prepared);
    prepared = emit.separate(Function::add, padding, "mask inverted", {prepared});
    return emit.separate(Function::scale, padding, "mask scaled", {prepared});
  }
  // _prepare_decoder_attention_mask: the causal part for passes over more than one position, then the padding
  NodeNumber causal = kNoNode;
  if (c.queries > 1 && emit.eager()) {
    const Size square = c.queries * c.queries;
    const NodeNumber full = emit.copy(Movement::fill, square, "mask full", {});
    const NodeNumber places = emit.copy(Movement::fill, c.queries, "mask places", {});
    const NodeNumber next = emit.separate(Function::add, c.queries, "mask next", {places});
    const NodeNumber later =
        emit.separate(Function::compare, square, "mask later", {emit.view(1, "mask column", next)}, 0);
    causal = emit.view(2, "mask causal", emit.separate(Function::mask, square, "mask future", {full, later}, 2));
  }
  prepared = emit.view(2, "mask by key", prepared);
  prepared = emit.separate(Function::add, elements, "mask inverted", {prepared});
  NodeNumber flags = emit.separate(Function::convert, elements, "mask flags", {prepared});
  prepared = emit.separate(Function::mask, elements, "mask padding", {prepared, flags}, 2);
  if (c.queries > 1) {
    flags = emit.separate(Function::convert, elements, "mask combined", {causal});
    prepared = emit.separate(Function::mask, elements, "mask", {prepared, flags}, 2);
  }
  return prepared;
}

struct EmbeddingLowering {
  Emitter& emit;
  const Embeddings& e;
  const SublayerContext& c;
  bool mapped = e.trigrams || e.always_projected || e.width != c.width;
  Size sum_width = mapped && e.projected_first ? c.width : e.width;
  Size elements = c.tokens * sum_width;

  NodeNumber tokens(std::int32_t table) {
    const NodeNumber words =
        emit.add(Embedding{.lookups = c.tokens, .width = e.width, .vocabulary = e.vocabulary}, "words", {});
    emit.graph.share_weights(words, table);
    return words;
  }

  NodeNumber map(NodeNumber x) {
    if (e.trigrams) {
      emit.view(2, "neighbours", kNoNode);
      if (emit.eager()) {  // both neighbours are padded copies
        emit.copy(Movement::gather, c.tokens * e.width, "next tokens", {x});
        emit.copy(Movement::gather, c.tokens * e.width, "last tokens", {x});
      }
      x = emit.copy(Movement::concatenate, 3 * c.tokens * e.width, "trigrams", {x});
    }
    return emit.linear("widen", x, c.tokens, (e.trigrams ? 3 : 1) * e.width, c.width, e.projection_bias);
  }

  NodeNumber patches() {
    const Patches& p = *e.patches;
    const Size side = p.image / p.patch, rows = c.batch * side * side;
    NodeNumber x = emit.linear("patches", kNoNode, rows, p.patch * p.patch * p.channels, e.width);
    x = emit.view(2, "patch rows", x);
    if (!p.class_token) return x;
    emit.view(1, "class token", kNoNode);
    return emit.copy(Movement::concatenate, c.tokens * e.width, "class and patches", {x}, e.width);
  }

  NodeNumber types(NodeNumber x) {
    if (e.token_types == 0) return x;
    emit.view(2, "type numbers", kNoNode);
    const NodeNumber rows =
        emit.add(Embedding{.lookups = c.tokens, .width = sum_width, .vocabulary = e.token_types}, "types", {});
    return emit.elementwise(Function::add, elements, "add types", {x, rows}, 2);
  }

  /// Numbers counted from the mask: cumulative sums of whole numbers.
  NodeNumber count_positions() {
    if (!emit.eager()) return kNoNode;
    using enum Function;
    NodeNumber numbers = emit.separate(convert, c.tokens, "place flags", {});
    const NodeNumber sums = emit.separate(add, c.tokens, "place sums", {numbers});
    numbers = emit.separate(multiply, c.tokens, "place numbers", {sums, numbers}, 2);
    numbers = emit.separate(add, c.tokens, "place shift", {numbers});
    return emit.separate(add, c.tokens, "place offset", {emit.view(1, "places", numbers)});
  }

  NodeNumber positions(NodeNumber x) {
    if (e.patches && e.positions > 0)
      return emit.elementwise(Function::add, elements, "add positions", {x}, 1, e.positions * sum_width);
    if (e.sinusoidal) {
      const bool whole = c.queries > 1;  // a single step reads one row of the table in place
      NodeNumber rows = emit.view(3, "table rows", kNoNode);
      if (whole) {
        const NodeNumber numbers = count_positions();
        rows = emit.copy(Movement::gather, elements, "positions", {numbers});
      }
      return emit.elementwise(Function::add, elements, "add positions", {x, rows}, whole ? 2 : 1);
    }
    if (e.positions == 0) return x;
    NodeNumber numbers = kNoNode;
    if (e.counted_positions)
      numbers = count_positions();
    else if (e.token_types == 0 && emit.eager())
      numbers = emit.view(1, "places", emit.copy(Movement::fill, c.queries, "place numbers", {}));
    else
      emit.view(1, "places", kNoNode);
    const Size lookups = e.counted_positions ? c.tokens : c.queries;
    const NodeNumber rows = emit.add(Embedding{.lookups = lookups, .width = sum_width, .vocabulary = e.positions},
                                     "positions", {numbers});
    return emit.elementwise(Function::add, elements, "add positions", {x, rows}, lookups == c.tokens ? 2 : 1);
  }
};

}  // namespace

void lower_embeddings(Emitter& emit, const EmbeddingsPart& part, Values& values) {
  const Embeddings& e = *part.embeddings;
  EmbeddingLowering lowering{emit, e, emit.context};
  if (part.mask == MaskCode::padding) values[Value::mask] = prepare_mask(emit, part.mask);
  NodeNumber x = e.patches ? lowering.patches() : lowering.tokens(part.table);
  if (part.mask == MaskCode::causal) values[Value::mask] = prepare_mask(emit, part.mask);
  if (e.scaled) x = emit.elementwise(Function::scale, emit.context.tokens * e.width, "scale words", {x});
  if (lowering.mapped && e.projected_first) x = lowering.map(x);
  x = lowering.positions(lowering.types(x));
  if (e.norm) x = emit.norm(e.norm_kind, emit.context.tokens, lowering.sum_width, "norm", x);
  x = emit.dropout(lowering.elements, "dropout", x);
  if (lowering.mapped && !e.projected_first) x = lowering.map(x);
  values[Value::hidden] = x;
}

}  // namespace ridgeline
