#include "search/archive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr double kFirstResolution = 1e-4;

double with_slack(double value, double slack) {
  if (std::isinf(slack)) return slack;
  return value * (value > 0 ? 1 + slack : 1 - slack);
}

}  // namespace

ParetoArchive::ParetoArchive(std::size_t genome_length, std::size_t objectives, std::size_t capacity)
    : capacity_(capacity), columns_(objectives) {
  if (capacity < 4 * objectives) throw Error("an archive needs room for at least four designs an objective");
  members_.genome_length = genome_length;
  members_.objective_count = objectives;
  best_.assign(objectives, std::numeric_limits<double>::infinity());
}

std::size_t ParetoArchive::add(const Population& designs) {
  std::size_t entered = 0;
  for (std::size_t i = 0; i < designs.size(); ++i) {
    if (designs.violations[i] > 0 || !designs.is_known(i)) continue;
    entered += enter(designs.genome(i), designs.values(i));
    if (members_.size() > capacity_) coarsen();
  }
  return entered;
}

bool ParetoArchive::enter(std::span<const Gene> genome, std::span<const double> values) {
  bool best = false;
  for (std::size_t m = 0; m < values.size(); ++m) best |= values[m] < best_[m];
  // What is better than everybody in something is covered by nobody, and whoever is covered is so with slack too.
  if (!best && covered(values, resolution_)) return false;
  for (std::size_t m = 0; m < values.size(); ++m) best_[m] = std::min(best_[m], values[m]);
  remove_dominated(values);
  const std::size_t last = members_.size();
  members_.resize(last + 1);
  std::ranges::copy(genome, members_.genome(last).begin());
  std::ranges::copy(values, members_.objectives.begin() + static_cast<std::ptrdiff_t>(last * values.size()));
  members_.violations[last] = 0;
  columns_.resize(last + 1);
  columns_.assign(last, values);
  return true;
}

bool ParetoArchive::covered(std::span<const double> values, double slack) {
  double limit[kMostObjectives];
  for (std::size_t m = 0; m < values.size(); ++m) limit[m] = with_slack(values[m], slack);
  return columns_.any_within({limit, values.size()}, [&](std::size_t i) {
    if (slack > 0 && pareto_dominates(values, members_.values(i))) return false;
    swap_members(i, i / 2);
    return true;
  });
}

void ParetoArchive::swap_members(std::size_t a, std::size_t b) {
  if (a == b) return;
  std::ranges::swap_ranges(members_.genome(a), members_.genome(b));
  const auto row = [&](std::size_t i) {
    return std::span(members_.objectives).subspan(i * members_.objective_count, members_.objective_count);
  };
  std::ranges::swap_ranges(row(a), row(b));
  columns_.swap(a, b);
}

void ParetoArchive::remove_dominated(std::span<const double> values) {
  const std::size_t objectives = values.size();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const double* row = members_.objectives.data() + i * objectives;
    bool dominated = true;
    for (std::size_t m = 0; m < objectives; ++m) dominated &= values[m] <= row[m];
    if (dominated) continue;
    if (kept != i) {
      members_.assign(kept, members_, i);
      columns_.assign(kept, members_.values(kept));
    }
    ++kept;
  }
  members_.resize(kept);
  columns_.resize(kept);
}

void ParetoArchive::coarsen() {
  while (members_.size() > capacity_ - capacity_ / 4) {
    resolution_ = resolution_ == 0 ? kFirstResolution : 2 * resolution_;
    const Population from = members_;
    members_.resize(0);
    columns_.resize(0);
    std::ranges::fill(best_, std::numeric_limits<double>::infinity());
    const std::size_t objectives = from.objective_count;
    // The best of each objective first: they are to stay.
    for (std::size_t m = 0; m < objectives; ++m) {
      std::size_t best = 0;
      for (std::size_t i = 1; i < from.size(); ++i)
        if (from.values(i)[m] < from.values(best)[m]) best = i;
      enter(from.genome(best), from.values(best));
    }
    for (std::size_t i = 0; i < from.size(); ++i) enter(from.genome(i), from.values(i));
  }
}

std::vector<std::uint32_t> ParetoArchive::sorted() const {
  std::vector<std::uint32_t> order(members_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const auto x = members_.values(a), y = members_.values(b);
    if (!std::ranges::equal(x, y)) return std::ranges::lexicographical_compare(x, y);
    return std::ranges::lexicographical_compare(members_.genome(a), members_.genome(b));
  });
  return order;
}

void ParetoArchive::restore(Population members, double resolution) {
  if (members.genome_length != members_.genome_length || members.objective_count != members_.objective_count)
    throw Error("an archive of another space or other objectives");
  members_ = std::move(members);
  resolution_ = resolution;
  std::ranges::fill(best_, std::numeric_limits<double>::infinity());
  columns_.resize(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) columns_.assign(i, members_.values(i));
  for (std::size_t i = 0; i < members_.size(); ++i)
    for (std::size_t m = 0; m < best_.size(); ++m) best_[m] = std::min(best_[m], members_.values(i)[m]);
}

}  // namespace ridgeline
