#include <fmt/format.h>

#include <cmath>
#include <map>

#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Architecture read(std::string_view json) { return parse_model(parse_document(json, "config.json", true), "a"); }
Size count(std::string_view json) { return parameter_count(read(json)); }
std::string error(std::string_view json) {
  return error_of([&] { read(json); });
}
template <class Body>
const Body& body(const Layer& layer, std::size_t sublayer) {
  return std::get<Body>(layer.sublayers.at(sublayer).body);
}

// --- what the families look like

TEST(HuggingFace, BertOfARealFile) {
  // google-bert/bert-base-uncased, config.json
  const Architecture bert = read(R"({
    "architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "gradient_checkpointing": false,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "hidden_size": 768, "initializer_range": 0.02,
    "intermediate_size": 3072, "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "model_type": "bert",
    "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 0, "position_embedding_type": "absolute",
    "transformers_version": "4.6.0.dev0", "type_vocab_size": 2, "use_cache": true, "vocab_size": 30522})");
  EXPECT_EQ(bert.name, "a");
  EXPECT_EQ(bert.family, "bert");
  EXPECT_TRUE(bert.encoder_only());
  ASSERT_EQ(bert.encoder.layers.size(), 12u);
  const Layer& layer = bert.encoder.layers[7];
  EXPECT_EQ(layer.width, 768);
  EXPECT_EQ(body<Attention>(layer, 0).heads, 12);
  EXPECT_EQ(body<Attention>(layer, 0).head_dim, 64);
  EXPECT_FALSE(body<Attention>(layer, 0).causal);
  EXPECT_EQ(body<FeedForward>(layer, 1).hidden, std::vector<Size>{3072});
  EXPECT_EQ(layer.sublayers[0].placement, NormPlacement::after);
  EXPECT_TRUE(bert.embeddings.norm);
  EXPECT_EQ(bert.embeddings.token_types, 2);
  EXPECT_EQ(bert.max_length, 512);
  EXPECT_FALSE(bert.head.pooler);
  EXPECT_TRUE(bert.head.language_model && bert.head.tied && bert.head.transform && bert.head.bias);
}

TEST(HuggingFace, MissingKeysTakeTheFamilysDefaults) {
  // configuration_bert.py etc. give the defaults; each "model_type" alone is a model.
  EXPECT_EQ(read(R"({"model_type": "bert"})"),
            read(R"({"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
                     "intermediate_size": 3072, "hidden_act": "gelu", "vocab_size": 30522, "type_vocab_size": 2,
                     "max_position_embeddings": 512, "architectures": ["BertModel"]})"));
  EXPECT_EQ(read(R"({"model_type": "gpt2", "n_inner": null})"),
            read(R"({"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": 3072,
                     "n_positions": 1024, "vocab_size": 50257, "architectures": ["GPT2LMHeadModel"]})"));
  EXPECT_EQ(read(R"({"model_type": "llama", "num_key_value_heads": null})"),
            read(R"({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                     "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32000, "head_dim": 128,
                     "hidden_act": "silu", "max_position_embeddings": 2048, "tie_word_embeddings": false})"));
  EXPECT_EQ(read(R"({"model_type": "t5"})"),
            read(R"({"model_type": "t5", "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6,
                     "num_decoder_layers": 6, "num_heads": 8, "vocab_size": 32128,
                     "relative_attention_num_buckets": 32, "feed_forward_proj": "relu"})"));
}

TEST(HuggingFace, CommonNamesOfSizesAreUnderstood) {
  EXPECT_EQ(read(R"({"model_type": "gpt2", "hidden_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4,
                     "max_position_embeddings": 64})"),
            read(R"({"model_type": "gpt2", "n_embd": 256, "n_layer": 3, "n_head": 4, "n_positions": 64})"));
  EXPECT_EQ(read(R"({"model_type": "t5", "hidden_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4})"),
            read(R"({"model_type": "t5", "d_model": 256, "num_layers": 3, "num_heads": 4})"));
  EXPECT_EQ(read(R"({"model_type": "distilbert", "hidden_size": 192, "num_hidden_layers": 3})"),
            read(R"({"model_type": "distilbert", "dim": 192, "n_layers": 3})"));
}

