// The command line as a whole: words to what they ask for.
#pragma once

#include <string>
#include <vector>

#include "app/command.hpp"

namespace ridgeline {

struct Invocation {
  CommonOptions common;
  Action action;
};

/// `arguments` without the program's name. Throws InputError for unknown commands and options (naming the nearest),
/// missing and malformed values. Help and version are actions as well: they print.
Invocation parse_command_line(std::vector<std::string> arguments);

/// "ridgeline 0.1.0".
std::string version_line();

/// The help page of a command; of the program for an empty name. Unknown names: InputError with the nearest.
std::string help_for(const std::string& command);

}  // namespace ridgeline
