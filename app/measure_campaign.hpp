// A measuring campaign on this machine, from the sensor to the store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/measure_plan.hpp"
#include "calib/measuring/measure.hpp"

namespace ridgeline {

struct CommandMeasurements {
  MeasureSummary summary;
  MeasurementSet set;
  std::string sensor;                             ///< or why there is none
  std::map<std::string, std::string> conditions;  ///< of all rows
};
/// "3 min 05 s left at most"
std::string minutes_left(double seconds);
/// The session, whose progress also says how much of `budget` (s, from now on) is left.
Session with_time_left(const Session& session, double budget);

/// The set that the rows go into: of this machine, by --out.
MeasurementSet set_of(const MeasureCommandOptions& options, const MeasuringTarget& target);

/// A store of that set, as the bytes of its file.
std::string measurements_image(const MeasurementSet& set, const Session& session);

/// Measures the plan into the store of --out. What prepares it is part of the budget.
CommandMeasurements measure_plan(const MeasureCommandOptions& options, const MeasuringTarget& target,
                                 const std::vector<PlannedModel>& plan, const MeasureOptions& how,
                                 const Session& session);

}  // namespace ridgeline
