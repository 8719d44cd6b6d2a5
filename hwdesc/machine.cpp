// Reading the trees below /proc and /sys.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/error.hpp"
#include "hwdesc/probe.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

/// A file without its last newline; empty when it cannot be read.
std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0' || text.back() == ' ')) text.pop_back();
  return text;
}

std::optional<std::int64_t> integer(std::string_view text, int base = 10) {
  if (base == 16 && text.starts_with("0x")) text.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end != text.data() ? std::optional(value) : std::nullopt;
}

/// "0-3,8" as 0, 1, 2, 3, 8.
std::set<int> cpu_list(std::string_view text) {
  std::set<int> all;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view range = text.substr(0, comma);
    const std::size_t dash = range.find('-');
    const auto first = integer(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : integer(range.substr(dash + 1));
    if (first && last && *last - *first < 100000)
      for (std::int64_t cpu = *first; cpu <= *last; ++cpu) all.insert(static_cast<int>(cpu));
    text.remove_prefix(std::min(text.size(), comma + 1));
  }
  return all;
}

/// "32K", "1024K", "8M" as the kernel writes cache sizes.
std::optional<Bytes> cache_size(std::string_view text) {
  const auto number = integer(text);
  if (!number || *number <= 0) return std::nullopt;
  const double unit = text.ends_with('K') ? 0x1p10 : text.ends_with('M') ? 0x1p20 : 1;
  return Bytes(static_cast<double>(*number) * unit);
}

/// One `key : value` block of /proc/cpuinfo for each processor; keys before the first `processor` are kept apart.
struct CpuInfo {
  std::map<int, std::map<std::string, std::string>> processors;
  std::map<std::string, std::string> common;  // "Model" and "Hardware" of Arm boards stand after the last processor
};

CpuInfo cpu_info(const fs::path& root) {
  CpuInfo info;
  std::istringstream lines(text_of(root / "proc/cpuinfo"));
  std::map<std::string, std::string>* block = &info.common;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) block = &info.common;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key = line.substr(0, colon);
    key.erase(key.find_last_not_of(" \t") + 1);
    const std::size_t start = line.find_first_not_of(' ', colon + 1);
    const std::string value = start == std::string::npos ? "" : line.substr(start);
    if (key == "processor") {
      if (const auto number = integer(value)) block = &info.processors[static_cast<int>(*number)];
    } else {
      (*block)[key] = value;
    }
  }
  return info;
}

std::string find(const std::map<std::string, std::string>& block, const std::string& key) {
  const auto found = block.find(key);
  return found == block.end() ? std::string() : found->second;
}

fs::path cpu_folder(const fs::path& root, int cpu) {
  return root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu));
}

std::optional<Hertz> kilohertz(const fs::path& file) {
  const auto number = integer(text_of(file));
  return number && *number > 0 ? std::optional(Hertz(static_cast<double>(*number) * 1e3)) : std::nullopt;
}

/// Highest clock: cpufreq, else the one that /proc/cpuinfo shows now.
std::optional<Hertz> highest_clock(const fs::path& root, int cpu, const std::map<std::string, std::string>& block) {
  if (const auto clock = kilohertz(cpu_folder(root, cpu) / "cpufreq/cpuinfo_max_freq")) return clock;
  const double mhz = std::strtod(find(block, "cpu MHz").c_str(), nullptr);
  return mhz > 0 ? std::optional(Hertz(mhz * 1e6)) : std::nullopt;
}

/// How big the kernel holds a core, so that the fastest ones of several kinds are found.
double capacity(const fs::path& root, int cpu, std::optional<Hertz> clock) {
  if (const auto capacity = integer(text_of(cpu_folder(root, cpu) / "cpu_capacity")))
    return static_cast<double>(*capacity);
  return clock ? clock->si() : 0;
}

