// What several commands are asked alike: plain values, checked one by one while the command line is read. What is one
// command's own stands in its header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
  std::optional<Size> batch;  ///< empty: 1
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

/// Measurement files, and which of the sets in them is meant.
struct DataOptions {
  std::string device;
  std::vector<std::string> files;
  std::string runtime;                    ///< empty: the data's own
  std::optional<Precision> precision;     ///< the same
  std::optional<std::string> power_mode;  ///< the same; empty inside: the default one
  std::string set_name;                   ///< the same
};

}  // namespace ridgeline