TEST(HuggingFace, ArchitecturesDecideTheHead) {
  const auto head = [](std::string_view type, std::string_view name) {
    return read(fmt::format(R"({{"model_type": "{}", "architectures": ["{}"], "num_labels": 5}})", type, name)).head;
  };
  EXPECT_EQ(head("bert", "BertModel"), (OutputHead{.pooler = true}));
  EXPECT_EQ(head("bert", "BertForSequenceClassification"), (OutputHead{.pooler = true, .classes = 5}));
  EXPECT_EQ(head("bert", "TFBertForTokenClassification"), (OutputHead{.classes = 5, .every_position = true}));
  EXPECT_EQ(head("bert", "BertForQuestionAnswering"), (OutputHead{.classes = 2, .every_position = true}));
  EXPECT_EQ(head("bert", "BertForPreTraining"),
            (OutputHead{.pooler = true, .classes = 2, .language_model = true, .transform = true, .bias = true}));
  EXPECT_EQ(head("bert", "BertLMHeadModel"), (OutputHead{.language_model = true, .transform = true, .bias = true}));
  EXPECT_EQ(head("electra", "ElectraForPreTraining"),
            (OutputHead{.pooler = true, .classes = 1, .every_position = true}));
  EXPECT_EQ(head("gpt2", "GPT2Model"), OutputHead{});
  EXPECT_EQ(head("gpt2", "GPT2LMHeadModel"), OutputHead{.language_model = true});
  EXPECT_EQ(head("llama", "LlamaForCausalLM"), (OutputHead{.language_model = true, .tied = false}));
  EXPECT_EQ(head("llama", "LlamaForSequenceClassification"),
            (OutputHead{.classes = 5, .class_bias = false, .every_position = true}));
  EXPECT_EQ(head("vit", "ViTModel"), OutputHead{.pooler = true});
  EXPECT_EQ(head("vit", "ViTForImageClassification"), OutputHead{.classes = 5});
  EXPECT_TRUE(read(R"({"model_type": "t5", "architectures": ["T5EncoderModel"]})").encoder_only());
  // the number of names counts, where there are some
  EXPECT_EQ(read(R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"],
                     "id2label": {"0": "a", "1": "b", "2": "c"}})")
                .head.classes,
            3);
}

