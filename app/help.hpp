// The help of the program and of each command, from what the commands say of themselves.
#pragma once

#include <span>
#include <string>

#include "app/command.hpp"

namespace ridgeline {

/// Of the program itself; its name is empty.
const CommandHelp& program_help();

/// A page at most 100 columns wide (examples may be longer): what it is for, usage, the commands `listed`, options
/// below their groups, examples.
std::string help_page(const CommandHelp& help, std::span<const Option> options, std::span<const Command> listed = {});

}  // namespace ridgeline
