#include "calib/measuring/machine_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

constexpr double kClockChange = 0.05;  // relative
constexpr double kTicks = 100;         // a second, of /proc (USER_HZ, part of the kernel's interface)

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
  return text;
}

std::optional<double> number_of(const fs::path& file) {
  const std::string text = text_of(file);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() ? std::nullopt : std::optional(value);
}

/// Folders below `folder` whose names begin with `prefix` and a digit; none where there is no such folder.
std::vector<fs::path> numbered(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > prefix.size() && name.starts_with(prefix) && std::isdigit(name[prefix.size()]) != 0)
      found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

template <class Number>
void take_highest(std::optional<Number>& highest, std::optional<double> value) {
  if (value && (!highest || static_cast<Number>(*value) > *highest)) highest = static_cast<Number>(*value);
}

/// Seconds of user and system time in a line of /proc/PID/stat, whose second field is a name in parentheses.
double process_seconds(const std::string& line) {
  const std::size_t name = line.rfind(')');
  if (name == std::string::npos) return 0;
  std::istringstream fields(line.substr(name + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state to majflt of children
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / kTicks;
}

}  // namespace

MachineState read_machine_state(const fs::path& root, int process) {
  MachineState state;
  for (const fs::path& cpu : numbered(root / "sys/devices/system/cpu", "cpu")) {
    if (const auto kilohertz = number_of(cpu / "cpufreq/scaling_cur_freq"))
      take_highest(state.clock, *kilohertz * 1e3);
    if (const auto events = number_of(cpu / "thermal_throttle/core_throttle_count"))
      state.throttlings = state.throttlings.value_or(0) + static_cast<std::uint64_t>(*events);
  }
  for (const fs::path& zone : numbered(root / "sys/class/thermal", "thermal_zone"))
    if (const auto millidegrees = number_of(zone / "temp")) take_highest(state.temperature, *millidegrees / 1e3);
  const std::string flags = text_of(root / "sys/devices/platform/soc/soc:firmware/get_throttled");
  if (!flags.empty()) state.throttle_flags = std::strtoull(flags.c_str(), nullptr, 16);

  std::istringstream memory(text_of(root / "proc/vmstat"));
  std::string key;
  for (std::uint64_t value = 0; memory >> key >> value;)
    if (key == "pswpin" || key == "pswpout") state.swapped += value;

  std::istringstream processors(text_of(root / "proc/stat"));
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, stolen = 0;
  processors >> key >> user >> nice >> system >> idle >> waiting >> interrupts >> soft >> stolen;
  state.busy = (user + nice + system + interrupts + soft + stolen) / kTicks;
  state.idle = (idle + waiting) / kTicks;
  for (std::string line; std::getline(processors, line);)
    if (line.starts_with("cpu")) ++state.processors;
  for (const std::string& mine : {process > 0 ? std::to_string(process) : std::string(), std::string("self")})
    if (!mine.empty()) state.own += process_seconds(text_of(root / "proc" / mine / "stat"));
  return state;
}

Disturbances between(const MachineState& before, const MachineState& after) {
  Disturbances d;
  const double passed = after.busy + after.idle - before.busy - before.idle;
  const double others = after.busy - before.busy - (after.own - before.own);
  const bool still_runs = after.own >= before.own;  // what has ended cannot be told from others any more
  if (passed > 0 && still_runs) d.other_load = std::max(0.0, others) / passed * after.processors;
  if (before.clock && after.clock && *before.clock > 0) d.clock_change = *after.clock / *before.clock - 1;
  if (before.throttlings && after.throttlings && *after.throttlings > *before.throttlings)
    d.throttlings = *after.throttlings - *before.throttlings;
  constexpr std::uint64_t now = 0xf;  // under-voltage, capped, throttled, soft temperature limit
  if (after.throttle_flags && (*after.throttle_flags & now) != 0) ++d.throttlings;
  if (after.swapped > before.swapped) d.swapped = after.swapped - before.swapped;
  return d;
}

std::vector<std::string> Disturbances::words() const {
  std::vector<std::string> all;
  if (other_load > kOtherLoad) all.push_back(fmt::format("other programs kept {:.1f} processors busy", other_load));
  if (clock_change && std::abs(*clock_change) > kClockChange)
    all.push_back(
        fmt::format("the clock {} by {:.0f} %", *clock_change < 0 ? "fell" : "rose", 100 * std::abs(*clock_change)));
  if (throttlings > 0) all.push_back("the processor was throttled");
  if (swapped > 0) all.push_back(fmt::format("{} pages were swapped", swapped));
  return all;
}

std::map<std::string, std::string> machine_conditions(const fs::path& root) {
  std::map<std::string, std::string> all;
  const auto keep = [&](const std::string& name, const fs::path& file) {
    if (std::string text = text_of(root / file); !text.empty()) all[name] = std::move(text);
  };
  keep("governor", "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  keep("kernel", "proc/sys/kernel/osrelease");
  keep("turbo off", "sys/devices/system/cpu/intel_pstate/no_turbo");
  keep("huge pages", "sys/kernel/mm/transparent_hugepage/enabled");
  return all;
}

}  // namespace ridgeline
