// Programs for tests of the estimate: zoo models and random FlexiBERT models.
#pragma once

#include "base/random.hpp"
#include "model/lowering.hpp"

namespace ridgeline::synthetic {

/// A decoder of six layers of 768 with a vocabulary as wide as GPT-2's.
inline Architecture small_decoder() {
  Architecture a;
  a.name = "small decoder";
  Layer layer{.width = 768};
  layer.sublayers = {Sublayer{.body = Attention{.heads = 12, .key_value_heads = 12, .causal = true}},
                     Sublayer{.body = FeedForward{.hidden = {3072}}}};
  a.decoder.layers.assign(6, layer);
  a.embeddings = {.vocabulary = 50257, .width = 768, .positions = 1024};
  a.head = {.language_model = true};
  a.max_length = 1024;
  return a;
}

/// A random layer sequence of the FlexiBERT 2.0 space: h {128, 256, 512, 768}, heads {2, 4, 8, 12} of any kind, one
/// to three hidden layers of {256, ..., 4096}.
inline Architecture random_flexibert(Random& random, std::size_t layers) {
  const auto pick = [&](auto... options) {
    const std::array all{Size{options}...};
    return all[random.below(all.size())];
  };
  Architecture a;
  a.name = "random";
  a.family = "flexibert";
  a.max_length = 512;
  for (std::size_t i = 0; i < layers; ++i) {
    Layer layer;
    layer.width = pick(128, 256, 512, 768);
    MixedAttention attention;
    attention.heads.resize(static_cast<std::size_t>(pick(2, 4, 8, 12)));
    attention.head_dim = layer.width / static_cast<Size>(attention.heads.size());
    for (MixedHead& head : attention.heads) {
      const std::array<MixedHead, 7> kinds{MixedHead{HeadKind::scaled_dot_product},
                                           {HeadKind::weighted_multiplicative},
                                           {HeadKind::dft},
                                           {HeadKind::dct},
                                           {HeadKind::convolution, 5},
                                           {HeadKind::convolution, 9},
                                           {HeadKind::convolution, 13}};
      head = kinds[random.below(kinds.size())];
    }
    FeedForward feed_forward;
    for (std::size_t n = 1 + random.below(3); n > 0; --n)
      feed_forward.hidden.push_back(pick(256, 512, 1024, 2048, 3072, 4096));
    layer.sublayers = {Sublayer{attention}, Sublayer{feed_forward}};
    a.encoder.layers.push_back(std::move(layer));
  }
  a.embeddings = {.vocabulary = 50265, .width = a.encoder.layers.front().width, .positions = 514, .norm = true};
  a.head = {.pooler = true, .classes = 2};
  return a;
}

}  // namespace ridgeline::synthetic
