// Every design of a space, once, in order: the truth that searches are held against, for spaces that allow it.
#pragma once

#include "search/baseline.hpp"

namespace ridgeline {

class ExhaustiveSearch : public Baseline {
 public:
  /// Refers to the space. Error for spaces of more than 10^10 designs.
  ExhaustiveSearch(const Space& space, std::size_t objectives, std::size_t batch = 1000, int threads = 1);
  void ask(Population& designs) const;

 private:
  std::uint64_t size_;
  std::size_t batch_;
  int threads_;
};

}  // namespace ridgeline
