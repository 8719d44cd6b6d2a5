#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "model/lowering_sublayers.hpp"

namespace ridgeline {
namespace {

constexpr Size kExactSteps = 64;  ///< decoding steps that are phases of their own

/// One pass of one stack.
struct Pass {
  const Stack& stack;
  bool decoder;  ///< the stack that produces tokens, hence cached and masked causally
  SublayerContext base;
};

const Attention* first_self_attention(const Stack& stack) {
  for (const Layer& layer : stack.layers)
    for (const Sublayer& sublayer : layer.sublayers)
      if (const Attention* a = std::get_if<Attention>(&sublayer.body); a && !a->cross) return a;
  return nullptr;
}

/// What the first sublayer that reads a prepared mask reads.
MaskCode mask_code(const Stack& stack, const Embeddings& embeddings, Fusion fusion) {
  if (embeddings.patches) return MaskCode::none;
  for (const Layer& layer : stack.layers)
    for (const Sublayer& sublayer : layer.sublayers) {
      if (const Attention* a = std::get_if<Attention>(&sublayer.body)) {
        const bool prepared = a->code == AttentionCode::plain || a->code == AttentionCode::opt;
        if (prepared && !a->cross && !is_flash(*a, fusion)) return a->causal ? MaskCode::causal : MaskCode::padding;
      } else if (const auto* span = std::get_if<SpanConvolutionAttention>(&sublayer.body)) {
        if (!is_flash(*span, fusion)) return MaskCode::padding;
      } else if (std::holds_alternative<MixedAttention>(sublayer.body)) {
        return MaskCode::padding;
      }
    }
  return MaskCode::none;
}

Size mask_elements(MaskCode code, const SublayerContext& c) {
  if (code == MaskCode::none) return 0;
  return c.batch * c.keys * (code == MaskCode::causal ? c.queries : 1);
}

/// Appends parts in program order; the context of each holds only what its operators depend on, so that equal parts
/// stay equal wherever they stand.
class Planner {
 public:
  Planner(const Architecture& architecture, const Workload& workload, PhaseParts& phase)
      : architecture_(architecture), workload_(workload), phase_(phase) {}

  void stack(const Stack& stack, const Embeddings& embeddings, bool own_table, const SublayerContext& base) {
    base_ = base;
    base_.dropout = architecture_.dropout;
    const MaskCode mask = mask_code(stack, embeddings, workload_.fusion);
    base_.mask_elements = mask_elements(mask, base_);
    const Attention* attention = first_self_attention(stack);
    if (attention && attention->position == Position::bucket_bias) base_.bias_heads = attention->heads;

    shared_ = std::any_of(stack.layers.begin(), stack.layers.end(),
                          [](const Layer& layer) { return layer.shares_weights_with >= 0; });

    Part& start = add(EmbeddingsPart{&embeddings, mask, own_table ? kDecoderTokenTable : kTokenTable},
                      stack.layers.front().width, 0);
    start.weights = own_table ? kDecoderEmbeddingWeights : kEmbeddingWeights;
    for (std::size_t i = 0; i < stack.layers.size(); ++i) layer(stack, i);
    if (stack.final_norm) add(FinalNorm{stack.final_norm_kind}, stack.layers.back().width, 0);
  }

  void head(const Embeddings& embeddings, bool own_table, Size width) {
    add(HeadPart{&architecture_.head, &embeddings, own_table ? kDecoderTokenTable : kTokenTable}, width, 0);
  }

  /// The last part's result is kept as `value` besides hidden.
  void store(Value value) { phase_.parts.back().stored = static_cast<std::int32_t>(value); }

  /// Decoders that attend to several encoder layers need the results of those before the last.
  void store_before_last(Size memories) { memories_ = memories; }

  /// When all parts are there: which values live on behind each.
  void finish() {
    ValueSet needed = phase_.results;
    for (auto part = phase_.parts.rbegin(); part != phase_.parts.rend(); ++part) {
      part->context.carried = needed;
      if (std::holds_alternative<EmbeddingsPart>(part->body)) erase(needed, Value::mask);
      if (std::holds_alternative<BottleneckInput>(part->body)) erase(needed, Value::wide);
      if (part->context.first_in_stack) erase(needed, Value::position_bias);
      if (part->stored >= 0) erase(needed, static_cast<Value>(part->stored));
      needed.insert(values_read(*part, workload_));
    }
    phase_.given = needed;
  }

