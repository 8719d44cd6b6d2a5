#include "calib/validation.hpp"

#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"

namespace ridgeline {
namespace {

/// What was measured of a row, by FittedMetric; NaN where it was not.
std::array<double, kMetrics> measured(const FitProblem& problem, std::size_t row) {
  const std::vector<double>& by_channel = problem.target(row).measured;
  std::array<double, kMetrics> result{0, by_channel[problem.latency_channels()],
                                      by_channel[problem.latency_channels() + 1]};
  bool any = false;
  for (std::size_t c = 0; c < problem.latency_channels(); ++c)
    if (!std::isnan(by_channel[c])) result[0] += by_channel[c], any = true;
  if (!any) result[0] = std::nan("");
  return result;
}

/// Mean interval score of predicted · factors, of logarithms.
double score_of_constant(const ConformalIntervals& constant, const std::vector<double>& predicted,
                         const std::vector<double>& measured) {
  const Spread factors = constant.factors({});
  double sum = 0;
  for (std::size_t i = 0; i < measured.size(); ++i)
    sum += interval_score(std::log(factors.low), std::log(factors.high), std::log(measured[i] / predicted[i]),
                          constant.coverage);
  return sum / static_cast<double>(measured.size());
}

}  // namespace

Split split_rows(std::size_t rows, double count, std::uint64_t seed) {
  const auto wanted = static_cast<std::size_t>(count < 1 ? std::floor(count * static_cast<double>(rows)) : count);
  if (!(count >= 0) || wanted >= rows)
    throw Error("the set has " + std::to_string(rows) + " rows: at least one must be left to validate on");
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(seed);
  random.shuffle(std::span<std::size_t>(order));
  const auto cut = order.begin() + static_cast<std::ptrdiff_t>(wanted);
  return {{order.begin(), cut}, {cut, order.end()}};
}

Validation validate(const Calibration& calibration, const FitProblem& problem, const std::vector<std::size_t>& rows,
                    const IntervalsByMetric& constant) {
  Validation result;
  result.rows = rows.size();
  result.fitted = calibration.rows;
  result.numbers = rows;
  result.predicted = predict(calibration, problem, rows);
  for (std::size_t m = 0; m < kMetrics; ++m) {
    std::vector<double> said, was, low, high;
    bool intervals = true;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const CalibratedFigure& figure = result.predicted[i][m];
      const double truth = measured(problem, rows[i])[m];
      if (std::isnan(truth) || std::isnan(figure.value)) continue;
      said.push_back(figure.value);
      was.push_back(truth);
      low.push_back(figure.low);
      high.push_back(figure.high);
      intervals = intervals && figure.has_interval;
    }
    if (said.empty()) continue;
    Validated validated{score(said, was), {}, {}};
    if (intervals) validated.intervals = score_intervals(said, was, low, high, calibration.intervals[m]->coverage);
    if (intervals && constant[m]) validated.constant_score = score_of_constant(*constant[m], said, was);
    result.by_metric[m] = validated;
  }
  return result;
}

}  // namespace ridgeline
