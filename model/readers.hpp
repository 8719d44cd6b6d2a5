// Model descriptions from files. The format is recognised by its keys: Hugging Face `config.json` ("model_type"),
// FlexiBERT `model_dict` ("l", "o", "h", "f"), HAT sub-transformer YAML ("encoder-embed-dim-subtransformer"),
// Ridgeline's own YAML ("ridgeline: model"). docs/models.md documents them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "model/architecture.hpp"

namespace ridgeline {

/// Any of the formats; throws InputError with place, key and the nearest valid name. An unknown `model_type` names
/// the supported ones and shows how the model looks in Ridgeline's YAML.
Architecture parse_model(const Node& document, std::string name);

Architecture parse_hugging_face(const Node& config, std::string name);
Architecture parse_flexibert(const Node& model_dict, std::string name);
Architecture parse_hat(const Node& document, std::string name);
Architecture parse_ridgeline_model(const Node& document, std::string name);

/// Writes the architecture in Ridgeline's own YAML; parse_ridgeline_model reads it back equal.
std::string to_yaml(const Architecture& architecture);

/// Zoo name ("bert-base"), a path to a file, or a folder with a config.json. Unknown names give the nearest.
Architecture load_model(std::string_view name_or_path);

}  // namespace ridgeline
