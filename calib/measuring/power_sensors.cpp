#include "calib/measuring/power_sensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "data/csv.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFewestValues = 3;
constexpr double kUpdatesWanted = 20;
constexpr double kCounterDisagrees = 0.1;  // relative
constexpr double kLogUpdate = 1;           // s; what USB meters usually write

struct Text {
  std::string content;
  int error = 0;  // errno; 0: it was read
};

Text read(const fs::path& file) {
  errno = 0;
  std::ifstream stream(file);
  Text text;
  if (!stream || !std::getline(stream, text.content)) text.error = errno ? errno : EIO;
  return text;
}

std::optional<double> number(const fs::path& file) {
  const Text text = read(file);
  if (text.error != 0) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.content.c_str(), &end);
  return end == text.content.c_str() ? std::nullopt : std::optional(value);
}

std::vector<fs::path> children(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

/// Packages, and what memory is counted apart below them.
std::vector<fs::path> rapl_domains(const fs::path& root) {
  std::vector<fs::path> domains;
  for (const fs::path& zone : children(root / "sys/class/powercap", "intel-rapl:")) {
    const std::string zone_name = zone.filename().string(), domain = read(zone / "name").content;
    const bool top = std::count(zone_name.begin(), zone_name.end(), ':') == 1;
    if ((top && domain.starts_with("package")) || domain == "dram") domains.push_back(zone);
  }
  return domains;
}

void find_rapl(const fs::path& root, FoundSensors& found) {
  const std::vector<fs::path> domains = rapl_domains(root);
  if (domains.empty()) return;
  std::vector<std::pair<fs::path, std::shared_ptr<UnwrappedCounter>>> counters;
  for (const fs::path& domain : domains) {
    if (const Text energy = read(domain / "energy_uj"); energy.error != 0) {
      found.problems.push_back(fmt::format("{}: {}", (domain / "energy_uj").string(), std::strerror(energy.error)));
      return;
    }
    const double range = number(domain / "max_energy_range_uj").value_or(0x1p32);
    counters.emplace_back(domain / "energy_uj", std::make_shared<UnwrappedCounter>(range));
  }
  PowerSensor sensor;
  sensor.name = fmt::format("RAPL ({} domains)", counters.size());
  sensor.joules = [counters]() -> std::optional<double> {
    double sum = 0;
    for (const auto& [file, counter] : counters) {
      const std::optional<double> reading = number(file);
      if (!reading) return std::nullopt;
      sum += counter->add(*reading);
    }
    return sum * 1e-6;
  };
  found.sensors.push_back(std::move(sensor));
}

/// One channel of a chip below hwmon: its power, or voltage × current.
std::function<std::optional<double>()> channel(const fs::path& chip, int number_of_channel) {
  const fs::path power = chip / fmt::format("power{}_input", number_of_channel),
                 volts = chip / fmt::format("in{}_input", number_of_channel),
                 amperes = chip / fmt::format("curr{}_input", number_of_channel);
  if (fs::exists(power))
    return [power]() -> std::optional<double> {
      const auto microwatts = number(power);
      return microwatts ? std::optional(*microwatts * 1e-6) : std::nullopt;
    };
  if (!fs::exists(volts) || !fs::exists(amperes)) return {};
  return [volts, amperes]() -> std::optional<double> {
    const auto millivolts = number(volts), milliamperes = number(amperes);
    return millivolts && milliamperes ? std::optional(*millivolts * *milliamperes * 1e-6) : std::nullopt;
  };
}

struct Rail {
  std::string name;
  std::function<std::optional<double>()> watts;
};

bool is_board_input(const std::string& rail) {
  constexpr std::array inputs{"VDD_IN", "POM_5V_IN", "5V_IN", "VIN_SYS_5V0", "VIN", "VDD_5V_IN"};
  return std::find(inputs.begin(), inputs.end(), rail) != inputs.end();
}

void add_rails(std::vector<Rail> rails, const std::string& chip, double update, FoundSensors& found) {
  if (rails.empty()) return;
  const auto input = std::find_if(rails.begin(), rails.end(), [](const Rail& r) { return is_board_input(r.name); });
  PowerSensor sensor;
  sensor.update = update;
  if (input != rails.end()) {
    sensor.name = fmt::format("{} {}", chip, input->name);
    sensor.watts = input->watts;
  } else {
    sensor.name = fmt::format("{}, sum of {} rails", chip, rails.size());
    sensor.watts = [rails = std::move(rails)]() -> std::optional<double> {
      double sum = 0;
      for (const Rail& rail : rails) {
        const auto watts = rail.watts();
        if (!watts) return std::nullopt;
        sum += *watts;
      }
      return sum;
    };
  }
  found.sensors.push_back(std::move(sensor));
}

void find_hwmon(const fs::path& root, FoundSensors& found) {
  for (const fs::path& folder : children(root / "sys/class/hwmon", "hwmon")) {
    const std::string chip = read(folder / "name").content;
    const double update = number(folder / "update_interval").value_or(50) / 1e3;
    if (chip == "ina3221") {
      std::vector<Rail> rails;
      for (int i = 1; i <= 3; ++i)
        if (auto watts = channel(folder, i))
          rails.push_back({read(folder / fmt::format("in{}_label", i)).content, std::move(watts)});
      add_rails(std::move(rails), chip, update, found);
    } else if (chip.starts_with("ina2")) {
      if (auto watts = channel(folder, 1))
        found.sensors.push_back({.name = chip, .update = update, .watts = std::move(watts)});
    }
  }
}

/// Kernels of Jetson Nano and TX2.
void find_iio(const fs::path& root, FoundSensors& found) {
  for (const fs::path& device : children(root / "sys/bus/i2c/drivers/ina3221x", ""))
    for (const fs::path& folder : children(device, "iio:device")) {
      std::vector<Rail> rails;
      for (int i = 0; i < 3; ++i) {
        const fs::path power = folder / fmt::format("in_power{}_input", i);
        if (!fs::exists(power)) continue;
        rails.push_back({read(folder / fmt::format("rail_name_{}", i)).content, [power]() -> std::optional<double> {
                           const auto milliwatts = number(power);
                           return milliwatts ? std::optional(*milliwatts * 1e-3) : std::nullopt;
                         }});
      }
      add_rails(std::move(rails), "ina3221x", 0.05, found);
    }
}

/// The value at `time` on straight lines between points, or at the nearest end.
double at(const std::vector<std::pair<double, double>>& points, double time) {
  const auto after = std::lower_bound(points.begin(), points.end(), time,
                                      [](const auto& point, double t) { return point.first < t; });
  if (after == points.begin()) return after->second;
  if (after == points.end()) return points.back().second;
  const auto& [t0, y0] = *(after - 1);
  const auto& [t1, y1] = *after;
  return t1 > t0 ? y0 + (y1 - y0) * (time - t0) / (t1 - t0) : y1;
}

double integral(const std::vector<std::pair<double, double>>& points, double from, double to) {
  double sum = 0, last_time = from, last = at(points, from);
  for (const auto& [time, watts] : points) {
    if (time <= from || time >= to) continue;
    sum += (last + watts) / 2 * (time - last_time);
    last_time = time, last = watts;
  }
  return sum + (last + at(points, to)) / 2 * (to - last_time);
}

/// Points where a new value appears.
std::vector<std::pair<double, double>> changes(const std::vector<std::pair<double, double>>& points, double from,
                                               double to) {
  std::vector<std::pair<double, double>> found;
  for (const auto& point : points)
    if (point.first >= from && point.first <= to && (found.empty() || point.second != found.back().second))
      found.push_back(point);
  return found;
}

double typical_gap(const std::vector<std::pair<double, double>>& points) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < points.size(); ++i) gaps.push_back(points[i].first - points[i - 1].first);
  return gaps.empty() ? 0 : median(gaps);
}

}  // namespace