TEST(HuggingFace, Particulars) {
  const Architecture albert = read(R"({"model_type": "albert", "num_hidden_layers": 4, "num_hidden_groups": 2,
    "inner_group_num": 2, "hidden_size": 128, "num_attention_heads": 2, "intermediate_size": 256})");
  std::vector<int> shares;
  for (const Layer& layer : albert.encoder.layers) shares.push_back(layer.shares_weights_with);
  EXPECT_EQ(shares, (std::vector<int>{-1, -1, 0, 1, -1, -1, 4, 5}));

  const Architecture roberta = read(R"({"model_type": "roberta", "max_position_embeddings": 514})");
  EXPECT_EQ(roberta.embeddings.positions, 514);
  EXPECT_EQ(roberta.max_length, 512);

  const Architecture squeeze = read(R"({"model_type": "squeezebert"})");
  EXPECT_EQ(body<Attention>(squeeze.encoder.layers[0], 0).weights.groups, 4);
  EXPECT_EQ(body<Attention>(squeeze.encoder.layers[0], 0).output_groups, 1);
  EXPECT_EQ(body<FeedForward>(squeeze.encoder.layers[0], 1).weights.groups, 4);

  const Architecture mobile = read(R"({"model_type": "mobilebert"})");
  EXPECT_EQ(mobile.encoder.layers[0].sublayers.size(), 5u);
  EXPECT_EQ(mobile.encoder.layers[0].bottleneck, 128);
  EXPECT_TRUE(body<Attention>(mobile.encoder.layers[0], 0).values_from_layer_input);

  const Architecture conv = read(R"({"model_type": "convbert"})");
  EXPECT_EQ(body<SpanConvolutionAttention>(conv.encoder.layers[0], 0),
            (SpanConvolutionAttention{.heads = 6, .head_dim = 64, .kernel = 9}));

  const Architecture mistral = read(R"({"model_type": "mistral"})");
  EXPECT_EQ(body<Attention>(mistral.decoder.layers[0], 0).window, 4096);
  EXPECT_EQ(body<Attention>(mistral.decoder.layers[0], 0).key_value_heads, 8);
  const Architecture unlimited = read(R"({"model_type": "mistral", "sliding_window": null})");
  EXPECT_EQ(body<Attention>(unlimited.decoder.layers[0], 0).window, 0);

  const Architecture qwen = read(R"({"model_type": "qwen2", "use_sliding_window": true, "max_window_layers": 30})");
  EXPECT_EQ(body<Attention>(qwen.decoder.layers[29], 0).window, 0);
  EXPECT_EQ(body<Attention>(qwen.decoder.layers[30], 0).window, 4096);
  EXPECT_TRUE(body<Attention>(qwen.decoder.layers[0], 0).weights.bias);
  EXPECT_FALSE(body<Attention>(qwen.decoder.layers[0], 0).output_bias);

  const Architecture switched = read(R"({"model_type": "switch_transformers"})");  // 3 sparse of 12: every 4th
  std::vector<Size> sparse;
  for (std::size_t i = 0; i < 12; ++i)
    if (body<FeedForward>(switched.encoder.layers[i], 1).experts == 8) sparse.push_back(static_cast<Size>(i));
  EXPECT_EQ(sparse, (std::vector<Size>{1, 5, 9}));

  const Architecture opt =
      read(R"({"model_type": "opt", "word_embed_proj_dim": 512, "do_layer_norm_before": false})");
  EXPECT_EQ(opt.embeddings.width, 512);
  EXPECT_EQ(opt.embeddings.positions, 2050);
  EXPECT_FALSE(opt.decoder.final_norm);
  EXPECT_EQ(opt.decoder.layers[0].sublayers[0].placement, NormPlacement::after);

  const Architecture decoder = read(R"({"model_type": "bert", "is_decoder": true})");
  EXPECT_TRUE(decoder.decoder_only());
  EXPECT_TRUE(body<Attention>(decoder.decoder.layers[0], 0).causal);

  const Architecture relative = read(R"({"model_type": "bert", "position_embedding_type": "relative_key"})");
  EXPECT_EQ(body<Attention>(relative.encoder.layers[0], 0).position, Position::relative_key);
}

// --- published parameter counts of models with heads; those of the bare models are in zoo_test.cpp

TEST(HuggingFace, ParameterCountsWithHeads) {
  // huggingface/huggingface.js, packages/hub/src/lib/parse-safetensors-metadata.spec.ts: the weights of
  // bert-base-uncased hold 110,106,428 and those of roberta-base 124,697,433 numbers of F32.
  EXPECT_EQ(count(R"({"model_type": "bert", "architectures": ["BertForPreTraining"]})"), 110'106'428);
  EXPECT_EQ(count(R"({"model_type": "roberta", "vocab_size": 50265, "max_position_embeddings": 514,
                      "type_vocab_size": 1, "architectures": ["RobertaForMaskedLM"]})"),
            124'697'433);
  // keras-team/keras-hub, keras_hub/src/models/t5/t5_presets.py: t5_1.1_small and t5_1.1_large, without output maps
  EXPECT_EQ(count(R"({"model_type": "t5", "num_layers": 8, "num_heads": 6, "d_ff": 1024,
                      "feed_forward_proj": "gated-gelu", "architectures": ["T5Model"]})"),
            60'511'616);
  EXPECT_EQ(count(R"({"model_type": "t5", "d_model": 1024, "num_layers": 24, "num_heads": 16, "d_ff": 2816,
                      "feed_forward_proj": "gated-gelu", "architectures": ["T5Model"]})"),
            750'251'008);
  // keras-team/keras-hub, keras_hub/src/models/vit/vit_presets.py: vit_base_patch16_384_imagenet, without a head
  EXPECT_EQ(count(R"({"model_type": "vit", "image_size": 384, "architectures": ["ViTForImageClassification"],
                      "num_labels": 1})") -
                769,
            86'090'496);
}

