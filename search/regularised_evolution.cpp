#include "search/regularised_evolution.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "search/parallel.hpp"

namespace ridgeline {

RegularisedEvolution::RegularisedEvolution(const Space& space, std::size_t objectives,
                                           RegularisedEvolutionOptions options)
    : space_(&space), options_(options), variation_{&space} {
  if (options_.population < 1 || options_.sample < 1 || options_.batch < 1)
    throw Error("regularised evolution needs a population, a sample and a batch of at least 1");
  state_.members.genome_length = space.genome_length();
  state_.members.objective_count = objectives;
}

void RegularisedEvolution::ask(Population& designs) const {
  const Population& members = state_.members;
  designs.genome_length = members.genome_length;
  designs.objective_count = members.objective_count;
  designs.resize(members.size() == 0 ? options_.population : options_.batch);
  parallel_for(designs.size(), options_.threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Random random = stream(options_.seed, state_.round, i);
      if (members.size() == 0) {
        space_->sample_balanced(random, designs.genome(i));
        continue;
      }
      auto best = static_cast<std::size_t>(random.below(members.size()));
      for (std::size_t s = 1; s < options_.sample; ++s) {
        const auto other = static_cast<std::size_t>(random.below(members.size()));
        if (dominates(members.values(other), members.violations[other], members.values(best),
                      members.violations[best]))
          best = other;
      }
      std::ranges::copy(members.genome(best), designs.genome(i).begin());
      variation_.mutate(designs.genome(i), random);
    }
  });
}

void RegularisedEvolution::tell(const Population& designs) {
  Population& members = state_.members;
  ++state_.round;
  const std::size_t all = members.size() + designs.size();
  const std::size_t gone = all - std::min(all, options_.population);
  const std::size_t gone_members = std::min(gone, members.size());
  const std::size_t kept = members.size() - gone_members;
  for (std::size_t i = 0; i < kept; ++i) {
    if (gone_members == 0) break;
    const Population& from = members;
    members.assign(i, from, i + gone_members);
  }
  members.resize(kept + designs.size() - (gone - gone_members));
  for (std::size_t i = kept; i < members.size(); ++i) members.assign(i, designs, i - kept + (gone - gone_members));
}

}  // namespace ridgeline
