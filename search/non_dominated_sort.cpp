#include "search/non_dominated_sort.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ridgeline {
namespace {

constexpr std::size_t kWordBits = 64;
constexpr std::uint32_t kNobody = 0xffffffff;

}  // namespace

std::span<const std::uint32_t> NonDominatedSort::rank(const Population& population, std::size_t kept) {
  ranks_.assign(population.size(), 0);
  front_count_ = 0;
  order_lexicographically(population, kept);
  rank_feasible(population);
  rank_others(population);
  return ranks_;
}

/// The feasible members; those kept stand in this order already, and the others are merged into them.
void NonDominatedSort::order_lexicographically(const Population& population, std::size_t kept) {
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const auto x = population.values(a), y = population.values(b);
    for (std::size_t m = 0; m < x.size(); ++m)
      if (x[m] != y[m]) return x[m] < y[m];
    return a < b;
  };
  kept_.clear();
  if (kept > 0) kept_.swap(feasible_);
  new_.clear();
  for (auto i = static_cast<std::uint32_t>(kept); i < population.size(); ++i)
    if (!(population.violations[i] > 0) && population.is_known(i)) new_.push_back(i);
  new_keys_.clear();  // the first objective mostly decides
  for (const std::uint32_t i : new_) new_keys_.emplace_back(population.values(i)[0], i);
  std::sort(new_keys_.begin(), new_keys_.end(), [&](const Key& a, const Key& b) {
    return a.first != b.first ? a.first < b.first : before(a.second, b.second);
  });
  std::ranges::transform(new_keys_, new_.begin(), &Key::second);
  feasible_.resize(kept_.size() + new_.size());
  std::merge(kept_.begin(), kept_.end(), new_.begin(), new_.end(), feasible_.begin(), before);
  place_.resize(population.size());
  for (std::uint32_t p = 0; p < feasible_.size(); ++p) place_[feasible_[p]] = p;
}

/// By ascending objective; of equal values in lexicographic order.
void NonDominatedSort::order_by(const Population& population, std::size_t objective) {
  const auto key = [&](std::uint32_t member) { return Key{population.values(member)[objective], place_[member]}; };
  Order& order = order_[objective];
  new_keys_.clear();
  for (const std::uint32_t member : new_) new_keys_.push_back(key(member));
  if (objective > 0) std::sort(new_keys_.begin(), new_keys_.end());  // the first is that of new_
  kept_keys_.clear();
  for (const Key& k : order) kept_keys_.push_back(key(kept_[k.second]));
  order.resize(feasible_.size());
  std::merge(kept_keys_.begin(), kept_keys_.end(), new_keys_.begin(), new_keys_.end(), order.begin());
}

void NonDominatedSort::rank_feasible(const Population& population) {
  const std::size_t n = feasible_.size(), objectives = population.objective_count;
  order_.resize(objectives);
  if (kept_.empty())
    for (Order& order : order_) order.clear();
  if (n == 0) return;
  words_ = (n + kWordBits - 1) / kWordBits;
  before_.assign(n * words_, ~Word{0});
  for (std::size_t m = 0; m < objectives; ++m) {
    order_by(population, m);
    seen_.assign(words_, 0);
    const Order& order = order_[m];
    for (std::size_t k = 0; k < n;) {
      // Members with equal values are no obstacle to one another in this objective.
      std::size_t end = k;
      for (; end < n && order[end].first == order[k].first; ++end)
        seen_[order[end].second / kWordBits] |= Word{1} << order[end].second % kWordBits;
      for (; k < end; ++k) {
        Word* row = before_.data() + order[k].second * words_;
        for (std::size_t w = 0; w < words_; ++w) row[w] &= seen_[w];
      }
    }
  }
  fronts_.clear();
  class_.resize(n);
  std::uint32_t fronts = 0;
  for (std::uint32_t p = 0; p < n; ++p) {
    Word* row = before_.data() + p * words_;
    const auto values = population.values(feasible_[p]);
    std::uint32_t front = kNobody;
    // Equals stand next to each other in lexicographic order and do not dominate one another: same front.
    if (p > 0 && std::ranges::equal(values, population.values(feasible_[p - 1]))) {
      front = ranks_[feasible_[p - 1]];
      class_[p] = class_[p - 1];
    } else {
      class_[p] = p;
      row[p / kWordBits] &= ~(Word{1} << p % kWordBits);
      std::uint32_t low = 0, high = fronts;
      while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        const Word* members = fronts_.data() + middle * words_;
        bool dominated = false;
        for (std::size_t w = 0; w <= p / kWordBits && !dominated; ++w) dominated = (row[w] & members[w]) != 0;
        dominated ? low = middle + 1 : high = middle;
      }
      front = low;
      if (front == fronts) fronts_.resize(++fronts * words_, 0);
    }
    fronts_[front * words_ + p / kWordBits] |= Word{1} << p % kWordBits;
    ranks_[feasible_[p]] = front;
  }
  front_count_ = fronts;
}

