// What the importers share: names of public sets turned into names of descriptions, and rows sorted into sets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

/// The description's own name for a name or alias that a data set uses; a path stays a path. The complaint about an
/// unknown or ambiguous one stands at `place`.
std::string device_name(std::string_view name, const InputLocation& place);
std::string runtime_name(std::string_view name, const InputLocation& place);

/// What the runtime decides of a workload: which operators are fused, and whether views are dispatched.
void set_runtime(Workload& workload, std::string_view runtime);

/// Gives a row the part that a set's latency is the sum of, and adds it up; deviations of parts are independent.
void add_part(Measurement& row, std::string phase, MeasuredValue latency);

}  // namespace ridgeline
