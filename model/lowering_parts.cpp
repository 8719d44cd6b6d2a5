#include "model/lowering_parts.hpp"

#include <boost/container_hash/hash.hpp>

#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

struct BodyLowering {
  Emitter& emit;
  NormKind norm;
  NodeNumber input;
  Values& values;

  NodeNumber operator()(const Attention& a) const { return lower_attention(emit, a, norm, input, values); }
  NodeNumber operator()(const MixedAttention& a) const { return lower_mixed_attention(emit, a, input, values); }
  NodeNumber operator()(const SpanConvolutionAttention& a) const {
    return lower_span_convolution(emit, a, input, values);
  }
  NodeNumber operator()(const FourierSublayer& f) const { return lower_fourier(emit, f, input); }
  NodeNumber operator()(const FeedForward& f) const { return lower_feed_forward(emit, f, input); }
};

struct PartLowering {
  Emitter& emit;
  Values& values;

  NodeNumber& hidden() const { return values[Value::hidden]; }
  const SublayerContext& context() const { return emit.context; }

  void operator()(const EmbeddingsPart& part) const { lower_embeddings(emit, part, values); }
  void operator()(const Sublayer* sublayer) const {
    hidden() = lower_sublayer(*sublayer, context(), emit.workload, emit.graph, values);
  }
  void operator()(const WidthChange& change) const {
    hidden() = emit.linear("width change", hidden(), context().tokens, change.from, context().width);
  }
  void operator()(const BottleneckInput& part) const {
    values[Value::wide] = hidden();
    const NodeNumber narrow = emit.linear("bottleneck", hidden(), context().tokens, context().wide, context().width);
    hidden() = emit.norm(part.norm, context().tokens, context().width, "norm", narrow);
  }
  void operator()(const BottleneckOutput& part) const {
    const Size elements = context().tokens * context().wide;
    NodeNumber x = emit.linear("widen", hidden(), context().tokens, context().width, context().wide);
    x = emit.residual(elements, emit.dropout(elements, "dropout", x), values[Value::wide]);
    hidden() = emit.norm(part.norm, context().tokens, context().wide, "norm", x);
    values[Value::wide] = kNoNode;
  }
  void operator()(const FinalNorm& part) const {
    hidden() = emit.norm(part.norm, context().tokens, context().width, "final norm", hidden());
  }
  void operator()(const HeadPart& part) const { hidden() = lower_head(emit, part, hidden()); }
};

/// HAT's encoder assigns the sum into a slice of its result, a copy.
bool copies_residual(const Sublayer& sublayer) {
  const Attention* a = std::get_if<Attention>(&sublayer.body);
  return a && a->code == AttentionCode::fairseq && !a->cross && !a->causal;
}

}  // namespace

ValueSet values_read(const Part& part, const Workload& workload) {
  ValueSet set;
  if (std::holds_alternative<BottleneckOutput>(part.body)) set.insert(Value::wide);
  const auto* sublayer = std::get_if<const Sublayer*>(&part.body);
  if (!sublayer) return set;
  const SublayerContext& c = part.context;
  if (const Attention* a = std::get_if<Attention>(&(*sublayer)->body)) {
    if (a->values_from_layer_input) set.insert(Value::wide);
    if (a->cross) {
      const bool concatenates =
          workload.fusion == Fusion::none && a->code == AttentionCode::fairseq && a->memories > 1;
      if (c.cached && c.keys > c.queries && !concatenates) return set;
      set.insert(Value::memory);
      if (a->memories > 1) set.insert(Value::memory_before);
      if (a->memories > 2) set.insert(Value::memory_before_that);
    } else if (a->position == Position::bucket_bias) {
      set.insert(c.first_in_stack ? Value::mask : Value::position_bias);
    } else if (a->code == AttentionCode::plain || a->code == AttentionCode::opt) {
      if (!is_flash(*a, workload.fusion)) set.insert(Value::mask);
    }
  } else if (const auto* span = std::get_if<SpanConvolutionAttention>(&(*sublayer)->body)) {
    if (!is_flash(*span, workload.fusion)) set.insert(Value::mask);
  } else if (std::holds_alternative<MixedAttention>((*sublayer)->body)) {
    set.insert(Value::mask);
  }
  if (c.mask_elements == 0) {
    ValueSet mask;
    mask.insert(Value::mask);
    set.erase(mask);
  }
  return set;
}