void NonDominatedSort::rank_others(const Population& population) {
  std::vector<std::uint32_t> members, unknown;
  for (std::uint32_t i = 0; i < population.size(); ++i)
    if (!population.is_known(i))
      unknown.push_back(i);
    else if (population.violations[i] > 0)
      members.push_back(i);
  std::sort(members.begin(), members.end(),
            [&](std::uint32_t a, std::uint32_t b) { return population.violations[a] < population.violations[b]; });
  for (std::size_t k = 0; k < members.size(); ++k) {
    if (k == 0 || population.violations[members[k]] != population.violations[members[k - 1]]) ++front_count_;
    ranks_[members[k]] = front_count_ - 1;
  }
  for (const std::uint32_t i : unknown) ranks_[i] = front_count_;
  front_count_ += !unknown.empty();
}

std::span<const std::uint32_t> NonDominatedSort::keep(std::span<const std::uint32_t> members) {
  place_.assign(ranks_.size(), kNobody);
  front_count_ = 0;
  for (std::uint32_t k = 0; k < members.size(); ++k) {
    place_[members[k]] = k;
    ranks_[k] = ranks_[members[k]];  // members rise, so that nothing is overwritten that is still to be read
    front_count_ = std::max(front_count_, ranks_[k] + 1);
  }
  ranks_.resize(members.size());
  std::uint32_t kept = 0;
  feasible_kept_.clear();
  for (std::uint32_t p = 0; p < feasible_.size(); ++p) {
    const std::uint32_t place = place_[feasible_[p]];
    feasible_[p] = place == kNobody ? kNobody : kept;  // its new position, for the orders below
    if (place == kNobody) continue;
    feasible_kept_.push_back(place);
    class_[kept++] = class_[p];
  }
  class_.resize(kept);
  for (Order& order : order_) {
    std::size_t next = 0;
    for (const Key& key : order)
      if (feasible_[key.second] != kNobody) order[next++] = {key.first, feasible_[key.second]};
    order.resize(next);
  }
  feasible_.swap(feasible_kept_);
  return ranks_;
}

std::span<const double> NonDominatedSort::crowding(const Population& population, std::uint32_t front) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const std::size_t n = feasible_.size();
  crowding_.assign(population.size(), 0);
  gaps_.resize(n);
  front_of_.resize(n);
  for (std::size_t p = 0; p < n; ++p) {
    const std::uint32_t f = ranks_[feasible_[p]];
    const bool repeats = p > 0 && class_[p] == class_[p - 1];
    front_of_[p] = repeats || (front != kAllFronts && f != front) ? kNobody : f;
  }
  for (const Order& order : order_) {
    // One walk along the objective serves all fronts: each remembers its last two members met.
    walks_.assign(front_count_, {});
    for (const auto& [value, p] : order) {
      if (front_of_[p] == kNobody) continue;
      Walk& walk = walks_[front_of_[p]];
      if (walk.met == 0)
        walk.lowest = value, crowding_[feasible_[p]] = infinite;
      else if (walk.met > 1)
        gaps_[walk.last] = value == walk.before ? 0 : value - walk.before;
      gaps_[p] = 0;
      walk.before = walk.highest;
      walk.highest = value;
      walk.last = p;
      ++walk.met;
    }
    for (const Walk& walk : walks_)
      if (walk.met > 0) crowding_[feasible_[walk.last]] = infinite;
    for (std::size_t p = 0; p < n; ++p) {
      if (front_of_[p] == kNobody) continue;
      const double extent = walks_[front_of_[p]].highest - walks_[front_of_[p]].lowest;
      if (extent > 0) crowding_[feasible_[p]] += std::isinf(extent) && std::isinf(gaps_[p]) ? 1 : gaps_[p] / extent;
    }
  }
  return crowding_;
}

}  // namespace ridgeline
