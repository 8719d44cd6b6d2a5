// A model that is visited several times in a campaign, minutes apart.
//
// A machine's speed changes over seconds to minutes: its clock, the heat, who else computes on the same host. What is
// run in one go sees one such state; the median over visits sees the usual one. Each figure of a row (latency or its
// parts, energy, peak power) becomes the median over visits, its deviation that of the runs of one visit and that of
// the visits together. The visits' own figures are conditions of the row ("visits latency": "0.0103, 0.0118, 0.0104
// s"), so that a campaign can go on after an interruption. A row stays disturbed when all of its visits were.
#pragma once

#include <cstddef>

#include "data/measurement.hpp"

namespace ridgeline {

/// 1 for a row that says nothing.
std::size_t visits_of(const Measurement& row);

/// `row` as one more visit of the model whose earlier ones are in `known`. Both have the same figures.
Measurement merged_visits(const Measurement& known, Measurement row);

}  // namespace ridgeline
