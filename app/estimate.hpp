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
  std::string trace;  ///< the simulated schedule goes there; empty: nowhere
  std::string html;   ///< a report for the browser goes there; empty: none
};

Command estimate_command();

}  // namespace ridgeline
