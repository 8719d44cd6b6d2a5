#include "base/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace ridgeline {
namespace {

/// The whole of `text` as a finite number.
std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string describe(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return fmt::format("'{}'", node.text());
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "";
}

/// "25.6 GB/s" scaled by 2 is "51.2 GB/s"; nothing when the text does not begin with a number.
std::optional<std::string> scaled(std::string_view text, double factor) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  // 15 digits: 1.5 times 0.1 should read 0.15.
  return fmt::format("{:.15g}{}", value * factor, std::string_view(end, text.data() + text.size() - end));
}

/// What a what-if may be about: a number, with or without a unit, or a switch.
bool is_figure(const Node& node) {
  return node.is_scalar() && (parse_quantity(node.text()) || node.text() == "true" || node.text() == "false");
}

/// Of the entries of a list, those of the first: "points.0.clock" for all of "points.7.clock".
std::vector<std::string> without_repeats(const std::vector<std::string>& paths) {
  std::vector<std::string> kept;
  for (const std::string& path : paths) {
    bool repeats = false;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1))
      repeats = repeats || (dot + 1 < path.size() && path[dot + 1] >= '1' && path[dot + 1] <= '9');
    if (!repeats) kept.push_back(path);
  }
  return kept;
}

}  // namespace

InputLocation Node::location() const { return {file_ ? *file_ : std::string(), line_, column_, path_}; }

void Node::fail(std::string_view problem, std::string_view hint) const {
  throw InputError(location(), problem, hint);
}

const Node* Node::find(std::string_view key) const {
  if (!is_map()) fail(fmt::format("expected a map, found {}", describe(*this)));
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? nullptr : &children_[static_cast<std::size_t>(found - keys_.begin())];
}

const Node& Node::at(std::string_view key) const {
  if (const Node* child = find(key)) return *child;
  fail(fmt::format("missing key '{}'", key),
       keys_.empty() ? std::string() : fmt::format("the keys here are: {}", fmt::join(keys_, ", ")));
}

std::vector<std::string> Node::keys() const {
  if (!is_map()) fail(fmt::format("expected a map, found {}", describe(*this)));
  return keys_;
}

void Node::allow_only(const std::vector<std::string>& allowed) const {
  if (!is_map()) fail(fmt::format("expected a map, found {}", describe(*this)));
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (std::find(allowed.begin(), allowed.end(), keys_[i]) != allowed.end()) continue;
    InputLocation at_key = location();
    at_key.line = key_positions_[i].line;
    at_key.column = key_positions_[i].column;
    throw_unknown_name(at_key, "key", keys_[i], allowed);
  }
}

const std::vector<Node>& Node::items() const {
  if (!is_sequence()) fail(fmt::format("expected a list, found {}", describe(*this)));
  return children_;
}

std::size_t Node::size() const { return items().size(); }

const std::string& Node::text() const {
  if (!is_scalar()) fail(fmt::format("expected a single value, found {}", describe(*this)));
  return text_;
}

double Node::number() const {
  const std::optional<double> value = is_scalar() ? parse_number(text_) : std::nullopt;
  if (!value) fail(fmt::format("expected a number, found {}", describe(*this)));
  return *value;
}

std::int64_t Node::integer() const {
  std::int64_t value = 0;
  if (is_scalar()) {
    const char* const last = text_.data() + text_.size();
    const auto [end, error] = std::from_chars(text_.data(), last, value);
    if (error == std::errc() && end == last) return value;
    if (error == std::errc::result_out_of_range && end == last)
      fail(fmt::format("expected an integer of at most 64 bits, found {}", describe(*this)));
  }
  fail(fmt::format("expected an integer, found {}", describe(*this)));
}

std::int64_t Node::integer_in(std::int64_t low, std::int64_t high) const {
  const std::int64_t value = integer();
  if (value < low || value > high)
    fail(fmt::format("expected an integer from {} to {}, found '{}'", low, high, text_));
  return value;
}

