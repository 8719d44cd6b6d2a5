// How good a calibration is on rows that it never saw: what `ridgeline validate` reports.
#pragma once

#include "calib/calibrate.hpp"

namespace ridgeline {

/// Scores of one figure.
struct Validated {
  Scores scores;
  std::optional<IntervalScores> intervals;  ///< absent where the calibration has none
  std::optional<double> constant_score;     ///< interval score of the constant intervals that were given
};
struct Validation {
  std::size_t rows = 0;    ///< scored
  std::size_t fitted = 0;  ///< rows that the calibration was fitted to here; 0: to none of this set
  std::array<std::optional<Validated>, kMetrics> by_metric;  ///< absent where nothing was measured
  std::vector<CalibratedFigures> predicted;                  ///< by row, as `numbers`
  std::vector<std::size_t> numbers;                          ///< of the rows scored
};

/// The rows of a set that a fit may use and the others, drawn with a seed: `count` rows, or a share below 1 of them.
struct Split {
  std::vector<std::size_t> fitted, held_out;
};
Split split_rows(std::size_t rows, double count, std::uint64_t seed);

/// Scores `calibration` on `rows`, and `constant` intervals (CalibrationReport has them) around the same figures.
Validation validate(const Calibration& calibration, const FitProblem& problem, const std::vector<std::size_t>& rows,
                    const IntervalsByMetric& constant = {});

/// Held-out rows given the state of their neighbours: for each of `folds` folds, the campaign's state and the
/// parameters are estimated from the others (calib/campaign.hpp). Latency only, without intervals. Error unless the
/// set is in measuring order, with kRowsForState rows in all folds but one.
Validation validate_within_campaign(const MeasurementSet& set, const FitProblem& problem, const Prior& prior,
                                    const CalibrateOptions& options);

}  // namespace ridgeline
