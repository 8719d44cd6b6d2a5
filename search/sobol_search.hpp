// A Sobol sequence over the unit cube of all genes (Boost.Random, direction numbers of Joe & Kuo 2008): more evenly
// spread than random designs. Values of a choice are equally likely, as in Space::sample_balanced.
#pragma once

#include "search/baseline.hpp"

namespace ridgeline {

class SobolSearch : public Baseline {
 public:
  /// Refers to the space. `skip`: how many points of the sequence to leave out, which serves as a seed.
  SobolSearch(const Space& space, std::size_t objectives, std::size_t batch = 1000, std::uint64_t skip = 0);
  void ask(Population& designs) const;

 private:
  std::size_t batch_;
  std::uint64_t skip_;
};

}  // namespace ridgeline
