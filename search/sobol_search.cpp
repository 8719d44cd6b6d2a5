#include "search/sobol_search.hpp"

#include <boost/random/sobol.hpp>

namespace ridgeline {

SobolSearch::SobolSearch(const Space& space, std::size_t objectives, std::size_t batch, std::uint64_t skip)
    : space_(&space), batch_(batch), skip_(skip) {
  state_.members.genome_length = space.genome_length();
  state_.members.objective_count = objectives;
}

void SobolSearch::ask(Population& designs) const {
  designs.genome_length = state_.members.genome_length;
  designs.objective_count = state_.members.objective_count;
  designs.resize(batch_);
  const std::size_t dimensions = designs.genome_length;
  boost::random::sobol sequence(dimensions);
  sequence.seed(skip_ + state_.round * batch_);
  std::vector<double> point(dimensions);
  for (std::size_t i = 0; i < batch_; ++i) {
    for (double& x : point) x = static_cast<double>(sequence()) * 0x1p-64;
    space_->from_unit(point, designs.genome(i));
  }
}

}  // namespace ridgeline
