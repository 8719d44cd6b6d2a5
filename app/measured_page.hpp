// The HTML reports of what was measured: calibrations and validations.
#pragma once

#include <string>

#include "app/calibrate_output.hpp"
#include "app/validate_output.hpp"

namespace ridgeline {

/// Parity and residuals of all rows, the stretches of the campaign, the learning curve, parameters against the data
/// sheet. Needs the picture.
std::string calibrate_page(const CalibrateResult& result);

/// Parity and residuals of the rows that were scored, with their intervals.
std::string validate_page(const ValidateResult& result);

}  // namespace ridgeline
