// Options that several commands share, each group as one plain struct (app/options.hpp).
#pragma once

#include "app/command.hpp"
#include "app/option_set.hpp"

namespace ridgeline {

/// --csv and --json.
void add_output(OptionSet& set, Output& output);
/// --html.
void add_html(OptionSet& set, std::string& file);
/// --task, --batch, --length, --precision, ...
void add_workload(OptionSet& set, WorkloadOptions& workload);
/// --runtime, --clock, --power-mode, --set, --calibration.
void add_what_if(OptionSet& set, WhatIfOptions& what_if);
/// --max-latency, --max-energy, --max-power, --max-memory, --gate.
void add_gates(OptionSet& set, Gates& gates);
/// --data and which of its sets is meant.
void add_data(OptionSet& set, DataOptions& data);
void add_seed(OptionSet& set, const std::string& group, std::uint64_t& seed);

/// Complains when --device or --data is missing.
void require_data(const DataOptions& data, const CommandHelp& help);

}  // namespace ridgeline
