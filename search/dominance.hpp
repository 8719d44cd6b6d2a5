// Results of evaluating designs, and when one dominates another.
//
// All objectives are minimised. A violation of 0 is a design that meets every constraint. Constraint domination (Deb
// et al. 2002, section VI): a feasible design dominates every infeasible one, of two infeasible ones the one that
// violates less dominates, two feasible ones compare by Pareto dominance: nowhere worse and somewhere better. A
// design of which an objective or the violation is NaN is dominated by every design of which none is, even by
// infeasible ones.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "search/domain.hpp"

namespace ridgeline {

inline constexpr std::size_t kMostObjectives = 8;

/// Designs with what they were found to be; row i of `genes` and `objectives` belongs to violations[i].
struct Population {
  std::size_t genome_length = 0;
  std::size_t objective_count = 0;
  std::vector<Gene> genes = {};
  std::vector<double> objectives = {};
  std::vector<double> violations = {};

  std::size_t size() const { return violations.size(); }
  std::span<const Gene> genome(std::size_t i) const { return {genes.data() + i * genome_length, genome_length}; }
  std::span<Gene> genome(std::size_t i) { return {genes.data() + i * genome_length, genome_length}; }
  std::span<const double> values(std::size_t i) const {
    return {objectives.data() + i * objective_count, objective_count};
  }
  void resize(std::size_t size) {
    genes.resize(size * genome_length);
    objectives.resize(size * objective_count);
    violations.resize(size);
  }
  /// Whether neither its objectives nor its violation are NaN.
  bool is_known(std::size_t i) const;
  /// Copies member `from` of `other`, which has the same shape, over member `to`.
  void assign(std::size_t to, const Population& other, std::size_t from);
};

bool is_known(std::span<const double> values, double violation);
bool pareto_dominates(std::span<const double> a, std::span<const double> b);
bool dominates(std::span<const double> a, double violation_a, std::span<const double> b, double violation_b);

}  // namespace ridgeline
