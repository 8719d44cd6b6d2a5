#include "hwdesc/sourced.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ridgeline {

Sources::Sources(const Node& document) : file_(document.location().file) {
  const Node* map = document.find("sources");
  if (map == nullptr) return;
  for (const std::string& id : map->keys()) {
    const Node& text = map->at(id);
    if (text.is_null() || text.text().empty()) text.fail("empty citation");
    ids_.push_back(id);
    all_.push_back({id, text.text()});
  }
}

std::string Sources::cite(const Node& id) const {
  const auto found = std::find(ids_.begin(), ids_.end(), id.text());
  if (found == ids_.end()) throw_unknown_name(id.location(), "source", id.text(), ids_);
  return all_[static_cast<std::size_t>(found - ids_.begin())].text;
}

void Sources::check_cited(const Node& text) const {
  const std::string& words = text.text();
  for (std::size_t open = words.find('['); open != std::string::npos; open = words.find('[', open + 1)) {
    const std::size_t close = words.find(']', open);
    if (close == std::string::npos) text.fail("a '[' without ']'");
    std::string_view inside(words.data() + open + 1, close - open - 1);
    while (!inside.empty()) {
      const std::size_t comma = std::min(inside.find(','), inside.size());
      const std::string_view id = inside.substr(0, comma);
      if (std::find(ids_.begin(), ids_.end(), id) == ids_.end())
        throw_unknown_name(text.location(), "source", id, ids_);
      inside.remove_prefix(std::min(inside.size(), comma + 1));
      if (inside.starts_with(' ')) inside.remove_prefix(1);
    }
  }
}

std::optional<Sources::Citation> Sources::citation(const Node& map) const {
  const Node* source = map.find("source");
  const Node* derived = map.find("derived");
  if (source == nullptr && derived == nullptr) return std::nullopt;
  if (source != nullptr && derived != nullptr)
    source->fail("a number has either 'source' or 'derived'", "cite sources in 'derived' as [ID]");
  if (derived != nullptr) {
    if (derived->is_null() || derived->text().empty()) derived->fail("empty derivation");
    check_cited(*derived);
    return Citation{derived->text(), true};
  }
  if (!source->is_sequence()) return Citation{cite(*source), false};
  std::string all;
  for (const Node& id : source->items()) all += (all.empty() ? "" : "; ") + cite(id);
  if (all.empty()) source->fail("empty citation");
  return Citation{all, false};
}

const Node& SourcedReader::read(const Node& map, std::string_view key, const Node* outer) {
  const Node& child = map.at(key);
  const bool annotated = child.is_map();
  if (annotated) child.allow_only({"value", "source", "derived"});
  const Node& value = annotated ? child.at("value") : child;
  std::optional<Sources::Citation> citation = annotated ? sources_.citation(child) : std::nullopt;
  if (!citation) citation = sources_.citation(map);
  if (!citation && outer != nullptr) citation = sources_.citation(*outer);
  if (value.location().file != file_) {
    edited_ = true;
    citation = Sources::Citation{fmt::format("what-if ({})", value.location().file), true};
  }
  if (!citation)
    value.fail("missing source", fmt::format("write {{value: {}, source: ID}} or {{value: {}, derived: \"...\"}}",
                                             value.text(), value.text()));
  facts_.push_back({value.location().key, value.text(), citation->text, citation->derived});
  return value;
}

const Node* SourcedReader::read_optional(const Node& map, std::string_view key, const Node* outer) {
  return map.has(key) ? &read(map, key, outer) : nullptr;
}

double number_in(const Node& value, double low, double high) {
  const double number = value.number();
  if (!(number >= low && number <= high))
    value.fail(fmt::format("expected a number from {} to {}, found '{}'", low, high, value.text()));
  return number;
}

double share(const Node& value) {
  const double number = value.number();
  if (!(number > 0 && number <= 1))
    value.fail(fmt::format("expected a share above 0 and at most 1, found '{}'", value.text()));
  return number;
}

}  // namespace ridgeline
