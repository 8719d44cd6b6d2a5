// Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019): a queue of members; the best of a random sample of
// them is mutated, the child joins the queue and the oldest leaves.
//
// Best is by constraint domination: a sampled member gives way to one that dominates it, so with one objective it is
// the original, with several a dominance tournament. A round makes a batch of children from the same queue.
#pragma once

#include "search/optimiser.hpp"
#include "search/variation.hpp"

namespace ridgeline {

struct RegularisedEvolutionOptions {
  std::size_t population = 100;
  std::size_t sample = 25;  ///< as the paper has it for its population of 100
  std::size_t batch = 20;   ///< children a round
  std::uint64_t seed = 1;
  int threads = 1;
};

class RegularisedEvolution {
 public:
  /// Refers to the space.
  RegularisedEvolution(const Space& space, std::size_t objectives, RegularisedEvolutionOptions options);
  void ask(Population& designs) const;
  void tell(const Population& designs);
  const OptimiserState& state() const { return state_; }
  void restore(OptimiserState state) { state_ = std::move(state); }

 private:
  const Space* space_;
  RegularisedEvolutionOptions options_;
  Variation variation_;
  OptimiserState state_;  ///< members from the oldest to the youngest
};

}  // namespace ridgeline
