// How far predictions are from measurements.
#pragma once

#include "app/command.hpp"
#include "calib/predictor_level.hpp"

namespace ridgeline {

struct ValidateOptions {
  DataOptions data;
  std::string calibration;             ///< a file; empty: none
  std::optional<double> calibrate_on;  ///< as in split_rows(); empty: not given
  std::uint64_t seed = 0;
  std::optional<PredictorLevel> predictor;  ///< empty: the best that there is
  bool within_campaign = false;             ///< held-out rows are predicted in the state of their neighbours
  Output output = Output::text;
  std::string html;  ///< a report for the browser goes there; empty: none
};

Command validate_command();

}  // namespace ridgeline