double UnwrappedCounter::add(double reading) {
  if (last_ && reading < *last_) turns_ += range_;
  last_ = reading;
  return turns_ + reading;
}

FoundSensors find_power_sensors(const fs::path& root) {
  FoundSensors found;
  find_hwmon(root, found);  // what the board's own sensor sees comes first, then the processor's counter
  find_iio(root, found);
  find_rapl(root, found);
  return found;
}

PowerSensor power_log(const fs::path& file, double unix_minus_monotonic) {
  const auto read_all = [file, unix_minus_monotonic] {
    std::ifstream stream(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    text.erase(text.rfind('\n') + 1);  // whoever writes it may be in the middle of a line
    const CsvTable table = text.empty() ? read_csv(file) : parse_csv(text, file.string());
    const std::size_t time = table.at("time [s]"), power = table.at("power [W]");
    PowerTrace trace;
    for (const CsvRow& row : table.rows)
      trace.push_back({table.number(row, time) - unix_minus_monotonic, table.number(row, power), {}});
    std::sort(trace.begin(), trace.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    return trace;
  };
  read_all();  // complaints come before anything is measured
  PowerSensor sensor{.name = "log " + file.filename().string(), .update = kLogUpdate};
  sensor.log = [read_all, update = sensor.update](double from, double to) {
    PowerTrace trace = read_all();
    std::erase_if(trace, [&](const PowerSample& s) { return s.time < from - update || s.time > to + update; });
    return trace;
  };
  return sensor;
}

PowerReading read_power(const PowerTrace& trace, const PowerSensor& sensor, double from, double to) {
  std::vector<std::pair<double, double>> watts, joules;
  for (const PowerSample& sample : trace) {
    if (sample.watts) watts.emplace_back(sample.time, *sample.watts);
    if (sample.joules) joules.emplace_back(sample.time, *sample.joules);
  }
  PowerReading reading;
  const bool counts_only = !joules.empty() && changes(watts, from, to).size() < kFewestValues;
  const auto values = changes(counts_only ? joules : watts, from, to);
  if (values.size() < kFewestValues) {
    reading.remark = fmt::format("{} gave {} new values in {:.3g} s, too few for an energy", sensor.name,
                                 values.size(), to - from);
    return reading;
  }
  reading.window = typical_gap(values);
  const double counted = joules.empty() ? 0 : at(joules, to) - at(joules, from);
  if (counts_only) {
    reading.energy = counted;
    double peak = 0;
    for (std::size_t i = 1; i < values.size(); ++i)
      peak = std::max(peak, (values[i].second - values[i - 1].second) / (values[i].first - values[i - 1].first));
    reading.peak = peak;
    return reading;
  }
  reading.energy = integral(watts, from, to);
  reading.peak = std::max_element(values.begin(), values.end(), [](const auto& a, const auto& b) {
                   return a.second < b.second;
                 })->second;
  if (counted > 0 && std::abs(*reading.energy / counted - 1) > kCounterDisagrees)
    reading.remark = fmt::format("the trace gives {:.3g} J, the counter {:.3g} J", *reading.energy, counted);
  return reading;
}

double shortest_for(const PowerSensor& sensor) { return kUpdatesWanted * sensor.update; }

PowerSampler::PowerSampler(PowerSensor sensor, std::function<double()> clock)
    : sensor_(std::move(sensor)), clock_(std::move(clock)), began_(clock_()) {
  if (sensor_.log) return;
  thread_ = std::thread([this] {
    const auto pause = std::chrono::duration<double>(sensor_.update / 2);
    while (!stopped_) {
      take();
      std::this_thread::sleep_for(pause);
    }
  });
}

PowerSampler::~PowerSampler() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

void PowerSampler::take() {
  PowerSample sample;
  const double before = clock_();
  if (sensor_.watts) sample.watts = sensor_.watts();
  if (sensor_.joules) sample.joules = sensor_.joules();
  sample.time = (before + clock_()) / 2;
  trace_.push_back(sample);
}

PowerTrace PowerSampler::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
  if (sensor_.log) return sensor_.log(began_, clock_());
  take();
  return std::move(trace_);
}

}  // namespace ridgeline
