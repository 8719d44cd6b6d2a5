// What the importers share: names of public sets turned into names of descriptions, and rows sorted into sets.
#pragma once

#include <filesystem>
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

/// import_table without its last check, for files whose rows are merged with others' first.
std::vector<MeasurementSet> read_table(const std::filesystem::path& file);

/// InputError where a set of somebody's own tells nothing: no usable row, a single one, or the same figures in all of
/// them although models or workloads differ.
void check_comparable(const MeasurementSet& set, const InputLocation& place);

/// Rows of equal sets (name, device, runtime, precision, power mode, protocol, in order or not) in one, in the order
/// given; a campaign goes on where the one before ended. Rows that turn out to be duplicates are excluded, and ids
/// that turn out to be alike are told apart.
std::vector<MeasurementSet> merged(std::vector<MeasurementSet> sets);

}  // namespace ridgeline
