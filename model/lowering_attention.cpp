#include <algorithm>

#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

/// Sizes and nodes of one attention while it is lowered.
struct Lowering {
  Emitter& emit;
  const Attention& a;
  const SublayerContext& c;

  Size inner = a.heads * a.head_dim;
  Size key_value = a.key_value_heads * a.head_dim;
  bool filled = c.cached && c.keys > c.queries;  ///< the cache holds earlier positions (cross: the memory's)
  Size keys = key_count();
  Size past = a.cross ? (filled ? keys : 0) : keys - c.queries;
  Size scores_elements = c.batch * a.heads * c.queries * keys;
  Size query_elements = c.tokens * inner;
  Size new_key_elements = (a.cross ? c.batch * c.memory_length * a.memories : c.tokens) * key_value;
  Size key_elements = c.batch * keys * key_value;
  /// The head-major copies of single-position tensors are no copies: their layouts agree.
  bool copies = c.queries > 1;

  NodeNumber query = kNoNode, key = kNoNode, value = kNoNode;

  Size key_count() const {
    if (a.cross) return c.memory_length * a.memories;
    const bool sliding = a.window > 0 && filled;  // a cache keeps the window only; a full pass masks
    return sliding ? std::max(c.queries, std::min(c.keys, a.window)) : c.keys;
  }

  NodeNumber map(std::string_view label, NodeNumber from, Size rows, Size in, Size out) {
    return emit.linear(label, from, rows, in, out, a.weights, a.weights.groups, a.weights.bias);
  }

  void scale_queries() {
    if (a.scaled) query = emit.elementwise(Function::scale, query_elements, "query scale", {query});
  }

  NodeNumber concatenated_memory(const Values& values) {
    const NodeNumber memory = values[Value::memory];
    if (a.memories == 1) return memory;
    const Size elements = c.batch * c.memory_length * a.memories * c.memory_width;
    const NodeNumber before = a.memories > 2 ? values[Value::memory_before_that] : kNoNode;
    return emit.copy(Movement::concatenate, elements, "memories", {memory, values[Value::memory_before], before});
  }

  void project(NodeNumber input, NormKind norm, const Values& values) {
    if (a.fused_projection) {
      project_together(input);
    } else {
      NodeNumber query_input = input, key_input = input, value_input = input;
      Size key_width = c.width, value_width = c.width, key_rows = c.tokens;
      if (a.values_from_layer_input) {
        value_input = values[Value::wide], value_width = c.wide;
        const NodeNumber narrow = emit.linear("shared", value_input, c.tokens, c.wide, c.width);
        query_input = key_input = emit.norm(norm, c.tokens, c.width, "shared norm", narrow);
      }
      if (a.cross) {
        if (!filled || repeats_concatenation()) key_input = value_input = concatenated_memory(values);
        key_width = value_width = c.memory_width;
        key_rows = c.batch * c.memory_length * a.memories;
      }
      query = map("query", query_input, c.tokens, c.width, inner);
      if (emit.eager() && queries_are_scaled()) scale_queries();
      if (a.cross && filled) {
        key = value = kNoNode;
      } else {
        key = split_heads("key", map("key", key_input, key_rows, key_width, key_value));
        value = split_heads("value", map("value", value_input, key_rows, value_width, key_value));
      }
      query = split_heads("query", query);
    }
    if (!emit.eager() && queries_are_scaled()) scale_queries();
  }

  void project_together(NodeNumber input) {
    const bool gpt2 = a.code == AttentionCode::gpt2;
    const NodeNumber flat = gpt2 ? emit.view(1, "qkv rows", input) : input;
    NodeNumber all = map("qkv", flat, c.tokens, c.width, inner + 2 * key_value);
    all = emit.view(gpt2 ? 2 : 1, "qkv split", all);
    query = key = value = all;
    if (emit.eager() && queries_are_scaled()) scale_queries();
    if (emit.eager() && a.code == AttentionCode::fairseq && c.tokens > 1) {  // slices of `all` are not contiguous
      query = emit.copy(Movement::contiguous, query_elements, "query copy", {query});
      key = emit.copy(Movement::contiguous, new_key_elements, "key copy", {key});
      value = emit.copy(Movement::contiguous, new_key_elements, "value copy", {value});
    }
    query = split_heads("query", query);
    key = split_heads("key", key);
    value = split_heads("value", value);
  }

