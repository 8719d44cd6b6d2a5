// Known devices, and the sources of their numbers.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct DevicesOptions {
  std::string name;  ///< empty: the list
  Output output = Output::text;
};

Command devices_command();

}  // namespace ridgeline
