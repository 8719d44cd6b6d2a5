// One command of the program: its words, its help, and what it does. Each has a file of its own, app/NAME.cpp, which
// hands one of these to the list in app/commands.cpp; nothing else knows a command by name.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "app/option_set.hpp"
#include "app/session.hpp"

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
  std::span<const Example> examples;  ///< the test suite runs them
};

/// What a command line asks for: plain values, checked, and what does it.
struct Action {
  std::any options;  ///< std::shared_ptr<const Options> of the command
  std::function<Outcome(const Session&)> run;
};

struct Command {
  CommandHelp help;
  std::string_view writes;  ///< what --out is said to do
  /// Names the options and words; they write to the Action's options until the command line has been read.
  std::function<Action(OptionSet&)> declare;
};

inline constexpr std::string_view kWritesResult = "write the result to FILE instead of stdout, all of it or nothing";

/// A command whose words go to an `Options`: `declare` names them, `run` does the work and returns the whole output.
template <class Options>
Command make_command(const CommandHelp& help, void (*declare)(OptionSet&, Options&),
                     Outcome (*run)(const Options&, const Session&), std::string_view writes = kWritesResult) {
  return {help, writes, [declare, run](OptionSet& set) -> Action {
            const auto options = std::make_shared<Options>();
            declare(set, *options);
            return {std::shared_ptr<const Options>(options),
                    [options, run](const Session& session) { return run(*options, session); }};
          }};
}

}  // namespace ridgeline