  /// HAT's decoder puts several encoder results together in every step, though only the first one needs them.
  bool repeats_concatenation() const { return emit.eager() && a.code == AttentionCode::fairseq && a.memories > 1; }

  bool queries_are_scaled() const { return a.code == AttentionCode::opt || a.code == AttentionCode::fairseq; }

  NodeNumber split_heads(std::string_view name, NodeNumber projected) {
    const NodeNumber heads = emit.view(2, std::string(name) + " heads", projected);
    if (!emit.eager() || a.code != AttentionCode::opt) return heads;
    const Size elements = name == "query" ? query_elements : new_key_elements;
    const NodeNumber copied = copies ? emit.copy(Movement::contiguous, elements, std::string(name) + " copy", {heads})
                                     : emit.view(1, std::string(name) + " copy", heads);
    return emit.view(1, std::string(name) + " flat", copied);
  }

  void rotate_queries_and_keys() {
    if (a.position != Position::rotary) return;
    emit.view(4, "rotary tables", kNoNode);
    if (emit.eager()) {
      const Size angles = c.queries * a.head_dim;
      emit.copy(Movement::gather, angles, "rotary cosines", {});
      emit.copy(Movement::gather, angles, "rotary sines", {});
    }
    query = rotate(emit, query_elements, "query", query);
    key = rotate(emit, new_key_elements, "key", key);
  }

  /// Beam search reorders what the cache holds; then the new keys and values join it.
  void update_cache() {
    if (!c.cached) return;
    const Size held = c.batch * past * key_value;
    NodeNumber old_key = kNoNode, old_value = kNoNode;
    if (past > 0 && emit.workload.beams > 1 && emit.workload.reorder_beams) {
      old_key = emit.copy(Movement::cache_reorder, held, "key reorder", {});
      old_value = emit.copy(Movement::cache_reorder, held, "value reorder", {});
    }
    if (a.cross && past > 0) {
      key = old_key, value = old_value;
      return;
    }
    const Numerics& n = emit.workload.numerics;
    if (past > 0 && emit.eager()) {
      key = emit.copy(Movement::cache_concatenate, key_elements, "key cache", {old_key, key});
      value = emit.copy(Movement::cache_concatenate, key_elements, "value cache", {old_value, value});
    } else if (past > 0 || n.cache != n.activations) {
      const NodeNumber key_slot = emit.copy(Movement::cache_append, new_key_elements, "key cache", {old_key, key});
      const NodeNumber value_slot =
          emit.copy(Movement::cache_append, new_key_elements, "value cache", {old_value, value});
      if (past > 0) key = key_slot, value = value_slot;
    }
  }

  /// Eager code copies shared keys and values to every head that uses them.
  void expand_shared_heads() {
    if (!emit.eager() || a.key_value_heads == a.heads) return;
    const Size elements = key_elements * (a.heads / a.key_value_heads);
    const auto expand = [&](std::string_view label, NodeNumber from) {
      const NodeNumber viewed = emit.view(2, std::string(label) + " view", from);
      return emit.add(Copy{.movement = Movement::expand, .elements = elements, .source = key_elements}, label,
                      {viewed});
    };
    key = expand("key expand", key);
    value = expand("value expand", value);
  }

  bool expanded() const { return emit.eager() && a.key_value_heads < a.heads; }

  NodeNumber product(std::string_view label, NodeNumber first, NodeNumber second, Size columns, Size depth) {
    BatchedMatMul op{.batch = c.batch * a.heads, .rows = c.queries, .columns = columns, .inner = depth};
    if (!emit.eager() && a.key_value_heads < a.heads) op.second_operands = c.batch * a.key_value_heads;
    op.second_is_cache = past > 0 && !expanded();
    return emit.add(op, label, {first, second});
  }

