#include "search/problem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/nsga2.hpp"

namespace ridgeline {
namespace {

constexpr double kNotAnswered = 1e9;

/// The figures of a round, kept between rounds so that a loop allocates once.
struct Round {
  std::vector<DesignFigures> figures;
  std::vector<double> accuracies;

  void fill(const SearchProblem& problem, const Population& designs) {
    figures.resize(designs.size());
    accuracies.assign(designs.size(), std::numeric_limits<double>::quiet_NaN());
    problem.predict(designs, figures);
    if (problem.accuracy) problem.accuracy(designs, accuracies);
  }
};

const MeasureFactors& factors_of(const SearchProblem& problem, std::span<const Gene> genome) {
  return problem.factors.empty() ? kNoFactors : problem.factors[genome[problem.deployment_gene]];
}

/// The least violation that a search for these constraints alone finds, and the design that has it.
Genome closest(const SearchProblem& problem, const Space& space, const Evaluate& evaluate, std::uint64_t evaluations,
               std::uint64_t seed) {
  AnyOptimiser optimiser(Nsga2(space, problem.objectives.size(), {.population = 100, .seed = seed}));
  Genome best;
  double least = std::numeric_limits<double>::infinity();
  run_search(optimiser, evaluate, evaluations, [&](const Population& designs, const AnyOptimiser&) {
    for (std::size_t i = 0; i < designs.size(); ++i) {
      const double badness = designs.violations[i] > 0 ? designs.violations[i] : -1 / (1 + designs.objectives[i]);
      if (badness >= least) continue;
      least = badness;
      best.assign(designs.genome(i).begin(), designs.genome(i).end());
    }
    return true;
  });
  return best;
}

}  // namespace

std::vector<Valuation> valuations(const SearchProblem& problem, const Population& designs) {
  Round round;
  round.fill(problem, designs);
  std::vector<Valuation> all;
  for (std::size_t i = 0; i < designs.size(); ++i)
    all.push_back({round.figures[i], round.accuracies[i], factors_of(problem, designs.genome(i))});
  return all;
}

Evaluate evaluate_of(const SearchProblem& problem) {
  return [problem, round = Round()](Population& designs) mutable {
    round.fill(problem, designs);
    for (std::size_t i = 0; i < designs.size(); ++i) {
      const DesignFigures& figures = round.figures[i];
      const MeasureFactors& factors = factors_of(problem, designs.genome(i));
      double violated = figures.beyond_memory;
      for (const SearchConstraint& constraint : problem.constraints)
        violated += violation(constraint, figures, round.accuracies[i], factors);
      double* values = designs.objectives.data() + i * designs.objective_count;
      for (std::size_t m = 0; m < problem.objectives.size(); ++m) {
        values[m] = value_of(problem.objectives[m], figures, round.accuracies[i], factors);
        if (std::isfinite(values[m])) continue;
        values[m] = std::numeric_limits<double>::max();
        violated += kNotAnswered;
      }
      designs.violations[i] = violated;
    }
  };
}

Shortfall explain_infeasible(const SearchProblem& problem, const Space& space, std::uint64_t evaluations,
                             std::uint64_t seed) {
  Shortfall shortfall;
  const auto value_at = [&](const Genome& genome, Measure measure) {
    Population one{.genome_length = genome.size(), .objective_count = 1};
    one.resize(1);
    std::ranges::copy(genome, one.genome(0).begin());
    return valuations(problem, one).front().of(measure);
  };
  SearchProblem alone = problem;
  for (const SearchConstraint& constraint : problem.constraints) {
    // "at least" looks for the most: 1/x falls as x rises.
    alone.objectives = {{.name = {}, .terms = {{constraint.measure}}, .sum = false, .inverse = !constraint.at_most}};
    alone.constraints.clear();
    const double best = value_at(closest(alone, space, evaluate_of(alone), evaluations, seed), constraint.measure);
    const bool met = constraint.at_most ? best <= constraint.limit : best >= constraint.limit;
    if (!met) shortfall.unreachable.push_back(shortfall.best.size());
    shortfall.best.push_back(best);
  }
  if (!shortfall.unreachable.empty()) return shortfall;
  SearchProblem together = problem;
  together.objectives.resize(1);
  const Genome nearest = closest(together, space, evaluate_of(together), evaluations, seed);
  for (const SearchConstraint& constraint : problem.constraints)
    shortfall.compromise.push_back(value_at(nearest, constraint.measure));
  return shortfall;
}

}  // namespace ridgeline
