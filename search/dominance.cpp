#include "search/dominance.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {

void Population::assign(std::size_t to, const Population& other, std::size_t from) {
  std::ranges::copy(other.genome(from), genome(to).begin());
  std::ranges::copy(other.values(from), objectives.begin() + static_cast<std::ptrdiff_t>(to * objective_count));
  violations[to] = other.violations[from];
}

bool Population::is_known(std::size_t i) const { return ridgeline::is_known(values(i), violations[i]); }

bool is_known(std::span<const double> values, double violation) {
  return !std::isnan(violation) && std::ranges::none_of(values, [](double value) { return std::isnan(value); });
}

bool pareto_dominates(std::span<const double> a, std::span<const double> b) {
  bool better = false;
  for (std::size_t m = 0; m < a.size(); ++m) {
    if (a[m] > b[m]) return false;
    better |= a[m] < b[m];
  }
  return better;
}

bool dominates(std::span<const double> a, double violation_a, std::span<const double> b, double violation_b) {
  const bool known_a = is_known(a, violation_a), known_b = is_known(b, violation_b);
  if (!known_a || !known_b) return known_a && !known_b;
  if (violation_a > 0 || violation_b > 0) return violation_a < violation_b;
  return pareto_dominates(a, b);
}

}  // namespace ridgeline
