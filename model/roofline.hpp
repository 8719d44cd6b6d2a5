// Time and energy of one operator.
//
//   compute bounds   t_k = FLOP_k / (peak_k · utilisation_k · shape_k)        k: matrix, vector, transcendental
//   memory bounds    t_l = bytes_l / (bandwidth_l · utilisation_l)            l: cache levels and DRAM
//   operator         t   = max(kernel_floor, (Σ t_k^p + Σ t_l^p)^(1/p)),  p = 4: a smooth maximum, never below any
//   bound energy           E   = Σ FLOP_k·e_k + Σ bytes_l·e_l                        (dynamic; static power is the
//   schedule's) power cap        if static + E/t > limit, the clock falls until it fits: t grows, E falls with V²
//   where known
//
// shape_k in (0, 1] is what tile, wave and SIMD quantisation leave of the peak: Π size/(ceil(size/tile)·tile), and
// for the units tiles/(ceil(tiles/units)·units). Williams et al. 2009 for the roofline; Choi et al. 2013 for its
// energy twin.
#pragma once

#include <array>
#include <limits>

#include "model/cost_parameters.hpp"
#include "model/operators.hpp"

namespace ridgeline {

/// What limits an operator.
enum class Bound { dispatch, matrix, vector, transcendental, cache, dram, floor, power };
std::string_view name(Bound bound);

struct OperatorCost {
  Seconds dispatch;  ///< host time
  Seconds duration;  ///< device time
  Joules energy;     ///< dynamic
  Bound bound = Bound::floor;
};

/// All terms of one operator, for reports and fits.
struct OperatorBounds {
  std::array<Seconds, kArithmeticCount> compute;  ///< t_k
  std::array<Seconds, 8> memory;                  ///< t_l, innermost first; unused ones are zero
  std::array<double, kArithmeticCount> shape;     ///< shape_k
  std::array<Bytes, 8> traffic;                   ///< bytes_l: the last used one gives operational intensity
};

OperatorBounds bounds(const Operator& op, const CostParameters& parameters);
OperatorCost cost(const Operator& op, const CostParameters& parameters);

}  // namespace ridgeline