 private:
  static void erase(ValueSet& set, Value value) {
    ValueSet one;
    one.insert(value);
    set.erase(one);
  }

  Part& add(PartBody body, Size width, Size wide) {
    Part& part = phase_.parts.emplace_back(Part{std::move(body), base_, layer_, -1, -1});
    part.context.width = width;
    part.context.wide = wide;
    if (part_weights_ >= 0) {
      part.weights = part_weights_;
      part_weights_ += kLayerWeights;
    }
    return part;
  }

  void layer(const Stack& stack, std::size_t i) {
    const Layer& layer = stack.layers[i];
    layer_ = static_cast<std::int32_t>(i);
    if (i > 0 && stack.layers[i - 1].width != layer.width)
      add(WidthChange{stack.layers[i - 1].width}, layer.width, 0);
    number_weights(stack, i);
    const Size width = layer.bottleneck.value_or(layer.width);
    const Size wide = layer.bottleneck ? layer.width : 0;
    const bool narrowed = layer.bottleneck && !layer.sublayers.empty();
    if (narrowed) add(BottleneckInput{layer.sublayers.front().norm}, width, wide);
    for (const Sublayer& sublayer : layer.sublayers) {
      Part& part = add(&sublayer, width, wide);
      const Attention* a = std::get_if<Attention>(&sublayer.body);
      part.context.first_in_stack = i == 0 && a && a->position == Position::bucket_bias;
    }
    if (narrowed) add(BottleneckOutput{layer.sublayers.front().norm}, width, wide);
    part_weights_ = -1;
    layer_ = -1;
    const Size left = static_cast<Size>(stack.layers.size() - 1 - i);
    if (memories_ > 1 && left == 1) store(Value::memory_before);
    if (memories_ > 2 && left == 2) store(Value::memory_before_that);
  }

  /// Where layers share weights, they are numbered by the layer that owns them.
  void number_weights(const Stack& stack, std::size_t i) {
    constexpr std::int32_t parts = 16;
    if (!shared_) return;
    const int source = stack.layers[i].shares_weights_with;
    const std::int32_t owner = source < 0 ? static_cast<std::int32_t>(i) : source;
    const std::int32_t stack_number = &stack == &architecture_.decoder ? 1 : 0;
    part_weights_ = kLayerWeights * (1 + parts * (2 * owner + stack_number));
  }

  const Architecture& architecture_;
  const Workload& workload_;
  PhaseParts& phase_;
  SublayerContext base_;
  std::int32_t layer_ = -1;
  std::int32_t part_weights_ = -1;
  bool shared_ = false;
  Size memories_ = 0;
};

Size most_memories(const Stack& decoder) {
  Size most = 0;
  for (const Layer& layer : decoder.layers)
    for (const Sublayer& sublayer : layer.sublayers)
      if (const Attention* a = std::get_if<Attention>(&sublayer.body); a && a->cross)
        most = std::max(most, a->memories);
  return most;
}

ValueSet memory_set(Size memories) {
  ValueSet set;
  if (memories > 0) set.insert(Value::memory);
  if (memories > 1) set.insert(Value::memory_before);
  if (memories > 2) set.insert(Value::memory_before_that);
  return set;
}

/// Positions that the embeddings make of one input: of images the patches, whatever the workload's length.
Size input_length(const Embeddings& embeddings, Size length) {
  if (!embeddings.patches) return length;
  const Size side = embeddings.patches->image / embeddings.patches->patch;
  return side * side + (embeddings.patches->class_token ? 1 : 0);
}

SublayerContext pass(Size batch, Size queries, Size keys) {
  SublayerContext c;
  c.batch = batch, c.queries = queries, c.keys = keys, c.tokens = batch * queries;
  return c;
}

struct Plan {
  const Architecture& a;
  const Workload& w;
  std::vector<PhaseParts> phases;

  bool both = !a.encoder_only() && !a.decoder_only();
  bool own_table = both && a.decoder_embeddings.has_value();
  const Embeddings& decoder_embeddings = own_table ? *a.decoder_embeddings : a.embeddings;
  Size length = input_length(a.embeddings, w.length);
  Size memories = both ? most_memories(a.decoder) : 0;

  PhaseParts& phase(std::string_view name, Size repeats = 1) {
    PhaseParts& added = phases.emplace_back();
    added.name = name;
    added.repeats = repeats;
    added.parts.reserve(3 * (a.encoder.layers.size() + a.decoder.layers.size()) + 4);
    return added;
  }

