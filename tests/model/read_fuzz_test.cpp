// Valid descriptions with values deleted and replaced at random: every outcome is a model that check() accepts or a
// complaint that names the file.
#include <nlohmann/json.hpp>

#include <map>

#include "base/random.hpp"
#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> all = {
        R"({"l": 2, "h": [256, 128], "o": [["sa_sdp_64", "l_dct_64"], ["sa_wma_21", "c_13_21"]], "f": [[1024], []]})",
        R"({"encoder-embed-dim-subtransformer": 512, "decoder-embed-dim-subtransformer": 640,
            "encoder-ffn-embed-dim-all-subtransformer": [3072, 2048, 1024],
            "decoder-ffn-embed-dim-all-subtransformer": [1024, 2048], "encoder-layer-num-subtransformer": 3,
            "decoder-layer-num-subtransformer": 2, "encoder-self-attention-heads-all-subtransformer": [8, 8, 4],
            "decoder-self-attention-heads-all-subtransformer": [8, 4],
            "decoder-ende-attention-heads-all-subtransformer": [4, 8],
            "decoder-arbitrary-ende-attn-all-subtransformer": [-1, 2]})",
        R"({"ridgeline": "model", "embeddings": {"vocabulary": 100, "width": 64, "norm": "layer_norm"},
            "encoder": {"width": 256, "attention": {"heads": 4, "rank": 16, "density": 0.5, "position": "rotary"},
                        "feed_forward": {"hidden": [512, 512], "gated": true, "experts": 4},
                        "layers": [{"repeat": 2}, {"fourier": {"transform": "dct"}}, {"shares_weights_with": 0},
                                   {"bottleneck": 64, "sublayers": [{"mixed_attention": {"heads": ["sa_sdp", "c_5"]}},
                                                                    {"feed_forward": [128], "repeat": 3}]}]},
            "decoder": {"width": 256, "final_norm": "rms_norm", "attention": {"heads": 4},
                        "cross_attention": {"heads": 2, "memories": 2}, "layers": 2},
            "head": {"language_model": true, "transform": true}, "max_length": 128})"};
    const Json sizes = {{"hidden_size", 256},         {"num_hidden_layers", 2},
                        {"num_attention_heads", 4},   {"intermediate_size", 512},
                        {"vocab_size", 1000},         {"max_position_embeddings", 64},
                        {"architectures", {"Model"}}, {"id2label", {{"0", "a"}, {"1", "b"}}}};
    const std::map<std::string, Json> own = {
        {"albert", {{"embedding_size", 64}, {"num_hidden_groups", 2}, {"inner_group_num", 1}}},
        {"bert", {{"position_embedding_type", "relative_key"}, {"is_decoder", false}}},
        {"convbert", {{"embedding_size", 128}, {"head_ratio", 2}, {"conv_kernel_size", 9}, {"num_groups", 2}}},
        {"distilbert", {{"hidden_dim", 512}, {"activation", "gelu"}}},
        {"electra", {{"embedding_size", 128}}},
        {"fnet", {{"hidden_act", "gelu_new"}}},
        {"gpt2", {{"n_inner", 512}, {"activation_function", "gelu_new"}}},
        {"llama", {{"num_key_value_heads", 2}, {"head_dim", 32}, {"tie_word_embeddings", true}}},
        {"mistral", {{"num_key_value_heads", 2}, {"sliding_window", 16}}},
        {"mobilebert", {{"intra_bottleneck_size", 64}, {"num_feedforward_networks", 2}, {"embedding_size", 64}}},
        {"opt", {{"ffn_dim", 512}, {"word_embed_proj_dim", 128}, {"enable_bias", false}}},
        {"qwen2", {{"num_key_value_heads", 2}, {"use_sliding_window", true}, {"max_window_layers", 1}}},
        {"roberta", {{"pad_token_id", 1}}},
        {"squeezebert", {{"q_groups", 4}, {"embedding_size", 256}, {"post_attention_groups", 2}}},
        {"switch_transformers",
         {{"d_ff", 512},
          {"d_kv", 64},
          {"num_decoder_layers", 2},
          {"num_experts", 4},
          {"num_sparse_encoder_layers", 1},
          {"num_sparse_decoder_layers", 1}}},
        {"t5", {{"d_ff", 512}, {"d_kv", 64}, {"feed_forward_proj", "gated-gelu"}}},
        {"vit", {{"image_size", 64}, {"patch_size", 16}, {"num_channels", 3}}}};
    for (const auto& [type, keys] : own) {
      Json config = sizes;
      if (keys.contains("d_ff") || keys.contains("ffn_dim") || keys.contains("hidden_dim") ||
          keys.contains("n_inner"))
        config.erase("intermediate_size");
      config["model_type"] = type;
      config.update(keys);
      all.push_back(config.dump());
    }
    return all;
  }();
  return texts;
}

