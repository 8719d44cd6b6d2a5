// What a calibration makes of an estimate's figures: corrected values, intervals, origin, and a start-up of its own.
#pragma once

#include "app/report.hpp"

namespace ridgeline {

std::optional<CalibrationNote> calibration_note(const CalibrationChoice& choice);

/// Replaces latency, energy, average and peak power, energy-delay product and start-up, as far as the calibration
/// knows them. `total` is the estimate with calibrated parameters.
void calibrate_figures(Report& report, const Scenario& scenario, const Estimate& total);

Figure calibrated_sustained(const SustainedFigures& sustained, const CalibrationInUse& calibration);

}  // namespace ridgeline
