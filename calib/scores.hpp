// How good predictions and their intervals were: what `validate` reports, from plain arrays.
//
// Intervals are scored by the interval score (Gneiting & Raftery 2007, eq. 43), lower is better:
//
//   S = (u - l) + 2/alpha · max(l - y, 0) + 2/alpha · max(y - u, 0)          alpha = 1 - nominal coverage
//
// with l, u and y the logarithms of the interval's ends and of the measured value. Logarithms make a second on a
// workstation and on a microcontroller count alike, and do not favour intervals that are low: 0.2 is about as good as
// an interval of ±10 % that never misses.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace ridgeline {

struct Scores {
  std::size_t rows = 0;
  double mape = 0;        ///< fraction
  double median_ape = 0;  ///< fraction
  double rmse = 0;        ///< in the figure's unit
  /// Absent where undefined: fewer than two rows, or equal values only.
  std::optional<double> r2, spearman, kendall;
};
/// Error unless both are equally long, not empty, finite and measured > 0.
Scores score(std::span<const double> predicted, std::span<const double> measured);

struct IntervalScores {
  std::size_t rows = 0;
  double coverage = 0;        ///< share of measured values in [low, high]
  double mean_width = 0;      ///< mean of (high - low) / predicted, a fraction
  double interval_score = 0;  ///< mean of S
  /// Mean of S of the best interval of constant width: [predicted·a, predicted·b] with the a and b that are best for
  /// these very rows. No constant interval that was chosen beforehand scores lower.
  double best_constant_score = 0;
};
/// Error unless all are equally long, not empty, and 0 < low <= high; 0 < coverage < 1.
IntervalScores score_intervals(std::span<const double> predicted, std::span<const double> measured,
                               std::span<const double> low, std::span<const double> high, double nominal_coverage);

/// S of one row, of logarithms.
double interval_score(double low, double high, double value, double nominal_coverage);

}  // namespace ridgeline
