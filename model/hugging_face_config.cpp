#include "model/hugging_face_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "model/checked.hpp"

namespace ridgeline {
namespace {

constexpr std::array<std::pair<std::string_view, Function>, 12> kActivations{{
    {"gelu", Function::gelu},
    {"gelu_python", Function::gelu},
    {"gelu_new", Function::gelu_tanh},
    {"gelu_fast", Function::gelu_tanh},
    {"gelu_accurate", Function::gelu_tanh},
    {"gelu_pytorch_tanh", Function::gelu_tanh},
    {"quick_gelu", Function::silu},  // x·sigmoid(1.702 x): a SiLU with another constant
    {"relu", Function::relu},
    {"silu", Function::silu},
    {"swish", Function::silu},
    {"tanh", Function::tanh},
    {"sigmoid", Function::sigmoid},
}};

/// The families' names for one size. The common one is understood by every family that has another, unless empty.
struct SameSize {
  std::string_view common;
  std::array<std::string_view, 5> names;
};
constexpr std::array<SameSize, 5> kSameSizes{{
    {"hidden_size", {"hidden_size", "d_model", "n_embd", "dim"}},
    {"num_hidden_layers", {"num_hidden_layers", "num_layers", "n_layer", "n_layers"}},
    {"num_attention_heads", {"num_attention_heads", "num_heads", "n_head", "n_heads"}},
    {"max_position_embeddings", {"max_position_embeddings", "n_positions"}},
    {"", {"intermediate_size", "d_ff", "n_inner", "ffn_dim", "hidden_dim"}},
}};

const SameSize* names_of(std::string_view key) {
  for (const SameSize& same : kSameSizes)
    if (std::find(same.names.begin(), same.names.end(), key) != same.names.end()) return &same;
  return nullptr;
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

const Node* HuggingFaceConfig::stored(std::string_view key) const {
  if (const Node* value = config_.find(key)) return value;
  const SameSize* names = names_of(key);
  return names && !names->common.empty() ? config_.find(names->common) : nullptr;
}

const Node* HuggingFaceConfig::find(std::string_view key) {
  if (!contains(asked_, key)) asked_.emplace_back(key);
  const Node* value = stored(key);
  return value && !value->is_null() ? value : nullptr;
}

void HuggingFaceConfig::fail(std::string_view key, std::string_view problem, std::string_view hint) const {
  if (const Node* value = stored(key)) value->fail(problem, hint);
  config_.fail(fmt::format("{}: {}", key, problem), hint);
}

Size HuggingFaceConfig::size(std::string_view key, Size fallback) {
  const Node* value = find(key);
  return value ? value->integer_in(1, kLargestSize) : fallback;
}

std::optional<Size> HuggingFaceConfig::size(std::string_view key) {
  const Node* value = find(key);
  return value ? std::optional<Size>(value->integer_in(1, kLargestSize)) : std::nullopt;
}

Size HuggingFaceConfig::size_or_zero(std::string_view key, Size fallback) {
  const Node* value = find(key);
  return value ? value->integer_in(0, kLargestSize) : fallback;
}

Size HuggingFaceConfig::layers(std::string_view key, Size fallback) {
  const Node* value = find(key);
  return value ? value->integer_in(1, kMostLayers) : fallback;
}

bool HuggingFaceConfig::flag(std::string_view key, bool fallback) {
  const Node* value = find(key);
  return value ? value->boolean() : fallback;
}

std::string HuggingFaceConfig::text(std::string_view key, std::string_view fallback) {
  const Node* value = find(key);
  return value ? value->text() : std::string(fallback);
}

Function HuggingFaceConfig::activation(std::string_view key, std::string_view fallback) {
  const std::string name = text(key, fallback);
  std::vector<std::string> names;
  for (const auto& [known, function] : kActivations) {
    if (known == name) return function;
    names.emplace_back(known);
  }
  throw_unknown_name(config_.at(key).location(), "activation", name, names);
}

Size HuggingFaceConfig::labels() {
  const Node* number = find("num_labels");
  if (const Node* names = find("id2label")) {
    const Size count = static_cast<Size>(names->keys().size());
    if (count < 1) names->fail("expected at least one label");
    return count;
  }
  return number ? number->integer_in(1, kLargestSize) : 2;
}

Size HuggingFaceConfig::head_dim(Size width, Size heads, std::string_view width_key, std::string_view heads_key) {
  if (width % heads != 0)
    fail(stored(heads_key) ? heads_key : width_key,
         fmt::format("{} heads do not divide {} {}", heads, width_key, width));
  return width / heads;
}

std::string HuggingFaceConfig::head(const std::vector<std::string>& heads, std::string_view fallback) {
  const Node* names = find("architectures");
  if (!names || names->size() == 0) return std::string(fallback);
  const Node& first = names->items().front();
  const std::string& name = first.text();
  // The longest head that the name ends with: "BertLMHeadModel" ends with "Model" too.
  const std::string* best = nullptr;
  for (const std::string& head : heads)
    if (name.ends_with(head) && (!best || head.size() > best->size())) best = &head;
  // What is left must be a family's name alone: "GPT2DoubleHeadsModel" is no "GPT2Double" with "HeadsModel".
  if (best && name.substr(0, name.size() - best->size()).find("Head") == std::string::npos &&
      name.substr(0, name.size() - best->size()).find("For") == std::string::npos)
    return *best;
  first.fail(fmt::format("unknown head in '{}'", name), fmt::format("the heads are: {}", fmt::join(heads, ", ")));
}

void HuggingFaceConfig::finish() const {
  const std::vector<std::string>& known = hugging_face_words();
  const auto missing = [&](const std::string& key) { return !stored(key); };
  for (const std::string& key : config_.keys()) {
    if (contains(asked_, key) || contains(known, key)) continue;
    const Node& value = config_.at(key);
    if (const SameSize* names = names_of(key)) {
      for (const std::string& asked : asked_)
        if (names_of(asked) == names && missing(asked))
          value.fail("unknown key", fmt::format("did you mean '{}'?", asked));
      continue;
    }
    const std::size_t allowed = key.size() < 6 ? 1 : 2;
    for (std::size_t distance = 1; distance <= allowed; ++distance)
      for (const std::string& asked : asked_)
        if (missing(asked) && edit_distance(key, asked) == distance)
          value.fail("unknown key", fmt::format("did you mean '{}'?", asked));
  }
}

OutputHead encoder_head(HuggingFaceConfig& config, const EncoderHeadTraits& traits) {
  static const std::vector<std::string> heads = {"Model",
                                                 "ForPreTraining",
                                                 "ForMaskedLM",
                                                 "LMHeadModel",
                                                 "ForCausalLM",
                                                 "ForSequenceClassification",
                                                 "ForMultipleChoice",
                                                 "ForNextSentencePrediction",
                                                 "ForTokenClassification",
                                                 "ForQuestionAnswering"};
  const std::string head = config.head(heads, "Model");
  const Size labels = config.labels();
  OutputHead result{.activation = traits.activation};
  if (head == "Model") {
    result.pooler = traits.pooler;
  } else if (head == "ForMaskedLM" || head == "LMHeadModel" || head == "ForCausalLM" || head == "ForPreTraining") {
    result.language_model = result.transform = result.bias = true;
    result.tied = config.flag("tie_word_embeddings", true);
    result.pooler = head == "ForPreTraining" && traits.pooler;
    result.classes = head == "ForPreTraining" ? 2 : 0;  // is it the next sentence?
  } else if (head == "ForTokenClassification") {
    result.classes = labels;
    result.every_position = true;
  } else if (head == "ForQuestionAnswering") {
    result.classes = 2;  // start and end
    result.every_position = true;
  } else {
    result.pooler = traits.dense_classifier;
    result.classes = head == "ForMultipleChoice" ? 1 : head == "ForNextSentencePrediction" ? 2 : labels;
  }
  return result;
}

OutputHead decoder_head(HuggingFaceConfig& config, bool tied) {
  static const std::vector<std::string> heads = {"Model",
                                                 "LMHeadModel",
                                                 "ForCausalLM",
                                                 "ForSequenceClassification",
                                                 "ForTokenClassification",
                                                 "ForQuestionAnswering"};
  const std::string head = config.head(heads, "ForCausalLM");
  const Size labels = config.labels();
  tied = config.flag("tie_word_embeddings", tied);
  OutputHead result;
  if (head == "ForCausalLM" || head == "LMHeadModel") {
    result.language_model = true;
    result.tied = tied;
  } else if (head != "Model") {
    result.classes = head == "ForQuestionAnswering" ? 2 : labels;
    result.every_position = true;  // `score` runs over all positions, then one is picked
    result.class_bias = head != "ForSequenceClassification";
  }
  return result;
}

}  // namespace ridgeline
