// Measurement files into one store, and what is wrong with them.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct ImportOptions {
  std::string format;  ///< empty: recognised by what each file holds
  std::vector<std::string> files;
  std::string out;  ///< as in CommonOptions, for the words that say what was written
  Output output = Output::text;
};

Command import_command();

}  // namespace ridgeline