TEST(HuggingFace, NeuSightsConfigsAreRead) {
  RIDGELINE_NEEDS_DATA("neusight/model_configs");
  std::map<std::string, Size> layers;
  for (const auto& file : std::filesystem::directory_iterator(shared_data() / "neusight" / "model_configs")) {
    const Architecture model = load_model(file.path().string());
    layers[model.name] = static_cast<Size>(model.encoder.layers.size() + model.decoder.layers.size());
  }
  EXPECT_EQ(layers.at("bert_large"), 24);
  EXPECT_EQ(layers.at("gpt2_large"), 36);
  EXPECT_EQ(layers.at("switchxl4"), 48);
  EXPECT_EQ(layers.size(), 12u);
}

// --- mistakes

TEST(HuggingFace, MisspeltKeysAreReported) {
  EXPECT_EQ(error("{\"model_type\": \"bert\",\n \"num_hiden_layers\": 6}"),
            "config.json:2:22: num_hiden_layers: unknown key; did you mean 'num_hidden_layers'?");
  EXPECT_EQ(error(R"({"model_type": "gpt2", "n_heda": 6})"),
            "config.json:1:34: n_heda: unknown key; did you mean 'n_head'?");
  // another family's name for it
  EXPECT_EQ(error(R"({"model_type": "gpt2", "n_layers": 6})"),
            "config.json:1:36: n_layers: unknown key; did you mean 'n_layer'?");
  EXPECT_EQ(error(R"({"model_type": "bert", "num_layers": 6})"),
            "config.json:1:38: num_layers: unknown key; did you mean 'num_hidden_layers'?");
  EXPECT_EQ(error(R"({"model_type": "bert", "num_layers": 6, "num_hidden_layers": 6})"), "(no error)");
  EXPECT_EQ(error(R"({"model_type": "t5", "numheads": 6})"),
            "config.json:1:34: numheads: unknown key; did you mean 'num_heads'?");
  // Keys of no influence pass, unknown ones and near misses of other unused ones too.
  for (const char* key : {"torch_dtype", "task_specific_params", "my_own_remark", "attention_droput", "rope_theta",
                          "vocab_size_of_teacher", "head_dim", "use_cach"})
    EXPECT_EQ(error(fmt::format(R"({{"model_type": "bert", "{}": {{"x": [1, null]}}}})", key)), "(no error)") << key;
  // A near miss beside the key itself is no typo of it.
  EXPECT_EQ(error(R"({"model_type": "bert", "hidden_size": 768, "hidden_sizes": [768]})"), "(no error)");
}

TEST(HuggingFace, WrongNumbers) {
  EXPECT_EQ(error("{\"model_type\": \"bert\",\n \"hidden_size\": 770}"),
            "config.json:2:17: hidden_size: 12 heads do not divide hidden_size 770");
  EXPECT_EQ(error(R"({"model_type": "bert", "num_attention_heads": 7})"),
            "config.json:1:47: num_attention_heads: 7 heads do not divide hidden_size 768");
  EXPECT_EQ(error(R"({"model_type": "bert", "hidden_size": -768})"),
            "config.json:1:39: hidden_size: expected an integer from 1 to 9999999, found '-768'");
  EXPECT_EQ(error(R"({"model_type": "bert", "intermediate_size": 0})"),
            "config.json:1:45: intermediate_size: expected an integer from 1 to 9999999, found '0'");
  EXPECT_EQ(error(R"({"model_type": "bert", "num_hidden_layers": 1000000000000})"),
            "config.json:1:45: num_hidden_layers: expected an integer from 1 to 10000, found '1000000000000'");
  EXPECT_EQ(error(R"({"model_type": "bert", "vocab_size": 99999999999999999999})"),
            "config.json:1:38: vocab_size: expected an integer of at most 64 bits, found '99999999999999999999'");
  EXPECT_EQ(error(R"({"model_type": "bert", "hidden_size": 768.5})"),
            "config.json:1:39: hidden_size: expected an integer, found '768.5'");
  EXPECT_EQ(error(R"({"model_type": "bert", "hidden_size": [768]})"),
            "config.json:1:39: hidden_size: expected an integer, found a list");
  EXPECT_EQ(error(R"({"model_type": "llama", "num_key_value_heads": 5})"),
            "config.json:1:48: num_key_value_heads: 5 key-value heads do not divide 32 heads");
  EXPECT_EQ(error(R"({"model_type": "squeezebert", "q_groups": 5, "k_groups": 5, "v_groups": 5})"),
            "config.json:1:1: encoder layer 0, sublayer 1: groups (5) must divide the width (768)");
  EXPECT_EQ(error(R"({"model_type": "switch_transformers", "num_sparse_encoder_layers": 13})"),
            "config.json:1:68: num_sparse_encoder_layers: 13 of 12 layers");
}

