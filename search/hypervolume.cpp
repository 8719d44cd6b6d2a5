#include "search/hypervolume.hpp"

#include <pagmo/utils/hypervolume.hpp>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace ridgeline {

double hypervolume(std::span<const double> front, std::span<const double> reference_point) {
  const std::size_t objectives = reference_point.size();
  if (objectives < 2) throw Error("a hypervolume needs at least two objectives");
  for (const double r : reference_point)
    if (!std::isfinite(r)) throw Error("a hypervolume needs a finite reference point");
  std::vector<pagmo::vector_double> points;
  for (std::size_t i = 0; i + objectives <= front.size(); i += objectives) {
    const auto point = front.subspan(i, objectives);
    bool inside = true;
    for (std::size_t m = 0; m < objectives; ++m) inside &= point[m] < reference_point[m];
    if (inside) points.emplace_back(point.begin(), point.end());
  }
  if (points.empty()) return 0;
  return pagmo::hypervolume(points).compute({reference_point.begin(), reference_point.end()});
}

}  // namespace ridgeline
