// A description of the machine that this runs on.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct ProbeOptions {
  std::string name;
};

Command probe_command();

}  // namespace ridgeline
