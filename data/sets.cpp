#include "data/sets.hpp"

#include <cmath>
#include <utility>

#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

bool is_path(std::string_view name) { return name.find('/') != std::string_view::npos || name.ends_with(".yaml"); }

/// Complaints about a name have no place of their own; those inside a description keep theirs.
template <class Load>
std::string own_name(std::string_view name, const InputLocation& place, Load load) {
  try {
    auto described = load(name);
    return is_path(name) ? std::string(name) : described.name;
  } catch (const InputError& error) {
    if (!error.location().file.empty()) throw;
    throw InputError(place, error.what());
  }
}

}  // namespace

std::string device_name(std::string_view name, const InputLocation& place) {
  return own_name(name, place, [](std::string_view wanted) { return load_device(wanted); });
}

std::string runtime_name(std::string_view name, const InputLocation& place) {
  return own_name(name, place, [](std::string_view wanted) { return load_runtime(wanted); });
}

void set_runtime(Workload& workload, std::string_view runtime) {
  const Runtime described = load_runtime(runtime);
  workload.fusion = described.fusion;
  workload.views = described.runs_views;
}

void add_part(Measurement& row, std::string phase, MeasuredValue latency) {
  if (row.parts.empty()) row.latency = MeasuredValue{0, 0};
  row.latency->value += latency.value;
  if (row.latency->standard_deviation && latency.standard_deviation)
    row.latency->standard_deviation = std::hypot(*row.latency->standard_deviation, *latency.standard_deviation);
  else
    row.latency->standard_deviation.reset();
  row.parts.push_back({std::move(phase), latency});
}

}  // namespace ridgeline
