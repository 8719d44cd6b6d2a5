#include "search/exhaustive_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "search/parallel.hpp"

namespace ridgeline {

ExhaustiveSearch::ExhaustiveSearch(const Space& space, std::size_t objectives, std::size_t batch, int threads)
    : Baseline(space, objectives), batch_(batch), threads_(threads) {
  constexpr std::uint64_t kMostDesigns = 10'000'000'000;
  if (space.size() > kMostDesigns)
    throw Error(fmt::format("the space '{}' has 10^{:.1f} designs: too many for an exhaustive search (10^10)",
                            space.name(), space.log10_size()));
  size_ = space.size().convert_to<std::uint64_t>();
}

void ExhaustiveSearch::ask(Population& designs) const {
  const std::uint64_t begin = std::min(size_, state_.round * batch_);
  shape(designs, static_cast<std::size_t>(std::min<std::uint64_t>(batch_, size_ - begin)));
  parallel_for(designs.size(), threads_, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) space_->nth(begin + i, designs.genome(i));
  });
}

}  // namespace ridgeline
