// A search problem: what is minimised, what has to be met, and what designs take.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "search/measure.hpp"
#include "search/optimiser.hpp"

namespace ridgeline {

/// Fills in accuracies in [0, 1] of all designs; a function of their genomes alone.
using PredictAccuracy = std::function<void(const Population& designs, std::span<double> accuracies)>;

struct SearchProblem {
  std::vector<SearchObjective> objectives;
  std::vector<SearchConstraint> constraints;
  Predict predict;
  PredictAccuracy accuracy = {};
  /// Robust search: of each value of the gene `deployment`; empty: figures as they are.
  std::vector<MeasureFactors> factors = {};
  std::size_t deployment_gene = 0;
};

/// One design in the terms of a problem.
struct Valuation {
  DesignFigures figures;
  double accuracy = 0;
  MeasureFactors factors = kNoFactors;
  double of(Measure measure) const {
    return value_of(measure, figures, accuracy) * factors[static_cast<std::size_t>(measure)];
  }
};
/// Of all designs.
std::vector<Valuation> valuations(const SearchProblem& problem, const Population& designs);

/// Violations of the constraints add up, and with them by how much what has to stay in memory (weights, cache)
/// exceeds the device's, relative to it. A design without a basis for an objective violates by 10^9.
Evaluate evaluate_of(const SearchProblem& problem);

/// Why no design meets all constraints.
struct Shortfall {
  /// For each constraint: the best value that a search for it alone found.
  std::vector<double> best;
  /// Numbers of the constraints that are out of reach by themselves.
  std::vector<std::size_t> unreachable;
  /// Where each can be met alone: what the design that violates least together has in each measure.
  std::vector<double> compromise;
};

/// By NSGA-II searches of so many evaluations each: one for every constraint, one for all together. So "out of reach"
/// is what these searches did not find, not a proof.
Shortfall explain_infeasible(const SearchProblem& problem, const Space& space, std::uint64_t evaluations,
                             std::uint64_t seed);

}  // namespace ridgeline
