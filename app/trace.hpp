// The simulated schedule in the Trace Event Format of Chrome and Perfetto ("Trace Event Format", Google 2016).
#pragma once

#include <string>

#include "app/scenario.hpp"

namespace ridgeline {

/// One complete event ("X") an operator: its dispatch in the row "host", its run in the row "device"; what the device
/// draws as the counter "power" in W, between operators what it draws waiting. Times in µs. Of a phase that repeats
/// the first repetition is there, and its arguments say how often it repeats. A view is dispatched, but does not run.
std::string trace_json(const Scenario& scenario);

}  // namespace ridgeline
