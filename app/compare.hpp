// Models × devices in one table.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

enum class SortKey { none, latency, throughput, energy, peak_power, memory, energy_delay_product };

struct CompareOptions {
  std::vector<std::string> models;
  std::vector<std::string> devices;
  WorkloadOptions workload;
  WhatIfOptions what_if;
  SortKey sort = SortKey::none;
  Output output = Output::text;
  std::string html;  ///< a report for the browser goes there; empty: none
};

Command compare_command();

}  // namespace ridgeline
