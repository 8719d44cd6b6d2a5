// A description of the machine that this runs on.
#pragma once

#include <optional>
#include <string>

#include "app/command.hpp"
#include "hwdesc/probe.hpp"

namespace ridgeline {

struct ProbeOptions {
  std::string name;
  bool measure = false;         ///< what libtorch and memory reach here
  std::optional<Size> threads;  ///< that measure; empty: the machine's cores
};

/// What libtorch and memory reach here with that many threads (empty: the machine's cores): `seconds` of trying for
/// each of about seven numbers.
MachineRates measured_rates(const Machine& machine, std::optional<Size> threads, double seconds,
                            const Session& session);

Command probe_command();

}  // namespace ridgeline
