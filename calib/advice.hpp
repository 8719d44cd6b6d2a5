// What more rows would bring: the learning curve so far, and the rows that would narrow intervals most.
//
// A row with gradients G of its log figures (channels × parameters) and noise S changes the parameters' covariance to
//
//   C' = C - C·Gᵀ·(G·C·Gᵀ + S)⁻¹·G·C
//
// whatever it will measure (the linear model's; MacKay 1992 for the choice of data by it). Intervals are about as
// wide as the root of mean(g·C·gᵀ + sigma²) over all rows and channels. Rows are chosen one after another, each given
// the ones before.
#pragma once

#include <cstddef>
#include <vector>

#include "calib/fit.hpp"
#include "calib/residual.hpp"

namespace ridgeline {

struct LearningPoint {
  std::size_t rows = 0;                 ///< fitted
  std::array<double, kMetrics> mape{};  ///< of the other ones, as fractions; NaN where nothing was measured
};
/// Fits to an eighth, a quarter and half of `rows` (of 400 of them at most), drawn with the options' seed, each
/// scored on all rows that it left out; only those with two rows at least.
std::vector<LearningPoint> learning_curve(const FitProblem& problem, const std::vector<std::size_t>& rows,
                                          const Prior& prior, const FitOptions& options);

struct TellingRow {
  std::size_t row = 0;  ///< of the problem
  double narrower = 0;  ///< share by which it narrows the mean interval: 0.05 is 5 %
};
/// At most `count` of the rows that were not fitted, or, where all were, of rows to be measured once more.
std::vector<TellingRow> most_telling_rows(const FitProblem& problem, const FitSummary& fit,
                                          const std::vector<std::size_t>& fitted, std::size_t count);

}  // namespace ridgeline
