// Encoder-decoders with relative position buckets: T5 and its mixture of experts, Switch Transformers.
#include <fmt/format.h>

#include <algorithm>

#include "model/hugging_face_config.hpp"

namespace ridgeline {
namespace {

struct T5Sizes {
  Size width = 0;
  Attention attention;
  FeedForward feed_forward;
};

Sublayer before(const decltype(Sublayer::body)& body) {
  return {.body = body, .placement = NormPlacement::before, .norm = NormKind::rms_norm};
}

Layer layer(const T5Sizes& sizes, const FeedForward& feed_forward, bool decoder) {
  Layer result{.width = sizes.width};
  Attention self = sizes.attention;
  self.causal = decoder;
  result.sublayers.push_back(before(self));
  if (decoder) {
    Attention cross = sizes.attention;
    cross.cross = true;
    cross.position = Position::none;
    cross.position_buckets = 0;
    result.sublayers.push_back(before(cross));
  }
  result.sublayers.push_back(before(feed_forward));
  return result;
}

T5Sizes read_sizes(HuggingFaceConfig& config, Size width, Size heads) {
  T5Sizes sizes;
  sizes.width = config.size("d_model", width);
  heads = config.size("num_heads", heads);
  sizes.attention = {.heads = heads,
                     .key_value_heads = heads,
                     .head_dim = config.size("d_kv", 64),
                     .position = Position::bucket_bias,
                     .position_buckets = config.size("relative_attention_num_buckets", 32),
                     .scaled = false,
                     .output_bias = false};
  sizes.attention.weights.bias = false;
  sizes.feed_forward.hidden = {config.size("d_ff", 2048)};
  sizes.feed_forward.weights.bias = false;
  return sizes;
}

/// Embeddings, final norms and the head, around stacks that are there already.
void finish(HuggingFaceConfig& config, const T5Sizes& sizes, Architecture& result) {
  result.embeddings = {.vocabulary = config.size("vocab_size", 32128), .width = sizes.width};
  const std::string head =
      config.head({"Model", "EncoderModel", "ForConditionalGeneration"}, "ForConditionalGeneration");
  const bool tied = config.flag("tie_word_embeddings", true);
  if (head == "EncoderModel") result.decoder = {};
  for (Stack* stack : {&result.encoder, &result.decoder}) {
    if (stack->layers.empty()) continue;
    stack->final_norm = true;
    stack->final_norm_kind = NormKind::rms_norm;
  }
  if (head == "ForConditionalGeneration") {
    result.head.language_model = true;
    result.head.tied = tied;
  }
}

}  // namespace

Architecture read_t5(HuggingFaceConfig& config) {
  T5Sizes sizes = read_sizes(config, 512, 8);
  // "relu", "gelu", "gated-gelu" (T5 1.1; its GELU is the tanh form), "gated-silu"
  const std::string form = config.text("feed_forward_proj", "relu");
  const bool gated = form.starts_with("gated-");
  const std::string_view function = std::string_view(form).substr(gated ? 6 : 0);
  if (function == "relu")
    sizes.feed_forward.activation = Function::relu;
  else if (function == "gelu")
    sizes.feed_forward.activation = gated ? Function::gelu_tanh : Function::gelu;
  else if (function == "gelu_new")
    sizes.feed_forward.activation = Function::gelu_tanh;
  else if (function == "silu")
    sizes.feed_forward.activation = Function::silu;
  else
    config.fail("feed_forward_proj", fmt::format("unknown form '{}'", form),
                "the forms are: relu, gelu, gelu_new, silu, each also with 'gated-' before it");
  sizes.feed_forward.gated = gated;

  const Size layers = config.layers("num_layers", 6);
  Architecture result;
  result.encoder.layers.assign(layers, layer(sizes, sizes.feed_forward, false));
  result.decoder.layers.assign(config.layers("num_decoder_layers", layers), layer(sizes, sizes.feed_forward, true));
  finish(config, sizes, result);
  return result;
}

Architecture read_switch_transformers(HuggingFaceConfig& config) {
  T5Sizes sizes = read_sizes(config, 768, 12);
  sizes.feed_forward.activation = config.activation("dense_act_fn", "relu");
  FeedForward experts = sizes.feed_forward;
  experts.experts = config.size("num_experts", 8);
  experts.capacity = config.size("expert_capacity", 64);
  if (config.flag("router_bias", false)) config.fail("router_bias", "a bias in the router is not supported");

  Architecture result;
  // Of every `step` layers the second is sparse (SwitchTransformersStack.__init__).
  const auto fill = [&](Stack& stack, Size layers, Size sparse, bool decoder) {
    const Size step = sparse > 0 ? layers / sparse : 0;
    for (Size i = 0; i < layers; ++i) {
      const bool is_sparse = step > 0 && (step == 1 || i % step == 1);
      stack.layers.push_back(layer(sizes, is_sparse ? experts : sizes.feed_forward, decoder));
    }
  };
  const Size layers = config.layers("num_layers", 12);
  const auto sparse = [&](std::string_view key, Size of) {
    const Size count = config.size_or_zero(key, std::min<Size>(3, of));
    if (count > of) config.fail(key, fmt::format("{} of {} layers", count, of));
    return count;
  };
  fill(result.encoder, layers, sparse("num_sparse_encoder_layers", layers), false);
  const Size decoder_layers =
      config.layers("num_decoder_layers", config.node().has("num_decoder_layers") ? layers : 12);
  fill(result.decoder, decoder_layers, sparse("num_sparse_decoder_layers", decoder_layers), true);
  finish(config, sizes, result);
  return result;
}

}  // namespace ridgeline
