// A device's parameters, fitted to measurements.
#pragma once

#include "app/command.hpp"
#include "calib/predictor_level.hpp"

namespace ridgeline {

struct CalibrateCommandOptions {
  DataOptions data;
  std::optional<double> rows;  ///< as in calib/validation.hpp's split_rows(); empty: all
  std::uint64_t seed = 0;
  std::optional<PredictorLevel> predictor;  ///< empty: the best that there is
  std::string ship;                         ///< a folder: every set of the files goes there; empty: one set is meant
  std::string out;                          ///< as in CommonOptions, for the words that say what was written
  Output output = Output::text;
  std::string html;  ///< a report for the browser goes there; empty: none
};

/// With --ship: all that ships of calibrations, made anew.
Outcome run_ship(const CalibrateCommandOptions& options, const Session& session);

Command calibrate_command();

}  // namespace ridgeline
