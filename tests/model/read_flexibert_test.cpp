#include <cmath>
#include <map>

#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Architecture read(std::string_view text) { return parse_flexibert(parse_document(text, "dict.json", true), "a"); }

constexpr std::string_view kTwoLayers = R"({"l": 2, "h": [256, 128],
 "o": [["sa_sdp_64", "l_dct_64"], ["sa_wma_21", "l_dft_21", "c_13_21"]], "f": [[1024, 512], []]})";

TEST(FlexiBert, ReadsWhatTheDictSays) {
  const Architecture model = read(kTwoLayers);
  EXPECT_EQ(model.name, "a");
  EXPECT_EQ(model.family, "flexibert");
  ASSERT_EQ(model.encoder.layers.size(), 2u);
  EXPECT_EQ(model.embeddings.vocabulary, 50265);
  EXPECT_EQ(model.embeddings.width, 256);
  EXPECT_TRUE(model.head.pooler);
  EXPECT_EQ(model.head.classes, 2);

  const Layer& first = model.encoder.layers[0];
  EXPECT_EQ(first.width, 256);
  ASSERT_EQ(first.sublayers.size(), 2u);
  const auto& mixed = std::get<MixedAttention>(first.sublayers[0].body);
  EXPECT_EQ(mixed.head_dim, 64);
  EXPECT_EQ(mixed.heads, (std::vector<MixedHead>{{HeadKind::scaled_dot_product}, {HeadKind::dct}}));
  EXPECT_EQ(std::get<FeedForward>(first.sublayers[1].body).hidden, (std::vector<Size>{1024, 512}));

  const Layer& second = model.encoder.layers[1];
  EXPECT_EQ(second.width, 128);
  ASSERT_EQ(second.sublayers.size(), 1u) << "f: [] is no feed-forward at all";
  EXPECT_EQ(
      std::get<MixedAttention>(second.sublayers[0].body).heads,
      (std::vector<MixedHead>{{HeadKind::weighted_multiplicative}, {HeadKind::dft}, {HeadKind::convolution, 13}}));
}

TEST(FlexiBert, IsRecognisedWithAndWithoutTheKeyAround) {
  const Node bare = parse_document(kTwoLayers, "m.json", true);
  const Node wrapped =
      parse_document("{\"model_dict\": " + std::string(kTwoLayers) + ", \"loss\": 1}", "m.json", true);
  EXPECT_EQ(parse_model(bare, "x"), parse_model(wrapped, "x"));
}

TEST(FlexiBert, NamesLayerAndKeyOfMistakes) {
  const auto error = [](std::string_view text) { return error_of([&] { read(text); }); };
  EXPECT_EQ(error(R"({"l": 2, "h": [256], "o": [["sa_sdp_64"], ["sa_sdp_64"]], "f": [[1], [1]]})"),
            "dict.json:1:15: h: 1 entries for 2 layers; l is the number of layers");
  EXPECT_EQ(
      error(R"({"l": 1, "h": [256], "o": [["sa_sdp_64", "sa_sdb_64"]], "f": [[1]]})"),
      "dict.json:1:42: o.0.1: unknown head 'sa_sdb_64'; heads are sa_sdp_D, sa_wma_D, l_dft_D, l_dct_D and c_K_D "
      "with a dimension D and an odd kernel K");
  EXPECT_EQ(error(R"({"l": 1, "h": [256], "o": [["sa_sdp_64", "l_dft_32"]], "f": [[1]]})"),
            "dict.json:1:42: o.0.1: layer 0 has heads of unequal dimension, 64 and 32");
  EXPECT_EQ(error(R"({"l": 1, "h": [256], "o": [[]], "f": [[1]]})"), "dict.json:1:28: o.0: layer 0 has no heads");
  EXPECT_EQ(error(R"({"l": 1, "h": [256], "o": [["c_4_64"]], "f": [[1]]})"),
            "dict.json:1:29: o.0.0: unknown head 'c_4_64'; heads are sa_sdp_D, sa_wma_D, l_dft_D, l_dct_D and c_K_D "
            "with a dimension D and an odd kernel K");
  EXPECT_EQ(error(R"({"l": 1, "h": [256], "o": [["sa_sdp_0"]], "f": [[1]]})"),
            "dict.json:1:29: o.0.0: expected a dimension from 1 to 9999999, found 'sa_sdp_0'");
  EXPECT_EQ(error(R"({"l": 1, "h": [-256], "o": [["sa_sdp_64"]], "f": [[1]]})"),
            "dict.json:1:16: h.0: expected an integer from 1 to 9999999, found '-256'");
  EXPECT_EQ(error(R"({"l": 1000000000000, "h": [], "o": [], "f": []})"),
            "dict.json:1:7: l: expected an integer from 1 to 10000, found '1000000000000'");
  EXPECT_EQ(error(R"({"l": 1, "h": [256], "o": [["sa_sdp_64"]]})"),
            "dict.json:1:1: missing key 'f'; the keys here are: l, h, o");
  EXPECT_EQ(error(R"({"l": 1, "h": [256], "o": [["sa_sdp_64"]], "f": [[1]], "ff": [1]})"),
            "dict.json:1:56: unknown key 'ff'; did you mean 'f'? the keys are: l, o, h, f");
}

// Published: "params" in millions of the 16 models that EdgeTran trained (jha-lab/edgetran, the tables of its global
// search), by the first eight digits of the model's hash. They count the encoder with its pooler, without a
// classifier.
TEST(FlexiBert, ParameterCountsOfThePublishedModels) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  const std::map<std::string, double> published = {
      {"f36d5c40", 70.20}, {"e3ea4dd7", 111.66}, {"cc085bb5", 103.37}, {"bec57821", 81.76},
      {"2a886313", 37.40}, {"1d41e1cd", 36.56},  {"49ef529d", 74.44},  {"cbf26e71", 63.28},
      {"dc7733ef", 69.57}, {"89ca0068", 110.78}, {"fb76fc6b", 102.34}, {"fb04cff1", 80.72},
      {"7cf1bfa8", 37.17}, {"081cb169", 35.12},  {"ae87fe8c", 73.14},  {"9f4a1d6d", 62.82}};
  const Node rows = read_document(shared_data() / "edgetran" / "dataset.json");
  std::map<std::string, double> counted;
  for (const std::string& key : rows.keys()) {
    const std::string hash = key.substr(0, 8);
    if (!published.count(hash) || counted.count(hash)) continue;
    Architecture model = parse_flexibert(rows.at(key).at("model_dict"), key);
    model.head.classes = 0;
    counted[hash] = std::round(static_cast<double>(parameter_count(model)) / 1e4) / 100;
  }
  EXPECT_EQ(counted, published);
}

TEST(FlexiBert, EveryMeasuredModelIsRead) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  const Node rows = read_document(shared_data() / "edgetran" / "dataset.json");
  std::size_t read_models = 0;
  for (const std::string& key : rows.keys()) {
    const Node& dict = rows.at(key).at("model_dict");
    const Architecture model = parse_model(rows.at(key), key);
    EXPECT_EQ(static_cast<Size>(model.encoder.layers.size()), dict.at("l").integer());
    ++read_models;
  }
  EXPECT_GT(read_models, 500u);
}

}  // namespace
}  // namespace ridgeline
