// A description of the machine that this runs on.
#pragma once

#include <optional>
#include <string>

#include "app/command.hpp"

namespace ridgeline {

struct ProbeOptions {
  std::string name;
  bool measure = false;         ///< what libtorch and memory reach here
  std::optional<Size> threads;  ///< that measure; empty: the machine's cores
};

Command probe_command();

}  // namespace ridgeline
