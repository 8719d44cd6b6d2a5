#include "search/optimisers.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "search/exhaustive_search.hpp"
#include "search/nsga2.hpp"
#include "search/random_search.hpp"
#include "search/regularised_evolution.hpp"
#include "search/sobol_search.hpp"

namespace ridgeline {

std::vector<std::string> optimiser_names() {
  return {"nsga2", "regularised-evolution", "random", "sobol", "exhaustive"};
}

AnyOptimiser make_optimiser(std::string_view name, const Space& space, std::size_t objectives,
                            const OptimiserOptions& options) {
  const auto& [population, seed, threads] = options;
  if (name == "nsga2") return Nsga2(space, objectives, {.population = population, .seed = seed, .threads = threads});
  if (name == "regularised-evolution")
    return RegularisedEvolution(space, objectives,
                                {.population = population,
                                 .sample = std::max<std::size_t>(2, population / 4),
                                 .seed = seed,
                                 .threads = threads});
  if (name == "random")
    return RandomSearch(space, objectives, {.batch = population, .seed = seed, .threads = threads});
  if (name == "sobol") return SobolSearch(space, objectives, population, seed);
  if (name == "exhaustive") return ExhaustiveSearch(space, objectives, population, threads);
  throw_unknown_name({}, "optimiser", name, optimiser_names());
}

}  // namespace ridgeline
