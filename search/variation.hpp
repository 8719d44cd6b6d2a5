// New designs from old ones: crossover and mutation that know layers.
//
// Crossover takes whole layers, or everything up to a cut, or single genes from either parent; genes of Steps blend
// by simulated binary crossover (Deb & Agrawal 1995, distribution index 10), all others are copied. A child has the
// depth of one parent, and where that is deeper than the other its further layers. Mutation changes each open gene
// with probability 1/(number of open genes) to a value near by (Domain::near). A changed depth inserts copies of
// layers or removes layers anywhere, not only at the end. One mutation in eight also copies a layer over another, or
// swaps two.
//
// Children are canonical genomes. The same random numbers give the same child.
#pragma once

#include <span>

#include "base/random.hpp"
#include "search/space.hpp"

namespace ridgeline {

struct Variation {
  const Space* space;
  double crossover = 0.9;  ///< probability that a child has two parents

  void child(std::span<const Gene> mother, std::span<const Gene> father, Random& random, std::span<Gene> out) const;
  /// Changes at least one gene where the space has more than one design, unless (rarely) one change undoes another.
  void mutate(std::span<Gene> genome, Random& random) const;

 private:
  void cross(std::span<const Gene> father, Random& random, std::span<Gene> child) const;
  void resize(std::size_t group, std::size_t before, Random& random, std::span<Gene> genome) const;
  void rearrange(std::size_t group, Random& random, std::span<Gene> genome) const;
};

}  // namespace ridgeline
