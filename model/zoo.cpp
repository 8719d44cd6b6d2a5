// A zoo file is a map from names to entries; a name stands alone at the beginning of a line, so that one entry can be
// cut out and read without parsing the rest.
#include "model/zoo.hpp"

#include <fmt/format.h>

#include <utility>

#include "model/readers.hpp"
#include "model/zoo_files.hpp"

namespace ridgeline {
namespace {

struct Entry {
  std::string_view name;
  std::string_view file;
  std::string_view text;  ///< of the entry, from its name's line to the next name
  int line = 0;           ///< of the name, from 1
};

/// Calls use(entry) for every entry of a file until it returns true.
template <class Use>
bool each_entry(const EmbeddedFile& file, Use use) {
  Entry entry;
  std::size_t start = 0;
  int number = 1;
  for (std::size_t at = 0; at <= file.text.size(); ++number) {
    const std::size_t end = std::min(file.text.find('\n', at), file.text.size());
    const std::string_view line = file.text.substr(at, end - at);
    const bool is_name = !line.empty() && line[0] != ' ' && line[0] != '#' && line.ends_with(':');
    if (is_name || end == file.text.size()) {
      entry.text = file.text.substr(start, (is_name ? at : end) - start);
      if (!entry.name.empty() && use(entry)) return true;
      if (is_name) entry = {line.substr(0, line.size() - 1), file.name, {}, number}, start = at;
    }
    at = end + 1;
  }
  return false;
}

ZooModel read(const Entry& entry) {
  // Lines above the entry are left empty so that complaints name the line of the whole file.
  std::string text(static_cast<std::size_t>(entry.line - 1), '\n');
  text += entry.text;
  const Node document = parse_document(text, std::string(entry.file));
  const Node& node = document.at(entry.name);
  node.allow_only({"title", "source", "parameters", "parameters_source", "model"});

  ZooModel model;
  model.name = entry.name;
  model.title = node.at("title").text();
  model.source = node.at("source").text();
  if (const Node* parameters = node.find("parameters")) {
    model.published_parameters = parameters->integer_in(1, 1'000'000'000'000);
    model.parameters_source = node.at("parameters_source").text();
  } else {
    model.parameters_source = "not published exactly";
  }
  model.architecture = parse_model(node.at("model"), model.name);
  return model;
}

}  // namespace

std::vector<std::string> zoo_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : zoo_files())
    each_entry(file, [&](const Entry& entry) {
      names.emplace_back(entry.name);
      return false;
    });
  return names;
}

ZooModel zoo_model(std::string_view name) {
  ZooModel model;
  for (const EmbeddedFile& file : zoo_files())
    if (each_entry(file, [&](const Entry& entry) {
          if (entry.name != name) return false;
          model = read(entry);
          return true;
        }))
      return model;
  const std::string nearest = nearest_name(name, zoo_names());
  throw InputError({}, fmt::format("unknown model '{}'", name),
                   nearest.empty() ? std::string() : fmt::format("did you mean '{}'?", nearest));
}

}  // namespace ridgeline
