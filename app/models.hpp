// Known models: layers, parameters, FLOPs, bytes, intensity.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

enum class Counting { ridgeline, survey };

struct ModelsOptions {
  std::string name;
  WorkloadOptions workload;
  Counting counting = Counting::ridgeline;
  bool yaml = false;
  Output output = Output::text;
};

Command models_command();

}  // namespace ridgeline
