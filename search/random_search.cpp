#include "search/random_search.hpp"

namespace ridgeline {

RandomSearch::RandomSearch(const Space& space, std::size_t objectives, RandomSearchOptions options)
    : space_(&space), options_(options) {
  state_.members.genome_length = space.genome_length();
  state_.members.objective_count = objectives;
}

void RandomSearch::ask(Population& designs) const {
  designs.genome_length = state_.members.genome_length;
  designs.objective_count = state_.members.objective_count;
  designs.resize(options_.batch);
  parallel_for(designs.size(), options_.threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Random random = stream(options_.seed, state_.round, i);
      options_.balanced ? space_->sample_balanced(random, designs.genome(i))
                        : space_->sample_uniform(random, designs.genome(i));
    }
  });
}

}  // namespace ridgeline
