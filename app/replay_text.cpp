#include <fmt/format.h>

#include <algorithm>

#include "app/format.hpp"
#include "app/replay_output.hpp"
#include "app/table.hpp"
#include "calib/calibration.hpp"

namespace ridgeline {
namespace {

/// Means over the seeds of one rule.
struct Curve {
  ChoiceRule rule;
  std::vector<std::size_t> rows;
  std::vector<double> error, seconds;  ///< seconds: share of those of all rows that could be chosen
  double all = 0, area = 0;
};

Curve curve_of(const Replay& replay, ChoiceRule rule) {
  Curve curve{rule, {}, {}, {}, 0, 0};
  double seeds = 0;
  for (const ReplayRun& run : replay.runs) {
    if (run.rule != rule) continue;
    curve.rows.resize(run.points.size());
    curve.error.resize(run.points.size());
    curve.seconds.resize(run.points.size());
    for (std::size_t i = 0; i < run.points.size(); ++i) {
      curve.rows[i] = run.points[i].rows;
      curve.error[i] += run.points[i].error;
      curve.seconds[i] += run.points[i].seconds / run.all.seconds;
    }
    curve.all += run.all.error;
    curve.area += run.area;
    seeds += 1;
  }
  for (auto* values : {&curve.error, &curve.seconds})
    for (double& value : *values) value /= seeds;
  curve.all /= seeds;
  curve.area /= seeds;
  return curve;
}

Table table_of(const std::vector<Curve>& curves) {
  const Column right{.right = true};
  Table table{2, {right}, {{{"rows", Emphasis::bold}}}};
  for (const Curve& curve : curves) {
    table.columns.insert(table.columns.end(), 2, right);
    table.rows[0].push_back({std::string(name(curve.rule)), Emphasis::bold});
    table.rows[0].push_back("time");
  }
  for (std::size_t i = 0; i < curves[0].rows.size(); ++i) {
    table.rows.push_back({fmt::format("{}", curves[0].rows[i])});
    for (const Curve& curve : curves) {
      table.rows.back().push_back(format_percent(curve.error[i], 2));
      table.rows.back().push_back(format_percent(curve.seconds[i], 1));
    }
  }
  table.rows.push_back({"all"});
  for (const Curve& curve : curves) {
    table.rows.back().push_back(format_percent(curve.all, 2));
    table.rows.back().push_back("100 %");
  }
  table.rows.push_back({"area"});
  for (const Curve& curve : curves) {
    table.rows.back().push_back({format_percent(curve.area, 2), Emphasis::bold});
    table.rows.back().push_back("");
  }
  return table;
}

}  // namespace

std::string replay_text(const ReplayResult& result, const Style& style) {
  const Replay& replay = result.replay;
  Table heading{0, {{}, {.wraps = true}}, {}};
  heading.rows.push_back({"Rows      ", fmt::format("{} of {}: {} held out, drawn {} times", replay.rows,
                                                    result.set.name, replay.held_out, result.options.seeds)});
  heading.rows.push_back(
      {"Error     ", "mean absolute relative error of the rows held out, geometric mean over figures"});
  heading.rows.push_back({"Source    ", result.set.source});
  std::vector<Curve> curves;
  for (const ChoiceRule rule : result.options.rules) curves.push_back(curve_of(replay, rule));
  return styled(style, Emphasis::bold, "Choosing replayed on " + describe(key_of(result.set))) + "\n" +
         render(heading, style) + "\n" + render(table_of(curves), style) +
         paragraph(
             "time: of what it takes to measure all rows that could be chosen. area: of what the error exceeds "
             "that of all rows by, over ln(rows).",
             2, style);
}

}  // namespace ridgeline
