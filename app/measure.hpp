// Latencies, energies and powers of models on the machine that this runs on.
#pragma once

#include "app/command.hpp"

namespace ridgeline {

Command measure_command();

}  // namespace ridgeline
