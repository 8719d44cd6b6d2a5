// Heads that are not all scaled dot-product: FlexiBERT 2.0's mixed layers, ConvBERT's span convolution, FNet's
// Fourier transform. FlexiBERT's operators are those of BertHeteroAttentionModular in jha-lab/txf_design-space
// (transformers/src/transformers/models/bert/modeling_modular_bert.py): every head is a loop iteration of its own.
#include <string>
#include <vector>

#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

std::string numbered(std::string_view name, std::size_t head) {
  return std::string(name) + ' ' + std::to_string(head);
}

/// A concatenation of many nodes (torch.stack).
NodeNumber stack(Emitter& emit, const std::vector<NodeNumber>& nodes, Size elements, std::string_view label) {
  const NodeNumber stacked = emit.copy(Movement::concatenate, elements, label, {});
  for (const NodeNumber node : nodes) emit.graph.add_input(stacked, node);
  return stacked;
}

/// Unfolded values times a softmax of kernels: the second half of a span-based dynamic convolution.
NodeNumber dynamic_convolution(Emitter& emit, Size channels, Size kernel, Size groups, NodeNumber kernels,
                               NodeNumber values, const std::string& suffix) {
  const SublayerContext& c = emit.context;
  const Size elements = c.tokens * channels;
  NodeNumber unfolded = values;
  if (emit.eager()) {
    unfolded = emit.view(2, "span rows" + suffix, unfolded);
    unfolded = emit.copy(Movement::contiguous, elements, "span copy" + suffix, {unfolded});
    unfolded = emit.view(1, "span image" + suffix, unfolded);
  }
  unfolded = emit.copy(Movement::unfold, elements * kernel, "unfold" + suffix, {unfolded});
  if (emit.eager()) {
    unfolded = emit.view(1, "unfold turned" + suffix, unfolded);
    unfolded = emit.copy(Movement::contiguous, elements * kernel, "unfold copy" + suffix, {unfolded});
    unfolded = emit.view(1, "unfold rows" + suffix, unfolded);
  }
  const NodeNumber result = emit.add(DynamicConvolution{c.batch, c.queries, channels, kernel, groups},
                                     "span" + suffix, {unfolded, kernels});
  return emit.view(2, "span result" + suffix, result);
}

/// One axis of a DCT-II by an FFT of the same length (Makhoul 1980), as FlexiBERT's dct.py spells it.
NodeNumber cosine_transform(Emitter& emit, Size others, Size length, NodeNumber input, const std::string& suffix) {
  using enum Function;
  const Size n = others * length;
  const NodeNumber rows = emit.view(3, "dct rows" + suffix, input);
  const NodeNumber flipped = emit.copy(Movement::gather, n / 2, "dct flip" + suffix, {rows});
  const NodeNumber ordered = emit.copy(Movement::concatenate, n, "dct order" + suffix, {rows, flipped});
  const NodeNumber spectrum =
      emit.add(FourierMixing{Transform::dft, others, length, 1}, "dct fft" + suffix, {ordered});
  NodeNumber angle = emit.copy(Movement::fill, length, "dct places" + suffix, {});
  angle = emit.separate(scale, length, "dct angle" + suffix, {angle});
  const NodeNumber cosine = emit.separate(exp, length, "dct cosine" + suffix, {angle});
  const NodeNumber sine = emit.separate(exp, length, "dct sine" + suffix, {angle});
  const NodeNumber real = emit.separate(multiply, n, "dct real" + suffix, {spectrum, cosine});
  const NodeNumber imaginary = emit.separate(multiply, n, "dct imag" + suffix, {spectrum, sine});
  const NodeNumber sum = emit.separate(add, n, "dct sum" + suffix, {real, imaginary}, 2);
  return emit.separate(scale, n, "dct" + suffix, {sum});
}

NodeNumber transform(Emitter& emit, Transform kind, Size columns, NodeNumber input, const std::string& suffix) {
  const SublayerContext& c = emit.context;
  const Size rows = c.queries, n = c.batch * rows * columns;
  if (!emit.eager()) return emit.add(FourierMixing{kind, c.batch, rows, columns}, "fourier" + suffix, {input});
  if (kind == Transform::dft) {
    const NodeNumber inner = emit.add(FourierMixing{kind, n / columns, columns, 1}, "fft inner" + suffix, {input});
    const NodeNumber outer = emit.add(FourierMixing{kind, n / rows, rows, 1}, "fft outer" + suffix, {inner});
    return emit.view(1, "fft real" + suffix, outer);
  }
  const NodeNumber inner = cosine_transform(emit, n / columns, columns, input, suffix + "a");
  const NodeNumber turned =
      emit.copy(Movement::contiguous, n, "dct turn" + suffix, {emit.view(1, "dct turned", inner)});
  return emit.view(1, "dct back" + suffix, cosine_transform(emit, n / rows, rows, turned, suffix + "b"));
}

