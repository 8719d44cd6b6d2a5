// What scores of trained models say of models that nobody has trained, and whether they say anything.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct AccuracyCommandOptions {
  std::string source;               ///< as search/accuracy.hpp has it
  std::string recipe;               ///< empty: all
  std::vector<std::string> models;  ///< to predict
  Output output = Output::text;
};

Command accuracy_command();

}  // namespace ridgeline
