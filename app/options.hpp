// What each command was asked to do: plain values, checked one by one while the command line was read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "calib/predictor_level.hpp"
#include "hwdesc/device_file.hpp"
#include "model/workload.hpp"

namespace ridgeline {

enum class Output { text, csv, json };

struct CommonOptions {
  bool verbose = false;
  std::string log_file;
  std::string out;  ///< empty: stdout
};

/// Empty: chosen to suit model and device, and stated in the result.
struct WorkloadOptions {
  std::optional<Task> task;
  Size batch = 1;
  std::optional<Size> length;
  std::optional<Size> new_tokens;
  Size beams = 1;
  std::optional<Precision> precision;
  std::optional<Precision> weights_precision;
  std::optional<Precision> cache_precision;
  std::optional<Fusion> fusion;
};

/// Changes to the description of device and runtime.
struct WhatIfOptions {
  std::string runtime;  ///< empty: chosen to suit the device
  std::string clock;    ///< "600MHz", "x0.5"; empty: nominal
  std::string power_mode;
  std::vector<Override> overrides;
  std::string calibration = "shipped";  ///< "shipped", "none" or a file
};

struct Gates {
  std::optional<Seconds> latency;  ///< of a whole batch
  std::optional<Joules> energy;    ///< of a whole batch
  std::optional<Watts> power;      ///< peak
  std::optional<Bytes> memory;
  bool upper = false;  ///< compare the upper end of the interval, not the point
  bool any() const { return latency || energy || power || memory; }
};

struct EstimateOptions {
  std::string model;
  std::string device;
  WorkloadOptions workload;
  WhatIfOptions what_if;
  Gates gates;
  bool operators = false;
  Output output = Output::text;
};

enum class SortKey { none, latency, throughput, energy, peak_power, memory, energy_delay_product };

struct CompareOptions {
  std::vector<std::string> models;
  std::vector<std::string> devices;
  WorkloadOptions workload;
  WhatIfOptions what_if;
  SortKey sort = SortKey::none;
  Output output = Output::text;
};

struct DevicesOptions {
  std::string name;  ///< empty: the list
  Output output = Output::text;
};

struct RuntimesOptions {
  std::string name;
  Output output = Output::text;
};

enum class Counting { ridgeline, survey };

struct ModelsOptions {
  std::string name;
  WorkloadOptions workload;
  Counting counting = Counting::ridgeline;
  bool yaml = false;
  Output output = Output::text;
};

struct ProbeOptions {
  std::string name;
};

struct ImportOptions {
  std::string format;  ///< empty: recognised by what each file holds
  std::vector<std::string> files;
  std::string out;  ///< as in CommonOptions, for the words that say what was written
  Output output = Output::text;
};

/// Measurement files, and which of the sets in them is meant.
struct DataOptions {
  std::string device;
  std::vector<std::string> files;
  std::string runtime;                    ///< empty: the data's own
  std::optional<Precision> precision;     ///< the same
  std::optional<std::string> power_mode;  ///< the same; empty inside: the default one
  std::string set_name;                   ///< the same
};

struct CalibrateCommandOptions {
  DataOptions data;
  std::optional<double> rows;  ///< as in calib/validation.hpp's split_rows(); empty: all
  std::uint64_t seed = 0;
  std::optional<PredictorLevel> predictor;  ///< empty: the best that there is
  std::string ship;                         ///< a folder: every set of the files goes there; empty: one set is meant
  std::string out;                          ///< as in CommonOptions, for the words that say what was written
  Output output = Output::text;
};

struct ValidateOptions {
  DataOptions data;
  std::string calibration;             ///< a file; empty: none
  std::optional<double> calibrate_on;  ///< as in split_rows(); empty: not given
  std::uint64_t seed = 0;
  std::optional<PredictorLevel> predictor;  ///< empty: the best that there is
  bool within_campaign = false;             ///< held-out rows are predicted in the state of their neighbours
  Output output = Output::text;
};

/// Text to print and nothing else: help and version.
struct PrintOptions {
  std::string text;
};

struct Invocation {
  CommonOptions common;
  std::variant<PrintOptions, EstimateOptions, CompareOptions, DevicesOptions, RuntimesOptions, ModelsOptions,
               ProbeOptions, ImportOptions, CalibrateCommandOptions, ValidateOptions>
      command;
};

}  // namespace ridgeline
