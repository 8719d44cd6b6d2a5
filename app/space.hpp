// What a design space consists of.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct SpaceOptions {
  std::string name;  ///< empty: the list
  Size samples = 3;
  Size seed = 1;
  bool balanced = false;
  Output output = Output::text;
};

Command space_command();

}  // namespace ridgeline
