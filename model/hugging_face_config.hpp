// One Hugging Face `config.json` while it is read, and the parts its families have in common.
//
// Real files hold dozens of keys that say nothing about the architecture (dropout, token ids, torch_dtype, ...): they
// are passed over. A missing or null key takes the default that the family's configuration class documents
// (huggingface/transformers, src/transformers/models/FAMILY/configuration_FAMILY.py). GPT-2, T5 and DistilBERT also
// answer to the common names of their sizes (hidden_size for n_embd, d_model, dim, ...), as their `attribute_map`
// says.
//
// Reported are: a typo (up to two letters from a key that was asked for and is missing), and another family's name
// for a size that is missing ("num_layers" in a BERT).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "model/architecture.hpp"

namespace ridgeline {

class HuggingFaceConfig {
 public:
  explicit HuggingFaceConfig(const Node& config) : config_(config) {}

  const Node& node() const { return config_; }
  /// A positive size below 10^7; `fallback` where the key is missing or null.
  Size size(std::string_view key, Size fallback);
  std::optional<Size> size(std::string_view key);
  /// The same with 0 allowed.
  Size size_or_zero(std::string_view key, Size fallback);
  /// At most 10,000: every layer is built.
  Size layers(std::string_view key, Size fallback);
  bool flag(std::string_view key, bool fallback);
  std::string text(std::string_view key, std::string_view fallback);
  /// An activation by its name in Hugging Face's table.
  Function activation(std::string_view key, std::string_view fallback);
  /// Number of labels: of `id2label`, else `num_labels`, else 2.
  Size labels();
  /// width / heads; complains at `heads_key` when it does not divide.
  Size head_dim(Size width, Size heads, std::string_view width_key, std::string_view heads_key);
  /// What follows the family's name in the first of `architectures` ("BertForMaskedLM": "ForMaskedLM"); `fallback`
  /// where there is none. InputError for a head that is not in `heads`.
  std::string head(const std::vector<std::string>& heads, std::string_view fallback);
  /// The value of a key or of its common name, remembered as asked for; nullptr when missing or null.
  const Node* find(std::string_view key);
  /// A complaint at `key`, or at the whole file where it is missing.
  [[noreturn]] void fail(std::string_view key, std::string_view problem, std::string_view hint = {}) const;
  /// Looks for misspelt keys.
  void finish() const;

 private:
  /// The value under the key itself, else under its common name.
  const Node* stored(std::string_view key) const;

  const Node& config_;
  std::vector<std::string> asked_;
};

/// Keys of real config files that influence no family: never taken for a typo of another key.
const std::vector<std::string>& hugging_face_words();

/// The names an encoder's head may have: Model, ForPreTraining, ForMaskedLM, ForSequenceClassification, ...
struct EncoderHeadTraits {
  bool pooler = true;            ///< the bare model ends with a pooler
  bool dense_classifier = true;  ///< sequence classification has a dense map before the labels
  Function activation = Function::gelu;
};
/// The head named by `architectures`; without that key the bare model.
OutputHead encoder_head(HuggingFaceConfig& config, const EncoderHeadTraits& traits);
/// The same for decoders: `Model`, `ForCausalLM` (the default), `ForSequenceClassification`, ...
OutputHead decoder_head(HuggingFaceConfig& config, bool tied);

/// A layer of one attention (or other mixing) sublayer and one feed-forward sublayer.
template <class Mixing>
Layer plain_layer(Size width, const Mixing& mixing, const FeedForward& feed_forward,
                  NormPlacement placement = NormPlacement::after, NormKind norm = NormKind::layer_norm) {
  Layer layer{.width = width};
  layer.sublayers.push_back({.body = mixing, .placement = placement, .norm = norm});
  layer.sublayers.push_back({.body = feed_forward, .placement = placement, .norm = norm});
  return layer;
}

// One function a family; each leaves name, family and check() to parse_hugging_face.
Architecture read_bert(HuggingFaceConfig& config);
Architecture read_roberta(HuggingFaceConfig& config);
Architecture read_electra(HuggingFaceConfig& config);
Architecture read_distilbert(HuggingFaceConfig& config);
Architecture read_albert(HuggingFaceConfig& config);
Architecture read_mobilebert(HuggingFaceConfig& config);
Architecture read_squeezebert(HuggingFaceConfig& config);
Architecture read_convbert(HuggingFaceConfig& config);
Architecture read_fnet(HuggingFaceConfig& config);
Architecture read_gpt2(HuggingFaceConfig& config);
Architecture read_opt(HuggingFaceConfig& config);
Architecture read_llama(HuggingFaceConfig& config);
Architecture read_mistral(HuggingFaceConfig& config);
Architecture read_qwen2(HuggingFaceConfig& config);
Architecture read_t5(HuggingFaceConfig& config);
Architecture read_switch_transformers(HuggingFaceConfig& config);
Architecture read_vit(HuggingFaceConfig& config);

}  // namespace ridgeline
