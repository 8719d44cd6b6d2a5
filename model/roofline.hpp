// Time and energy of one operator.
//
//   compute bounds   t_k = FLOP_k / (peak_k · utilisation_k · shape_k)        k: matrix, vector, transcendental
//   memory bounds    t_l = bytes_l / (bandwidth_l · utilisation_l)            l: cache levels and DRAM
//   operator         t   = kernel_floor + calls·batched_call + written·allocation + fresh·fresh_memory
//                        + smooth / kernel_share
//                    smooth = (Σ t_k^p + Σ t_l^p)^(1/p), never below any bound: p = 4 where the bounds overlap, 1
//                    where they add
//   energy           E   = Σ FLOP_k·e_k + Σ bytes_l·e_l + busy_power·t      dynamic; static power is the schedule's
//   power cap        if static + E/t > limit the clock falls to the share x of itself that draws the limit: bounds on
//                    chip grow as 1/x, their energy falls as V², V = 1 - s + s·x with the voltage slope s
//
// Williams et al. 2009 for the roofline, Choi et al. 2013 for its energy twin.
//
// shape_k in (0, 1] is what quantisation leaves of the peak. A matrix product is cut into tiles, one unit computes a
// tile at a time, its depth split further where there are fewer tiles than units (split-K). Of the tile edges
// E, E/2, E/4, ... that a unit's private memory and the hardware's smallest tile allow, the fastest is taken: large
// tiles fetch less from the shared level, small ones fill more units. For products with a
// vector (GEMV) GPUs have another kernel: the vector lanes take their multiply-adds as they come; the faster counts.
// Vector work is cut into chunks of whole lanes.
//
// bytes_l is what level l hands to the level inside it. Everything passes the private levels and the first shared
// one. Behind a shared level of size S
//   weights and the key/value cache always pass (they are used once per pass),
//   activations pass as far as an operator's inputs and outputs together exceed S,
//   weights that a library packs pass again unless twice their size fits,
//   operands of a matrix product larger than S are read again, as often as a blocking of S elements must (Hong & Kung
//   1981): about 2·m·n·k/sqrt(S) in all.
// Left out: weights that stay in a cache from one pass to the next, conflicts, prefetching, sparsity of activations.
#pragma once

#include <array>
#include <limits>
#include <string_view>

#include "model/cost_parameters.hpp"
#include "model/operators.hpp"
#include "model/tiling.hpp"

namespace ridgeline {

/// What limits an operator.
enum class Bound { dispatch, matrix, vector, transcendental, cache, dram, floor, power };
inline constexpr std::size_t kBoundCount = 8;
std::string_view name(Bound bound);

struct OperatorCost {
  Seconds dispatch;  ///< host time
  Seconds duration;  ///< device time; zero: nothing is launched
  Joules energy;     ///< dynamic
  Bound bound = Bound::floor;
};

/// All terms of one operator, for reports and fits.
struct OperatorBounds {
  std::array<Seconds, kArithmeticCount> compute;  ///< t_k
  std::array<Seconds, kMaxMemoryLevels> memory;   ///< t_l, innermost first; unused ones are zero
  std::array<Flops, kArithmeticCount> flops;      ///< FLOP_k
  std::array<Flops, kArithmeticCount> slots;      ///< FLOP_k / shape_k
  /// bytes_l; the last used one gives operational intensity. For tiles it is that of the largest candidate, so that
  /// energy does not jump where the choice changes; `memory` has the time of the chosen one.
  std::array<Bytes, kMaxMemoryLevels> traffic;
  Bytes written;  ///< results in memory of their own
  Bytes fresh;    ///< of it in memory that no operator before had

  /// 1 where there is no such arithmetic.
  double shape(Arithmetic kind) const {
    return slots[index(kind)].si() > 0 ? flops[index(kind)].si() / slots[index(kind)].si() : 1;
  }
};

/// The cost functions of one set of parameters, with everything that does not depend on the operator computed once.
/// It refers to the parameters, which must outlive it and not change.
class Roofline {
 public:
  explicit Roofline(const CostParameters& parameters);

  OperatorBounds bounds(const Operator& op) const;
  /// Tens of nanoseconds, no allocation. An Elementwise that is fused into its producer costs arithmetic and what it
  /// reads besides; a View costs dispatch only.
  OperatorCost cost(const Operator& op) const {
    return cost(op, std::holds_alternative<View>(op) ? OperatorBounds{} : bounds(op));
  }
  /// The same from bounds() of this operator, for who has them already.
  OperatorCost cost(const Operator& op, const OperatorBounds& terms) const;
  /// The bounds that `terms`, computed under `reference`, have under these rates: tiling and traffic stay as they
  /// are. Exact where nothing but rates and bandwidths differ and the fastest tiling is the same; for fits.
  OperatorBounds rescaled(OperatorBounds terms, const Roofline& reference) const;

 private:
  struct Level {
    double seconds_per_byte = 0, joules_per_byte = 0;
    bool follows_clock = true;
    double kept = 0;                ///< bytes of activations that the level inside keeps: its size if it is shared
    double inside = 0;              ///< bytes of one instance of the level inside
    double elements = 0, edge = 0;  ///< ... in accumulators, and its square root
  };

  const CostParameters* parameters_;
  std::array<Engine, kArithmeticCount> engines_;
  std::array<Level, kMaxMemoryLevels> levels_;
  std::size_t level_count_;
  std::size_t shared_ = 0;   ///< first level that all units share: tiles are fetched from it
  double longest_edge_ = 0;  ///< of a tile
  double last_cache_ = 0;    ///< bytes
};

OperatorBounds bounds(const Operator& op, const CostParameters& parameters);
OperatorCost cost(const Operator& op, const CostParameters& parameters);

}  // namespace ridgeline
