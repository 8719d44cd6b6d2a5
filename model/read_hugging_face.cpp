#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "model/checked.hpp"
#include "model/hugging_face_config.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

struct Family {
  std::string_view model_type;
  Architecture (*read)(HuggingFaceConfig&);
};

constexpr std::array<Family, 17> kFamilies{{{"albert", read_albert},
                                            {"bert", read_bert},
                                            {"convbert", read_convbert},
                                            {"distilbert", read_distilbert},
                                            {"electra", read_electra},
                                            {"fnet", read_fnet},
                                            {"gpt2", read_gpt2},
                                            {"llama", read_llama},
                                            {"mistral", read_mistral},
                                            {"mobilebert", read_mobilebert},
                                            {"opt", read_opt},
                                            {"qwen2", read_qwen2},
                                            {"roberta", read_roberta},
                                            {"squeezebert", read_squeezebert},
                                            {"switch_transformers", read_switch_transformers},
                                            {"t5", read_t5},
                                            {"vit", read_vit}}};

std::vector<std::string> model_types() {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.emplace_back(family.model_type);
  return names;
}

/// The first of `keys` that holds a positive number, or the stand-in.
std::string number_of(const Node& config, std::initializer_list<std::string_view> keys, std::string_view stand_in) {
  for (const std::string_view key : keys) {
    const Node* value = config.find(key);
    if (!value || !value->is_scalar()) continue;
    const std::string& text = value->text();
    if (!text.empty() && text.size() < 8 && text.find_first_not_of("0123456789") == std::string::npos &&
        text[0] != '0')
      return text;
  }
  return std::string(stand_in);
}

/// How a model of an unknown family may be written instead, with the numbers of its own config where they are plain.
std::string as_ridgeline_yaml(const Node& config) {
  return fmt::format(
      "write the model in Ridgeline's own YAML (docs/models.md), for example:\n"
      "  ridgeline: model\n"
      "  embeddings: {{vocabulary: {}}}\n"
      "  decoder:   # or encoder:\n"
      "    width: {}\n"
      "    layers: {}\n"
      "    attention: {{heads: {}}}\n"
      "    feed_forward: [{}]\n"
      "  head: {{language_model: true}}",
      number_of(config, {"vocab_size"}, "32000"),
      number_of(config, {"hidden_size", "d_model", "n_embd", "dim"}, "768"),
      number_of(config, {"num_hidden_layers", "num_layers", "n_layer", "n_layers"}, "12"),
      number_of(config, {"num_attention_heads", "num_heads", "n_head", "n_heads"}, "12"),
      number_of(config, {"intermediate_size", "d_ff", "ffn_dim", "n_inner", "hidden_dim"}, "3072"));
}

[[noreturn]] void unknown_family(const Node& config, const Node& type) {
  const std::vector<std::string> names = model_types();
  const std::string nearest = nearest_name(type.text(), names);
  type.fail(fmt::format("unknown model_type '{}'", type.text()),
            fmt::format("{}supported are: {}; {}",
                        nearest.empty() ? std::string() : fmt::format("did you mean '{}'? ", nearest),
                        fmt::join(names, ", "), as_ridgeline_yaml(config)));
}

}  // namespace

Architecture parse_hugging_face(const Node& config, std::string name) {
  const Node& type = config.at("model_type");
  const Family* family = nullptr;
  for (const Family& known : kFamilies)
    if (known.model_type == type.text()) family = &known;
  if (!family) unknown_family(config, type);

  HuggingFaceConfig reader(config);
  reader.find("model_type");
  Architecture result = family->read(reader);
  reader.finish();
  result.name = std::move(name);
  result.family = family->model_type;
  return checked(config, std::move(result));
}

}  // namespace ridgeline