bool Node::boolean() const {
  if (is_scalar() && text_ == "true") return true;
  if (is_scalar() && text_ == "false") return false;
  fail(fmt::format("expected true or false, found {}", describe(*this)));
}

double Node::positive_si(Dimension expected) const {
  const std::string unit = unit_name(expected);
  if (!is_scalar()) fail(fmt::format("expected a quantity in {}, found {}", unit, describe(*this)));
  const std::optional<ParsedQuantity> parsed = parse_quantity(text_);
  if (!parsed) fail(fmt::format("expected a number and a unit ({}), found '{}'", unit, text_));
  if (parsed->dimension != expected) {
    if (parsed->dimension == Dimension{}) fail(fmt::format("missing unit: expected {}, found '{}'", unit, text_));
    fail(fmt::format("wrong unit: expected {}, found '{}' ({})", unit, text_, unit_name(parsed->dimension)));
  }
  if (!(parsed->si > 0)) fail(fmt::format("expected a positive quantity, found '{}'", text_));
  return parsed->si;
}

std::vector<std::pair<std::string, Node*>> Node::scalars(const std::string& prefix) {
  if (is_scalar() || is_null()) return {{prefix, this}};
  std::vector<std::pair<std::string, Node*>> all;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    const std::string name = is_map() ? keys_[i] : std::to_string(i);
    if (name == "value" && is_map() && !prefix.empty() && !children_[i].is_map())
      return children_[i].scalars(prefix);  // its neighbours (source, note) only annotate it
    auto below = children_[i].scalars(prefix.empty() ? name : prefix + "." + name);
    std::move(below.begin(), below.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<std::string> Node::scalar_paths() const {
  std::vector<std::string> paths;
  Node copy = *this;
  for (const auto& [path, node] : copy.scalars("")) paths.push_back(path);
  return paths;
}

void Node::set(std::string_view path, std::string_view value, std::string_view origin) {
  const InputLocation at{std::string(origin), 0, 0, std::string(path)};
  const std::string suffix = "." + std::string(path);
  std::vector<std::string> matches, figures, endings;
  Node* target = nullptr;
  for (const auto& [candidate, node] : scalars("")) {
    if (candidate == path) {
      matches = {candidate};
      target = node;
      break;
    }
    if (candidate.ends_with(suffix)) {
      matches.push_back(candidate);
      target = node;
    }
    if (!is_figure(*node)) continue;
    figures.push_back(candidate);
    // A typo is compared with every ending, since an ending is enough to name a key.
    endings.push_back(candidate);
    for (std::size_t dot = candidate.find('.'); dot != std::string::npos; dot = candidate.find('.', dot + 1))
      endings.push_back(candidate.substr(dot + 1));
  }
  if (matches.empty()) {
    // A description has dozens of keys: they are listed where none is near.
    const std::string nearest = nearest_name(path, endings);
    throw InputError(at, "unknown key",
                     nearest.empty() ? fmt::format("the keys are: {}", fmt::join(without_repeats(figures), ", "))
                                     : fmt::format("did you mean '{}'?", nearest));
  }
  if (matches.size() > 1)
    throw InputError(at, "ambiguous key", fmt::format("it could be: {}", fmt::join(matches, ", ")));

  std::string replacement(value);
  if (value.starts_with('x')) {
    if (const std::optional<double> factor = parse_number(value.substr(1))) {
      if (*factor <= 0) throw InputError(at, fmt::format("expected a positive factor, found '{}'", value));
      const std::optional<std::string> product = target->is_scalar() ? scaled(target->text_, *factor) : std::nullopt;
      if (!product)
        throw InputError(at, fmt::format("'{}' cannot scale {}, which is no number", value, describe(*target)));
      replacement = *product;
    }
  }
  target->kind_ = Kind::scalar;
  target->text_ = std::move(replacement);
  target->file_ = std::make_shared<const std::string>(origin);
  target->line_ = target->column_ = 0;
}

}  // namespace ridgeline