TEST(HuggingFace, WrongWords) {
  EXPECT_EQ(
      error(R"({"model_type": "bert", "architectures": ["BertForMaskedLN"]})"),
      "config.json:1:42: architectures.0: unknown head in 'BertForMaskedLN'; the heads are: Model, ForPreTraining, "
      "ForMaskedLM, LMHeadModel, ForCausalLM, ForSequenceClassification, ForMultipleChoice, "
      "ForNextSentencePrediction, ForTokenClassification, ForQuestionAnswering");
  EXPECT_EQ(error(R"({"model_type": "gpt2", "architectures": ["GPT2DoubleHeadsModel"]})"),
            "config.json:1:42: architectures.0: unknown head in 'GPT2DoubleHeadsModel'; the heads are: Model, "
            "LMHeadModel, ForCausalLM, ForSequenceClassification, ForTokenClassification, ForQuestionAnswering");
  EXPECT_EQ(
      error(R"({"model_type": "bert", "hidden_act": "gelo"})"),
      "config.json:1:38: hidden_act: unknown activation 'gelo'; did you mean 'gelu'? the activations are: gelu, "
      "gelu_python, gelu_new, gelu_fast, gelu_accurate, gelu_pytorch_tanh, quick_gelu, relu, silu, swish, tanh, "
      "sigmoid");
  EXPECT_EQ(
      error(R"({"model_type": "bert", "position_embedding_type": "relative_key_query"})"),
      "config.json:1:51: position_embedding_type: 'relative_key_query' is not supported; absolute and relative_key "
      "are");
  EXPECT_EQ(
      error(R"({"model_type": "t5", "feed_forward_proj": "gated-glue"})"),
      "config.json:1:43: feed_forward_proj: unknown form 'gated-glue'; the forms are: relu, gelu, gelu_new, silu, "
      "each also with 'gated-' before it");
}

TEST(HuggingFace, UnknownFamiliesAreShownInOurYaml) {
  const std::string message = error(
      R"({"model_type": "gpt_neox", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 8,
          "intermediate_size": 8192, "vocab_size": 50304})");
  EXPECT_EQ(message,
            "config.json:1:16: model_type: unknown model_type 'gpt_neox'; supported are: albert, bert, convbert, "
            "distilbert, electra, fnet, gpt2, llama, mistral, mobilebert, opt, qwen2, roberta, squeezebert, "
            "switch_transformers, t5, vit; write the model in Ridgeline's own YAML (docs/models.md), for example:\n"
            "  ridgeline: model\n"
            "  embeddings: {vocabulary: 50304}\n"
            "  decoder:   # or encoder:\n"
            "    width: 2048\n"
            "    layers: 16\n"
            "    attention: {heads: 8}\n"
            "    feed_forward: [8192]\n"
            "  head: {language_model: true}");
  // The example is right.
  std::string example = message.substr(message.find('\n') + 1);
  const Architecture model = parse_model(parse_document(example, "example.yaml"), "example");
  EXPECT_EQ(model.decoder.layers.size(), 16u);
  EXPECT_EQ(error(R"({"model_type": "roberto"})").substr(0, 90),
            "config.json:1:16: model_type: unknown model_type 'roberto'; did you mean 'roberta'? suppor");
}

}  // namespace
}  // namespace ridgeline