namespace {

/// The values that come to be within a part.
ValueSet produces(const Part& part) {
  ValueSet set;
  if (std::holds_alternative<EmbeddingsPart>(part.body)) {
    set.insert(Value::mask);
    set.insert(Value::hidden);
  }
  if (std::holds_alternative<BottleneckInput>(part.body)) set.insert(Value::wide);
  if (part.context.first_in_stack) set.insert(Value::position_bias);
  if (part.stored >= 0) set.insert(static_cast<Value>(part.stored));
  return set;
}

Size input_width(const Part& part) {
  if (const auto* change = std::get_if<WidthChange>(&part.body)) return change->from;
  return std::holds_alternative<BottleneckInput>(part.body) ? part.context.wide : part.context.width;
}

struct BodyHash {
  std::size_t seed;

  void mix(auto... numbers) { (boost::hash_combine(seed, numbers), ...); }
  void form(const WeightForm& f) { mix(f.rank, f.density, f.groups, f.bias); }

  void operator()(const Attention& a) {
    mix(a.heads, a.key_value_heads, a.head_dim, a.cross, a.memories, a.causal, a.window, static_cast<int>(a.position),
        a.position_buckets, a.scaled, a.fused_projection, a.output_bias, a.output_groups, a.values_from_layer_input,
        static_cast<int>(a.code));
    form(a.weights);
  }
  void operator()(const MixedAttention& a) {
    mix(a.head_dim, a.position_buckets);
    for (const MixedHead& head : a.heads) mix(static_cast<int>(head.kind), head.kernel);
  }
  void operator()(const SpanConvolutionAttention& a) { mix(a.heads, a.head_dim, a.kernel); }
  void operator()(const FourierSublayer& f) { mix(static_cast<int>(f.transform)); }
  void operator()(const FeedForward& f) {
    for (const Size hidden : f.hidden) mix(hidden);
    mix(static_cast<int>(f.activation), f.gated, f.experts, f.chosen, f.capacity);
    form(f.weights);
  }
};

struct SameBody {
  bool operator()(const EmbeddingsPart& a, const EmbeddingsPart& b) const {
    return a.mask == b.mask && *a.embeddings == *b.embeddings;
  }
  bool operator()(const Sublayer* a, const Sublayer* b) const { return a == b || *a == *b; }
  bool operator()(const WidthChange& a, const WidthChange& b) const { return a.from == b.from; }
  bool operator()(const BottleneckInput& a, const BottleneckInput& b) const { return a.norm == b.norm; }
  bool operator()(const BottleneckOutput& a, const BottleneckOutput& b) const { return a.norm == b.norm; }
  bool operator()(const FinalNorm& a, const FinalNorm& b) const { return a.norm == b.norm; }
  bool operator()(const HeadPart& a, const HeadPart& b) const {
    return *a.head == *b.head && a.embeddings->vocabulary == b.embeddings->vocabulary &&
           a.embeddings->width == b.embeddings->width;
  }
  bool operator()(const auto&, const auto&) const { return false; }
};

}  // namespace

