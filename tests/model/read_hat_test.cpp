#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

std::string design(std::string_view heads = "[8, 4]", std::string_view memories = "[-1, 2]",
                   std::string_view decoder_ffn = "[1024, 2048]") {
  return "encoder-embed-dim-subtransformer: 512\n"
         "decoder-embed-dim-subtransformer: 640\n"
         "encoder-ffn-embed-dim-all-subtransformer: [3072, 2048, 1024]\n"
         "decoder-ffn-embed-dim-all-subtransformer: " +
         std::string(decoder_ffn) +
         "\n"
         "encoder-layer-num-subtransformer: 3\n"
         "decoder-layer-num-subtransformer: 2\n"
         "encoder-self-attention-heads-all-subtransformer: [8, 8, 4]\n"
         "decoder-self-attention-heads-all-subtransformer: " +
         std::string(heads) +
         "\n"
         "decoder-ende-attention-heads-all-subtransformer: [4, 8]\n"
         "decoder-arbitrary-ende-attn-all-subtransformer: " +
         std::string(memories) + "\n";
}

Architecture read(const std::string& text) { return parse_model(parse_document(text, "hat.yml"), "a"); }

TEST(Hat, ReadsLayers) {
  const Architecture model = read(design());
  EXPECT_EQ(model.family, "hat");
  ASSERT_EQ(model.encoder.layers.size(), 3u);
  ASSERT_EQ(model.decoder.layers.size(), 2u);
  EXPECT_EQ(model.encoder.layers[1].width, 512);
  EXPECT_EQ(std::get<FeedForward>(model.encoder.layers[1].sublayers[1].body).hidden, std::vector<Size>{2048});
  const Layer& last = model.decoder.layers[1];
  EXPECT_EQ(last.width, 640);
  const auto& self = std::get<Attention>(last.sublayers[0].body);
  const auto& cross = std::get<Attention>(last.sublayers[1].body);
  EXPECT_EQ(self.heads, 4);
  EXPECT_EQ(self.head_dim, 128) << "512 / heads, whatever the width";
  EXPECT_TRUE(self.causal);
  EXPECT_EQ(cross.heads, 8);
  EXPECT_TRUE(cross.cross);
  EXPECT_EQ(cross.memories, 3);
  EXPECT_EQ(std::get<Attention>(model.decoder.layers[0].sublayers[1].body).memories, 1);
  EXPECT_EQ(model.embeddings.width, 512);
  ASSERT_TRUE(model.decoder_embeddings);
  EXPECT_EQ(model.decoder_embeddings->width, 640);
}

TEST(Hat, LayersBeyondTheNumberAreSkipped) {
  EXPECT_EQ(read(design("[8, 4]", "[-1, 2, 1]", "[1024, 2048, 3072]")), read(design()));
}

TEST(Hat, Mistakes) {
  const auto error = [](const std::string& text) { return error_of([&] { read(text); }); };
  EXPECT_EQ(
      error(design("[8, 4]", "[-1, 3]")),
      "hat.yml:10:54: decoder-arbitrary-ende-attn-all-subtransformer.1: expected -1, 1 or 2, found '3'; the last "
      "one, two or three encoder layers are attended to");
  EXPECT_EQ(error(design("[8]")),
            "hat.yml:8:50: decoder-self-attention-heads-all-subtransformer: 1 entries for 2 layers; see "
            "decoder-layer-num-subtransformer");
  EXPECT_EQ(
      error(design("[8, 3]")),
      "hat.yml:8:54: decoder-self-attention-heads-all-subtransformer.1: 3 heads do not divide the attention size "
      "512");
  EXPECT_EQ(error(design() + "encoder-embed-dims-subtransformer: 1\n"),
            "hat.yml:11:1: unknown key 'encoder-embed-dims-subtransformer'; did you mean "
            "'encoder-embed-dim-subtransformer'? the keys are: encoder-embed-dim-subtransformer, "
            "decoder-embed-dim-subtransformer, encoder-ffn-embed-dim-all-subtransformer, "
            "decoder-ffn-embed-dim-all-subtransformer, encoder-layer-num-subtransformer, "
            "decoder-layer-num-subtransformer, encoder-self-attention-heads-all-subtransformer, "
            "decoder-self-attention-heads-all-subtransformer, decoder-ende-attention-heads-all-subtransformer, "
            "decoder-arbitrary-ende-attn-all-subtransformer");
}

Size without_tables(Architecture model) {
  const Size vocabulary = model.embeddings.vocabulary;
  const Size tables =
      vocabulary * (model.embeddings.width + (model.decoder_embeddings ? model.decoder_embeddings->width : 0));
  return parameter_count(model) - tables;
}

// Published: "#Params" in millions, without embeddings, of the Raspberry Pi designs for WMT'14 En-De
// (mit-han-lab/hardware-aware-transformers, README, "HAT models").
TEST(Hat, ParameterCountsOfThePublishedDesigns) {
  RIDGELINE_NEEDS_DATA("hat/subtransformers");
  const std::map<std::string, double> published = {{"3.5", 25.22}, {"4.0", 29.42}, {"4.5", 35.72},
                                                   {"5.0", 36.77}, {"6.0", 44.13}, {"6.9", 48.33}};
  std::map<std::string, double> counted;
  for (const auto& file : std::filesystem::directory_iterator(shared_data() / "hat" / "subtransformers")) {
    const Architecture model = load_model(file.path().string());
    std::smatch match;
    if (std::regex_search(model.name, match, std::regex("raspberrypi@([0-9.]+)s")))
      counted[match[1]] = std::round(static_cast<double>(without_tables(model)) / 1e4) / 100;
  }
  EXPECT_EQ(counted, published);
}

}  // namespace
}  // namespace ridgeline
