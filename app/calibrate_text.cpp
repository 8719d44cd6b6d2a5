#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/calibrate_output.hpp"
#include "app/format.hpp"
#include "app/measured.hpp"
#include "app/table.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kWorstShown = 5;
constexpr double kOdd = 0.01;  // rows nearer than this are not worth naming

/// How far the measured figure usually lies from the predicted one: "-8 to +9 %".
std::string interval_text(const std::optional<ConformalIntervals>& intervals) {
  if (!intervals) return "too few rows";
  const Spread usual = intervals->factors(intervals->centre);
  return fmt::format("{:+.1f} to {:+.1f} %", 100 * (usual.low - 1), 100 * (usual.high - 1));
}

/// One standard deviation of a logarithm: a share where it is small, else a factor.
std::string deviation_text(double deviation) {
  if (deviation < 0.3) return fmt::format("± {:.1f} %", 100 * deviation);
  return fmt::format("×÷ {:.2g}", std::exp(deviation));
}

std::string value_text(double value, const std::string& unit) {
  return unit == "1" ? fmt::format("{:.3g}", value) : format_number(value, unit);
}

std::string heading(const CalibrateResult& result, const Style& style) {
  const Calibration& c = result.calibrated.calibration;
  std::string rows = result.drawn ? fmt::format("{} of {} rows, drawn with seed {}", c.rows, result.rows, c.seed)
                                  : fmt::format("{} rows", c.rows);
  if (!result.excluded.empty()) rows += fmt::format("; {} excluded", result.excluded.size());
  Table table{0, {{}, {.wraps = true}}, {}};
  table.rows.push_back({"Fitted  ", fmt::format("{}: {}", c.set, rows)});
  table.rows.push_back({"Source  ", c.source});
  return styled(style, Emphasis::bold, "Calibration of " + describe(c.key)) + "\n" + render(table, style);
}

std::string error_table(const CalibrateResult& result, const Style& style) {
  const CalibrationReport& report = result.calibrated.report;
  const bool residual = result.level == PredictorLevel::residual;
  const Column number{.right = true};
  Table table{2, {{}, number, number}, {{{"held-out error", Emphasis::bold}, "data sheet", "fitted"}}};
  if (residual) table.columns.push_back(number), table.rows.front().push_back("+ residual");
  table.columns.push_back(number);
  table.rows.front().push_back("90 % interval");
  for (std::size_t m = 0; m < kMetrics; ++m) {
    if (std::isnan(report.data_sheet_mape[m])) continue;
    std::vector<Cell> row{std::string(name(static_cast<FittedMetric>(m))),
                          format_percent(report.data_sheet_mape[m], 1),
                          {format_percent(report.analytic_mape[m], 1), Emphasis::bold}};
    if (residual) row.push_back({format_percent(report.residual_mape[m], 1), Emphasis::bold});
    row.push_back(interval_text(result.calibrated.calibration.intervals[m]));
    table.rows.push_back(std::move(row));
  }
  return "\n" + render(table, style);
}

std::string parameter_table(const CalibrationReport& report, const Style& style) {
  const Column number{.right = true};
  Table table{2,
              {{}, number, number, number, {}},
              {{{"parameter", Emphasis::bold}, "data sheet", "fitted", "deviation", ""}}};
  std::size_t hidden = 0;
  for (const CalibrationReport::Fitted& p : report.parameters) {
    if (!p.determined) {
      ++hidden;
      continue;
    }
    table.rows.push_back({p.parameter,
                          value_text(p.data_sheet, p.unit),
                          {value_text(p.value, p.unit), Emphasis::bold},
                          deviation_text(p.deviation),
                          {p.at_bound ? "at its bound" : "", Emphasis::dim}});
  }
  std::string text = table.rows.size() > 1 ? "\n" + render(table, style) : "\n";
  if (hidden > 0)
    text += fmt::format("  {} parameters that these rows say little about stay near the prior (--json lists them).\n",
                        hidden);
  return text;
}

std::string worst_table(const CalibrationReport& report, const Style& style) {
  Table table{2, {{}, {}, {.right = true}}, {{{"worst rows", Emphasis::bold}, "", "measured ÷ predicted"}}};
  for (const WorstRow& row : report.worst)
    if (table.rows.size() <= kWorstShown && std::abs(row.log_ratio) > kOdd)
      table.rows.push_back({row.id, std::string(name(row.metric)), fmt::format("{:.2f}", std::exp(row.log_ratio))});
  return table.rows.size() > 1 ? "\n" + render(table, style) : std::string();
}

std::string curve_table(const std::vector<LearningPoint>& curve, const Style& style) {
  if (curve.empty()) return "";
  const Column number{.right = true};
  Table table{2, {{}, number, number, number}, {{{"fitted to", Emphasis::bold}, "latency", "energy", "peak power"}}};
  for (const LearningPoint& point : curve)
    table.rows.push_back({fmt::format("{} rows", point.rows), format_percent(point.mape[0], 1),
                          format_percent(point.mape[1], 1), format_percent(point.mape[2], 1)});
  return "\nLearning curve  errors of the rows left out, parameters alone\n" + render(table, style);
}

std::string next_table(const std::vector<NamedTellingRow>& next, const Style& style) {
  if (next.empty()) return "";
  Table table{2, {{}, {}, {.right = true}}, {}};
  for (const NamedTellingRow& row : next)
    table.rows.push_back({row.id, row.model, fmt::format("{:.2g} % narrower", 100 * row.narrower)});
  return "\nMeasure next  what would narrow intervals most, each given the ones above\n" + render(table, style);
}

std::string campaign_text(const std::optional<std::vector<NamedStretch>>& stretches, const Style& style) {
  if (!stretches) return "";
  if (stretches->empty()) return "\nCampaign  the board was in one state throughout\n";
  Table table{2, {{}, {}}, {}};
  for (const NamedStretch& s : *stretches)
    table.rows.push_back(
        {fmt::format("rows {}-{}", s.first, s.last),
         fmt::format("{:.0f} % {}", std::abs(100 * s.slowdown), s.slowdown > 0 ? "slower" : "faster")});
  return "\nCampaign  against its usual state, rows counted from 0 in measuring order\n" + render(table, style);
}

std::string exclusion_table(const std::vector<Exclusion>& excluded, const Style& style) {
  Table table{2, {{}, {.wraps = true}}, {}};
  add_exclusions(table, excluded);
  return table.rows.empty() ? std::string() : "\nExcluded\n" + render(table, style);
}

}  // namespace

std::string calibrate_text(const CalibrateResult& result, const Style& style) {
  const CalibrationReport& report = result.calibrated.report;
  std::string text = heading(result, style) + error_table(result, style) + parameter_table(report, style) +
                     worst_table(report, style) + curve_table(result.curve, style) + next_table(result.next, style) +
                     campaign_text(result.stretches, style) + exclusion_table(result.excluded, style);
  if (!report.fit.converged)
    text += "\nThe fit did not converge: its best point is used, and intervals may be too narrow.\n";
  if (report.unsettled_folds > 0)
    text += fmt::format("\n{} of the fits that left some rows out did not converge: intervals may be too narrow.\n",
                        report.unsettled_folds);
  return text + (result.out.empty() ? "\nNothing was written: --out FILE keeps the calibration.\n"
                                    : fmt::format("\nWrote {}\n", result.out));
}

}  // namespace ridgeline