  void plan_encoder(Planner& planner, bool with_head) {
    planner.store_before_last(memories);
    planner.stack(a.encoder, a.embeddings, false, pass(w.batch, length, length));
    if (both) planner.store(Value::memory);
    if (with_head) planner.head(a.embeddings, false, a.encoder.layers.back().width);
    planner.store_before_last(0);
  }

  void plan_decoder(Planner& planner, Size batch, Size queries, Size keys, bool cached) {
    SublayerContext base = pass(batch, queries, keys);
    base.decoder = true;
    base.cached = cached;
    if (both) {
      base.memory_width = a.encoder.layers.back().width;
      base.memory_length = length;
    }
    planner.stack(a.decoder, decoder_embeddings, own_table, base);
    planner.head(decoder_embeddings, own_table, a.decoder.layers.back().width);
  }

  void encoder_phase() {
    PhaseParts& p = phase("encoder");
    if (both) p.results = memory_set(memories);
    Planner planner(a, w, p);
    plan_encoder(planner, a.encoder_only());
    planner.finish();
  }

  void prefill_phase() {
    Planner planner(a, w, phase("prefill"));
    plan_decoder(planner, w.batch * w.beams, w.length, w.length, true);
    planner.finish();
  }

  void step_phase(Size past, Size repeats) {
    Planner planner(a, w, phase("decode", repeats));
    plan_decoder(planner, w.batch * w.beams, 1, past + 1, true);
    planner.finish();
  }

  void forward_phase() {
    Planner planner(a, w, phase("forward"));
    if (!a.decoder_only()) plan_encoder(planner, a.encoder_only());
    if (!a.encoder_only()) plan_decoder(planner, w.batch, w.length, w.length, false);
    planner.finish();
  }

  /// Steps after `past` positions; many of them in groups of odd size around their middle.
  void step_phases(Size past) {
    const Size steps = w.new_tokens;
    if (steps <= kExactSteps) {
      for (Size i = 0; i < steps; ++i) step_phase(past + i, 1);
      return;
    }
    step_phase(past, 1);  // apart, since encoder-decoders project the memory here
    Size left = steps - 1, next = past + 1;
    const Size even = (left + kExactSteps - 3) / (kExactSteps - 2);
    const Size group = even % 2 == 1 ? even : even + 1;
    while (left > 0) {
      Size size = std::min(group, left);
      if (size % 2 == 0) --size;
      step_phase(next + size / 2, size);
      next += size;
      left -= size;
    }
  }
};

void check_length(const Architecture& a, Size needed) {
  if (a.max_length > 0 && needed > a.max_length)
    throw Error(fmt::format("{}: {} positions are more than the model's {}", a.name, needed, a.max_length));
}

void check_task(const Architecture& a, const Workload& w) {
  const auto impossible = [&](std::string_view why) {
    throw Error(fmt::format("{}: cannot {}: {}", a.name, name(w.task), why));
  };
  const bool both = !a.encoder_only() && !a.decoder_only();
  switch (w.task) {
    case Task::encode:
    case Task::train:
      break;
    case Task::prefill:
      if (!a.decoder_only()) impossible("it is not a decoder-only model");
      break;
    case Task::decode_step:
    case Task::generate:
      if (a.encoder_only()) impossible("it is an encoder-only model");
      break;
  }
  if (!a.embeddings.patches) check_length(a, w.length);
  if (w.task == Task::decode_step) check_length(a, w.length + 1);
  if (w.task == Task::generate) check_length(a, both ? w.new_tokens : w.length + w.new_tokens);
}

}  // namespace

std::vector<PhaseParts> plan(const Architecture& architecture, const Workload& workload) {
  check(architecture);
  check(workload);
  check_task(architecture, workload);
  Plan plan{architecture, workload, {}};
  switch (workload.task) {
    case Task::encode:
      architecture.decoder_only() ? plan.prefill_phase() : plan.encoder_phase();
      break;
    case Task::prefill:
      plan.prefill_phase();
      break;
    case Task::decode_step:
      plan.step_phase(workload.length, 1);
      break;
    case Task::generate:
      plan.both ? plan.encoder_phase() : plan.prefill_phase();
      plan.step_phases(plan.both ? 0 : workload.length);
      break;
    case Task::train:
      plan.forward_phase();
      break;
  }
  return std::move(plan.phases);
}

}  // namespace ridgeline
