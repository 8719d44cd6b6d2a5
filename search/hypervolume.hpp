// The volume of objective space that a front dominates (Zitzler & Thiele 1999), by pagmo2 (exact: hv2d, hv3d, WFG).
#pragma once

#include <span>
#include <vector>

#include "search/dominance.hpp"

namespace ridgeline {

/// `front`: rows of reference_point.size() minimised objectives. Points that are not better than the reference point
/// in every objective, or have a NaN, add nothing. 0 for an empty front. Error for infinite reference points and one
/// objective or less.
double hypervolume(std::span<const double> front, std::span<const double> reference_point);

}  // namespace ridgeline
