#include "search/family.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.hpp"
#include "search/family_choices.hpp"

namespace ridgeline {
namespace {

struct Maker {
  std::string_view name;
  Family (*make)(const Space&);
};
constexpr std::array kMakers{Maker{"flexibert", make_flexibert}, Maker{"hat", make_hat}, Maker{"bert", make_bert},
                             Maker{"gpt2", make_gpt2}};

void require_names(std::span<const Choice> choices, std::initializer_list<std::string_view> names,
                   std::string_view where) {
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(choices, [&](const Choice& choice) { return choice.name == name; });
  };
  for (const std::string_view name : names)
    if (!has(name)) throw Error(fmt::format("{}: missing choice '{}'", where, name));
  const std::vector<std::string> known(names.begin(), names.end());
  for (const Choice& choice : choices)
    if (choice.name != "deployment" && std::ranges::find(known, choice.name) == known.end())
      throw_unknown_name({"", 0, 0, std::string(where)}, "choice", choice.name, known);
}

Size positive_number(const std::string& text, const std::string& choice) {
  Size value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1)
    throw Error(fmt::format("{}: expected a positive whole number, found '{}'", choice, text));
  return value;
}

}  // namespace

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Maker& maker : kMakers) names.emplace_back(maker.name);
  return names;
}

Family make_family(std::string_view family, const Space& space) {
  const auto* maker = std::ranges::find(kMakers, family, &Maker::name);
  if (maker == kMakers.end()) throw_unknown_name({}, "family", family, family_names());
  return maker->make(space);
}

void require_choices(const Space& space, std::initializer_list<std::string_view> names) {
  require_names(space.choices(), names, space.name());
}

std::size_t require_group(const Space& space, std::string_view group, std::string_view times,
                          std::initializer_list<std::string_view> names) {
  for (std::size_t g = 0; g < space.groups().size(); ++g) {
    const Repeated& repeated = space.groups()[g];
    if (repeated.name != group) continue;
    if (repeated.times != times)
      throw Error(fmt::format("{}: must be counted by '{}', not '{}'", group, times, repeated.times));
    require_names(repeated.choices, names, group);
    return g;
  }
  throw Error(fmt::format("{}: missing repeated choices '{}'", space.name(), group));
}

void require_group_count(const Space& space, std::size_t count) {
  if (space.groups().size() != count)
    throw Error(fmt::format("{}: {} lists of repeated choices where its family has {}", space.name(),
                            space.groups().size(), count));
}

std::size_t choice_in(const Repeated& group, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::find(group.choices, name, &Choice::name) - group.choices.begin());
}

std::vector<Size> numbers_of(const Choice& choice) {
  const auto* one_of = std::get_if<OneOf>(&choice.domain.kind());
  const auto* sequence = std::get_if<Sequence>(&choice.domain.kind());
  if (one_of == nullptr && sequence == nullptr) throw Error(fmt::format("{}: must be numbers", choice.name));
  std::vector<Size> numbers;
  for (const std::string& text : one_of != nullptr ? one_of->values : sequence->of)
    numbers.push_back(positive_number(text, choice.name));
  return numbers;
}

}  // namespace ridgeline
