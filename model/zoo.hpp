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
  std::optional<Size> published_parameters;  ///< exact count from `source`; empty where no exact source was found
  std::string source;                        ///< of the configuration and of the count
};

std::vector<std::string> zoo_names();
/// Unknown names: InputError with the nearest.
ZooModel zoo_model(std::string_view name);

}  // namespace ridgeline
