// From a measurement set to a calibration and a report on it.
//
//   prior (data sheet + lessons of other devices) -> fit, with the state of the board along the campaign where its
//   order is known -> cross-validation -> residual -> intervals
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "calib/calibration.hpp"
#include "calib/campaign.hpp"
#include "calib/generic.hpp"
#include "calib/predictor_level.hpp"
#include "calib/scores.hpp"

namespace ridgeline {

struct CalibrateOptions {
  PredictorLevel level = PredictorLevel::residual;
  std::uint64_t seed = 0;
  std::size_t folds = 10;
  bool intervals = true;  ///< needs refits for the folds
  FitOptions fit;
  std::filesystem::path trainer;  ///< empty: where it is installed
  /// Called between steps with what is being done and the share that is done.
  std::function<void(std::string_view, double)> progress;
};

/// A row that the model does not explain: an outlier of the campaign, named, not dropped.
struct WorstRow {
  std::string id;
  FittedMetric metric;
  double log_ratio;  ///< ln(measured / predicted), out of fold
};

/// By FittedMetric.
using IntervalsByMetric = std::array<std::optional<ConformalIntervals>, kMetrics>;

struct CalibrationReport {
  struct Fitted {
    std::string parameter, unit;
    double data_sheet, generic, value;
    double deviation;  ///< of ln value
    bool determined;   ///< by these rows: deviation below 0.7 of the prior's
    bool at_bound;
  };
  std::vector<Fitted> parameters;
  /// Held-out errors of each level by FittedMetric, as fractions; NaN where not measured.
  std::array<double, kMetrics> data_sheet_mape, analytic_mape, residual_mape;
  /// Of one relative width for all rows, from the same errors as the calibration's own: what those are compared with.
  IntervalsByMetric constant_intervals;
  std::vector<WorstRow> worst;  ///< worst first
  FitSummary fit;
  std::size_t unsettled_folds = 0;     ///< of the cross-validation, whose fits did not converge
  std::optional<CampaignState> state;  ///< where the rows are in measuring order and enough
};

struct Calibrated {
  Calibration calibration;
  CalibrationReport report;
};

/// Where the fit of those rows begins: generic_prior(), with the data sheet's power unless one of them measured
/// power, since what other devices draw says nothing of this one otherwise.
Prior calibration_prior(const FitProblem& problem, const std::vector<std::size_t>& rows, DeviceKind kind,
                        const std::vector<Lesson>& lessons);

/// Fits `rows` of the problem made of `set`, on a device of that kind. Without rows, or on the level of the data
/// sheet, the calibration is the prior.
Calibrated calibrate(const MeasurementSet& set, const FitProblem& problem, const std::vector<std::size_t>& rows,
                     const std::vector<Lesson>& lessons, DeviceKind kind, const CalibrateOptions& options = {});

}  // namespace ridgeline