struct MixedLowering {
  Emitter& emit;
  const MixedAttention& a;
  const SublayerContext& c;
  Size heads = static_cast<Size>(a.heads.size());
  Size d = a.head_dim;
  Size inner = heads * d;
  Size head_elements = c.tokens * d;
  Size head_scores = c.batch * c.queries * c.keys;
  NodeNumber query = kNoNode, key = kNoNode, value = kNoNode;

  /// Scores of one head; zeros where the kind has none.
  NodeNumber head_score(std::size_t i) {
    const HeadKind kind = a.heads[i].kind;
    const bool weighted = kind == HeadKind::weighted_multiplicative;
    if (kind != HeadKind::scaled_dot_product && !weighted)
      return emit.copy(Movement::fill, head_scores, numbered("no scores", i), {});
    NodeNumber q = emit.view(1, numbered("query", i), query);
    if (weighted) q = emit.linear(numbered("weigh", i), q, c.tokens, d, d, false);
    const NodeNumber k = emit.view(2, numbered("key", i), key);
    return emit.add(BatchedMatMul{.batch = c.batch, .rows = c.queries, .columns = c.keys, .inner = d},
                    numbered("scores", i), {q, k});
  }

  /// What one head adds to (or, for self-attention, eager code puts in place of) its share of the context.
  NodeNumber head_context(std::size_t i, NodeNumber context) {
    const MixedHead& head = a.heads[i];
    const std::string suffix = ' ' + std::to_string(i);
    const bool attends = head.kind == HeadKind::scaled_dot_product || head.kind == HeadKind::weighted_multiplicative;
    if (attends) return emit.copy(Movement::fill, head_elements, "no mixing" + suffix, {});
    const NodeNumber mixed = head.kind == HeadKind::convolution
                                 ? convolve(head.kernel, suffix)
                                 : transform(emit, head.kind == HeadKind::dft ? Transform::dft : Transform::dct, d,
                                             emit.view(1, "value" + suffix, value), suffix);
    const NodeNumber own = emit.view(1, "context" + suffix, context);
    return emit.elementwise(Function::add, head_elements, "mixed" + suffix, {mixed, own}, 2);
  }

  /// Span-based dynamic convolution within one head.
  NodeNumber convolve(Size kernel, const std::string& suffix) {
    const NodeNumber k = emit.view(2, "span key" + suffix, key);
    const NodeNumber along = emit.add(DepthwiseConvolution{c.batch, c.queries, d, kernel}, "depthwise" + suffix, {k});
    NodeNumber separable = emit.linear("pointwise" + suffix, along, c.tokens, d, d, false);
    separable = emit.elementwise(Function::bias, head_elements, "pointbias" + suffix, {separable}, 1, d);
    separable = emit.view(1, "span turned" + suffix, separable);
    const NodeNumber q = emit.view(1, "span query" + suffix, query);
    const NodeNumber gated =
        emit.elementwise(Function::multiply, head_elements, "span gate" + suffix, {separable, q}, 2);
    NodeNumber kernels = emit.linear("kernels" + suffix, gated, c.tokens, d, kernel);
    kernels = emit.view(1, "kernel rows" + suffix, kernels);
    kernels = emit.add(Softmax{c.tokens, kernel}, "kernel max" + suffix, {kernels});
    const NodeNumber v = emit.view(1, "span value" + suffix, value);
    const NodeNumber mapped = emit.linear("span map" + suffix, v, c.tokens, d, d);
    return dynamic_convolution(emit, d, kernel, 1, kernels, mapped, suffix);
  }
};

}  // namespace

std::int32_t lower_mixed_attention(Emitter& emit, const MixedAttention& attention, std::int32_t input,
                                   const Values& values) {
  MixedLowering m{emit, attention, emit.context};
  const SublayerContext& c = emit.context;
  const Size scores_elements = m.heads * m.head_scores;
  m.query = emit.linear("query", input, c.tokens, c.width, m.inner);
  m.key = emit.view(2, "key heads", emit.linear("key", input, c.tokens, c.width, m.inner));
  m.value = emit.view(2, "value heads", emit.linear("value", input, c.tokens, c.width, m.inner));
  m.query = emit.view(2, "query heads", m.query);

  emit.graph.end_piece();

  std::vector<NodeNumber> parts;
  parts.reserve(attention.heads.size());
  for (std::size_t i = 0; i < attention.heads.size(); ++i) {
    parts.push_back(m.head_score(i));
    emit.graph.end_piece();
  }
  NodeNumber scores = stack(emit, parts, scores_elements, "scores");
  if (attention.position_buckets > 0)
    scores = add_relative_keys(emit, m.heads, m.d, attention.position_buckets, m.query, scores);
  scores = emit.elementwise(Function::scale, scores_elements, "scale", {scores});
  scores = emit.elementwise(Function::mask, scores_elements, "mask", {scores, values[Value::mask]});
  const NodeNumber softmax = emit.add(Softmax{c.batch * m.heads * c.queries, c.keys}, "softmax", {scores});
  const NodeNumber weights = emit.dropout(scores_elements, "softmax dropout", softmax);
  const NodeNumber context =
      emit.add(BatchedMatMul{.batch = c.batch * m.heads, .rows = c.queries, .columns = m.d, .inner = c.keys},
               "context", {weights, m.value});
  emit.graph.end_piece();

  parts.clear();
  for (std::size_t i = 0; i < attention.heads.size(); ++i) {
    parts.push_back(m.head_context(i, context));
    emit.graph.end_piece();
  }
  NodeNumber result = stack(emit, parts, c.tokens * m.inner, "contexts");
  result = emit.view(1, "context heads", result);
  result = emit.copy(Movement::contiguous, c.tokens * m.inner, "context copy", {result});
  result = emit.view(1, "context rows", result);
  result = emit.linear("output", result, c.tokens, m.inner, c.width);
  return emit.dropout(c.tokens * c.width, "output dropout", result);
}

