// Which format a document has, and where a model is found.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "model/given_graph.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"

namespace ridgeline {
namespace {

bool any_key(const Node& document, std::string_view ending) {
  const std::vector<std::string> keys = document.keys();
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return key.ends_with(ending); });
}

std::string name_of_file(const std::filesystem::path& file) {
  if (file.filename() != "config.json") return file.stem().string();
  const std::string folder = std::filesystem::absolute(file).lexically_normal().parent_path().filename().string();
  return folder.empty() ? "model" : folder;
}

}  // namespace

Architecture parse_model(const Node& document, std::string name) {
  if (!document.is_map()) document.fail("expected a model: a map of keys");
  if (is_given_graph(document))
    document.at("ridgeline")
        .fail("this model is given by its operators, and an architecture is needed here",
              "operator graphs are for estimate, compare, models and measure");
  if (document.has("ridgeline")) return parse_ridgeline_model(document, std::move(name));
  // EdgeTran's rows have a model_type of their own ("shallow_narrow") beside the model_dict.
  if (const Node* dict = document.find("model_dict")) return parse_flexibert(*dict, std::move(name));
  if (document.has("model_type")) return parse_hugging_face(document, std::move(name));
  if (any_key(document, "-subtransformer")) return parse_hat(document, std::move(name));
  constexpr std::array flexibert{"l", "o", "h", "f"};
  if (std::count_if(flexibert.begin(), flexibert.end(), [&](const char* key) { return document.has(key); }) >= 2)
    return parse_flexibert(document, std::move(name));

  std::vector<std::string> telling = {"model_type", "ridgeline", "model_dict"};
  for (const std::string& key : document.keys())
    if (const std::string nearest = nearest_name(key, telling); !nearest.empty())
      document.at(key).fail("unknown key", fmt::format("did you mean '{}'?", nearest));
  document.fail("this is no model that Ridgeline knows",
                "known are: Hugging Face config.json (model_type), FlexiBERT model_dict (l, o, h, f), HAT "
                "sub-transformers (encoder-embed-dim-subtransformer, ...), Ridgeline's YAML (ridgeline: model)");
}

namespace {

/// The file that is meant; empty for a name of the zoo.
std::filesystem::path file_of(std::string_view name_or_path) {
  const std::vector<std::string> names = zoo_names();
  const std::string name(name_or_path);
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};

  std::filesystem::path path(name);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    std::filesystem::path config = path / "config.json";
    if (!std::filesystem::exists(config, ignored))
      throw InputError({name, 0, 0, {}}, "this folder has no config.json");
    return config;
  }
  const bool is_path = name.find('/') != std::string::npos || path.extension() == ".json" ||
                       path.extension() == ".yaml" || path.extension() == ".yml" ||
                       std::filesystem::exists(path, ignored);
  if (is_path && path.extension() == ".onnx")
    throw InputError({name, 0, 0, {}}, "ONNX files are converted first", "ridgeline convert FILE --out model.yaml");
  if (is_path && (path.extension() == ".pt" || path.extension() == ".pth"))
    throw InputError({name, 0, 0, {}}, "TorchScript files are converted first",
                     "ridgeline convert FILE --input 1x128:int64 --out model.yaml");
  if (is_path) return path;
  const std::string nearest = nearest_name(name, names);
  throw InputError({}, fmt::format("unknown model '{}'", name),
                   fmt::format("{}a model is a name of the zoo (`ridgeline models` lists them), a file, or a folder "
                               "with a config.json",
                               nearest.empty() ? std::string() : fmt::format("did you mean '{}'? ", nearest)));
}

}  // namespace

Architecture load_model(std::string_view name_or_path) {
  const std::filesystem::path file = file_of(name_or_path);
  if (file.empty()) return zoo_model(name_or_path).architecture;
  return parse_model(read_document(file), name_of_file(file));
}

Model load_model_or_graph(std::string_view name_or_path) {
  const std::filesystem::path file = file_of(name_or_path);
  if (file.empty()) return zoo_model(name_or_path).architecture;
  return parse_model_or_graph(read_document(file), name_of_file(file));
}

Model parse_model_or_graph(const Node& document, std::string name) {
  if (is_given_graph(document)) return parse_given_graph(document, std::move(name));
  return parse_model(document, std::move(name));
}

}  // namespace ridgeline
