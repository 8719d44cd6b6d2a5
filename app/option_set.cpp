#include "app/option_set.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace ridgeline {

void OptionSet::value(std::string group, std::string name, std::string type, std::string text,
                      std::function<void(const std::string&)> take) {
  const auto take_one = [name, take = std::move(take)](const Words& given) {
    if (given.size() > 1) refuse(name, fmt::format("given {} times", given.size()));
    take(given.front());
  };
  options.push_back(
      {std::move(group), std::move(name), std::move(type), std::move(text), Option::Takes::one_value, take_one});
}

void OptionSet::value(std::string group, std::string name, std::string type, std::string text, std::string& into) {
  value(std::move(group), std::move(name), std::move(type), std::move(text),
        [&into](const std::string& word) { into = word; });
}

void OptionSet::repeatable(std::string group, std::string name, std::string type, std::string text,
                           std::function<void(const Words&)> take) {
  options.push_back(
      {std::move(group), std::move(name), std::move(type), std::move(text), Option::Takes::a_value, std::move(take)});
}

void OptionSet::values(std::string group, std::string name, std::string type, std::string text, Words& into) {
  options.push_back({std::move(group), std::move(name), std::move(type), std::move(text), Option::Takes::values,
                     [&into](const Words& given) { into = given; }});
}

void OptionSet::flag(std::string group, std::string name, std::string text, std::function<void()> take) {
  options.push_back({std::move(group), std::move(name), "", std::move(text), Option::Takes::nothing,
                     [take = std::move(take)](const Words&) { take(); }});
}

void OptionSet::flag(std::string group, std::string name, std::string text, bool& into) {
  flag(std::move(group), std::move(name), std::move(text), [&into] { into = true; });
}

void OptionSet::word(std::string name, std::string& into) {
  words.push_back({std::move(name), [&into](const Words& given) { into = given.front(); }});
}

void OptionSet::many_words(std::string name, Words& into) {
  words.push_back({std::move(name), [&into](const Words& given) { into = given; }, true});
}

void refuse(const std::string& about, const std::string& problem, const std::string& hint) {
  throw InputError({about, 0, 0, ""}, problem, hint);
}

void require(bool given, const std::string& command, const std::string& what, const std::string& list) {
  if (!given) refuse(command, "missing " + what, fmt::format("`ridgeline {}` lists them", list));
}

}  // namespace ridgeline
