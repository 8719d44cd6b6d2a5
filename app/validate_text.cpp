#include <fmt/format.h>

#include "app/format.hpp"
#include "app/table.hpp"
#include "app/validate_output.hpp"
#include "calib/calibration.hpp"

namespace ridgeline {
namespace {

std::string number(const std::optional<double>& value) { return value ? fmt::format("{:.3f}", *value) : "—"; }

std::string predictor_text(const ValidateResult& result) {
  if (result.level == PredictorLevel::data_sheet || (!result.seed && result.calibration.empty()))
    return "data sheet, with what other devices teach; nothing of this device is fitted";
  if (result.within_campaign)
    return fmt::format("parameters and the state of the board, fitted to the other folds, drawn with seed {}",
                       *result.seed);
  const std::string what =
      result.level == PredictorLevel::analytic ? "parameters" : "parameters, and what physics leaves over";
  if (!result.calibration.empty()) return fmt::format("{}, as {} has them", what, result.calibration);
  return fmt::format("{}, fitted to {} rows drawn with seed {}", what, result.validation.fitted, *result.seed);
}

std::string heading(const ValidateResult& result, const Style& style) {
  std::string rows = fmt::format("{} rows of {}", result.validation.rows, result.set.name);
  if (!result.set.excluded.empty()) rows += fmt::format("; {} excluded", result.set.excluded.size());
  Table table{0, {{}, {.wraps = true}}, {}};
  table.rows.push_back({"Scored    ", rows});
  table.rows.push_back({"Predictor ", predictor_text(result)});
  table.rows.push_back({"Source    ", result.set.source});
  return styled(style, Emphasis::bold, "Validation on " + describe(key_of(result.set))) + "\n" + render(table, style);
}

Table error_table(const Validation& validation) {
  const Column right{.right = true};
  Table table{2, {{}, right, right, right, right, right, right, right}, {}};
  table.rows.push_back(
      {{"error", Emphasis::bold}, "rows", "MAPE", "median APE", "RMSE", "R²", "Spearman", "Kendall"});
  for (std::size_t m = 0; m < kMetrics; ++m) {
    if (!validation.by_metric[m]) continue;
    const Scores& s = validation.by_metric[m]->scores;
    table.rows.push_back({std::string(name(static_cast<FittedMetric>(m))),
                          fmt::format("{}", s.rows),
                          {format_percent(s.mape, 2), Emphasis::bold},
                          format_percent(s.median_ape, 2),
                          format_number(s.rmse, kMetricUnits[m]),
                          number(s.r2),
                          number(s.spearman),
                          number(s.kendall)});
  }
  return table;
}

Table interval_table(const Validation& validation) {
  const Column right{.right = true};
  Table table{2, {{}, right, right, right, right, right}, {}};
  table.rows.push_back({{"90 % interval", Emphasis::bold},
                        "coverage",
                        "mean width",
                        "score",
                        "of constant width",
                        "best constant width"});
  for (std::size_t m = 0; m < kMetrics; ++m) {
    if (!validation.by_metric[m] || !validation.by_metric[m]->intervals) continue;
    const IntervalScores& s = *validation.by_metric[m]->intervals;
    const std::optional<double>& constant = validation.by_metric[m]->constant_score;
    table.rows.push_back({std::string(name(static_cast<FittedMetric>(m))),
                          {format_percent(s.coverage, 2), Emphasis::bold},
                          format_percent(s.mean_width, 2),
                          fmt::format("{:.4f}", s.interval_score),
                          constant ? fmt::format("{:.4f}", *constant) : "—",
                          fmt::format("{:.4f}", s.best_constant_score)});
  }
  return table;
}

}  // namespace

std::string validate_text(const ValidateResult& result, const Style& style) {
  std::string text = heading(result, style) + "\n" + render(error_table(result.validation), style);
  if (result.converged == false) text += "  A fit did not converge: intervals may be too narrow.\n";
  const Table intervals = interval_table(result.validation);
  if (intervals.rows.size() > 1) return text + "\n" + render(intervals, style);
  if (result.within_campaign) return text;
  return text + "  No intervals: nothing was fitted to this device, or too few rows.\n";
}

}  // namespace ridgeline
