// Text files of the repository that are compiled into the program, so that a name is known wherever it runs, whatever
// is installed beside it.
#pragma once

#include <string_view>

namespace ridgeline {

struct EmbeddedFile {
  std::string_view name;  ///< "model/zoo/bert.yaml"
  std::string_view text;
};

}  // namespace ridgeline
