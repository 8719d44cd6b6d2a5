// What optimisers that learn nothing from results share: all that they remember is how many rounds there were.
#pragma once

#include "search/optimiser.hpp"

namespace ridgeline {

class Baseline {
 public:
  void tell(const Population&) { ++state_.round; }
  const OptimiserState& state() const { return state_; }
  void restore(OptimiserState state) { state_ = std::move(state); }

 protected:
  /// Refers to the space.
  Baseline(const Space& space, std::size_t objectives) : space_(&space) {
    state_.members.genome_length = space.genome_length();
    state_.members.objective_count = objectives;
  }
  /// Room for the designs of a round.
  void shape(Population& designs, std::size_t count) const {
    designs.genome_length = state_.members.genome_length;
    designs.objective_count = state_.members.objective_count;
    designs.resize(count);
  }

  const Space* space_;
  OptimiserState state_;
};

}  // namespace ridgeline
