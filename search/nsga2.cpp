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
  hashes_.resize(designs.size());
  if (state_.members.size() == 0) {
    first_round(designs);
    return;
  }
  parallel_for(designs.size(), options_.threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Random random = stream(options_.seed, state_.round, i);
      const std::size_t mother = tournament(random), father = tournament(random);
      variation_.child(state_.members.genome(mother), state_.members.genome(father), random, designs.genome(i));
      hashes_[i] = genome_hash(designs.genome(i));
    }
  });
  mutate_copies(designs);
}

void Nsga2::first_round(Population& designs) {
  for (std::size_t i = 0; i < designs.size(); ++i) {
    Random random = stream(options_.seed, state_.round, i);
    if (i < options_.first.size())
      std::ranges::copy(options_.first[i], designs.genome(i).begin());
    else
      space_->sample_balanced(random, designs.genome(i));
    hashes_[i] = genome_hash(designs.genome(i));
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
  for (const std::uint64_t hash : member_hashes_) insert(hash);
  for (std::size_t i = 0; i < designs.size(); ++i)
    for (std::uint64_t attempt = 1; !insert(hashes_[i]) && attempt <= kAttempts; ++attempt) {
      Random random = stream(options_.seed, state_.round, i + attempt * designs.size());
      variation_.mutate(designs.genome(i), random);
      hashes_[i] = genome_hash(designs.genome(i));
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

  const std::size_t kept = std::min(all, options_.population);
  choose(sort_.rank(merged_, old), kept);
  state_.members.resize(kept);
  kept_hashes_.resize(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    state_.members.assign(i, merged_, order_[i]);
    kept_hashes_[i] = order_[i] < old ? member_hashes_[order_[i]] : hashes_[order_[i] - old];
  }
  member_hashes_.swap(kept_hashes_);
  set_ranks(sort_.keep(order_));
}

/// Whole fronts as long as there is room; of the one that there is too little for, those with the most space around
/// them. In rising order.
void Nsga2::choose(std::span<const std::uint32_t> rank, std::size_t kept) {
  front_sizes_.assign(sort_.front_count(), 0);
  for (const std::uint32_t front : rank) ++front_sizes_[front];
  std::uint32_t last = 0;  // the front that is split
  std::size_t room = kept;
  while (last < front_sizes_.size() && front_sizes_[last] <= room) room -= front_sizes_[last++];
  split_.clear();
  if (room > 0) {
    const auto crowding = sort_.crowding(merged_, last);
    for (std::uint32_t i = 0; i < rank.size(); ++i)
      if (rank[i] == last) split_.emplace_back(-crowding[i], i);
    std::nth_element(split_.begin(), split_.begin() + static_cast<std::ptrdiff_t>(room - 1), split_.end());
    split_.resize(room);
    std::ranges::sort(split_, {}, &std::pair<double, std::uint32_t>::second);
  }
  order_.clear();
  auto next = split_.begin();
  for (std::uint32_t i = 0; i < rank.size(); ++i) {
    const bool chosen = next != split_.end() && next->second == i;
    if (chosen) ++next;
    if (chosen || rank[i] < last) order_.push_back(i);
  }
}

/// Crowding is that of the members alone, so that a state says everything.
void Nsga2::set_ranks(std::span<const std::uint32_t> rank) {
  rank_.assign(rank.begin(), rank.end());
  const auto crowding = sort_.crowding(state_.members);
  crowding_.assign(crowding.begin(), crowding.end());
}

void Nsga2::restore(OptimiserState state) {
  state_ = std::move(state);
  member_hashes_.clear();
  for (std::size_t i = 0; i < state_.members.size(); ++i)
    member_hashes_.push_back(genome_hash(state_.members.genome(i)));
  set_ranks(sort_.rank(state_.members));
}

}  // namespace ridgeline
