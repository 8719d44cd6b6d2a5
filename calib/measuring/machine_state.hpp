// What else went on while a model was measured: clocks, temperatures, throttling, swapping, other programs.
//
// Counters of the trees below /proc and /sys of Linux are read before and after; tests give a recorded tree. What the
// kernel does not tell is left out, and nothing is concluded from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ridgeline {

struct MachineState {
  std::optional<double> clock;                  ///< Hz: the highest of all processors now (cpufreq)
  std::optional<double> temperature;            ///< degC: the highest of the thermal zones
  std::optional<std::uint64_t> throttlings;     ///< events since the start (x86)
  std::optional<std::uint64_t> throttle_flags;  ///< Raspberry Pi: get_throttled; bits 0 to 3 hold now
  std::uint64_t swapped = 0;                    ///< pages, in and out, since the start
  int processors = 0;
  double busy = 0;  ///< s that all processors worked, summed
  double idle = 0;  ///< s that they did not
  double own = 0;   ///< s of processor time of the process that runs the models, and of this one
};

/// `process`: its number, 0 for none.
MachineState read_machine_state(const std::filesystem::path& root, int process);

/// Other programs that keep more of the processors busy disturb what is measured.
inline constexpr double kOtherLoad = 0.1;

/// What happened between the two.
struct Disturbances {
  double other_load = 0;  ///< processors that others kept busy, on average; 0 where one's own process has
                          ///< ended meanwhile
  std::optional<double> clock_change;  ///< relative
  std::uint64_t throttlings = 0;
  std::uint64_t swapped = 0;  ///< pages

  /// "other programs kept 0.8 processors busy", ...; empty where nothing is worth telling.
  std::vector<std::string> words() const;
};
Disturbances between(const MachineState& before, const MachineState& after);

/// What holds for a whole campaign: "governor", "kernel", "processor", "transparent huge pages", ...
std::map<std::string, std::string> machine_conditions(const std::filesystem::path& root);

}  // namespace ridgeline
