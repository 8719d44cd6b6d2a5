#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Architecture read(std::string_view yaml) { return parse_model(parse_document(yaml, "m.yaml"), "m"); }
std::string error(std::string_view yaml) {
  return error_of([&] { read(yaml); });
}
template <class Body>
const Body& body(const Layer& layer, std::size_t sublayer) {
  return std::get<Body>(layer.sublayers.at(sublayer).body);
}

TEST(ReadRidgeline, LayersTakeFromTheirStackWhatTheyDoNotSay) {
  const Architecture model = read(R"(
ridgeline: model
embeddings: {vocabulary: 1000}
encoder:
  width: 512
  attention: {heads: 8, bias: false}
  feed_forward: {hidden: [2048], activation: relu}
  layers:
    - repeat: 2
    -
    - {attention: {heads: 4}, feed_forward: []}
    - {width: 256, feed_forward: [512, 512]}
    - {fourier: {}}
    - {attention: none}
)");
  const std::vector<Layer>& layers = model.encoder.layers;
  ASSERT_EQ(layers.size(), 7u);
  EXPECT_EQ(model.name, "m");
  EXPECT_EQ(model.embeddings.width, 512);
  EXPECT_EQ(layers[0], layers[1]);
  EXPECT_EQ(layers[0], layers[2]);
  EXPECT_EQ(body<Attention>(layers[0], 0).heads, 8);
  EXPECT_EQ(body<Attention>(layers[0], 0).head_dim, 64);
  EXPECT_FALSE(body<Attention>(layers[0], 0).weights.bias);
  EXPECT_FALSE(body<Attention>(layers[0], 0).output_bias) << "as the other maps unless said otherwise";
  EXPECT_EQ(body<FeedForward>(layers[0], 1).activation, Function::relu);
  EXPECT_EQ(layers[3].sublayers.size(), 1u);
  EXPECT_EQ(body<Attention>(layers[3], 0).heads, 4);
  EXPECT_EQ(body<Attention>(layers[3], 0).head_dim, 128);
  EXPECT_FALSE(body<Attention>(layers[3], 0).weights.bias);
  EXPECT_EQ(body<Attention>(layers[4], 0).head_dim, 32);
  EXPECT_EQ(body<FeedForward>(layers[4], 1).hidden, (std::vector<Size>{512, 512}));
  EXPECT_EQ(body<FeedForward>(layers[4], 1).activation, Function::relu);
  EXPECT_EQ(body<FourierSublayer>(layers[5], 0).transform, Transform::dft);
  ASSERT_EQ(layers[6].sublayers.size(), 1u);
  EXPECT_EQ(body<FeedForward>(layers[6], 0).hidden, std::vector<Size>{2048});
}

TEST(ReadRidgeline, DecodersAreCausalUnlessSaidOtherwise) {
  const Architecture model = read(R"(
ridgeline: model
embeddings: {vocabulary: 1000}
encoder: {width: 256, layers: 2, attention: {heads: 4}}
decoder: {width: 256, layers: 1, attention: {heads: 4}, cross_attention: {heads: 2, memories: 2}}
)");
  EXPECT_FALSE(body<Attention>(model.encoder.layers[0], 0).causal);
  EXPECT_TRUE(body<Attention>(model.decoder.layers[0], 0).causal);
  EXPECT_TRUE(body<Attention>(model.decoder.layers[0], 1).cross);
  EXPECT_FALSE(body<Attention>(model.decoder.layers[0], 1).causal);
}

std::string with_encoder(std::string_view encoder) {
  return "ridgeline: model\nembeddings: {vocabulary: 1000}\nencoder: " + std::string(encoder) + "\n";
}

