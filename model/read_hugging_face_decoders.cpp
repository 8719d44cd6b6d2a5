// Decoder-only language models: GPT-2, OPT, LLaMA, Mistral, Qwen2.
#include <fmt/format.h>

#include "model/hugging_face_config.hpp"

namespace ridgeline {

Architecture read_gpt2(HuggingFaceConfig& config) {
  const Size width = config.size("n_embd", 768);
  const Size layers = config.layers("n_layer", 12);
  const Size heads = config.size("n_head", 12);
  const Size positions = config.size("n_positions", 1024);
  if (config.flag("add_cross_attention", false))
    config.fail("add_cross_attention", "cross attention is not supported");
  const Attention attention{.heads = heads,
                            .key_value_heads = heads,
                            .head_dim = config.head_dim(width, heads, "n_embd", "n_head"),
                            .causal = true,
                            .scaled = config.flag("scale_attn_weights", true),
                            .fused_projection = true,
                            .code = AttentionCode::gpt2};
  const FeedForward feed_forward{.hidden = {config.size("n_inner", 4 * width)},
                                 .activation = config.activation("activation_function", "gelu_new")};
  Architecture result;
  result.embeddings = {.vocabulary = config.size("vocab_size", 50257), .width = width, .positions = positions};
  result.decoder.layers.assign(layers, plain_layer(width, attention, feed_forward, NormPlacement::before));
  result.decoder.final_norm = true;
  result.head = decoder_head(config, true);
  result.max_length = positions;
  return result;
}

Architecture read_opt(HuggingFaceConfig& config) {
  const Size width = config.size("hidden_size", 768);
  const Size layers = config.layers("num_hidden_layers", 12);
  const Size heads = config.size("num_attention_heads", 12);
  const Size positions = config.size("max_position_embeddings", 2048);
  const bool bias = config.flag("enable_bias", true);
  if (!config.flag("layer_norm_elementwise_affine", true))
    config.fail("layer_norm_elementwise_affine", "norms without weights are not supported");
  Attention attention{.heads = heads,
                      .key_value_heads = heads,
                      .head_dim = config.head_dim(width, heads, "hidden_size", "num_attention_heads"),
                      .causal = true,
                      .output_bias = bias,
                      .code = AttentionCode::opt};
  attention.weights.bias = bias;
  FeedForward feed_forward{.hidden = {config.size("ffn_dim", 3072)},
                           .activation = config.activation("activation_function", "relu")};
  feed_forward.weights.bias = bias;
  const bool before = config.flag("do_layer_norm_before", true);

  Architecture result;
  result.embeddings = {.vocabulary = config.size("vocab_size", 50272),
                       .width = config.size("word_embed_proj_dim", width),
                       .positions = positions + 2,  // OPTLearnedPositionalEmbedding: an offset of 2
                       .counted_positions = true,
                       .projection_bias = false,
                       .projected_first = true};
  result.decoder.layers.assign(
      layers, plain_layer(width, attention, feed_forward, before ? NormPlacement::before : NormPlacement::after));
  result.decoder.final_norm = before && !config.flag("_remove_final_layer_norm", false);
  result.head = decoder_head(config, true);
  result.max_length = positions;
  return result;
}

namespace {

/// The layer that LLaMA, Mistral and Qwen2 share: RMS norms before, rotary positions, a gated feed-forward.
struct RotaryDefaults {
  Size width = 4096, layers = 32, heads = 32, key_value_heads = 0, hidden = 11008, vocabulary = 32000;
  Size positions = 2048;
  bool projection_bias = false, output_bias = false;
};

struct RotaryDecoder {
  Attention attention;
  FeedForward feed_forward;
  Size width = 0, layers = 0;
  Architecture architecture;

  Layer layer() const {
    return plain_layer(width, attention, feed_forward, NormPlacement::before, NormKind::rms_norm);
  }
};

RotaryDecoder read_rotary(HuggingFaceConfig& config, const RotaryDefaults& defaults) {
  RotaryDecoder result;
  result.width = config.size("hidden_size", defaults.width);
  result.layers = config.layers("num_hidden_layers", defaults.layers);
  const Size heads = config.size("num_attention_heads", defaults.heads);
  // LLaMA and Qwen2 fall back to plain multi-head attention, Mistral to 8.
  const Size key_value_heads =
      config.size("num_key_value_heads", defaults.key_value_heads > 0 ? defaults.key_value_heads : heads);
  if (heads % key_value_heads != 0)
    config.fail(config.node().has("num_key_value_heads") ? "num_key_value_heads" : "num_attention_heads",
                fmt::format("{} key-value heads do not divide {} heads", key_value_heads, heads));
  const std::optional<Size> head_dim = config.size("head_dim");
  result.attention = {
      .heads = heads,
      .key_value_heads = key_value_heads,
      .head_dim = head_dim ? *head_dim : config.head_dim(result.width, heads, "hidden_size", "num_attention_heads"),
      .causal = true,
      .position = Position::rotary,
      .output_bias = defaults.output_bias};
  result.attention.weights.bias = defaults.projection_bias;
  result.feed_forward = {.hidden = {config.size("intermediate_size", defaults.hidden)},
                         .activation = config.activation("hidden_act", "silu"),
                         .gated = true};
  result.feed_forward.weights.bias = false;
  result.architecture.embeddings = {.vocabulary = config.size("vocab_size", defaults.vocabulary),
                                    .width = result.width};
  result.architecture.decoder.final_norm = true;
  result.architecture.decoder.final_norm_kind = NormKind::rms_norm;
  result.architecture.head = decoder_head(config, false);
  result.architecture.max_length = config.size("max_position_embeddings", defaults.positions);
  result.architecture.dropout = false;
  return result;
}

}  // namespace

Architecture read_llama(HuggingFaceConfig& config) {
  RotaryDecoder llama = read_rotary(config, {});
  llama.attention.weights.bias = llama.attention.output_bias = config.flag("attention_bias", false);
  llama.feed_forward.weights.bias = config.flag("mlp_bias", false);
  llama.architecture.decoder.layers.assign(llama.layers, llama.layer());
  return llama.architecture;
}

Architecture read_mistral(HuggingFaceConfig& config) {
  RotaryDecoder mistral = read_rotary(config, {.key_value_heads = 8, .hidden = 14336, .positions = 4096 * 32});
  // Written null means none (Mistral 7B v0.2 and later); only a missing key takes the default.
  const bool none = config.node().has("sliding_window") && config.node().find("sliding_window")->is_null();
  mistral.attention.window = none ? 0 : config.size("sliding_window", 4096);
  mistral.architecture.decoder.layers.assign(mistral.layers, mistral.layer());
  return mistral.architecture;
}

Architecture read_qwen2(HuggingFaceConfig& config) {
  RotaryDecoder qwen =
      read_rotary(config, {.hidden = 22016, .vocabulary = 151936, .positions = 32768, .projection_bias = true});
  const Layer full = qwen.layer();
  qwen.attention.window = config.size("sliding_window", 4096);
  const Layer windowed = qwen.layer();
  // The first max_window_layers look at everything, the rest through the window, if it is used at all.
  const bool use_window = config.flag("use_sliding_window", false);
  const Size from = config.size_or_zero("max_window_layers", 28);
  for (Size i = 0; i < qwen.layers; ++i)
    qwen.architecture.decoder.layers.push_back(use_window && i >= from ? windowed : full);
  return qwen.architecture;
}

}  // namespace ridgeline
