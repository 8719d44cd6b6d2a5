#include "calib/generic.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {
namespace {

}  // namespace

std::string origin_of(const MeasurementSet& set) {
  if (set.rows.empty()) return {};
  const std::string& id = set.rows.front().id;
  return id.substr(0, id.find_first_of(":/"));
}

Lesson lesson_of(const MeasurementSet& set, DeviceKind kind, const ParameterSpace& space, const FitSummary& summary) {
  Lesson lesson{set.name, origin_of(set), set.device, set.source, kind, {}, Eigen::VectorXd(space.size()), summary.theta};
  for (Eigen::Index j = 0; j < space.size(); ++j) {
    const Parameter& p = space.parameters()[static_cast<std::size_t>(j)];
    lesson.parameters.push_back(p.name);
    lesson.determined[j] = std::clamp(1 - summary.covariance(j, j) / (p.prior_deviation * p.prior_deviation), 0.0, 1.0);
  }
  return lesson;
}

std::vector<Lesson> lessons_from_elsewhere(std::vector<Lesson> lessons, const MeasurementSet& set) {
  const std::string origin = origin_of(set);
  std::erase_if(lessons,
                [&](const Lesson& lesson) { return lesson.device == set.device || lesson.origin == origin; });
  return lessons;
}

Prior generic_prior(const ParameterSpace& space, DeviceKind kind, const std::vector<Lesson>& lessons) {
  Prior prior = data_sheet_prior(space);
  for (Eigen::Index j = 0; j < space.size(); ++j) {
    const Parameter& p = space.parameters()[static_cast<std::size_t>(j)];
    double weights = 1, sum = 0;
    for (const Lesson& lesson : lessons) {
      if (lesson.kind != kind) continue;
      const auto found = std::find(lesson.parameters.begin(), lesson.parameters.end(), p.name);
      if (found == lesson.parameters.end()) continue;
      const Eigen::Index i = found - lesson.parameters.begin();
      weights += lesson.determined[i];
      sum += lesson.determined[i] * lesson.value[i];
    }
    prior.mean[j] = std::clamp(sum / weights, p.lower, p.upper);
  }
  return prior;
}

ArrayGroup to_arrays(const std::vector<Lesson>& lessons) {
  ArrayGroup group;
  for (const Lesson& lesson : lessons) {
    ArrayGroup one;
    one.attributes = {{"origin", lesson.origin},
                      {"device", lesson.device},
                      {"source", lesson.source},
                      {"kind", std::string(name(lesson.kind))}};
    for (std::size_t j = 0; j < lesson.parameters.size(); ++j) {
      const auto i = static_cast<Eigen::Index>(j);
      one.arrays[lesson.parameters[j]] = {{2}, {lesson.value[i], lesson.determined[i]}, "1"};
    }
    std::string key = lesson.set;
    std::replace(key.begin(), key.end(), '/', ':');
    group.groups[key] = std::move(one);
  }
  return group;
}

}  // namespace ridgeline
