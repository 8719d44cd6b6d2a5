#include "model/architecture.hpp"

#include "tests/support.hpp"

namespace ridgeline {
namespace {

Layer bert_layer(Size width, Size heads, Size hidden) {
  Attention attention{.heads = heads, .key_value_heads = heads, .head_dim = width / heads};
  return {.width = width, .sublayers = {{.body = attention}, {.body = FeedForward{.hidden = {hidden}}}}};
}

Architecture bert(Size width, Size heads, Size hidden, std::size_t layers) {
  Architecture a;
  a.embeddings = {.vocabulary = 30522, .width = width, .positions = 512, .token_types = 2, .norm = true};
  a.encoder.layers.assign(layers, bert_layer(width, heads, hidden));
  a.head.pooler = true;
  return a;
}

TEST(Architecture, BertHasThePublishedParameters) {
  // 110M and 340M in Devlin et al. 2019, Table 1; by hand: 30522·768 + 512·768 + 2·768 + 2·768 +
  // 12·(4·(768² + 768) + 2·768·3072 + 3072 + 768 + 4·768) + 768² + 768.
  EXPECT_EQ(parameter_count(bert(768, 12, 3072, 12)), 109'482'240);
  EXPECT_EQ(parameter_count(bert(1024, 16, 4096, 24)), 335'141'888);
}

TEST(Architecture, SharedLayersCountOnce) {
  Architecture a = bert(768, 12, 3072, 12);
  const Size one_layer = 4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768 + 4 * 768;
  const Size full = parameter_count(a);
  for (std::size_t i = 1; i < 12; ++i) a.encoder.layers[i].shares_weights_with = 0;
  EXPECT_EQ(parameter_count(a), full - 11 * one_layer);
}

TEST(Architecture, LowRankAndSparseFormsCountWhatIsStored) {
  Architecture a = bert(768, 12, 3072, 1);
  const Size full = parameter_count(a);
  auto& feed_forward = std::get<FeedForward>(a.encoder.layers[0].sublayers[1].body);
  feed_forward.weights.rank = 64;
  EXPECT_EQ(parameter_count(a), full - 2 * 768 * 3072 + 2 * 64 * (768 + 3072));
  feed_forward.weights = {.density = 0.25};
  EXPECT_EQ(parameter_count(a), full - 2 * 768 * 3072 * 3 / 4);
  feed_forward.weights = {.groups = 4};
  EXPECT_EQ(parameter_count(a), full - 2 * 768 * 3072 * 3 / 4);
}

TEST(Architecture, WidthChangesInsertALinearMap) {
  Architecture a = bert(768, 12, 3072, 1);
  const Size before = parameter_count(a);
  a.encoder.layers.push_back(bert_layer(256, 4, 512));
  const Size second = 4 * (256 * 256 + 256) + 2 * 256 * 512 + 512 + 256 + 4 * 256;
  const Size pooler = 256 * 256 + 256 - (768 * 768 + 768);
  EXPECT_EQ(parameter_count(a), before + (768 * 256 + 256) + second + pooler);
}

TEST(Architecture, TiedLogitsAreFreeUntiedOnesAreNot) {
  Architecture a = bert(768, 12, 3072, 1);
  const Size before = parameter_count(a);
  a.head.language_model = true;
  EXPECT_EQ(parameter_count(a), before);
  a.head.bias = true;
  EXPECT_EQ(parameter_count(a), before + 30522);
  a.head.tied = false;
  EXPECT_EQ(parameter_count(a), before + 30522 + 768 * 30522);
}

TEST(Architecture, ChecksNameTheLayerAndTheField) {
  const auto complaint = [](auto change) {
    Architecture a = bert(768, 12, 3072, 2);
    change(a);
    return error_of([&] { check(a); });
  };
  const auto attention = [](Architecture& a) -> Attention& {
    return std::get<Attention>(a.encoder.layers[1].sublayers[0].body);
  };
  const auto feed_forward = [](Architecture& a) -> FeedForward& {
    return std::get<FeedForward>(a.encoder.layers[1].sublayers[1].body);
  };
  EXPECT_EQ(complaint([](Architecture&) {}), "(no error)");
  EXPECT_EQ(complaint([](Architecture& a) { a.encoder.layers.clear(); }), "architecture: needs at least one layer");
  EXPECT_EQ(complaint([](Architecture& a) { a.encoder.layers[1].width = 0; }),
            "encoder layer 1: width must be from 1 to 9999999, not 0");
  EXPECT_EQ(complaint([&](Architecture& a) { attention(a).heads = -3; }),
            "encoder layer 1, sublayer 1: heads must be from 1 to 9999999, not -3");
  EXPECT_EQ(complaint([&](Architecture& a) { attention(a).head_dim = 1'000'000; }),
            "encoder layer 1, sublayer 1: heads × head_dim must be from 1 to 9999999, not 12000000");
  EXPECT_EQ(complaint([&](Architecture& a) { attention(a).key_value_heads = 5; }),
            "encoder layer 1, sublayer 1: key_value_heads (5) must divide heads (12)");
  EXPECT_EQ(complaint([&](Architecture& a) { attention(a).weights.groups = 5; }),
            "encoder layer 1, sublayer 1: groups (5) must divide the width (768)");
  EXPECT_EQ(complaint([&](Architecture& a) { attention(a).cross = true; }),
            "encoder layer 1, sublayer 1: cross needs an encoder to attend to");
  EXPECT_EQ(complaint([&](Architecture& a) { feed_forward(a).hidden = {}; }),
            "encoder layer 1, sublayer 2: hidden must not be empty; leave the feed-forward sublayer out instead");
  EXPECT_EQ(complaint([&](Architecture& a) { feed_forward(a).weights.density = 1.5; }),
            "encoder layer 1, sublayer 2: density must be above 0 and at most 1, not 1.5");
  EXPECT_EQ(complaint([&](Architecture& a) { feed_forward(a).experts = 4, feed_forward(a).chosen = 5; }),
            "encoder layer 1, sublayer 2: chosen must be from 1 to 4 (experts), not 5");
  EXPECT_EQ(complaint([](Architecture& a) { a.encoder.layers[1].shares_weights_with = 1; }),
            "encoder layer 1: shares_weights_with must name an earlier layer, not 1");
  EXPECT_EQ(complaint([&](Architecture& a) {
              a.encoder.layers[1].shares_weights_with = 0;
              feed_forward(a).hidden = {1024};
            }),
            "encoder layer 1: shares_weights_with names layer 0, which has another shape");
  EXPECT_EQ(complaint([](Architecture& a) { a.embeddings.vocabulary = 0; }),
            "embeddings: vocabulary must be positive where there are no image patches");
  EXPECT_EQ(complaint([](Architecture& a) {
              a.encoder.layers[1].sublayers[0].body = MixedAttention{.heads = {{HeadKind::convolution, 4}}};
            }),
            "encoder layer 1, sublayer 1: kernel must be odd, not 4");
}

}  // namespace
}  // namespace ridgeline
