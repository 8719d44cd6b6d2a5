// Reading device and runtime descriptions.
//
// Files are looked up by name or alias in $RIDGELINE_DEVICES, respectively $RIDGELINE_RUNTIMES (colon-separated lists
// of folders), and then in the shipped folder; a name that contains '/' or ends in ".yaml" is a path. docs/devices.md
// documents every key.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "hwdesc/device.hpp"
#include "hwdesc/dvfs.hpp"
#include "hwdesc/runtime.hpp"

namespace ridgeline {

/// One what-if, e.g. {"dram.bandwidth", "x2"} or {"clock", "600MHz"}.
struct Override {
  std::string key;
  std::string value;
};

/// The folder of shipped data: $RIDGELINE_DATA, else ../share/ridgeline beside the running program, else the source
/// tree, else the share folder of the prefix that the build was configured for.
std::filesystem::path data_folder();

/// Names of all shipped and user devices, sorted.
std::vector<std::string> device_names();
std::vector<std::string> runtime_names();

/// InputError at `location` unless `text` is a word of a-z, 0-9, '-' and '.'.
void check_device_name(const InputLocation& location, std::string_view text);

/// Validates and builds; InputError for unknown or missing keys, a number without source, wrong units, bandwidths
/// that rise outwards, operating points out of order, an efficiency outside (0, 1], ...
Device parse_device(const Node& document);
Runtime parse_runtime(const Node& document);

/// Finds, reads and applies `overrides` before validation, so that a what-if is checked like a file, except that it
/// may turn the order of bandwidths around. `clock` goes through at_clock (hwdesc/dvfs.hpp); energies per operation
/// and byte stay those of the description unless they are set themselves. An unknown name gives the nearest; an alias
/// shared by several ("jetson-nano") asks which of them.
Device load_device(std::string_view name, const std::vector<Override>& overrides = {});
Runtime load_runtime(std::string_view name, const std::vector<Override>& overrides = {});

/// The same in two steps, for who edits one description again and again: finding and reading, and what follows.
Node read_device(std::string_view name);
Node read_runtime(std::string_view name);
Device edited_device(const Node& document, const std::vector<Override>& overrides);
Runtime edited_runtime(const Node& document, const std::vector<Override>& overrides);

}  // namespace ridgeline
