// Architectures of every kind that check() accepts, for property tests.
#pragma once

#include <algorithm>

#include "base/random.hpp"
#include "model/architecture.hpp"

namespace ridgeline {

class RandomArchitecture {
 public:
  explicit RandomArchitecture(std::uint64_t seed) : random_(seed) {}

  Architecture next() {
    Architecture result;
    result.name = "random";
    result.family = "random";
    const Size form = pick({0, 1, 2});  // encoder, decoder, both
    if (form != 1) result.encoder = stack(false, 0);
    const Size encoder_layers = static_cast<Size>(result.encoder.layers.size());
    if (form != 0) result.decoder = stack(true, encoder_layers);
    const Stack& first = form == 1 ? result.decoder : result.encoder;
    result.embeddings = embeddings(first.layers.front().width, form == 0);
    if (form == 2 && (chance() || result.encoder.layers.front().width != result.decoder.layers.front().width))
      result.decoder_embeddings = embeddings(result.decoder.layers.front().width, false);
    result.head = head();
    if (result.embeddings.vocabulary == 0) result.head.language_model = false;
    result.max_length = pick({0, 128, 512});
    result.dropout = chance();
    return result;
  }

 private:
  bool chance() { return random_.below(2) == 1; }
  Size pick(std::initializer_list<Size> values) { return *(values.begin() + random_.below(values.size())); }

