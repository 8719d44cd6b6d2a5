#include "calib/scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

void check(std::span<const double> values, std::size_t rows, const char* what) {
  if (values.size() != rows)
    throw Error(fmt::format("scores of {} rows got {} {} values", rows, values.size(), what));
  for (const double x : values)
    if (!(x > 0) || !std::isfinite(x)) throw Error(fmt::format("scores need positive {} values, got {}", what, x));
}

bool varies(std::span<const double> values) {
  return std::any_of(values.begin(), values.end(), [&](double x) { return x != values.front(); });
}

/// The order statistic that minimises the pinball loss of `probability` (Koenker & Bassett 1978).
double best_quantile(const std::vector<double>& sorted, double probability) {
  const double place = std::ceil(probability * static_cast<double>(sorted.size()) - 1e-9) - 1;
  return sorted[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(sorted.size()) - 1))];
}

}  // namespace

Scores score(std::span<const double> predicted, std::span<const double> measured) {
  if (measured.empty()) throw Error("scores need at least one row");
  check(measured, measured.size(), "measured");
  check(predicted, measured.size(), "predicted");
  Scores scores;
  scores.rows = measured.size();
  scores.mape = mape(predicted, measured);
  scores.median_ape = median_ape(predicted, measured);
  scores.rmse = rmse(predicted, measured);
  if (!varies(measured)) return scores;
  scores.r2 = r2(predicted, measured);
  if (!varies(predicted)) return scores;
  scores.spearman = spearman(predicted, measured);
  scores.kendall = kendall(predicted, measured);
  return scores;
}

double interval_score(double low, double high, double value, double nominal_coverage) {
  const double miss = std::max(0.0, low - value) + std::max(0.0, value - high);
  return (high - low) + 2 / (1 - nominal_coverage) * miss;
}

IntervalScores score_intervals(std::span<const double> predicted, std::span<const double> measured,
                               std::span<const double> low, std::span<const double> high, double nominal_coverage) {
  if (measured.empty()) throw Error("scores need at least one row");
  if (!(nominal_coverage > 0 && nominal_coverage < 1))
    throw Error(fmt::format("coverage must be between 0 and 1, got {}", nominal_coverage));
  check(measured, measured.size(), "measured");
  check(predicted, measured.size(), "predicted");
  check(low, measured.size(), "low");
  check(high, measured.size(), "high");
  const auto n = static_cast<double>(measured.size());
  IntervalScores scores;
  scores.rows = measured.size();
  std::vector<double> ratios;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (low[i] > high[i]) throw Error(fmt::format("an interval ends at {} before it begins at {}", high[i], low[i]));
    scores.coverage += (low[i] <= measured[i] && measured[i] <= high[i] ? 1 : 0) / n;
    scores.mean_width += (high[i] - low[i]) / predicted[i] / n;
    scores.interval_score +=
        interval_score(std::log(low[i]), std::log(high[i]), std::log(measured[i]), nominal_coverage) / n;
    ratios.push_back(std::log(measured[i] / predicted[i]));
  }
  std::sort(ratios.begin(), ratios.end());
  const double tail = (1 - nominal_coverage) / 2;
  const double a = best_quantile(ratios, tail), b = best_quantile(ratios, 1 - tail);
  for (const double r : ratios) scores.best_constant_score += interval_score(a, b, r, nominal_coverage) / n;
  return scores;
}

}  // namespace ridgeline