std::vector<Machine::Cache> caches(const fs::path& root, const std::set<int>& cpus) {
  std::vector<Machine::Cache> all;
  const fs::path folder = cpu_folder(root, *cpus.begin()) / "cache";
  const std::set<int> siblings = cpu_list(text_of(cpu_folder(root, *cpus.begin()) / "topology/thread_siblings_list"));
  for (int index = 0; fs::exists(folder / ("index" + std::to_string(index))); ++index) {
    const fs::path entry = folder / ("index" + std::to_string(index));
    const auto level = integer(text_of(entry / "level"));
    const auto size = cache_size(text_of(entry / "size"));
    if (!level || !size || text_of(entry / "type") == "Instruction") continue;
    std::set<std::string> instances;  // by who shares them
    for (const int cpu : cpus)
      instances.insert(text_of(cpu_folder(root, cpu) / "cache" / entry.filename() / "shared_cpu_list"));
    const std::set<int> shared = cpu_list(text_of(entry / "shared_cpu_list"));
    const bool per_core =
        shared.size() <= 1 || std::includes(siblings.begin(), siblings.end(), shared.begin(), shared.end());
    all.push_back({static_cast<int>(*level), *size, static_cast<int>(instances.size()), per_core});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.level < b.level; });
  return all;
}

std::string word(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (allowed) result += c;
  }
  return result.empty() ? "this-machine" : result;
}

Bytes memory(const fs::path& root) {
  std::istringstream lines(text_of(root / "proc/meminfo"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("MemTotal:")) continue;
    const std::size_t digit = line.find_first_of("0123456789");
    if (digit == std::string::npos) break;
    return Bytes(static_cast<double>(integer(std::string_view(line).substr(digit)).value_or(0)) * 1024);
  }
  throw InputError({(root / "proc/meminfo").string(), 0, 0, {}}, "no line 'MemTotal'");
}

}  // namespace

Machine read_machine(const fs::path& root) {
  const CpuInfo info = cpu_info(root);
  if (info.processors.empty())
    throw InputError({(root / "proc/cpuinfo").string(), 0, 0, {}}, "no processors are listed",
                     "probing needs the /proc and /sys trees of Linux");

  double best = -1;
  std::set<int> fastest;
  for (const auto& [cpu, block] : info.processors) {
    const double size = capacity(root, cpu, highest_clock(root, cpu, block));
    if (size > best * 1.02) fastest.clear(), best = size;  // turbo bins of equal cores differ by a little
    if (size >= best * 0.98) fastest.insert(cpu);
  }
  const int first = *fastest.begin();
  const auto& block = info.processors.at(first);

  Machine machine;
  machine.name = word(text_of(root / "proc/sys/kernel/hostname"));
  std::set<std::string> cores;
  for (const int cpu : fastest) {
    const fs::path topology = cpu_folder(root, cpu) / "topology";
    const std::string siblings = text_of(topology / "thread_siblings_list");
    cores.insert(siblings.empty() ? std::to_string(cpu) : siblings);
  }
  machine.cores = static_cast<int>(cores.size());

  const auto clock = highest_clock(root, first, block);
  machine.clock = clock.value_or(Hertz{});
  std::istringstream clocks(text_of(cpu_folder(root, first) / "cpufreq/scaling_available_frequencies"));
  for (double khz = 0; clocks >> khz;) machine.clocks.emplace_back(khz * 1e3);
  std::sort(machine.clocks.begin(), machine.clocks.end());

  if (!find(block, "flags").empty()) {
    machine.family = Machine::Family::x86;
    machine.vendor = find(block, "vendor_id");
    machine.model = static_cast<int>(integer(find(block, "cpu family")).value_or(0));
  } else if (!find(block, "CPU part").empty()) {
    machine.family = Machine::Family::arm;
    machine.vendor = find(block, "CPU implementer");
    machine.model = static_cast<int>(integer(find(block, "CPU part"), 16).value_or(0));
  }
  std::istringstream flags(find(block, "flags") + " " + find(block, "Features"));
  machine.flags.insert(std::istream_iterator<std::string>(flags), {});

  machine.title = text_of(root / "proc/device-tree/model");
  for (const char* key : {"model name", "Model", "Hardware"}) {
    if (machine.title.empty()) machine.title = find(block, key);
    if (machine.title.empty()) machine.title = find(info.common, key);
  }
  if (machine.title.empty()) machine.title = machine.name;
  machine.caches = caches(root, fastest);
  machine.memory = memory(root);
  return machine;
}

}  // namespace ridgeline
