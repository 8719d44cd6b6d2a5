// What would help: how latency and energy answer to each property of the device.
//
// The elasticity of y to x is d ln y / d ln x: -0.4 for latency to DRAM bandwidth says that 1 % more bandwidth makes
// the program 0.4 % faster. Those of all rates less those of all times add up to about -1 for latency (Euler's
// theorem: scaling every rate scales time). Computed by central differences over ±1 %, wide enough to see past the
// kinks where another tiling takes over.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/estimate.hpp"

namespace ridgeline {

struct Elasticity {
  /// "clock", "matrix rate", "vector rate", "transcendental rate", "LEVEL bandwidth" of each memory level, "weight
  /// bytes" (what passes the memory behind the caches), "dispatch time", "launch latency", "kernel floor", "static
  /// power", "power limit".
  std::string parameter;
  double latency = 0;
  std::optional<double> energy;  ///< empty without power data
};

/// Of every parameter that has an influence at all, strongest on latency first.
std::vector<Elasticity> elasticities(const Program& program, const CostParameters& parameters);

}  // namespace ridgeline