std::int32_t lower_sublayer(const Sublayer& sublayer, const SublayerContext& context, const Workload& workload,
                            GraphBuilder& graph, Values& values) {
  Emitter emit{graph, workload, context};
  const NodeNumber input = values[Value::hidden];
  const Size elements = context.tokens * context.width;
  NodeNumber x = input;
  if (sublayer.placement == NormPlacement::before)
    x = emit.norm(sublayer.norm, context.tokens, context.width, "norm", x);
  x = std::visit(BodyLowering{emit, sublayer.norm, x, values}, sublayer.body);
  if (sublayer.residual) {
    x = emit.residual(elements, x, input);
    if (emit.eager() && copies_residual(sublayer))
      x = emit.copy(Movement::contiguous, elements, "residual copy", {x});
  }
  if (sublayer.placement == NormPlacement::after)
    x = emit.norm(sublayer.norm, context.tokens, context.width, "norm", x);
  return x;
}

void lower_part(const Part& part, const Workload& workload, GraphBuilder& graph, Values& values) {
  graph.set_layer(part.layer);
  graph.number_weights_from(part.weights);
  Emitter emit{graph, workload, part.context};
  std::visit(PartLowering{emit, values}, part.body);
  graph.number_weights_from(kNoNode);
  if (part.stored >= 0) values[static_cast<Value>(part.stored)] = values[Value::hidden];
}

Size elements(Value value, const Part& part) {
  const SublayerContext& c = part.context;
  switch (value) {
    case Value::hidden:
      return c.tokens * input_width(part);
    case Value::mask:
      return c.mask_elements;
    case Value::memory:
    case Value::memory_before:
    case Value::memory_before_that:
      return c.batch * c.memory_length * c.memory_width;
    case Value::position_bias:
      return c.batch * c.bias_heads * c.queries * c.keys;
    case Value::wide:
      break;
  }
  return c.tokens * c.wide;
}

PartGraph part_graph(const Part& part, const Workload& workload) {
  GraphBuilder graph;
  Values values;
  ValueSet before = part.context.carried;
  before.insert(Value::hidden);
  before.erase(produces(part));
  before.insert(values_read(part, workload));
  for (std::size_t v = 0; v < kValueCount; ++v) {
    const Value value = static_cast<Value>(v);
    if (before.contains(value)) values[value] = graph.add_given(elements(value, part), "given");
  }
  lower_part(part, workload, graph, values);
  PartGraph result;
  for (std::size_t v = 0; v < kValueCount; ++v) {
    const Value value = static_cast<Value>(v);
    const bool lives_on = value == Value::hidden || part.context.carried.contains(value);
    if (lives_on && values[value] >= 0) result.kept.push_back(static_cast<OperatorVertex>(values[value]));
  }
  result.piece_ends.assign(graph.piece_ends().begin(), graph.piece_ends().end());
  result.graph = std::move(graph).build();
  return result;
}

bool same_operators(const Part& a, const Part& b) {
  return a.context == b.context && std::visit(SameBody{}, a.body, b.body);
}

std::size_t hash_value(const Part& part) {
  const SublayerContext& c = part.context;
  BodyHash hash{part.body.index()};
  hash.mix(c.width, c.wide, c.tokens, c.batch, c.queries, c.keys, c.memory_width, c.memory_length, c.mask_elements,
           c.bias_heads, c.decoder, c.cached, c.first_in_stack, c.dropout, c.carried.bits());
  if (const auto* sublayer = std::get_if<const Sublayer*>(&part.body)) {
    const Sublayer& s = **sublayer;
    hash.mix(s.body.index(), static_cast<int>(s.placement), static_cast<int>(s.norm), s.residual);
    std::visit(hash, s.body);
  } else if (const auto* change = std::get_if<WidthChange>(&part.body)) {
    hash.mix(change->from);
  } else if (const auto* embeddings = std::get_if<EmbeddingsPart>(&part.body)) {
    hash.mix(embeddings->embeddings->vocabulary, embeddings->embeddings->width);
  } else if (const auto* head = std::get_if<HeadPart>(&part.body)) {
    hash.mix(head->embeddings->vocabulary, head->head->classes);
  }
  return hash.seed;
}

}  // namespace ridgeline
