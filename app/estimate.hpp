// What a model would take on a device.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

struct EstimateOptions {
  std::string model;
  std::string device;
  WorkloadOptions workload;
  WhatIfOptions what_if;
  Gates gates;
  bool operators = false;
  Output output = Output::text;
};

Command estimate_command();

}  // namespace ridgeline
