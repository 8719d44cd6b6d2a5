// How good predictions of measured rows were, as text for people, as JSON and as CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/session.hpp"
#include "app/validate.hpp"
#include "calib/validation.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

struct ValidateResult {
  MeasurementSet set;
  Validation validation;
  PredictorLevel level = PredictorLevel::data_sheet;
  std::string calibration;  ///< the file; empty: none
  bool within_campaign = false;
  std::optional<std::uint64_t> seed;  ///< of the draw; empty: nothing was drawn
  std::optional<bool> converged;      ///< empty: nothing was fitted
};

ValidateResult compute_validation(const ValidateOptions& options, const Session& session);

std::string validate_text(const ValidateResult& result, const Style& style);
/// Schema "ridgeline.validate/1", documented in docs/json.md.
std::string validate_json(const ValidateResult& result);
/// One line a scored row: what was measured, what was predicted, and the interval.
std::string validate_csv(const ValidateResult& result);

}  // namespace ridgeline
