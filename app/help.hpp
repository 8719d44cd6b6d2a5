// The words of the help: what each command is for, with examples that the test suite runs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ridgeline {

struct Example {
  std::string_view command;  ///< a full command line that exits with 0 and prints something
  std::string_view meaning;
};

struct CommandHelp {
  std::string_view name;
  std::string_view usage;
  std::string_view summary;  ///< one line for the list of commands
  std::string_view description;
  std::span<const Example> examples;
};

/// In the order in which they are listed; the first entry, with an empty name, is the program itself.
std::span<const CommandHelp> command_helps();
const CommandHelp& command_help(std::string_view command);

/// One option as the help shows it.
struct OptionHelp {
  std::string group;
  std::string left;  ///< "--device NAME"
  std::string text;
};

/// The help page of a command, at most 100 columns wide.
std::string help_page(const CommandHelp& help, std::span<const OptionHelp> options);

}  // namespace ridgeline
