#include "calib/generic.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {
namespace {}  // namespace

std::string origin_of(const MeasurementSet& set) {
  if (set.rows.empty()) return {};
  const std::string& id = set.rows.front().id;
  return id.substr(0, id.find_first_of(":/"));
}

Lesson lesson_of(const MeasurementSet& set, DeviceKind kind, const ParameterSpace& space, const FitSummary& summary) {
  Lesson lesson{set.name,     origin_of(set), set.device, set.source, kind, {}, Eigen::VectorXd(space.size()),
                summary.theta};
  for (Eigen::Index j = 0; j < space.size(); ++j) {
    const Parameter& p = space.parameters()[static_cast<std::size_t>(j)];
    lesson.parameters.push_back(p.name);
    lesson.determined[j] =
        std::clamp(1 - summary.covariance(j, j) / (p.prior_deviation * p.prior_deviation), 0.0, 1.0);
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
    one.attributes = {{"set", lesson.set},
                      {"origin", lesson.origin},
                      {"device", lesson.device},
                      {"source", lesson.source},
                      {"kind", std::string(name(lesson.kind))}};
    one.texts["parameters"] = lesson.parameters;
    one.arrays["value"] = vector_array({lesson.value.data(), lesson.value.data() + lesson.value.size()}, "1");
    one.arrays["determined"] =
        vector_array({lesson.determined.data(), lesson.determined.data() + lesson.determined.size()}, "1");
    std::string key = lesson.set;
    std::replace(key.begin(), key.end(), '/', ':');
    group.groups[key] = std::move(one);
  }
  return group;
}

std::vector<Lesson> lessons_of(const StoredGroup& group) {
  std::vector<Lesson> lessons;
  for (const auto& [key, unused] : group.content().groups) {
    const StoredGroup one = group.group(key);
    Lesson lesson;
    lesson.set = one.attribute("set");
    lesson.origin = one.attribute("origin");
    lesson.device = one.attribute("device");
    lesson.source = one.attribute("source");
    const std::string& kind = one.attribute("kind");
    for (const DeviceKind known : {DeviceKind::cpu, DeviceKind::gpu, DeviceKind::npu})
      if (kind == name(known)) lesson.kind = known;
    lesson.parameters = one.texts("parameters");
    const auto vector = [&](std::string_view array) {
      const std::vector<double>& v = one.vector(array, "1", lesson.parameters.size());
      return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Eigen::Index>(v.size())));
    };
    lesson.value = vector("value");
    lesson.determined = vector("determined");
    lessons.push_back(std::move(lesson));
  }
  return lessons;
}

}  // namespace ridgeline
