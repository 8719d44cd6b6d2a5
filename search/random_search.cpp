#include "search/random_search.hpp"

#include "search/parallel.hpp"

namespace ridgeline {

RandomSearch::RandomSearch(const Space& space, std::size_t objectives, RandomSearchOptions options)
    : Baseline(space, objectives), options_(options) {}

void RandomSearch::ask(Population& designs) const {
  shape(designs, options_.batch);
  parallel_for(designs.size(), options_.threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Random random = stream(options_.seed, state_.round, i);
      options_.balanced ? space_->sample_balanced(random, designs.genome(i))
                        : space_->sample_uniform(random, designs.genome(i));
    }
  });
}

}  // namespace ridgeline
