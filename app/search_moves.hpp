// What can be moved freely, after a search: clocks between operating points, bandwidths and rates of devices that
// nobody has built.
//
// A discrete search finds designs; this takes some of its front (the best in each objective, and others evenly
// between them) and moves the variables of their deployments with the model kept (search/continuous.hpp). Each design
// is moved several times: once for the least sum of the objectives' logarithms under the constraints of the search,
// which lies somewhere on the front that the variables open, and once for each objective with no other one worse than
// before (the epsilon-constraint method: Haimes, Lasdon, Wismer, IEEE Trans. SMC 1(3), 1971). What no design
// dominates is kept.
#pragma once

#include <vector>

#include "app/search_setup.hpp"
#include "search/archive.hpp"

namespace ridgeline {

struct MovedDesign {
  Genome genome;  ///< of the setup that was searched; its deployment is replaced by:
  MovedDeployment deployment;
  std::vector<double> objectives;
};

/// Whether any deployment has variables.
bool can_move(const SearchSetup& setup);

/// Deterministic, whatever the number of threads. Empty where no member's deployment has variables.
std::vector<MovedDesign> move_freely(const SearchSetup& setup, const SearchWords& words, const ParetoArchive& archive,
                                     int threads);

}  // namespace ridgeline
