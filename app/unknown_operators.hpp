// What operators that nobody knows do to the figures of a model given by its operators.
//
// They are costed by their bytes alone. What they compute on top is anybody's guess, so intervals are widened: at the
// lower end they take nothing (a runtime may have fused them away), at the upper end as much time and energy a byte
// as the operators of the same graph that are known,
//
//   T_unknown at most  bytes_unknown · T_known / bytes_known      where that is more than what they are costed at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/scenario.hpp"
#include "model/estimate.hpp"
#include "model/figures.hpp"

namespace ridgeline {

/// Operators that are unknown by one name.
struct UnknownShare {
  std::string name;
  Size count = 0;
  Bytes bytes;
  double share = 0;  ///< of the latency
};

/// Factors on the ends of intervals.
struct Widening {
  Spread latency, energy;
  bool known = true;  ///< false: no operator is known, so there is no upper end
};

/// Empty for models without unknown operators.
std::vector<UnknownShare> unknown_shares(const Scenario& scenario, const DetailedEstimate& detail);
/// Which they are, in words.
std::string unknown_note(const std::vector<UnknownShare>& shares);
std::optional<Widening> widening(const Scenario& scenario, const DetailedEstimate& detail);

/// The figure with its ends moved; without an upper end it loses its interval. It says why.
void widen(Figure& figure, const Spread& by, const Widening& widening);
/// Of figures whose ends nobody can tell: the interval goes.
void drop_interval(Figure& figure);

}  // namespace ridgeline
