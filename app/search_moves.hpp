// What can be moved freely, after a search: clocks between operating points, bandwidths and rates of devices that
// nobody has built.
//
// A discrete search finds designs; this takes some of its front (the best in each objective, and others evenly
// between them) and moves the variables of their deployments with the model kept (search/continuous.hpp). Each design
// is moved several times: once for the least sum of the objectives' logarithms under the constraints of the search,
// which lies somewhere on the front that the variables open, and once for each objective with no other one worse than
// before (the epsilon-constraint method: Haimes, Lasdon, Wismer, IEEE Trans. SMC 1(3), 1971). What no design
// dominates is kept.
//
// What it costs: a point is a description edited and a model costed anew, about 1 ms of one core for BERT and 4 ms
// for twelve layers that all differ on a calibrated device; a design takes some ten points for each objective and the
// sum, a hundred where several variables move. Files are read once a design.
#pragma once

#include <functional>
#include <vector>

#include "app/search_setup.hpp"
#include "search/archive.hpp"

namespace ridgeline {

struct MovedDesign {
  Genome genome;  ///< of the setup that was searched; its deployment is replaced by:
  MovedDeployment deployment;
  std::vector<double> objectives;
};

struct Moves {
  std::vector<MovedDesign> found;
  std::size_t designs = 0;   ///< of the front that were moved
  std::size_t of = 0;        ///< that were to be
  std::uint64_t points = 0;  ///< that were evaluated
};

/// Whether any deployment has variables.
bool can_move(const SearchSetup& setup);

/// Begins no further move, and ends those that run, once `go_on` says false; it is asked on several threads. Where it
/// never does, the result is the same whatever the number of threads.
Moves move_freely(const SearchSetup& setup, const SearchWords& words, const ParetoArchive& archive, int threads,
                  const std::function<bool()>& go_on);

}  // namespace ridgeline
