// Limits that turn an estimate into a yes or no for scripts.
#pragma once

#include <string>
#include <vector>

#include "app/options.hpp"
#include "app/report.hpp"

namespace ridgeline {

struct GateResult {
  std::string metric;  ///< "latency", "energy", "peak_power", "memory", "fits"
  double limit = 0;    ///< in `unit`
  double found = 0;    ///< the point, or the upper end
  std::string unit;
  bool exceeded = false;
};

/// One result a gate, and "fits" where any is given. A gate on a figure without basis, or on the upper end of an
/// interval that is not known, cannot be answered: InputError.
std::vector<GateResult> judge(const Gates& gates, const Report& report);

bool any_exceeded(const std::vector<GateResult>& results);

}  // namespace ridgeline
