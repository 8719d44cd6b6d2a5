// BERT and the encoders that keep its layer: RoBERTa, ELECTRA, DistilBERT, ALBERT, SqueezeBERT.
#include <fmt/format.h>

#include "model/checked.hpp"
#include "model/hugging_face_config.hpp"

namespace ridgeline {
namespace {

/// What the configurations of these families have in common; each says its own defaults.
struct EncoderSizes {
  Size width = 768;
  Size layers = 12;
  Size heads = 12;
  Size hidden = 3072;
  std::string_view activation = "gelu";
  Size vocabulary = 30522;
  Size positions = 512;
  Size token_types = 2;
};

struct Encoder {
  EncoderSizes sizes;
  Attention attention;
  FeedForward feed_forward;
  Architecture architecture;  ///< embeddings and max_length are filled in
};

Encoder read_encoder(HuggingFaceConfig& config, const EncoderSizes& defaults) {
  Encoder encoder;
  EncoderSizes& sizes = encoder.sizes;
  sizes.width = config.size("hidden_size", defaults.width);
  sizes.layers = config.layers("num_hidden_layers", defaults.layers);
  sizes.heads = config.size("num_attention_heads", defaults.heads);
  sizes.hidden = config.size("intermediate_size", defaults.hidden);
  sizes.vocabulary = config.size("vocab_size", defaults.vocabulary);
  sizes.positions = config.size("max_position_embeddings", defaults.positions);
  sizes.token_types = config.size_or_zero("type_vocab_size", defaults.token_types);

  const Size head_dim = config.head_dim(sizes.width, sizes.heads, "hidden_size", "num_attention_heads");
  encoder.attention = {.heads = sizes.heads, .key_value_heads = sizes.heads, .head_dim = head_dim};
  encoder.feed_forward = {.hidden = {sizes.hidden},
                          .activation = config.activation("hidden_act", defaults.activation)};
  encoder.architecture.embeddings = {.vocabulary = sizes.vocabulary,
                                     .width = sizes.width,
                                     .positions = sizes.positions,
                                     .token_types = sizes.token_types,
                                     .norm = true};
  encoder.architecture.max_length = sizes.positions;
  return encoder;
}

/// `position_embedding_type`; the table of absolute positions exists in any case.
void read_position_type(HuggingFaceConfig& config, Encoder& encoder) {
  const std::string type = config.text("position_embedding_type", "absolute");
  if (type == "relative_key") {
    encoder.attention.position = Position::relative_key;
    encoder.attention.position_buckets = encoder.sizes.positions;
  } else if (type != "absolute") {
    config.fail("position_embedding_type", fmt::format("'{}' is not supported", type),
                "absolute and relative_key are");
  }
}

/// A BERT may be a decoder: the same layers with a causal mask.
void place_layers(HuggingFaceConfig& config, Encoder& encoder) {
  if (config.flag("add_cross_attention", false))
    config.fail("add_cross_attention", "cross attention is not supported");
  const bool causal = config.flag("is_decoder", false);
  encoder.attention.causal = causal;
  Stack& stack = causal ? encoder.architecture.decoder : encoder.architecture.encoder;
  stack.layers.assign(encoder.sizes.layers,
                      plain_layer(encoder.sizes.width, encoder.attention, encoder.feed_forward));
}

}  // namespace

Architecture read_bert(HuggingFaceConfig& config) {
  Encoder encoder = read_encoder(config, {});
  read_position_type(config, encoder);
  place_layers(config, encoder);
  encoder.architecture.head = encoder_head(config, {.activation = encoder.feed_forward.activation});
  return encoder.architecture;
}

Architecture read_roberta(HuggingFaceConfig& config) {
  Encoder encoder = read_encoder(config, {.vocabulary = 50265, .token_types = 2});
  read_position_type(config, encoder);
  place_layers(config, encoder);
  // Positions count from the padding token's number + 1, so the table has that many rows more than a sequence may.
  const Size padding = config.size_or_zero("pad_token_id", 1);
  if (padding + 1 >= encoder.sizes.positions)
    config.fail("max_position_embeddings",
                fmt::format("{} rows leave no position after pad_token_id {}", encoder.sizes.positions, padding));
  encoder.architecture.max_length = encoder.sizes.positions - padding - 1;
  encoder.architecture.embeddings.counted_positions = true;
  encoder.architecture.head = encoder_head(config, {.activation = Function::gelu});
  return encoder.architecture;
}

Architecture read_electra(HuggingFaceConfig& config) {
  Encoder encoder = read_encoder(config, {.width = 256, .heads = 4, .hidden = 1024});
  read_position_type(config, encoder);
  place_layers(config, encoder);
  encoder.architecture.embeddings.width = config.size("embedding_size", 128);

  const Node* names = config.find("architectures");
  if (names && names->size() > 0 && names->items().front().text().ends_with("ForPreTraining")) {
    // Is this token the original one? A dense map and one label at every position.
    encoder.architecture.head = {
        .pooler = true, .classes = 1, .every_position = true, .activation = encoder.feed_forward.activation};
  } else {
    encoder.architecture.head = encoder_head(config, {.pooler = false, .activation = Function::gelu});
  }
  return encoder.architecture;
}

Architecture read_distilbert(HuggingFaceConfig& config) {
  const Size width = config.size("dim", 768);
  const Size layers = config.layers("n_layers", 6);
  const Size heads = config.size("n_heads", 12);
  const Size positions = config.size("max_position_embeddings", 512);
  const Attention attention{
      .heads = heads, .key_value_heads = heads, .head_dim = config.head_dim(width, heads, "dim", "n_heads")};
  const FeedForward feed_forward{.hidden = {config.size("hidden_dim", 4 * 768)},
                                 .activation = config.activation("activation", "gelu")};
  Architecture result;
  result.embeddings = {
      .vocabulary = config.size("vocab_size", 30522), .width = width, .positions = positions, .norm = true};
  result.encoder.layers.assign(layers, plain_layer(width, attention, feed_forward));
  result.head = encoder_head(config, {.pooler = false, .activation = feed_forward.activation});
  result.max_length = positions;
  return result;
}

Architecture read_albert(HuggingFaceConfig& config) {
  Encoder encoder = read_encoder(
      config, {.width = 4096, .heads = 64, .hidden = 16384, .activation = "gelu_new", .vocabulary = 30000});
  read_position_type(config, encoder);
  encoder.architecture.embeddings.width = config.size("embedding_size", 128);
  encoder.architecture.embeddings.always_projected = true;

  // num_hidden_layers times one of num_hidden_groups groups runs, each of inner_group_num layers.
  const Size groups = config.size("num_hidden_groups", 1);
  const Size inner = config.layers("inner_group_num", 1);
  if (groups > encoder.sizes.layers)
    config.fail("num_hidden_groups", fmt::format("{} groups for {} layers", groups, encoder.sizes.layers));
  if (inner * encoder.sizes.layers > kMostLayers)
    config.fail("inner_group_num", fmt::format("{} layers in each of {} are too many", inner, encoder.sizes.layers));
  const Layer layer = plain_layer(encoder.sizes.width, encoder.attention, encoder.feed_forward);
  std::vector<int> first(groups, -1);
  std::vector<Layer>& layers = encoder.architecture.encoder.layers;
  for (Size i = 0; i < encoder.sizes.layers; ++i) {
    int& group = first[i * groups / encoder.sizes.layers];
    const int start = static_cast<int>(layers.size());
    for (int j = 0; j < inner; ++j) {
      layers.push_back(layer);
      if (group >= 0) layers.back().shares_weights_with = group + j;
    }
    if (group < 0) group = start;
  }
  encoder.architecture.head = encoder_head(config, {.activation = encoder.feed_forward.activation});
  return encoder.architecture;
}

Architecture read_squeezebert(HuggingFaceConfig& config) {
  Encoder encoder = read_encoder(config, {});
  const Size embedding = config.size("embedding_size", 768);
  if (embedding != encoder.sizes.width)
    config.fail("embedding_size", fmt::format("{} differs from hidden_size {}", embedding, encoder.sizes.width),
                "SqueezeBERT has no map between them");
  const Size groups = config.size("q_groups", 4);
  for (const char* key : {"k_groups", "v_groups"})
    if (config.size(key, 4) != groups)
      config.fail(key, "unequal groups of query, key and value are not supported",
                  fmt::format("q_groups is {}", groups));
  encoder.attention.weights.groups = groups;
  encoder.attention.output_groups = config.size("post_attention_groups", 1);
  encoder.feed_forward.weights.groups = config.size("intermediate_groups", 4);
  if (config.size("output_groups", 4) != encoder.feed_forward.weights.groups)
    config.fail("output_groups", "unequal groups of the feed-forward maps are not supported",
                fmt::format("intermediate_groups is {}", encoder.feed_forward.weights.groups));
  encoder.architecture.encoder.layers.assign(
      encoder.sizes.layers, plain_layer(encoder.sizes.width, encoder.attention, encoder.feed_forward));
  encoder.architecture.head = encoder_head(config, {.activation = encoder.feed_forward.activation});
  // Its masked-language model keeps the pooler, unused.
  if (encoder.architecture.head.language_model) encoder.architecture.head.pooler = true;
  return encoder.architecture;
}

}  // namespace ridgeline
