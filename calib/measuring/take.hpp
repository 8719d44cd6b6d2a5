// One model of a campaign, from loading to its rows.
//
// It is loaded, run until it is warm and then until its median is known (calib/measuring/repeats.hpp), while the
// power sensor, where there is one, is read in the background.
//
// Of a model that is planned by operators, each run has a look at the clock between any two of them. Operators that
// are equal (kind, sizes) give one row, that of the first of them; its id is the model's, ": " and the operator.
//
//   latency     the median over runs, by phase where a workload has several
//   energy      the integral of the power trace over all timed runs ÷ their number: idle power is inside
//   peak power  the highest mean over the window that the sensor needs for one new value
#pragma once

#include <vector>

#include "calib/measuring/measure.hpp"

namespace ridgeline {

struct TakenModel {
  std::vector<Measurement> rows;  ///< without their place in the campaign
  MachineState before, after;     ///< running it
  MedianInterval seconds{};       ///< of a run
  double running = 0;             ///< s, warming included
  bool settled = false;           ///< the median is known as well as was wanted
};

/// One that is cut off at `until` (by the clock of the tools) keeps the runs that it has. TookTooLong without a
/// single warm run by then, Error when the model cannot run.
TakenModel take_model(const PlannedModel& planned, const MeasuringTools& tools, const RepeatOptions& options,
                      double until);

}  // namespace ridgeline
