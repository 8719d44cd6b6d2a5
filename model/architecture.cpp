#include "model/architecture.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr Size kLargest = 10'000'000;  // below this 2·rows·columns·inner stays far from overflow in a double

/// Where in the architecture a check stands; the text is made only when something is wrong.
struct Place {
  std::string_view stack;
  std::size_t layer = 0;
  std::size_t sublayer = 0;  // from 1; 0: the layer itself

  [[noreturn]] void fail(std::string_view field, std::string_view problem) const {
    std::string where(stack);
    if (stack == "encoder" || stack == "decoder") where += fmt::format(" layer {}", layer);
    if (sublayer > 0) where += fmt::format(", sublayer {}", sublayer);
    throw Error(fmt::format("{}: {} {}", where, field, problem));
  }
  void size(std::string_view field, Size value) const {
    if (value < 1 || value >= kLargest) fail(field, fmt::format("must be from 1 to {}, not {}", kLargest - 1, value));
  }
  void size_or_zero(std::string_view field, Size value) const {
    if (value < 0 || value >= kLargest) fail(field, fmt::format("must be from 0 to {}, not {}", kLargest - 1, value));
  }
  void divides(std::string_view field, Size divisor, std::string_view whole_name, Size whole) const {
    if (whole % divisor != 0) fail(field, fmt::format("({}) must divide {} ({})", divisor, whole_name, whole));
  }
};

void check_form(const Place& at, const WeightForm& form) {
  at.size_or_zero("rank", form.rank);
  if (!(form.density > 0 && form.density <= 1))
    at.fail("density", fmt::format("must be above 0 and at most 1, not {}", form.density));
  at.size("groups", form.groups);
  if (form.rank > 0) at.divides("groups", form.groups, "rank", form.rank);
}

void check_heads(const Place& at, Size heads, Size head_dim) {
  at.size("heads", heads);
  at.size("head_dim", head_dim);
  at.size("heads × head_dim", heads * head_dim);
}

struct BodyCheck {
  const Place& at;
  const Layer& layer;
  bool in_decoder;
  bool has_encoder;
  Size encoder_layers;

  Size width() const { return layer.bottleneck.value_or(layer.width); }