  WeightForm form() {
    WeightForm result;
    result.rank = pick({0, 0, 16, 64});
    result.density = chance() ? 1 : 0.1 + 0.9 * random_.uniform();
    result.groups = pick({1, 1, 2, 4});
    result.bias = chance();
    return result;
  }
  Attention attention(bool decoder, bool cross, Size encoder_layers, bool bottleneck) {
    Attention a;
    a.heads = pick({1, 2, 4, 8});
    a.key_value_heads = chance() ? a.heads : 1;
    a.head_dim = pick({16, 32, 64, 40});
    a.cross = cross;
    if (cross) a.memories = 1 + static_cast<Size>(random_.below(static_cast<std::uint64_t>(encoder_layers)));
    a.causal = !cross && (decoder ? random_.below(4) != 0 : random_.below(4) == 0);
    a.window = cross ? 0 : pick({0, 0, 64});
    a.position = cross ? Position::none
                       : std::array{Position::none, Position::relative_key, Position::bucket_bias,
                                    Position::rotary}[random_.below(4)];
    a.position_buckets = a.position == Position::none || a.position == Position::rotary ? pick({0, 0, 7}) : 32;
    a.scaled = chance();
    a.output_bias = chance();
    a.output_groups = pick({1, 2});
    a.values_from_layer_input = bottleneck && !cross && chance();
    a.fused_projection = !cross && !a.values_from_layer_input && chance();
    a.code = std::array{AttentionCode::plain, AttentionCode::gpt2, AttentionCode::opt,
                        AttentionCode::fairseq}[random_.below(4)];
    a.weights = form();
    return a;
  }
  FeedForward feed_forward() {
    FeedForward f;
    for (Size i = pick({1, 1, 1, 2, 3}); i > 0; --i) f.hidden.push_back(pick({256, 512, 1024}));
    f.activation = std::array{Function::relu, Function::gelu, Function::gelu_tanh,
                              Function::silu, Function::tanh, Function::sigmoid}[random_.below(6)];
    f.gated = chance();
    f.experts = pick({0, 0, 8});
    f.chosen = f.experts > 0 ? pick({1, 2}) : 1;
    f.capacity = f.experts > 0 ? pick({0, 64}) : 0;
    f.weights = form();
    return f;
  }
  Sublayer around(decltype(Sublayer::body) body) {
    Sublayer result{.body = std::move(body)};
    result.placement = std::array{NormPlacement::none, NormPlacement::before, NormPlacement::after}[random_.below(3)];
    result.norm = kind();
    result.residual = chance();
    return result;
  }
  NormKind kind() { return std::array{NormKind::layer_norm, NormKind::rms_norm, NormKind::affine}[random_.below(3)]; }
  decltype(Sublayer::body) encoder_mixing() {
    switch (random_.below(3)) {
      case 0: {
        MixedAttention mixed;
        for (Size i = pick({1, 2, 5}); i > 0; --i)
          mixed.heads.push_back(std::array{MixedHead{HeadKind::scaled_dot_product},
                                           MixedHead{HeadKind::weighted_multiplicative}, MixedHead{HeadKind::dft},
                                           MixedHead{HeadKind::dct}, MixedHead{HeadKind::convolution, 5},
                                           MixedHead{HeadKind::convolution, 13}}[random_.below(6)]);
        mixed.head_dim = pick({16, 51, 64});
        mixed.position_buckets = pick({0, 512, 514});
        return mixed;
      }
      case 1:
        return SpanConvolutionAttention{.heads = pick({1, 4, 6}), .head_dim = pick({16, 64}), .kernel = pick({5, 9})};
      default:
        return FourierSublayer{.transform = chance() ? Transform::dft : Transform::dct};
    }
  }
  Layer layer(bool decoder, Size encoder_layers) {
    Layer result{.width = pick({256, 512, 768})};
    if (random_.below(4) == 0) result.bottleneck = 128;
    const bool bottleneck = result.bottleneck.has_value();
    const bool usual = chance();  // attention, cross attention, feed-forward, all with the same norm
    if (usual) {
      result.sublayers.push_back(
          around(!decoder && chance() ? encoder_mixing() : attention(decoder, false, encoder_layers, bottleneck)));
      if (decoder && encoder_layers > 0)
        result.sublayers.push_back(around(attention(decoder, true, encoder_layers, bottleneck)));
      if (random_.below(4) != 0) result.sublayers.push_back(around(feed_forward()));
      for (Sublayer& sublayer : result.sublayers) {
        sublayer.placement = result.sublayers.front().placement;
        sublayer.norm = result.sublayers.front().norm;
        sublayer.residual = result.sublayers.front().residual;
      }
      return result;
    }
    for (Size i = pick({0, 1, 2, 4}); i > 0; --i) {
      if (chance())
        result.sublayers.push_back(around(feed_forward()));
      else if (!decoder && chance())
        result.sublayers.push_back(around(encoder_mixing()));
      else
        result.sublayers.push_back(
            around(attention(decoder, decoder && encoder_layers > 0 && chance(), encoder_layers, bottleneck)));
      if (random_.below(4) == 0) result.sublayers.push_back(result.sublayers.back());
    }
    return result;
  }
  Stack stack(bool decoder, Size encoder_layers) {
    Stack result;
    for (Size groups = pick({1, 1, 2, 4}); groups > 0; --groups) {
      const Layer one = layer(decoder, encoder_layers);
      const auto first = static_cast<int>(result.layers.size());
      for (Size i = pick({1, 2, 6}); i > 0; --i) result.layers.push_back(one);
      if (random_.below(4) == 0)
        for (std::size_t i = static_cast<std::size_t>(first) + 1; i < result.layers.size(); ++i)
          result.layers[i].shares_weights_with = first;
    }
    result.final_norm = chance();
    if (result.final_norm) result.final_norm_kind = kind();
    return result;
  }
  Embeddings embeddings(Size width, bool may_see) {
    Embeddings e;
    if (may_see && random_.below(4) == 0)
      e.patches = Patches{.image = 224, .patch = pick({16, 32}), .channels = pick({1, 3}), .class_token = chance()};
    else
      e.vocabulary = pick({1000, 30522});
    e.width = chance() ? width : pick({128, 256});
    e.positions = pick({0, 512});
    e.sinusoidal = chance();
    e.counted_positions = chance();
    e.token_types = pick({0, 2});
    e.norm = chance();
    if (e.norm) e.norm_kind = kind();
    e.scaled = chance();
    e.projection_bias = chance();
    e.always_projected = chance();
    e.projected_first = chance();
    e.trigrams = chance();
    return e;
  }
  OutputHead head() {
    OutputHead h;
    h.pooler = chance();
    h.classes = pick({0, 2, 1000});
    h.class_bias = chance();
    h.every_position = chance();
    h.language_model = chance();
    h.tied = chance();
    h.widened = chance();
    h.transform = chance();
    h.bias = chance();
    h.activation = chance() ? Function::gelu : Function::relu;
    return h;
  }

  Random random_;
};

}  // namespace ridgeline
