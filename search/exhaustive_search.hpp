// Every design of a space, once, in order: the truth that searches are held against, for spaces that allow it.
#pragma once

#include "search/optimiser.hpp"

namespace ridgeline {

class ExhaustiveSearch {
 public:
  /// Refers to the space. Error for spaces of more than 10^10 designs.
  ExhaustiveSearch(const Space& space, std::size_t objectives, std::size_t batch = 1000, int threads = 1);
  void ask(Population& designs) const;
  void tell(const Population&) { ++state_.round; }
  const OptimiserState& state() const { return state_; }
  void restore(OptimiserState state) { state_ = std::move(state); }

 private:
  const Space* space_;
  std::uint64_t size_;
  std::size_t batch_;
  int threads_;
  OptimiserState state_;
};

}  // namespace ridgeline