  NodeNumber probabilities(Values& values) {
    const bool eager = emit.eager(), gpt2 = a.code == AttentionCode::gpt2, opt = a.code == AttentionCode::opt;
    key = emit.view(1, "key transposed", key);
    NodeNumber scores = product("scores", query, key, keys, a.head_dim);
    if (a.position == Position::relative_key)
      scores = add_relative_keys(emit, a.heads, a.head_dim, a.position_buckets, query, scores);
    if (eager && gpt2) emit.copy(Movement::fill, 1, "scale value", {});
    if (a.scaled && !queries_are_scaled())
      scores = emit.elementwise(Function::scale, scores_elements, "scale", {scores});
    if (opt) scores = emit.view(1, "scores heads", scores);
    if (a.position == Position::bucket_bias) {
      NodeNumber& bias = values[Value::position_bias];
      if (c.first_in_stack) bias = bucket_bias(emit, a.heads, a.position_buckets, values[Value::mask]);
      scores = emit.elementwise(Function::add, scores_elements, "position bias", {scores, bias}, 2);
    } else if (masked()) {
      if (eager && gpt2) {
        emit.view(1, "mask slice", kNoNode);
        emit.copy(Movement::fill, 1, "mask value", {});
      }
      scores = emit.elementwise(Function::mask, scores_elements, "mask",
                                {scores, a.cross ? kNoNode : values[Value::mask]});
    }
    if (eager && opt) {
      emit.copy(Movement::fill, 1, "smallest value", {});
      scores = emit.elementwise(Function::clamp, scores_elements, "clamp", {scores});
      scores = emit.view(1, "scores flat", scores);
    }
    const NodeNumber softmax = emit.add(Softmax{c.batch * a.heads * c.queries, keys}, "softmax", {scores});
    if (averages_weights()) {
      const Size averaged = c.batch * c.queries * keys;
      const NodeNumber sum =
          emit.add(Reduction{averaged, a.heads}, "head sum", {emit.view(1, "softmax heads", softmax)});
      emit.elementwise(Function::scale, averaged, "head mean", {sum});
    }
    return emit.dropout(scores_elements, "softmax dropout", softmax);
  }

  /// Hugging Face code dispatches the padding mask even where nothing is padded; vision models have none.
  bool masked() const {
    if (a.code == AttentionCode::fairseq) return a.causal && c.queries > 1;
    return a.cross || a.code == AttentionCode::gpt2 || c.mask_elements > 0;
  }

  /// fairseq returns attention weights averaged over heads from encoder layers and from cross attention.
  bool averages_weights() const {
    return emit.eager() && !emit.training() && a.code == AttentionCode::fairseq && (a.cross || !a.causal);
  }

  NodeNumber context(Values& values) {
    if (is_flash(a, emit.workload.fusion))
      return emit.add(FusedAttention{.batch = c.batch,
                                     .heads = a.heads,
                                     .key_value_heads = a.key_value_heads,
                                     .queries = c.queries,
                                     .keys = keys,
                                     .head_dim = a.head_dim,
                                     .window = a.window < keys ? a.window : 0,
                                     .causal = a.causal,
                                     .keys_are_cache = past > 0},
                      "attention", {query, key, value});
    const NodeNumber weights = probabilities(values);
    NodeNumber result = product("context", weights, value, a.head_dim, keys);
    result = emit.view(a.code == AttentionCode::opt ? 2 : 1, "context heads", result);
    result = copies ? emit.copy(Movement::contiguous, query_elements, "context copy", {result})
                    : emit.view(1, "context copy", result);
    return emit.view(1, "context rows", result);
  }
};

}  // namespace

bool is_flash(const Attention& attention, Fusion fusion) {
  const bool on_scores = attention.position == Position::relative_key || attention.position == Position::bucket_bias;
  return fusion == Fusion::flash_attention && !on_scores;
}

std::int32_t lower_attention(Emitter& emit, const Attention& attention, NormKind norm, std::int32_t input,
                             Values& values) {
  Lowering lowering{emit, attention, emit.context};
  lowering.project(input, norm, values);
  lowering.rotate_queries_and_keys();
  lowering.update_cache();
  lowering.expand_shared_heads();
  NodeNumber result = lowering.context(values);
  result = emit.linear("output", result, emit.context.tokens, lowering.inner, emit.context.width, attention.weights,
                       attention.output_groups, attention.output_bias);
  const SublayerContext& c = emit.context;
  result = attention.code == AttentionCode::gpt2 ? emit.view(1, "output rows", result) : result;
  return emit.dropout(c.tokens * c.width, "output dropout", result);
}

}  // namespace ridgeline
