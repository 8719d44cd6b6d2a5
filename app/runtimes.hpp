// Known runtimes, and the sources of their numbers.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct RuntimesOptions {
  std::string name;
  Output output = Output::text;
};

Command runtimes_command();

}  // namespace ridgeline
