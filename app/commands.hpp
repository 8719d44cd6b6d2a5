// All commands of the program.
#pragma once

#include <vector>

#include "app/command.hpp"

namespace ridgeline {

/// In the order in which the help lists them.
std::vector<Command> commands();

}  // namespace ridgeline
