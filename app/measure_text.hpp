// What `ridgeline measure` prints when it is through.
#pragma once

#include <string>

#include "app/measure_campaign.hpp"
#include "app/measure_options.hpp"
#include "app/session.hpp"

namespace ridgeline {

std::string measure_text(const CommandMeasurements& r, const MeasureCommandOptions& options, const Style& style);

}  // namespace ridgeline
