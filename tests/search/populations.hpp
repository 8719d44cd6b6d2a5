// Populations for tests of what compares designs.
#pragma once

#include <cmath>

#include "base/random.hpp"
#include "search/dominance.hpp"

namespace ridgeline {

/// `levels` > 0: objectives are whole numbers below it, so that many are equal. Of those infeasible, some equally so.
inline Population random_population(Random& random, std::size_t size, std::size_t objectives, int levels = 0,
                                    double infeasible = 0) {
  Population population{.objective_count = objectives};
  population.resize(size);
  for (double& value : population.objectives)
    value = levels > 0 ? static_cast<double>(random.below(static_cast<std::uint64_t>(levels))) : random.uniform();
  for (double& violation : population.violations)
    if (random.uniform() < infeasible) violation = 1 + static_cast<double>(random.below(5));
  return population;
}

/// Puts NaN, or an infinity, in place of some of the objectives; of NaN also in place of some violations.
inline void spoil(Population& population, Random& random, double with, double share) {
  for (double& value : population.objectives)
    if (random.uniform() < share) value = with;
  for (double& violation : population.violations)
    if (std::isnan(with) && random.uniform() < share) violation = with;
}

}  // namespace ridgeline
