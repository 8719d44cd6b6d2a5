// The designs that no other seen so far dominates, in bounded memory.
//
// An archive without limits grows with a search of several objectives. Beyond its capacity this one coarsens: a
// design is turned away when a member is at most a factor of 1 + resolution() worse in every objective
// (epsilon-dominance: Laumanns, Thiele, Deb, Zitzler, Evolutionary Computation 10(3), 2002), and the resolution
// doubles until a quarter of the room is free. So for every design ever added there is a member at most (1 +
// resolution())² worse in every objective. The best in each objective always enters. An objective below 0 may be
// worse by resolution() times its magnitude; 0 is compared as it is.
//
// Only feasible designs of which nothing is NaN enter. The contents depend on the order in which designs are added,
// on nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/dominance.hpp"
#include "search/value_columns.hpp"

namespace ridgeline {

class ParetoArchive {
 public:
  ParetoArchive(std::size_t genome_length, std::size_t objectives, std::size_t capacity = 10'000);

  /// Adds what belongs here of the designs, in their order; returns how many entered.
  std::size_t add(const Population& designs);

  /// Unsorted; violations are 0.
  const Population& members() const { return members_; }
  /// Designs sorted by their first objective, then the second, ...; of equals by genome.
  std::vector<std::uint32_t> sorted() const;
  double resolution() const { return resolution_; }
  std::size_t capacity() const { return capacity_; }
  /// As members() and resolution() of another archive of the same shape had it.
  void restore(Population members, double resolution);

 private:
  /// Regardless of the capacity.
  bool enter(std::span<const Gene> genome, std::span<const double> values);
  /// Whether a member is at least as good in every objective; with `slack`, nearly so and not dominated by `values`.
  /// That member moves forward, so that those that turn many away are looked at first.
  bool covered(std::span<const double> values, double slack);
  void swap_members(std::size_t a, std::size_t b);
  void remove_dominated(std::span<const double> values);
  void coarsen();

  std::size_t capacity_;
  double resolution_ = 0;
  Population members_;
  ValueColumns columns_;      ///< the members' values once more, for covered()
  std::vector<double> best_;  ///< of each objective
};

}  // namespace ridgeline