TEST(ReadRidgeline, MistakesInKeys) {
  EXPECT_EQ(error("ridgeline: modell\n"), "m.yaml:1:12: ridgeline: expected 'model', found 'modell'");
  EXPECT_EQ(error("ridgeline: model\nembedding: {}\n"),
            "m.yaml:2:1: unknown key 'embedding'; did you mean 'embeddings'? the keys are: ridgeline, name, family, "
            "embeddings, decoder_embeddings, encoder, decoder, head, max_length, dropout");
  EXPECT_EQ(error("ridgeline: model\nembeddings: {vocabulary: 10}\n"),
            "m.yaml:1:1: expected 'encoder', 'decoder' or both");
  EXPECT_EQ(
      error(with_encoder("{width: 256, layers: 2, atention: {heads: 4}}")),
      "m.yaml:3:34: encoder: unknown key 'atention'; did you mean 'attention'? the keys are: attention, "
      "mixed_attention, span_convolution, fourier, cross_attention, feed_forward, width, bottleneck, sublayers, "
      "placement, norm, residual, layers, final_norm");
  EXPECT_EQ(
      error(with_encoder("{width: 256, layers: 2, attention: {head: 4}}")),
      "m.yaml:3:46: encoder.attention: unknown key 'head'; did you mean 'heads'? the keys are: heads, "
      "key_value_heads, head_dim, memories, causal, window, position, position_buckets, scaled, fused_projection, "
      "output_bias, output_groups, values_from_layer_input, code, rank, density, groups, bias");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 2, norm: layernorm}")), "(no error)") << "no sublayer reads it";
  EXPECT_EQ(
      error(with_encoder("{width: 256, layers: 2, norm: layernorm, attention: {heads: 4}}")),
      "m.yaml:3:40: encoder.norm: unknown norm 'layernorm'; did you mean 'layer_norm'? the norms are: layer_norm, "
      "rms_norm, affine");
  EXPECT_EQ(error(with_encoder("{layers: 2, attention: {heads: 4}}")),
            "m.yaml:3:10: encoder: missing key 'width'; of the layer or of its stack");
  EXPECT_EQ(error(with_encoder("{width: 256, attention: {heads: 4}}")),
            "m.yaml:3:10: encoder: missing key 'layers'; the keys here are: width, attention");
}

TEST(ReadRidgeline, MistakesInValues) {
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 2, attention: {heads: 7}}")),
            "m.yaml:3:53: encoder.attention.heads: 7 heads do not divide the width 256; or give head_dim");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 0}")),
            "m.yaml:3:31: encoder.layers: expected an integer from 1 to 10000, found '0'");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: []}")),
            "m.yaml:3:31: encoder.layers: expected at least one layer; leave the stack out instead");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: [{repeat: 9999}, {repeat: 2}]}")),
            "m.yaml:3:48: encoder.layers.1: more than 10000 layers");
  EXPECT_EQ(
      error(with_encoder("{width: 256, layers: 1, sublayers: [{feed_forward: [64], repeat: 64}, {fourier: {}}]}")),
      "m.yaml:3:80: encoder.sublayers.1: more than 64 sublayers");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, feed_forward: {hidden: [64], density: 1.5}}")),
            "m.yaml:3:72: encoder.feed_forward.density: expected a number above 0 and at most 1, found '1.5'");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, feed_forward: 64}")),
            "m.yaml:3:48: encoder.feed_forward: expected a list of sizes such as [3072], or a map with 'hidden'");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, attention: 4}")),
            "m.yaml:3:45: encoder.attention: expected a map of what the attention is like");
  EXPECT_EQ(
      error(with_encoder("{width: 256, layers: 1, mixed_attention: {heads: [sa_sdp, c_6]}}")),
      "m.yaml:3:68: encoder.mixed_attention.heads.1: unknown head 'c_6'; heads are sa_sdp, sa_wma, l_dft, l_dct "
      "and c_K with an odd kernel K");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, attention: {heads: 4}, fourier: {}}")),
            "m.yaml:3:66: encoder.fourier: 'attention' and 'fourier' in one layer; use a list of sublayers");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, attention: {heads: 4}, sublayers: []}")),
            "m.yaml:3:68: encoder.sublayers: a list of sublayers beside sublayers by name; use one or the other");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, sublayers: [{norm: affine}]}")),
            "m.yaml:3:46: encoder.sublayers.0: a sublayer needs one of: attention, cross_attention, mixed_attention, "
            "span_convolution, fourier, feed_forward");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: [{shares_weights_with: 0}, {}]}")),
            "m.yaml:1:1: encoder layer 0: shares_weights_with must name an earlier layer, not 0");
  EXPECT_EQ(error(with_encoder("{width: 256, layers: 1, cross_attention: {heads: 4}}")),
            "m.yaml:1:1: encoder layer 0, sublayer 1: cross needs an encoder to attend to");
  EXPECT_EQ(error("ridgeline: model\nembeddings: {}\nencoder: {width: 256, layers: 1}\n"),
            "m.yaml:1:1: embeddings: vocabulary must be positive where there are no image patches");
}

}  // namespace
}  // namespace ridgeline
