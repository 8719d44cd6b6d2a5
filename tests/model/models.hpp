// Architectures written out by hand, one or more of every kind that lowering knows, for tests.
#pragma once

#include <string>
#include <vector>

#include "model/architecture.hpp"

namespace ridgeline::models {

inline Architecture bert(Size width, Size heads, Size hidden, std::size_t layers, Size vocabulary = 30522) {
  Architecture a;
  a.name = "bert";
  a.embeddings = {.vocabulary = vocabulary, .width = width, .positions = 512, .token_types = 2, .norm = true};
  Attention attention{.heads = heads, .key_value_heads = heads, .head_dim = width / heads};
  a.encoder.layers.assign(
      layers, {.width = width, .sublayers = {{.body = attention}, {.body = FeedForward{.hidden = {hidden}}}}});
  a.head.pooler = true;
  a.max_length = 512;
  return a;
}

inline Architecture bert_base() { return bert(768, 12, 3072, 12); }

/// BERT with its pre-training heads.
inline Architecture bert_pretraining(Size width, Size heads, Size hidden, std::size_t layers) {
  Architecture a = bert(width, heads, hidden, layers);
  a.head = {.pooler = true, .classes = 2, .language_model = true, .transform = true, .bias = true};
  return a;
}

inline Architecture gpt2(Size width, Size heads, std::size_t layers, Size positions) {
  Architecture a;
  a.name = "gpt2";
  a.embeddings = {.vocabulary = 50257, .width = width, .positions = positions};
  Attention attention{.heads = heads,
                      .key_value_heads = heads,
                      .head_dim = width / heads,
                      .causal = true,
                      .fused_projection = true,
                      .code = AttentionCode::gpt2};
  FeedForward feed_forward{.hidden = {4 * width}, .activation = Function::gelu_tanh};
  a.decoder.layers.assign(layers, {.width = width,
                                   .sublayers = {{.body = attention, .placement = NormPlacement::before},
                                                 {.body = feed_forward, .placement = NormPlacement::before}}});
  a.decoder.final_norm = true;
  a.head.language_model = true;
  a.max_length = positions;
  return a;
}

inline Architecture opt(Size width, Size heads, Size hidden, std::size_t layers) {
  Architecture a;
  a.name = "opt";
  a.embeddings = {.vocabulary = 50272, .width = width, .positions = 2050, .counted_positions = true};
  Attention attention{.heads = heads,
                      .key_value_heads = heads,
                      .head_dim = width / heads,
                      .causal = true,
                      .code = AttentionCode::opt};
  FeedForward feed_forward{.hidden = {hidden}, .activation = Function::relu};
  a.decoder.layers.assign(layers, {.width = width,
                                   .sublayers = {{.body = attention, .placement = NormPlacement::before},
                                                 {.body = feed_forward, .placement = NormPlacement::before}}});
  a.decoder.final_norm = true;
  a.head.language_model = true;
  a.max_length = 2048;
  return a;
}

/// LLaMA-like: RMS norms, rotary positions, gated feed-forward, grouped-query attention, untied logits, a window.
inline Architecture llama(Size width, Size heads, Size key_value_heads, Size hidden, std::size_t layers,
                          Size window = 0) {
  Architecture a;
  a.name = "llama";
  a.embeddings = {.vocabulary = 32000, .width = width};
  Attention attention{.heads = heads,
                      .key_value_heads = key_value_heads,
                      .head_dim = width / heads,
                      .causal = true,
                      .window = window,
                      .position = Position::rotary,
                      .output_bias = false,
                      .weights = {.bias = false}};
  FeedForward feed_forward{
      .hidden = {hidden}, .activation = Function::silu, .gated = true, .weights = {.bias = false}};
  a.decoder.layers.assign(layers, {.width = width,
                                   .sublayers = {{attention, NormPlacement::before, NormKind::rms_norm},
                                                 {feed_forward, NormPlacement::before, NormKind::rms_norm}}});
  a.decoder.final_norm = true;
  a.decoder.final_norm_kind = NormKind::rms_norm;
  a.head.language_model = true;
  a.head.tied = false;
  a.max_length = 4096;
  a.dropout = false;
  return a;
}

/// T5 or, with experts, Switch Transformers.
inline Architecture t5(Size width, Size heads, Size head_dim, Size hidden, std::size_t layers, Size experts = 0) {
  Architecture a;
  a.name = "t5";
  a.embeddings = {.vocabulary = 32128, .width = width};
  Attention self{.heads = heads,
                 .key_value_heads = heads,
                 .head_dim = head_dim,
                 .position = Position::bucket_bias,
                 .position_buckets = 32,
                 .scaled = false,
                 .output_bias = false,
                 .weights = {.bias = false}};
  Attention causal = self;
  causal.causal = true;
  Attention cross = self;
  cross.cross = true;
  cross.position = Position::none;
  FeedForward feed_forward{.hidden = {hidden}, .activation = Function::relu, .weights = {.bias = false}};
  const auto sublayer = [](auto body) { return Sublayer{body, NormPlacement::before, NormKind::rms_norm}; };
  for (std::size_t i = 0; i < layers; ++i) {
    feed_forward.experts = i % 2 == 1 ? experts : 0;
    feed_forward.capacity = experts > 0 ? 64 : 0;
    a.encoder.layers.push_back({.width = width, .sublayers = {sublayer(self), sublayer(feed_forward)}});
    a.decoder.layers.push_back(
        {.width = width, .sublayers = {sublayer(causal), sublayer(cross), sublayer(feed_forward)}});
  }
  a.encoder.final_norm = a.decoder.final_norm = true;
  a.encoder.final_norm_kind = a.decoder.final_norm_kind = NormKind::rms_norm;
  a.head.language_model = true;
  return a;
}

/// HAT: unequal widths, attention over up to three encoder layers, an inner size of 512 whatever the heads.
inline Architecture hat() {
  Architecture a;
  a.name = "hat";
  a.embeddings = {.vocabulary = 32768, .width = 640, .sinusoidal = true, .scaled = true};
  a.decoder_embeddings = a.embeddings;
  a.decoder_embeddings->width = 512;
  const auto attention = [](Size heads, bool causal, bool cross, Size memories) {
    return Attention{.heads = heads,
                     .key_value_heads = heads,
                     .head_dim = 512 / heads,
                     .cross = cross,
                     .memories = memories,
                     .causal = causal,
                     .fused_projection = !cross,
                     .code = AttentionCode::fairseq};
  };
  for (const Size hidden : {3072, 2048, 1024, 3072, 2048, 1024})
    a.encoder.layers.push_back(
        {.width = 640,
         .sublayers = {{.body = attention(hidden == 1024 ? 4 : 8, false, false, 1)},
                       {.body = FeedForward{.hidden = {hidden}, .activation = Function::relu}}}});
  for (const Size memories : {1, 2, 3})
    a.decoder.layers.push_back(
        {.width = 512,
         .sublayers = {{.body = attention(8, true, false, 1)},
                       {.body = attention(4, false, true, memories)},
                       {.body = FeedForward{.hidden = {1024 * memories}, .activation = Function::relu}}}});
  a.head.language_model = true;
  return a;
}

/// FlexiBERT 2.0 with all kinds of heads, a change of width, a layer without a feed-forward and one with three maps.
inline Architecture flexibert() {
  using enum HeadKind;
  Architecture a;
  a.name = "flexibert";
  a.embeddings = {.vocabulary = 50265, .width = 256, .positions = 514, .token_types = 1, .norm = true};
  const MixedAttention first{.heads = {{scaled_dot_product}, {weighted_multiplicative}, {dft}, {convolution, 9}},
                             .head_dim = 64};
  const MixedAttention second{
      .heads = {{scaled_dot_product}, {convolution, 5}, {convolution, 13}, {dct}, {dft}, {scaled_dot_product}},
      .head_dim = 21};
  a.encoder.layers = {
      {.width = 256, .sublayers = {{.body = first}, {.body = FeedForward{.hidden = {1024, 512, 256}}}}},
      {.width = 128, .sublayers = {{.body = second}}},
      {.width = 128, .sublayers = {{.body = second}, {.body = FeedForward{.hidden = {2048}}}}}};
  a.head = {.pooler = true, .classes = 2};
  return a;
}

inline Architecture mobilebert(std::size_t layers = 3) {
  Architecture a;
  a.name = "mobilebert";
  a.embeddings = {.vocabulary = 30522,
                  .width = 128,
                  .positions = 512,
                  .token_types = 2,
                  .norm = true,
                  .norm_kind = NormKind::affine,
                  .projected_first = true,
                  .trigrams = true};
  Attention attention{.heads = 4, .key_value_heads = 4, .head_dim = 32, .values_from_layer_input = true};
  const FeedForward feed_forward{.hidden = {512}, .activation = Function::relu};
  Layer layer{.width = 512, .bottleneck = 128};
  layer.sublayers.push_back({.body = attention, .norm = NormKind::affine});
  for (int i = 0; i < 4; ++i) layer.sublayers.push_back({.body = feed_forward, .norm = NormKind::affine});
  a.encoder.layers.assign(layers, layer);
  return a;
}

inline Architecture albert(std::size_t layers = 4) {
  Architecture a = bert(768, 12, 3072, layers, 30000);
  a.name = "albert";
  a.embeddings.width = 128;
  for (std::size_t i = 1; i < layers; ++i) a.encoder.layers[i].shares_weights_with = 0;
  for (Layer& layer : a.encoder.layers)
    std::get<FeedForward>(layer.sublayers[1].body).activation = Function::gelu_tanh;
  return a;
}

inline Architecture squeezebert(std::size_t layers = 2) {
  Architecture a = bert(768, 12, 3072, layers);
  a.name = "squeezebert";
  for (Layer& layer : a.encoder.layers)
    for (Sublayer& sublayer : layer.sublayers) {
      if (auto* attention = std::get_if<Attention>(&sublayer.body)) attention->weights.groups = 4;
      if (auto* feed_forward = std::get_if<FeedForward>(&sublayer.body)) feed_forward->weights.groups = 4;
    }
  return a;
}

inline Architecture convbert(std::size_t layers = 2) {
  Architecture a = bert(768, 12, 3072, layers);
  a.name = "convbert";
  for (Layer& layer : a.encoder.layers) layer.sublayers[0].body = SpanConvolutionAttention{};
  return a;
}

inline Architecture fnet(std::size_t layers = 2) {
  Architecture a = bert(768, 12, 3072, layers, 32000);
  a.name = "fnet";
  a.embeddings.always_projected = true;
  for (Layer& layer : a.encoder.layers) layer.sublayers[0].body = FourierSublayer{};
  return a;
}

inline Architecture vit(std::size_t layers = 2) {
  Architecture a = bert(768, 12, 3072, layers);
  a.name = "vit";
  a.embeddings = {.width = 768, .positions = 197, .patches = Patches{}};
  for (Layer& layer : a.encoder.layers)
    for (Sublayer& sublayer : layer.sublayers) sublayer.placement = NormPlacement::before;
  a.encoder.final_norm = true;
  a.head = {.classes = 1000};
  return a;
}

/// BERT with low-rank attention, block-sparse feed-forwards and relative keys.
inline Architecture compressed() {
  Architecture a = bert(768, 12, 3072, 2);
  a.name = "compressed";
  for (Layer& layer : a.encoder.layers) {
    auto& attention = std::get<Attention>(layer.sublayers[0].body);
    attention.weights.rank = 64;
    attention.position = Position::relative_key;
    attention.position_buckets = 512;
    std::get<FeedForward>(layer.sublayers[1].body).weights.density = 0.3;
  }
  return a;
}

inline std::vector<Architecture> encoders() {
  return {bert(768, 12, 3072, 2),
          flexibert(),
          mobilebert(),
          albert(),
          squeezebert(),
          convbert(),
          fnet(),
          vit(),
          compressed(),
          bert_pretraining(768, 12, 3072, 2)};
}
inline std::vector<Architecture> decoders() {
  return {gpt2(768, 12, 2, 1024), opt(768, 12, 3072, 2), llama(512, 8, 2, 1376, 2), llama(512, 8, 8, 1376, 2, 64)};
}
inline std::vector<Architecture> encoder_decoders() {
  return {t5(512, 8, 64, 2048, 2), t5(512, 8, 64, 2048, 2, 4), hat()};
}
inline std::vector<Architecture> all() {
  std::vector<Architecture> models = encoders();
  for (const Architecture& a : decoders()) models.push_back(a);
  for (const Architecture& a : encoder_decoders()) models.push_back(a);
  return models;
}

}  // namespace ridgeline::models
