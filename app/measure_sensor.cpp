#include "app/measure_sensor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <iterator>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "calib/measuring/nvml.hpp"

namespace ridgeline {
namespace {

constexpr double kIdleSeconds = 3;  // of looking at the power before anything runs

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

ChosenSensor named_sensor(const FoundSensors& found, const std::string& wanted) {
  std::vector<std::string> names;
  for (const PowerSensor& sensor : found.sensors) {
    if (lower_case(sensor.name).starts_with(lower_case(wanted))) return {sensor, sensor.name};
    names.push_back(sensor.name);
  }
  throw InputError({"--sensor", 0, 0, ""}, fmt::format("no power sensor is called {}", wanted),
                   names.empty() ? found.problems.empty() ? "none was found" : found.problems.front()
                                 : fmt::format("there are: {}", fmt::join(names, ", ")));
}

}  // namespace

double seconds_of(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

ChosenSensor choose_sensor(const MeasureCommandOptions& options) {
  if (!options.power_log.empty()) {
    PowerSensor log = power_log(options.power_log, seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_MONOTONIC));
    return {log, log.name};
  }
  FoundSensors found = find_power_sensors("/");
  FoundSensors cards = find_nvml();
  std::move(cards.sensors.begin(), cards.sensors.end(), std::back_inserter(found.sensors));
  found.problems.insert(found.problems.end(), cards.problems.begin(), cards.problems.end());
  if (!options.sensor.empty()) return named_sensor(found, options.sensor);
  for (const PowerSensor& sensor : found.sensors)
    if (!sensor.of_card) return {sensor, sensor.name};  // models run on the processor
  if (found.problems.empty()) return {{}, "none found: latency only"};
  return {{}, fmt::format("{}: latency only", found.problems.front())};
}

std::optional<double> idle_power(const PowerSensor& sensor) {
  if (sensor.log) return std::nullopt;
  const auto now = [] { return seconds_of(CLOCK_MONOTONIC); };
  const double seconds = std::max(kIdleSeconds, 5 * sensor.update), from = now();
  PowerSampler sampler(sensor, now);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const PowerTrace trace = sampler.stop();
  const double to = now();
  const PowerReading reading = read_power(trace, sensor, from, to);
  return reading.energy ? std::optional(*reading.energy / (to - from)) : std::nullopt;
}

}  // namespace ridgeline
