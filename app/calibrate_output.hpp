// What a calibration came to, as text for people, as JSON and as CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/session.hpp"
#include "calib/advice.hpp"
#include "calib/calibrate.hpp"
#include "calib/validation.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

/// A stretch of the campaign in which the board was faster or slower than usual.
struct NamedStretch {
  std::int64_t first = 0, last = 0;  ///< places in the campaign, from 0, both inside
  std::string first_id, last_id;     ///< of the rows there
  double slowdown = 0;               ///< latency / nominal - 1
};

/// A row that would narrow intervals, by its id.
struct NamedTellingRow {
  std::string id, model;
  double narrower = 0;  ///< as in calib/advice.hpp
};

/// What the HTML report shows besides.
struct CalibratePicture {
  MeasurementSet set;
  std::vector<bool> fitted;  ///< by row of the set
  Validation validation;     ///< of the calibration, on all rows
};

struct CalibrateResult {
  Calibrated calibrated;
  std::size_t rows = 0;  ///< of the set that can be used; the calibration knows how many were fitted
  bool drawn = false;    ///< the fitted rows were drawn at random
  PredictorLevel level = PredictorLevel::residual;
  std::vector<Exclusion> excluded;
  std::vector<LearningPoint> curve;
  std::vector<NamedTellingRow> next;  ///< what to measure next
  /// Empty where rows are not in measuring order, or fewer than the state needs.
  std::optional<std::vector<NamedStretch>> stretches;
  std::string out;                          ///< the file that is written; empty: none
  std::optional<CalibratePicture> picture;  ///< only when asked for: it takes fits of its own
};

std::string calibrate_text(const CalibrateResult& result, const Style& style);
/// Schema "ridgeline.calibrate/1", documented in docs/json.md.
std::string calibrate_json(const CalibrateResult& result);
/// One line a parameter.
std::string calibrate_csv(const CalibrateResult& result);

}  // namespace ridgeline
