#include "hwdesc/dvfs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/units.hpp"

namespace ridgeline {
namespace {

/// A column of the operating points at `clock`: linear inside, constant outside; empty when the table lacks it.
template <class Value>
std::optional<Value> interpolate(const std::vector<OperatingPoint>& points, Hertz clock,
                                 std::optional<Value> OperatingPoint::*column) {
  if (points.empty() || !(points.front().*column)) return std::nullopt;
  if (clock <= points.front().clock) return points.front().*column;
  if (clock >= points.back().clock) return points.back().*column;
  const auto above = std::find_if(points.begin(), points.end(), [&](const auto& p) { return p.clock >= clock; });
  const auto below = above - 1;
  const double share = (clock - below->clock) / (above->clock - below->clock);
  return *((*below).*column) * (1 - share) + *((*above).*column) * share;
}

}  // namespace

std::optional<Volts> voltage_at(const Device& device, Hertz clock) {
  return interpolate(device.operating_points, clock, &OperatingPoint::voltage);
}

double dynamic_energy_scale(const Device& device, Hertz clock) {
  const double relative_clock = clock / device.nominal_clock;
  double relative = 0.6 + 0.4 * relative_clock;
  if (const auto voltage = voltage_at(device, clock)) relative = *voltage / *voltage_at(device, device.nominal_clock);
  return relative * relative;
}

Device at_clock(Device device, Hertz clock) {
  Hertz low{1e6}, high{20e9};
  if (!device.operating_points.empty()) {
    low = device.operating_points.front().clock;
    high = device.operating_points.back().clock;
  }
  if (clock < low || clock > high)
    throw InputError({device.name, 0, 0, "clock"}, fmt::format("clock of {} is out of range", format(clock, 4)),
                     fmt::format("{} runs from {} to {}", device.name, format(low, 4), format(high, 4)));
  if (device.power) {
    const auto& points = device.operating_points;
    const auto now = interpolate(points, device.clock, &OperatingPoint::idle);
    const auto then = interpolate(points, clock, &OperatingPoint::idle);
    if (now && then) device.power->idle = device.power->idle * (*then / *now);
  }
  if (device.kind == DeviceKind::cpu) device.host_speed *= clock / device.clock;
  device.clock = clock;
  return device;
}

Device in_power_mode(Device device, std::string_view mode) {
  std::vector<std::string> names;
  for (const PowerMode& known : device.power_modes) names.push_back(known.name);
  if (names.empty())
    throw InputError({device.name, 0, 0, "power_modes"}, fmt::format("no power mode '{}'", mode),
                     fmt::format("{} has no power modes", device.name));
  const auto found = std::find(names.begin(), names.end(), mode);
  if (found == names.end()) throw_unknown_name({device.name, 0, 0, "power_modes"}, "power mode", mode, names);

  const PowerMode chosen = device.power_modes[static_cast<std::size_t>(found - names.begin())];
  if (chosen.clock) device = at_clock(std::move(device), *chosen.clock);
  if (chosen.units) device.units = *chosen.units;
  if (chosen.host_speed) device.host_speed = *chosen.host_speed;
  if (chosen.limit && device.power) device.power->limit = *chosen.limit;
  return device;
}

}  // namespace ridgeline
