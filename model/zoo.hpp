// Named models that ship with Ridgeline, with their published parameter counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/architecture.hpp"

namespace ridgeline {

struct ZooModel {
  std::string name;
  std::string title;
  Architecture architecture;
  std::string source;                        ///< of the configuration
  std::optional<Size> published_parameters;  ///< an exact count; empty where no exact source was found
  std::string parameters_source;             ///< of that count; "not published exactly" where there is none
};

/// In the order of the files in model/zoo: families together, small models first.
std::vector<std::string> zoo_names();
/// Unknown names: InputError with the nearest.
ZooModel zoo_model(std::string_view name);

}  // namespace ridgeline
