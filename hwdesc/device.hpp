// What Ridgeline knows about a piece of hardware: data, never a class per device.
//
// A Device is read from one YAML file in hwdesc/devices (hwdesc/device_file.hpp). Every number there carries its
// source; the figures below are the numbers, `facts` keeps the sources for printing. A quantity that nobody has
// published and that cannot be derived openly stays empty, and every answer that would need it says so.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/precision.hpp"
#include "base/quantity.hpp"

namespace ridgeline {

enum class DeviceKind { cpu, gpu, npu };
std::string_view name(DeviceKind kind);

/// How the arithmetic of one kind and precision is organised.
///   peak rate = operations_per_cycle × units × clock
struct ComputeRate {
  /// Per cycle and unit. Matrix: FLOP, a multiply-add counts 2. Vector: plain operations (an addition, a
  /// multiplication), which seldom pair into multiply-adds, so this is the number of lanes issued a cycle.
  /// Transcendental: function results (exp, erf, tanh).
  double operations_per_cycle = 0;
  /// Shapes that fill the hardware: rows × columns of outputs computed together and the depth fed at once; a matrix
  /// product is rounded up to whole tiles. Vector engines use `columns` as their number of lanes.
  int tile_rows = 1;
  int tile_columns = 1;
  int tile_depth = 1;
};

/// The three kinds of arithmetic, because devices differ most between them.
enum class Arithmetic { matrix, vector, transcendental };
inline constexpr std::size_t kArithmeticCount = 3;
constexpr std::size_t index(Arithmetic kind) { return static_cast<std::size_t>(kind); }
std::string_view name(Arithmetic kind);

/// One level of the memory hierarchy, shared by all units unless `per_unit`.
struct MemoryLevel {
  std::string name;           ///< "l1", "l2", "l3", "scratchpad", "dram"
  Bytes size;                 ///< of one instance; for the last level the capacity of the device
  bool per_unit = false;      ///< one instance a unit (size and bandwidth are then per instance)
  BytesPerSecond bandwidth;   ///< data-sheet rate at nominal clock
  bool follows_clock = true;  ///< caches scale with the compute clock, DRAM does not
  /// Share of `bandwidth` that a streaming kernel reaches (STREAM, memcpy), where somebody measured it; (0, 1].
  std::optional<double> achievable;
  std::optional<JoulesPerByte> energy;  ///< moving one byte through this level
};

struct OperatingPoint {
  Hertz clock;
  std::optional<Volts> voltage;
  std::optional<Watts> idle;  ///< drawn at this clock with nothing running
};

struct Power {
  Watts idle;          ///< drawn with nothing running, clocks up
  Watts limit;         ///< highest sustained draw: the enforced cap, or the measured full load
  bool capped = true;  ///< hardware lowers its clock to hold `limit` (GPUs); false: `limit` is only an observation
  /// Drawn on top of `idle` by each unit that runs anything, however slowly, at nominal clock (a CPU core that waits
  /// for memory costs nearly what a computing one does); empty: all dynamic power follows from work done.
  std::optional<Watts> busy_unit;
  /// Dynamic energy of one FLOP at nominal voltage, by arithmetic and precision, where a source exists. Empty:
  /// derived from limit - idle at peak rates (hwdesc/energy.hpp states how).
  std::array<std::array<std::optional<JoulesPerFlop>, kPrecisionCount>, kArithmeticCount> energy;
};

/// Lumped RC model: dT/dt = (P·R - (T - ambient)) / (R·C).
struct Thermal {
  KelvinPerWatt resistance;
  JoulesPerKelvin capacitance;
  Kelvin ambient;
  Kelvin throttle;  ///< the clock falls so that the temperature stays below this
};

/// The power sensor that the device is usually measured with.
struct Sensor {
  std::string name;
  Seconds window;  ///< each reading is the mean power over this long
  Seconds period;  ///< time between two readings
};

/// A named setting of the board (Jetson "10W" and "5W", a GPU's power limit) that changes clock, units or cap.
struct PowerMode {
  std::string name;
  std::optional<Hertz> clock;
  std::optional<int> units;
  std::optional<Watts> limit;
  std::optional<double> host_speed;  ///< of a GPU whose host slows down with it
};

/// Where a number of the description comes from.
struct Fact {
  std::string path;    ///< dotted key, e.g. "memory.dram.bandwidth"
  std::string value;   ///< as written in the file
  std::string source;  ///< full citation, or the derivation
  bool derived = false;
};

/// An entry of the file's `sources`: derivations cite it as [id].
struct Source {
  std::string id;
  std::string text;
};

struct Device {
  std::string name;
  std::string title;
  DeviceKind kind = DeviceKind::cpu;
  std::string
      architecture;  ///< "armv8", "x86-64", "maxwell", "ampere", "myriad-x", ...: kernels of a runtime depend on it
  std::vector<std::string> aliases;
  std::vector<Source> sources;

  int units = 1;        ///< cores, streaming multiprocessors, compute units, tiles of a neural engine
  Hertz clock;          ///< the clock in force (nominal unless a what-if changed it)
  Hertz nominal_clock;  ///< the clock that bandwidths and energies were stated for
  std::vector<OperatingPoint> operating_points;  ///< ascending in clock; empty when no table is published
  std::vector<PowerMode> power_modes;

  /// By Arithmetic and Precision; empty where the hardware has no such path (use hwdesc/rates.hpp for fallbacks).
  std::array<std::array<std::optional<ComputeRate>, kPrecisionCount>, kArithmeticCount> compute;
  std::vector<MemoryLevel> memory;  ///< from the innermost to DRAM

  /// Speed of one host core running framework code, relative to the reference host of the runtimes (1 = that host).
  double host_speed = 1;
  /// GPUs and NPUs: time from the host's launch call until the device may start; zero for CPUs.
  Seconds launch_latency;
  /// Shortest time that a launched kernel occupies the device, with the gap to the next; zero where not known.
  Seconds kernel_floor;

  std::optional<Power> power;
  std::optional<Thermal> thermal;
  std::optional<Sensor> sensor;
  std::vector<Fact> facts;
  std::vector<Fact> not_published;  ///< what the file leaves out, with the reason as `source`
};

/// Why a part of the description is missing, e.g. "power"; empty when the file does not say.
std::string why_missing(const Device& device, std::string_view part);

}  // namespace ridgeline