/// All places of a document where something stands, as paths from the root.
void places(const Json& node, const Json::json_pointer& path, std::vector<Json::json_pointer>& all) {
  all.push_back(path);
  if (node.is_object())
    for (const auto& [key, value] : node.items()) places(value, path / key, all);
  if (node.is_array())
    for (std::size_t i = 0; i < node.size(); ++i) places(node[i], path / i, all);
}

void mutate(Json& document, Random& random) {
  static const std::vector<Json> values = {nullptr,
                                           true,
                                           false,
                                           0,
                                           1,
                                           2,
                                           3,
                                           7,
                                           -1,
                                           64,
                                           100000,
                                           9999999,
                                           10000000,
                                           1000000000000,
                                           0.5,
                                           1e300,
                                           "",
                                           "bert",
                                           "x",
                                           "rotary",
                                           "c_5",
                                           "sa_sdp_64",
                                           "sa_sdp_0",
                                           "none",
                                           Json::array(),
                                           Json::object(),
                                           Json{1, 2, 3},
                                           Json{{"heads", 3}},
                                           Json{{"a", Json{{"b", 1}}}}};
  std::vector<Json::json_pointer> all;
  places(document, Json::json_pointer(), all);
  const Json::json_pointer place = all[random.below(all.size())];
  if (place.empty()) {
    if (random.below(20) == 0) document = values[random.below(values.size())];
    return;
  }
  Json& parent = document[place.parent_pointer()];
  switch (random.below(3)) {
    case 0:
      if (parent.is_object()) parent.erase(place.back());
      if (parent.is_array()) parent.erase(std::stoul(place.back()));
      break;
    case 1:
      document[place] = values[random.below(values.size())];
      break;
    default:  // another value of the same document, so that kinds fit more often
      document[place] = Json(document[all[random.below(all.size())]]);
  }
}

TEST(ReadFuzz, ACheckedModelOrAComplaint) {
  Random random(7);
  std::size_t models = 0, complaints = 0;
  for (int round = 0; round < 200; ++round) {
    for (const std::string& seed : seeds()) {
      Json document = Json::parse(seed);
      for (std::uint64_t i = random.below(4); i + 1 > 0; --i) {
        mutate(document, random);
        if (i == 0) break;
      }
      const std::string text = document.dump();
      try {
        const Architecture model = parse_model(parse_document(text, "fuzz.json", true), "fuzz");
        check(model);
        ASSERT_GE(parameter_count(model), 0) << text;
        ++models;
      } catch (const InputError& error) {
        ASSERT_TRUE(std::string(error.what()).starts_with("fuzz.json")) << error.what() << '\n' << text;
        ++complaints;
      } catch (const std::exception& error) {
        FAIL() << error.what() << '\n' << text;
      }
    }
  }
  EXPECT_GT(models, 1000u);
  EXPECT_GT(complaints, 1000u);
}

TEST(ReadFuzz, SeedsAreModels) {
  for (const std::string& seed : seeds())
    EXPECT_EQ(error_of([&] { parse_model(parse_document(seed, "seed.json", true), "seed"); }), "(no error)") << seed;
}

}  // namespace
}  // namespace ridgeline
