// The board's power, from whatever sensor it has.
//
//   RAPL      /sys/class/powercap/intel-rapl:N (processor packages, with their memory where it is counted apart): a
//             counter of microjoules that wraps around; since Linux 5.10 only root may read it
//   INA219, INA226 and their like
//             /sys/class/hwmon/hwmonN: power1_input in microwatts, or in1_input (mV) × curr1_input (mA)
//   INA3221   the rails of Jetson boards: the board's input (VDD_IN, POM_5V_IN and its other names) where it is one
//             of them, else the sum of all; below hwmon, or iio files of older kernels (in_powerN_input in mW)
//   NVML      cards of NVIDIA: calib/measuring/nvml.hpp
//   a log     that another program or instrument writes: CSV with `time [s]` (Unix time) and `power [W]`
//
// All are read below a root folder that tests replace by a recorded tree. What a sensor covers differs: RAPL sees the
// processor, an INA219 whatever its shunt feeds. Its name goes with every row.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ridgeline {

struct PowerSample {
  double time = 0;               ///< s, CLOCK_MONOTONIC
  std::optional<double> watts;   ///< what it shows
  std::optional<double> joules;  ///< of its counter, wrap-around undone
};
using PowerTrace = std::vector<PowerSample>;

struct PowerSensor {
  std::string name;
  double update = 0.05;  ///< s between two new values, as far as is known; it is read twice as often
  bool of_card = false;  ///< sees a graphics card and nothing of the processor
  std::function<std::optional<double>()> watts;           ///< empty: it only counts
  std::function<std::optional<double>()> joules;          ///< empty: it does not count
  std::function<PowerTrace(double from, double to)> log;  ///< set: read afterwards instead
};

struct FoundSensors {
  std::vector<PowerSensor> sensors;   ///< best first
  std::vector<std::string> problems;  ///< what is there and cannot be read: "...: Permission denied"
};
FoundSensors find_power_sensors(const std::filesystem::path& root);

/// InputError when it is not of that form. `unix_minus_monotonic`: s between the two clocks.
PowerSensor power_log(const std::filesystem::path& file, double unix_minus_monotonic);

/// A counter that starts again at 0 after `range`; its readings, as if it did not.
class UnwrappedCounter {
 public:
  explicit UnwrappedCounter(double range) : range_(range) {}
  double add(double reading);

 private:
  double range_;
  std::optional<double> last_;
  double turns_ = 0;
};

struct PowerReading {
  std::optional<double> energy;  ///< J between the two times, idle power included
  std::optional<double> peak;    ///< W: the highest mean over `window`
  double window = 0;             ///< s: what passes between two new values of the sensor
  std::string remark;            ///< why there is no energy, or what is doubtful about it
};
/// The integral of the trace (straight lines between samples), checked against the counter where there are both; that
/// of the counter where the trace shows too little. A sensor that is read faster than it updates shows each value
/// several times: the window is the time between changes. Fewer than three new values: no energy.
PowerReading read_power(const PowerTrace& trace, const PowerSensor& sensor, double from, double to);

/// s of running that give enough new values.
double shortest_for(const PowerSensor& sensor);

/// Reads a sensor in the background.
class PowerSampler {
 public:
  PowerSampler(PowerSensor sensor, std::function<double()> clock);
  ~PowerSampler();
  PowerSampler(const PowerSampler&) = delete;
  PowerSampler& operator=(const PowerSampler&) = delete;
  /// Everything since the start.
  PowerTrace stop();

 private:
  void take();

  PowerSensor sensor_;
  std::function<double()> clock_;
  double began_;
  PowerTrace trace_;
  std::atomic<bool> stopped_ = false;
  std::thread thread_;
};

}  // namespace ridgeline