  void operator()(const Attention& a) const {
    check_heads(at, a.heads, a.head_dim);
    at.size("key_value_heads", a.key_value_heads);
    at.divides("key_value_heads", a.key_value_heads, "heads", a.heads);
    at.size("memories", a.memories);
    at.size_or_zero("window", a.window);
    check_form(at, a.weights);
    at.size("output_groups", a.output_groups);
    at.divides("groups", a.weights.groups, "the width", width());
    at.divides("groups", a.weights.groups, "heads × head_dim", a.heads * a.head_dim);
    at.divides("groups", a.weights.groups, "key_value_heads × head_dim", a.key_value_heads * a.head_dim);
    at.divides("output_groups", a.output_groups, "heads × head_dim", a.heads * a.head_dim);
    at.divides("output_groups", a.output_groups, "the width", width());
    const bool bucketed = a.position == Position::relative_key || a.position == Position::bucket_bias;
    if (bucketed) at.size("position_buckets", a.position_buckets);
    if (a.position == Position::rotary && a.head_dim % 2 != 0)
      at.fail("head_dim", "must be even for rotary positions");
    if (a.cross) {
      if (!in_decoder || !has_encoder) at.fail("cross", "needs an encoder to attend to");
      if (a.memories > encoder_layers)
        at.fail("memories",
                fmt::format("({}) must not exceed the encoder's layers ({})", a.memories, encoder_layers));
      if (a.causal) at.fail("causal", "has no meaning in cross attention");
      if (a.window > 0) at.fail("window", "has no meaning in cross attention");
      if (a.position != Position::none) at.fail("position", "has no meaning in cross attention");
      if (a.fused_projection) at.fail("fused_projection", "is impossible in cross attention");
    }
    if (a.values_from_layer_input) {
      if (!layer.bottleneck) at.fail("values_from_layer_input", "needs a bottleneck");
      if (a.fused_projection) at.fail("fused_projection", "is impossible with values_from_layer_input");
    }
  }
  void operator()(const MixedAttention& a) const {
    if (a.heads.empty()) at.fail("heads", "must not be empty");
    check_heads(at, static_cast<Size>(a.heads.size()), a.head_dim);
    at.size_or_zero("position_buckets", a.position_buckets);
    for (const MixedHead& head : a.heads) {
      if (head.kind == HeadKind::convolution) {
        at.size("kernel", head.kernel);
        if (head.kernel % 2 == 0) at.fail("kernel", fmt::format("must be odd, not {}", head.kernel));
      }
    }
    if (in_decoder) at.fail("heads", "of mixed kinds are for encoders only");
  }
  void operator()(const SpanConvolutionAttention& a) const {
    check_heads(at, a.heads, a.head_dim);
    at.size("kernel", a.kernel);
    if (a.kernel % 2 == 0) at.fail("kernel", fmt::format("must be odd, not {}", a.kernel));
    if (in_decoder) at.fail("span convolution", "is for encoders only");
  }
  void operator()(const FourierSublayer&) const {
    if (in_decoder) at.fail("Fourier mixing", "is for encoders only");
  }
  void operator()(const FeedForward& f) const {
    if (f.hidden.empty()) at.fail("hidden", "must not be empty; leave the feed-forward sublayer out instead");
    check_form(at, f.weights);
    for (const Size size : f.hidden) {
      at.size("hidden", size);
      at.divides("groups", f.weights.groups, "hidden", size);
    }
    at.divides("groups", f.weights.groups, "the width", width());
    at.size_or_zero("experts", f.experts);
    at.size_or_zero("capacity", f.capacity);
    if (f.experts > 0 && (f.chosen < 1 || f.chosen > f.experts))
      at.fail("chosen", fmt::format("must be from 1 to {} (experts), not {}", f.experts, f.chosen));
  }
};

void check_stack(std::string_view name, const Stack& stack, const Architecture& architecture) {
  for (std::size_t i = 0; i < stack.layers.size(); ++i) {
    const Layer& layer = stack.layers[i];
    Place at{name, i};
    at.size("width", layer.width);
    if (layer.bottleneck) at.size("bottleneck", *layer.bottleneck);
    for (std::size_t j = 0; j < layer.sublayers.size(); ++j) {
      at.sublayer = j + 1;
      std::visit(BodyCheck{at, layer, name == "decoder", !architecture.decoder_only(),
                           static_cast<Size>(architecture.encoder.layers.size())},
                 layer.sublayers[j].body);
    }
    at.sublayer = 0;
    if (layer.shares_weights_with >= 0) {
      if (static_cast<std::size_t>(layer.shares_weights_with) >= i)
        at.fail("shares_weights_with", fmt::format("must name an earlier layer, not {}", layer.shares_weights_with));
      Layer copy = stack.layers[static_cast<std::size_t>(layer.shares_weights_with)];
      copy.shares_weights_with = layer.shares_weights_with;
      if (copy != layer)
        at.fail("shares_weights_with",
                fmt::format("names layer {}, which has another shape", layer.shares_weights_with));
    }
  }
}

void check_embeddings(std::string_view name, const Embeddings& e) {
  const Place at{name};
  at.size_or_zero("vocabulary", e.vocabulary);
  at.size("width", e.width);
  at.size_or_zero("positions", e.positions);
  at.size_or_zero("token_types", e.token_types);
  if (e.patches) {
    at.size("image", e.patches->image);
    at.size("patch", e.patches->patch);
    at.size("channels", e.patches->channels);
    at.divides("patch", e.patches->patch, "image", e.patches->image);
  } else if (e.vocabulary == 0) {
    at.fail("vocabulary", "must be positive where there are no image patches");
  }
}

Size kept(Size all, double density) {
  return density == 1 ? all : static_cast<Size>(std::llround(density * static_cast<double>(all)));
}

