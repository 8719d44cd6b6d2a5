#include "search/nsga2.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/error.hpp"
#include "search/parallel.hpp"

namespace ridgeline {

Nsga2::Nsga2(const Space& space, std::size_t objectives, Nsga2Options options)
    : space_(&space), options_(std::move(options)), variation_{&space, options_.crossover} {
  if (options_.population < 4) throw Error("NSGA-II needs a population of at least 4");
  if (objectives < 1 || objectives > kMostObjectives) throw Error("a search has 1 to 8 objectives");
  for (const Genome& genome : options_.first)
    if (!space.valid(genome)) throw Error("a first design is not one of the space '" + space.name() + "'");
  state_.members.genome_length = space.genome_length();
  state_.members.objective_count = objectives;
}

void Nsga2::ask(Population& designs) {
  designs.genome_length = state_.members.genome_length;
  designs.objective_count = state_.members.objective_count;
  designs.resize(options_.population);
  if (state_.members.size() == 0) {
    first_round(designs);
    return;
  }
  parallel_for(designs.size(), options_.threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Random random = stream(options_.seed, state_.round, i);
      const std::size_t mother = tournament(random), father = tournament(random);
      variation_.child(state_.members.genome(mother), state_.members.genome(father), random, designs.genome(i));
    }
  });
  mutate_copies(designs);
}

void Nsga2::first_round(Population& designs) const {
  for (std::size_t i = 0; i < designs.size(); ++i) {
    Random random = stream(options_.seed, state_.round, i);
    if (i < options_.first.size())
      std::ranges::copy(options_.first[i], designs.genome(i).begin());
    else
      space_->sample_balanced(random, designs.genome(i));
  }
}

std::size_t Nsga2::tournament(Random& random) const {
  const auto a = static_cast<std::size_t>(random.below(state_.members.size()));
  const auto b = static_cast<std::size_t>(random.below(state_.members.size()));
  if (rank_[a] != rank_[b]) return rank_[a] < rank_[b] ? a : b;
  return crowding_[a] >= crowding_[b] ? a : b;
}

void Nsga2::mutate_copies(Population& designs) {
  constexpr std::uint64_t kAttempts = 4;  // tiny spaces have too few designs for all to differ
  seen_.assign(std::bit_ceil(4 * (designs.size() + state_.members.size())), 0);
  const auto insert = [&](std::uint64_t hash) {
    hash |= 1;  // 0 marks an empty place
    for (std::size_t at = (hash >> 20) & (seen_.size() - 1);; at = (at + 1) & (seen_.size() - 1)) {
      if (seen_[at] == hash) return false;
      if (seen_[at] == 0) return seen_[at] = hash, true;
    }
  };
  for (std::size_t i = 0; i < state_.members.size(); ++i) insert(genome_hash(state_.members.genome(i)));
  for (std::size_t i = 0; i < designs.size(); ++i)
    for (std::uint64_t attempt = 1; !insert(genome_hash(designs.genome(i))) && attempt <= kAttempts; ++attempt) {
      Random random = stream(options_.seed, state_.round, i + attempt * designs.size());
      variation_.mutate(designs.genome(i), random);
    }
}

void Nsga2::tell(const Population& designs) {
  const std::size_t old = state_.members.size(), all = old + designs.size();
  merged_.genome_length = designs.genome_length;
  merged_.objective_count = designs.objective_count;
  merged_.resize(all);
  std::ranges::copy(state_.members.genes, merged_.genes.begin());
  std::ranges::copy(state_.members.objectives, merged_.objectives.begin());
  std::ranges::copy(state_.members.violations, merged_.violations.begin());
  std::ranges::copy(designs.genes, merged_.genes.begin() + static_cast<std::ptrdiff_t>(state_.members.genes.size()));
  std::ranges::copy(designs.objectives,
                    merged_.objectives.begin() + static_cast<std::ptrdiff_t>(state_.members.objectives.size()));
  std::ranges::copy(designs.violations, merged_.violations.begin() + static_cast<std::ptrdiff_t>(old));
  ++state_.round;

  const auto rank = sort_.rank(merged_);
  const auto crowding = sort_.crowding(merged_);
  order_.resize(all);
  std::iota(order_.begin(), order_.end(), 0u);
  const std::size_t kept = std::min(all, options_.population);
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    if (rank[a] != rank[b]) return rank[a] < rank[b];
    if (crowding[a] != crowding[b]) return crowding[a] > crowding[b];
    return a < b;
  };
  std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(kept - 1), order_.end(), better);
  std::sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(kept));
  state_.members.resize(kept);
  for (std::size_t i = 0; i < kept; ++i) state_.members.assign(i, merged_, order_[i]);
  set_ranks(sort_.keep(std::span(order_).first(kept)));
}

/// Crowding is that of the members alone, so that a state says everything.
void Nsga2::set_ranks(std::span<const std::uint32_t> rank) {
  rank_.assign(rank.begin(), rank.end());
  const auto crowding = sort_.crowding(state_.members);
  crowding_.assign(crowding.begin(), crowding.end());
}

void Nsga2::restore(OptimiserState state) {
  state_ = std::move(state);
  set_ranks(sort_.rank(state_.members));
}

}  // namespace ridgeline
