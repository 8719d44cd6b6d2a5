#include "search/dominance.hpp"

#include <algorithm>

namespace ridgeline {

void Population::assign(std::size_t to, const Population& other, std::size_t from) {
  std::ranges::copy(other.genome(from), genome(to).begin());
  std::ranges::copy(other.values(from), objectives.begin() + static_cast<std::ptrdiff_t>(to * objective_count));
  violations[to] = other.violations[from];
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
  if (violation_a > 0 || violation_b > 0) return violation_a < violation_b;
  return pareto_dominates(a, b);
}

}  // namespace ridgeline