Size linear(Size in, Size out, const WeightForm& form, Size groups, bool bias) {
  const Size weights =
      form.rank == 0 ? kept(in * out / groups, form.density)
                     : kept(in * form.rank / groups, form.density) + kept(form.rank * out / groups, form.density);
  return weights + (bias ? out : 0);
}

Size norm_size(NormKind kind, Size width) { return kind == NormKind::rms_norm ? width : 2 * width; }

struct BodyParameters {
  Size width;         ///< where the sublayer works
  Size wide;          ///< of the layer outside its bottleneck
  Size memory_width;  ///< of the encoder's result
  NormKind norm;
  bool first_layer;

  Size operator()(const Attention& a) const {
    const Size inner = a.heads * a.head_dim, key_value = a.key_value_heads * a.head_dim;
    const Size key_in = a.cross ? memory_width : width;
    const Size value_in = a.values_from_layer_input ? wide : key_in;
    const auto map = [&](Size in, Size out) { return linear(in, out, a.weights, a.weights.groups, a.weights.bias); };
    Size n = 0;
    if (a.values_from_layer_input) n += wide * width + width + norm_size(norm, width);
    if (a.fused_projection)
      n += map(width, inner + 2 * key_value);
    else
      n += map(width, inner) + map(key_in, key_value) + map(value_in, key_value);
    if (a.position == Position::relative_key) n += (2 * a.position_buckets - 1) * a.head_dim;
    if (a.position == Position::bucket_bias && first_layer) n += a.position_buckets * a.heads;
    return n + linear(inner, width, a.weights, a.output_groups, a.output_bias);
  }
  Size operator()(const MixedAttention& a) const {
    const Size d = a.head_dim, inner = static_cast<Size>(a.heads.size()) * d;
    Size n = 3 * (width * inner + inner) + inner * width + width;
    if (a.position_buckets > 0) n += (2 * a.position_buckets - 1) * d;
    for (const MixedHead& head : a.heads) {
      if (head.kind == HeadKind::weighted_multiplicative) n += d * d;
      if (head.kind == HeadKind::convolution)  // depthwise, pointwise and their bias; kernel map; value map
        n += d * head.kernel + d * d + d + d * head.kernel + head.kernel + d * d + d;
    }
    return n;
  }
  Size operator()(const SpanConvolutionAttention& a) const {
    const Size inner = a.heads * a.head_dim;
    const Size separable = width * a.kernel + width * inner + inner;
    const Size kernel_map = inner * a.heads * a.kernel + a.heads * a.kernel;
    return 4 * (width * inner + inner) + separable + kernel_map + 2 * inner * width + width;
  }
  Size operator()(const FourierSublayer&) const { return 0; }
  Size operator()(const FeedForward& f) const {
    Size one = 0, in = width;
    const auto map = [&](Size from, Size to) {
      return linear(from, to, f.weights, f.weights.groups, f.weights.bias);
    };
    for (const Size hidden : f.hidden) {
      one += (f.gated ? 2 : 1) * map(in, hidden);
      in = hidden;
    }
    one += map(in, width);
    return f.experts > 0 ? f.experts * one + width * f.experts : one;
  }
};

Size stack_parameters(const Stack& stack, Size memory_width) {
  Size n = 0;
  for (std::size_t i = 0; i < stack.layers.size(); ++i) {
    const Layer& layer = stack.layers[i];
    if (i > 0 && stack.layers[i - 1].width != layer.width) n += (stack.layers[i - 1].width + 1) * layer.width;
    if (layer.shares_weights_with >= 0) continue;
    const Size width = layer.bottleneck.value_or(layer.width);
    if (layer.bottleneck && !layer.sublayers.empty()) {
      const NormKind norm = layer.sublayers.front().norm;
      n += layer.width * width + width + norm_size(norm, width);
      n += width * layer.width + layer.width + norm_size(norm, layer.width);
    }
    for (const Sublayer& sublayer : layer.sublayers) {
      n += std::visit(BodyParameters{width, layer.width, memory_width, sublayer.norm, i == 0}, sublayer.body);
      if (sublayer.placement != NormPlacement::none) n += norm_size(sublayer.norm, width);
    }
  }
  if (stack.final_norm && !stack.layers.empty()) n += norm_size(stack.final_norm_kind, stack.layers.back().width);
  return n;
}

