// Independent designs, every one of the space equally likely: what any search has to beat.
#pragma once

#include "search/baseline.hpp"

namespace ridgeline {

struct RandomSearchOptions {
  std::size_t batch = 1000;
  std::uint64_t seed = 1;
  bool balanced = false;  ///< every value of a choice equally likely instead (Space::sample_balanced)
  int threads = 1;
};

class RandomSearch : public Baseline {
 public:
  /// Refers to the space.
  RandomSearch(const Space& space, std::size_t objectives, RandomSearchOptions options);
  void ask(Population& designs) const;

 private:
  RandomSearchOptions options_;
};

}  // namespace ridgeline
