// Warming a board up before anything is measured, for figures of a board that is busy all day.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "calib/measuring/measure.hpp"

namespace ridgeline {

struct Soaked {
  double seconds = 0;
  bool settled = false;  ///< as warm as it gets
};

/// Runs a model of the plan, of about a second a run as expected, until its median latency is within 1 % and the
/// temperature within 1 K of what they were a minute before, for `longest` s at most. One that cannot run is passed
/// over.
Soaked soak(const HeatOptions& options, const MeasuringTools& tools, const std::vector<PlannedModel>& plan,
            double longest, const std::function<void(const std::string&)>& tell);

}  // namespace ridgeline
