// What words a command takes, as plain data: its command file says it once, and reading the command line, the help
// and the nearest option for a typo all follow from it.
//
// Only app/command_line.cpp knows how words are split into options.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/options.hpp"

namespace ridgeline {

using Words = std::vector<std::string>;

struct Option {
  enum class Takes {
    nothing,    ///< a flag
    one_value,  ///< given at most once
    a_value,    ///< repeatable, one value each time
    values,     ///< repeatable, all words up to the next option
  };
  std::string group;  ///< the heading that it stands below in the help
  std::string name;   ///< "--device", "-h,--help"
  std::string type;   ///< "NAME"; empty for a flag
  std::string text;
  Takes takes = Takes::one_value;
  std::function<void(const Words&)> take;  ///< called once with all values; throws InputError naming the option
};

/// Words without a dash.
struct Positional {
  std::string name;
  std::function<void(const Words&)> take;
  bool many = false;
};

struct OptionSet {
  std::vector<Option> options;
  std::vector<Positional> words;
  /// Run in this order when all words are taken: what is missing, what excludes what. They throw InputError.
  std::vector<std::function<void(const CommonOptions&)>> checks;

  void value(std::string group, std::string name, std::string type, std::string text,
             std::function<void(const std::string&)> take);
  void value(std::string group, std::string name, std::string type, std::string text, std::string& into);
  /// One value each time.
  void repeatable(std::string group, std::string name, std::string type, std::string text,
                  std::function<void(const Words&)> take);
  /// Words up to the next option.
  void values(std::string group, std::string name, std::string type, std::string text, Words& into);
  void flag(std::string group, std::string name, std::string text, std::function<void()> take);
  void flag(std::string group, std::string name, std::string text, bool& into);
  void word(std::string name, std::string& into);
  void many_words(std::string name, Words& into);
  void check(std::function<void(const CommonOptions&)> test) { checks.push_back(std::move(test)); }
};

/// Complains of a command line: "ABOUT: PROBLEM; HINT".
[[noreturn]] void refuse(const std::string& about, const std::string& problem, const std::string& hint = {});

/// Complains that `command` lacks `what`, which `ridgeline LIST` lists.
void require(bool given, const std::string& command, const std::string& what, const std::string& list);

}  // namespace ridgeline
