// The measurements that a command is about: one set out of the files given, with the descriptions of what it was
// measured on.
#pragma once

#include <string>

#include "app/options.hpp"
#include "app/session.hpp"
#include "app/table.hpp"
#include "calib/calibration.hpp"
#include "calib/fit.hpp"
#include "calib/predictor_level.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

struct Measured {
  MeasurementSet set;
  Device device;  ///< in the set's power mode
  Runtime runtime;
  CostParameters data_sheet;  ///< at the set's precision
};

/// Reads the files and picks the set. InputError when none is of that device, when several are (it lists them), and
/// when no row of it can be used.
Measured find_measured(const DataOptions& options);

/// What a calibration of it belongs to: by the names that the descriptions give themselves, from whatever files.
CalibrationKey own_key(const Measured& measured);

/// How much of the model a fit to that many rows uses unless something else is asked for: the residual, or, with a
/// warning, parameters alone where the program that trains it is not installed.
PredictorLevel usual_level(std::size_t rows, const Session& session);

/// A line for each of the first ten rows that are left out and why, then one that says how many more there are.
void add_exclusions(Table& table, const std::vector<Exclusion>& excluded, const std::string& of_set = {});

FitProblem make_problem(const Measured& measured);

}  // namespace ridgeline
