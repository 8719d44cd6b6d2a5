// The answer to one scenario: figures with interval and origin, and what they rest on. Printed as text, JSON or CSV.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/scenario.hpp"
#include "app/unknown_operators.hpp"
#include "model/estimate.hpp"
#include "model/figures.hpp"

namespace ridgeline {

/// Why a figure has no interval though others have one.
inline constexpr const char* kNoSpread = "spread not yet measured";

/// Part of the latency.
struct Share {
  std::string name;  ///< a bound ("matrix", "dram") or a kind of operator ("matmul")
  Seconds time;
  double share = 0;  ///< of the sum over all entries, in [0, 1]
};

/// Phases of one name in a row.
struct PhaseLine {
  std::string name;  ///< "prefill", "decode", "forward", ...
  Size repeats = 1;
  Seconds latency;  ///< of all repeats; the lines sum to the latency of the batch
};

/// A change that would help: 10 % more of a rate or 10 % less of a time or size.
struct Change {
  std::string parameter;          ///< "dram bandwidth"
  double factor = 1.1;            ///< 1.1 or 0.9
  double latency_elasticity = 0;  ///< d ln latency / d ln parameter
  std::optional<double> energy_elasticity;
  double latency_change = 0;  ///< relative, factor^elasticity - 1
  std::optional<double> energy_change;
};

struct OperatorLine {
  std::string phase;
  Size repeats = 1;  ///< of the phase
  int layer = -1;
  std::string label;
  std::string kind;
  Work work;
  Seconds start, duration, dispatch;
  std::optional<Joules> energy;  ///< dynamic; empty without power data
  std::string bound;
};

/// The steady state of temperature, running back to back.
struct SustainedFigures {
  Figure latency;
  double clock_factor = 1;  ///< of the clock asked for
  Kelvin temperature;
  Seconds full_clock;  ///< how long a cold device keeps the clock asked for; infinite: always
};

/// The calibration behind the figures.
struct CalibrationNote {
  std::string file;
  bool shipped = false;
  bool changed = false;  ///< applied to a changed description
  Protocol protocol = Protocol::warm;
  std::string set, source;  ///< of the measurements
  std::size_t rows = 0;
  bool has_residual = false;
};

struct Report {
  std::string model;
  std::string family;
  Size parameters = 0;
  Work work;  ///< of the whole program, repeats included
  std::string device, device_title;
  std::string runtime, runtime_title;
  Workload workload;
  Hertz clock, nominal_clock;
  std::string power_mode;
  std::vector<Override> overrides;
  std::vector<std::string> notes;
  std::optional<CalibrationNote> calibration;
  std::string why_no_calibration;
  Seconds sensor_window;
  std::string sensor;   ///< empty: no sensor is described, peaks are instantaneous
  double coverage = 0;  ///< share of measurements inside the intervals; 0: no intervals yet

  Bytes capacity;
  bool fits = true;

  Figure latency;  ///< warm, of one batch (of the whole generation)
  Figure latency_per_sequence;
  Figure throughput;        ///< sequences/s
  Figure token_throughput;  ///< tokens/s: processed, or new ones when generating
  Figure energy, energy_per_sequence;
  Figure average_power, peak_power;
  Figure memory;
  MemoryUse memory_parts;
  Figure energy_delay_product;
  Figure startup;  ///< process start, never inside latency

  std::optional<SustainedFigures> sustained;  ///< where the description has thermal data

  std::vector<PhaseLine> phases;
  std::vector<Share> bounds;            ///< largest first
  std::vector<Share> kinds;             ///< largest first
  std::vector<Change> changes;          ///< at most three, the most helpful for latency first
  std::vector<OperatorLine> operators;  ///< only when asked for
  std::vector<UnknownShare> unknown;    ///< of a model given by its operators

  std::string problem;  ///< why there is no estimate (rows of a comparison); every figure is then empty
};

/// The measured spread of data-sheet estimates that ships with Ridgeline.
DataSheetSpread load_data_sheet_spread();

/// A row that says why there is no estimate.
Report problem_report(const std::string& model, const std::string& device, const std::string& problem);

Report make_report(const Scenario& scenario, const DataSheetSpread& spread, bool operators);

}  // namespace ridgeline
