// Encoders with layers of their own: MobileBERT, ConvBERT, FNet, ViT.
#include <fmt/format.h>

#include <algorithm>

#include "model/checked.hpp"
#include "model/hugging_face_config.hpp"

namespace ridgeline {

Architecture read_mobilebert(HuggingFaceConfig& config) {
  const Size width = config.size("hidden_size", 512);
  const Size layers = config.layers("num_hidden_layers", 24);
  const Size heads = config.size("num_attention_heads", 4);
  const Size positions = config.size("max_position_embeddings", 512);
  const bool bottleneck = config.flag("use_bottleneck", true);
  const Size inside_key_default = config.size("intra_bottleneck_size", 128);
  const Size inside = bottleneck ? inside_key_default : width;
  const std::string_view inside_key = bottleneck ? "intra_bottleneck_size" : "hidden_size";
  const bool values_bottlenecked = config.flag("use_bottleneck_attention", false);
  if (!config.flag("key_query_shared_bottleneck", true) && bottleneck && !values_bottlenecked)
    config.fail("key_query_shared_bottleneck",
                "queries and keys of the bottleneck's width cannot read the layer's input");
  const std::string norm_name = config.text("normalization_type", "no_norm");
  if (norm_name != "no_norm" && norm_name != "layer_norm")
    config.fail("normalization_type", fmt::format("unknown normalization '{}'", norm_name),
                "the normalizations are: no_norm, layer_norm");
  const NormKind norm = norm_name == "no_norm" ? NormKind::affine : NormKind::layer_norm;

  const Attention attention{.heads = heads,
                            .key_value_heads = heads,
                            .head_dim = config.head_dim(inside, heads, inside_key, "num_attention_heads"),
                            .values_from_layer_input = bottleneck && !values_bottlenecked};
  const FeedForward feed_forward{.hidden = {config.size("intermediate_size", 512)},
                                 .activation = config.activation("hidden_act", "relu")};
  Layer layer{.width = width};
  if (bottleneck) layer.bottleneck = inside;
  layer.sublayers.push_back({.body = attention, .norm = norm});
  const Size feed_forwards = config.layers("num_feedforward_networks", 4);
  if (feed_forwards >= kMostSublayers)
    config.fail("num_feedforward_networks", fmt::format("{} are too many", feed_forwards));
  for (Size i = 0; i < feed_forwards; ++i) layer.sublayers.push_back({.body = feed_forward, .norm = norm});

  Architecture result;
  result.embeddings = {.vocabulary = config.size("vocab_size", 30522),
                       .width = config.size("embedding_size", 128),
                       .positions = positions,
                       .token_types = config.size_or_zero("type_vocab_size", 2),
                       .norm = true,
                       .norm_kind = norm,
                       .always_projected = true,
                       .projected_first = true,
                       .trigrams = config.flag("trigram_input", true)};
  result.encoder.layers.assign(layers, layer);
  const bool dense = config.flag("classifier_activation", true);  // false: the "pooler" only picks a position
  result.head =
      encoder_head(config, {.pooler = dense, .dense_classifier = dense, .activation = feed_forward.activation});
  result.head.widened = result.head.language_model && result.embeddings.width < width;
  result.max_length = positions;
  return result;
}

Architecture read_convbert(HuggingFaceConfig& config) {
  const Size width = config.size("hidden_size", 768);
  const Size layers = config.layers("num_hidden_layers", 12);
  const Size all_heads = config.size("num_attention_heads", 12);
  const Size ratio = config.size("head_ratio", 2);
  const Size positions = config.size("max_position_embeddings", 512);
  const Size heads = std::max<Size>(1, all_heads / ratio);
  if (width % (2 * heads) != 0)
    config.fail("num_attention_heads",
                fmt::format("twice the {} heads left by head_ratio do not divide hidden_size {}", heads, width));
  const SpanConvolutionAttention mixing{
      .heads = heads, .head_dim = width / heads / 2, .kernel = config.size("conv_kernel_size", 9)};
  FeedForward feed_forward{.hidden = {config.size("intermediate_size", 3072)},
                           .activation = config.activation("hidden_act", "gelu")};
  feed_forward.weights.groups = config.size("num_groups", 1);

  Architecture result;
  result.embeddings = {.vocabulary = config.size("vocab_size", 30522),
                       .width = config.size("embedding_size", 768),
                       .positions = positions,
                       .token_types = config.size_or_zero("type_vocab_size", 2),
                       .norm = true};
  result.encoder.layers.assign(layers, plain_layer(width, mixing, feed_forward));
  result.head = encoder_head(config, {.pooler = false, .activation = Function::gelu});
  result.max_length = positions;
  return result;
}

Architecture read_fnet(HuggingFaceConfig& config) {
  const Size width = config.size("hidden_size", 768);
  const Size layers = config.layers("num_hidden_layers", 12);
  const Size positions = config.size("max_position_embeddings", 512);
  const FeedForward feed_forward{.hidden = {config.size("intermediate_size", 3072)},
                                 .activation = config.activation("hidden_act", "gelu_new")};
  Architecture result;
  result.embeddings = {.vocabulary = config.size("vocab_size", 32000),
                       .width = width,
                       .positions = positions,
                       .token_types = config.size_or_zero("type_vocab_size", 4),
                       .norm = true,
                       .always_projected = true};
  result.encoder.layers.assign(layers, plain_layer(width, FourierSublayer{}, feed_forward));
  result.head = encoder_head(config, {.activation = feed_forward.activation});
  result.max_length = positions;
  return result;
}

Architecture read_vit(HuggingFaceConfig& config) {
  const Size width = config.size("hidden_size", 768);
  const Size layers = config.layers("num_hidden_layers", 12);
  const Size heads = config.size("num_attention_heads", 12);
  const Patches patches{.image = config.size("image_size", 224),
                        .patch = config.size("patch_size", 16),
                        .channels = config.size("num_channels", 3)};
  if (patches.patch > patches.image)
    config.fail("patch_size", fmt::format("{} exceeds image_size {}", patches.patch, patches.image));
  Attention attention{.heads = heads,
                      .key_value_heads = heads,
                      .head_dim = config.head_dim(width, heads, "hidden_size", "num_attention_heads")};
  attention.weights.bias = config.flag("qkv_bias", true);
  const FeedForward feed_forward{.hidden = {config.size("intermediate_size", 3072)},
                                 .activation = config.activation("hidden_act", "gelu")};
  const Size side = patches.image / patches.patch;
  const Size positions = side * side + 1;  // and the class token

  Architecture result;
  result.embeddings = {.vocabulary = 0, .width = width, .positions = positions, .patches = patches};
  result.encoder.layers.assign(layers, plain_layer(width, attention, feed_forward, NormPlacement::before));
  result.encoder.final_norm = true;
  const std::string head = config.head({"Model", "ForImageClassification"}, "Model");
  const Size labels = config.labels();
  result.head.pooler = head == "Model";
  result.head.classes = head == "Model" ? 0 : labels;
  result.max_length = positions;
  return result;
}

}  // namespace ridgeline
