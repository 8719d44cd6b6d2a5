// The HTML report of one estimate.
#pragma once

#include <string>
#include <vector>

#include "app/gates.hpp"
#include "app/scenario.hpp"

namespace ridgeline {

/// Headline figures, roofline with every operator, time and energy by layer and kind, power trace, live memory,
/// elasticities. Operators of a calibrated estimate are those of its parameters; the residual is in the figures
/// alone.
std::string estimate_page(const Scenario& scenario, const Report& report, const std::vector<GateResult>& gates);

/// "128 × 768 · 768 × 3072", "12 heads, 128 queries × 128 keys of 64", ...
std::string shape_text(const Operator& op);

}  // namespace ridgeline
