#include "search/non_dominated_sort.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ridgeline {
namespace {

constexpr std::size_t kWordBits = 64;
constexpr std::uint32_t kNobody = 0xffffffff;

/// (high - low) / extent, of values that may be infinite.
double gap(double low, double high, double extent) {
  if (low == high) return 0;
  return std::isinf(extent) && std::isinf(high - low) ? 1 : (high - low) / extent;
}

}  // namespace

std::span<const std::uint32_t> NonDominatedSort::rank(const Population& population) {
  ranks_.assign(population.size(), 0);
  front_count_ = 0;
  feasible_.clear();
  for (std::uint32_t i = 0; i < population.size(); ++i)
    if (!(population.violations[i] > 0) && population.is_known(i)) feasible_.push_back(i);
  rank_feasible(population);
  rank_others(population);
  return ranks_;
}

/// Positions in feasible_ by ascending objective; of equal values in lexicographic order.
void NonDominatedSort::order_by(const Population& population, std::size_t objective) {
  auto& order = order_[objective];
  order.resize(feasible_.size());
  std::iota(order.begin(), order.end(), 0u);
  if (objective == 0) return;  // that is the lexicographic order
  keys_.resize(feasible_.size());
  for (std::uint32_t p = 0; p < feasible_.size(); ++p) keys_[p] = {population.values(feasible_[p])[objective], p};
  std::sort(keys_.begin(), keys_.end());
  for (std::size_t p = 0; p < keys_.size(); ++p) order[p] = keys_[p].second;
}

void NonDominatedSort::rank_feasible(const Population& population) {
  const std::size_t n = feasible_.size(), objectives = population.objective_count;
  order_.resize(objectives);
  for (auto& order : order_) order.clear();
  if (n == 0) return;
  std::sort(feasible_.begin(), feasible_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto x = population.values(a), y = population.values(b);
    for (std::size_t m = 0; m < objectives; ++m)
      if (x[m] != y[m]) return x[m] < y[m];
    return a < b;
  });
  words_ = (n + kWordBits - 1) / kWordBits;
  before_.assign(n * words_, ~Word{0});
  for (std::size_t m = 0; m < objectives; ++m) {
    order_by(population, m);
    seen_.assign(words_, 0);
    const auto& order = order_[m];
    for (std::size_t k = 0; k < n;) {
      // Members with equal values are no obstacle to one another in this objective.
      std::size_t end = k;
      const double value = population.values(feasible_[order[k]])[m];
      for (; end < n && population.values(feasible_[order[end]])[m] == value; ++end)
        seen_[order[end] / kWordBits] |= Word{1} << order[end] % kWordBits;
      for (; k < end; ++k) {
        Word* row = before_.data() + order[k] * words_;
        for (std::size_t w = 0; w < words_; ++w) row[w] &= seen_[w];
      }
    }
  }
  fronts_.clear();
  std::uint32_t fronts = 0;
  for (std::uint32_t p = 0; p < n; ++p) {
    Word* row = before_.data() + p * words_;
    const auto values = population.values(feasible_[p]);
    std::uint32_t front = kNobody;
    // Equals stand next to each other in lexicographic order and do not dominate one another: same front.
    if (p > 0 && std::ranges::equal(values, population.values(feasible_[p - 1]))) {
      front = ranks_[feasible_[p - 1]];
    } else {
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
  for (std::uint32_t& member : feasible_) {
    const std::uint32_t place = place_[member];
    member = place == kNobody ? kNobody : kept++;  // its new position in feasible_, for the orders below
    if (place != kNobody) feasible_kept_.push_back(place);
  }
  for (auto& order : order_) {
    std::size_t next = 0;
    for (const std::uint32_t p : order)
      if (feasible_[p] != kNobody) order[next++] = feasible_[p];
    order.resize(next);
  }
  feasible_.swap(feasible_kept_);
  feasible_kept_.clear();
  return ranks_;
}

std::span<const double> NonDominatedSort::crowding(const Population& population) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  crowding_.assign(population.size(), 0);
  for (std::size_t m = 0; m < population.objective_count; ++m) {
    const auto& order = order_[m];
    const auto value = [&](std::uint32_t p) { return population.values(feasible_[p])[m]; };
    // One walk along the objective serves all fronts: each remembers its last two members met.
    lowest_.assign(front_count_, kNobody);
    before_last_.assign(front_count_, kNobody);
    last_.assign(front_count_, kNobody);
    highest_.assign(front_count_, kNobody);
    for (const std::uint32_t p : order) {
      const std::uint32_t f = ranks_[feasible_[p]];
      if (lowest_[f] == kNobody) lowest_[f] = p;
      highest_[f] = p;
    }
    for (const std::uint32_t p : order) {
      const std::uint32_t f = ranks_[feasible_[p]];
      if (duplicate(population, p)) continue;
      const double extent = value(highest_[f]) - value(lowest_[f]);
      if (last_[f] == kNobody)
        crowding_[feasible_[p]] = infinite;
      else if (before_last_[f] != kNobody && extent > 0)
        crowding_[feasible_[last_[f]]] += gap(value(before_last_[f]), value(p), extent);
      before_last_[f] = last_[f];
      last_[f] = p;
    }
    for (const std::uint32_t p : last_)
      if (p != kNobody) crowding_[feasible_[p]] = infinite;
  }
  return crowding_;
}

/// Whether the member before it in lexicographic order has the same values.
bool NonDominatedSort::duplicate(const Population& population, std::uint32_t p) const {
  return p > 0 && std::ranges::equal(population.values(feasible_[p]), population.values(feasible_[p - 1]));
}

}  // namespace ridgeline