bool is_flash(const SpanConvolutionAttention&, Fusion fusion) { return fusion == Fusion::flash_attention; }

std::int32_t lower_span_convolution(Emitter& emit, const SpanConvolutionAttention& attention, std::int32_t input,
                                    const Values& values) {
  const SublayerContext& c = emit.context;
  const Size heads = attention.heads, d = attention.head_dim, inner = heads * d, kernel = attention.kernel;
  const Size elements = c.tokens * inner, scores_elements = c.batch * heads * c.queries * c.keys;
  const NodeNumber projected_query = emit.linear("query", input, c.tokens, c.width, inner);
  const NodeNumber projected_key = emit.linear("key", input, c.tokens, c.width, inner);
  const NodeNumber projected_value = emit.linear("value", input, c.tokens, c.width, inner);

  const NodeNumber channels = emit.view(1, "span channels", input);
  const NodeNumber along =
      emit.add(DepthwiseConvolution{c.batch, c.queries, c.width, kernel}, "depthwise", {channels});
  NodeNumber separable = emit.linear("pointwise", along, c.tokens, c.width, inner, false);
  separable = emit.elementwise(Function::bias, elements, "pointwise bias", {separable}, 1, inner);
  separable = emit.view(1, "span turned", separable);
  NodeNumber query = emit.view(2, "query heads", projected_query);
  NodeNumber key = emit.view(2, "key heads", projected_key);
  const NodeNumber value = emit.view(2, "value heads", projected_value);
  const NodeNumber gated =
      emit.elementwise(Function::multiply, elements, "span gate", {separable, projected_query}, 2);
  NodeNumber kernels = emit.linear("kernels", gated, c.tokens, inner, heads * kernel);
  kernels = emit.view(1, "kernel rows", kernels);
  kernels = emit.add(Softmax{c.tokens * heads, kernel}, "kernel softmax", {kernels});
  const NodeNumber mapped = emit.linear("span map", input, c.tokens, c.width, inner);
  const NodeNumber convolved = dynamic_convolution(emit, inner, kernel, heads, kernels, mapped, "");

  NodeNumber context;
  if (is_flash(attention, emit.workload.fusion)) {
    context = emit.add(FusedAttention{.batch = c.batch,
                                      .heads = heads,
                                      .key_value_heads = heads,
                                      .queries = c.queries,
                                      .keys = c.keys,
                                      .head_dim = d},
                       "attention", {query, key, value});
  } else {
    key = emit.view(1, "key transposed", key);
    NodeNumber scores =
        emit.add(BatchedMatMul{.batch = c.batch * heads, .rows = c.queries, .columns = c.keys, .inner = d}, "scores",
                 {query, key});
    scores = emit.elementwise(Function::scale, scores_elements, "scale", {scores});
    scores = emit.elementwise(Function::mask, scores_elements, "mask", {scores, values[Value::mask]});
    const NodeNumber softmax = emit.add(Softmax{c.batch * heads * c.queries, c.keys}, "softmax", {scores});
    const NodeNumber weights = emit.dropout(scores_elements, "softmax dropout", softmax);
    context = emit.add(BatchedMatMul{.batch = c.batch * heads, .rows = c.queries, .columns = d, .inner = c.keys},
                       "context", {weights, value});
    context = emit.view(1, "context heads", context);
    context = emit.copy(Movement::contiguous, elements, "context copy", {context});
  }
  NodeNumber both = emit.copy(Movement::concatenate, 2 * elements, "contexts", {context, convolved});
  both = emit.view(1, "context rows", both);
  const NodeNumber result = emit.linear("output", both, c.tokens, 2 * inner, c.width);
  return emit.dropout(c.tokens * c.width, "output dropout", result);
}

std::int32_t lower_fourier(Emitter& emit, const FourierSublayer& fourier, std::int32_t input) {
  return transform(emit, fourier.transform, emit.context.width, input, "");
}

}  // namespace ridgeline