Size embedding_parameters(const Embeddings& e, Size first_width) {
  const bool mapped = e.trigrams || e.always_projected || e.width != first_width;
  const Size sum_width = mapped && e.projected_first ? first_width : e.width;
  Size n = e.vocabulary * e.width;
  if (e.patches) {
    n += e.patches->patch * e.patches->patch * e.patches->channels * e.width + e.width;
    if (e.patches->class_token) n += e.width;
  }
  n += (e.positions + e.token_types) * sum_width;
  if (e.norm) n += norm_size(e.norm_kind, sum_width);
  if (mapped) n += (e.trigrams ? 3 : 1) * e.width * first_width + (e.projection_bias ? first_width : 0);
  return n;
}

Size head_parameters(const OutputHead& head, const Embeddings& embeddings, Size width) {
  Size n = 0;
  if (head.pooler) n += width * width + width;
  if (head.classes > 0) n += width * head.classes + (head.class_bias ? head.classes : 0);
  if (!head.language_model) return n;
  const bool narrow = head.tied && !head.widened && embeddings.width != width;
  const Size logits_width = narrow ? embeddings.width : width;
  if (head.transform)
    n += width * logits_width + logits_width + 2 * logits_width;
  else if (narrow)
    n += width * logits_width;
  if (!head.tied) n += logits_width * embeddings.vocabulary;
  if (head.tied && head.widened) n += (width - embeddings.width) * embeddings.vocabulary;
  return n + (head.bias ? embeddings.vocabulary : 0);
}

}  // namespace

void check(const Architecture& architecture) {
  if (architecture.encoder.layers.empty() && architecture.decoder.layers.empty())
    throw Error("architecture: needs at least one layer");
  check_embeddings("embeddings", architecture.embeddings);
  if (architecture.decoder_embeddings) check_embeddings("decoder embeddings", *architecture.decoder_embeddings);
  check_stack("encoder", architecture.encoder, architecture);
  check_stack("decoder", architecture.decoder, architecture);
  const bool both = !architecture.encoder_only() && !architecture.decoder_only();
  if (both && !architecture.decoder_embeddings &&
      architecture.encoder.layers.front().width != architecture.decoder.layers.front().width)
    throw Error("decoder embeddings: needed where the decoder's first width is not the encoder's");
  const Place head{"head"};
  head.size_or_zero("classes", architecture.head.classes);
  if (architecture.head.language_model &&
      architecture.decoder_embeddings.value_or(architecture.embeddings).vocabulary == 0)
    head.fail("language_model", "needs a vocabulary");
  Place{"architecture"}.size_or_zero("max_length", architecture.max_length);
}

Size parameter_count(const Architecture& architecture) {
  const Stack& first = architecture.decoder_only() ? architecture.decoder : architecture.encoder;
  const Stack& last = architecture.encoder_only() ? architecture.encoder : architecture.decoder;
  const Size memory_width = architecture.decoder_only() ? 0 : architecture.encoder.layers.back().width;
  Size n = embedding_parameters(architecture.embeddings, first.layers.front().width);
  if (architecture.decoder_embeddings)
    n += embedding_parameters(*architecture.decoder_embeddings, architecture.decoder.layers.front().width);
  n += stack_parameters(architecture.encoder, memory_width) + stack_parameters(architecture.decoder, memory_width);
  const Embeddings& output =
      architecture.decoder_embeddings ? *architecture.decoder_embeddings : architecture.embeddings;
  return n + head_parameters(architecture.head, output, last.layers.back().width);
}

}  // namespace ridgeline
