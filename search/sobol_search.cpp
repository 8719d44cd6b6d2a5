#include "search/sobol_search.hpp"

#include <boost/random/sobol.hpp>

namespace ridgeline {

SobolSearch::SobolSearch(const Space& space, std::size_t objectives, std::size_t batch, std::uint64_t skip)
    : Baseline(space, objectives), batch_(batch), skip_(skip) {}

void SobolSearch::ask(Population& designs) const {
  shape(designs, batch_);
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
