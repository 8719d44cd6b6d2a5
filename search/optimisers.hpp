// The optimisers by name, for who lets people choose.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "search/optimiser.hpp"

namespace ridgeline {

struct OptimiserOptions {
  std::size_t population = 200;  ///< members; of optimisers without any, designs a round
  std::uint64_t seed = 1;
  int threads = 1;
};

/// "nsga2", "regularised-evolution", "random", "sobol", "exhaustive"
std::vector<std::string> optimiser_names();

/// Refers to the space. Error for an unknown name, and for what the optimiser itself refuses.
AnyOptimiser make_optimiser(std::string_view name, const Space& space, std::size_t objectives,
                            const OptimiserOptions& options);

}  // namespace ridgeline
