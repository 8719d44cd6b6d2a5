// Which rows a fit can use.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

#include "data/import.hpp"

namespace ridgeline {
namespace {

/// Empty when nothing is wrong.
std::string problem_of(std::string_view figure, std::string_view unit, const MeasuredValue& measured) {
  const double value = measured.value;
  if (std::isnan(value)) return fmt::format("{} is not a number", figure);
  if (std::isinf(value)) return fmt::format("{} is infinite", figure);
  if (value <= 0) return fmt::format("{} is not positive: {} {}", figure, value, unit);
  if (!measured.standard_deviation) return {};
  const double deviation = *measured.standard_deviation;
  if (!std::isfinite(deviation)) return fmt::format("standard deviation of {} is not a finite number", figure);
  if (deviation < 0) return fmt::format("standard deviation of {} is negative: {} {}", figure, deviation, unit);
  return {};
}

std::string problem_of(const Measurement& row) {
  for (const MeasuredPart& part : row.parts)
    if (std::string problem = problem_of(part.phase + " latency", "s", part.latency); !problem.empty())
      return problem;
  struct Named {
    std::string_view name, unit;
    const std::optional<MeasuredValue>& value;
  };
  for (const Named& figure : {Named{"latency", "s", row.latency}, Named{"energy", "J", row.energy},
                              Named{"peak power", "W", row.peak_power}}) {
    if (!figure.value) continue;
    if (std::string problem = problem_of(figure.name, figure.unit, *figure.value); !problem.empty()) return problem;
  }
  if (!row.latency && !row.energy && !row.peak_power) return "nothing was measured";
  return {};
}

/// All figures in a row, absent ones as -1 (measured ones are positive here).
std::vector<double> figures_of(const Measurement& row) {
  std::vector<double> figures;
  for (const auto* figure : {&row.latency, &row.energy, &row.peak_power}) {
    figures.push_back(*figure ? (*figure)->value : -1);
    figures.push_back(*figure ? (*figure)->standard_deviation.value_or(-1) : -1);
  }
  for (const MeasuredPart& part : row.parts) figures.push_back(part.latency.value);
  return figures;
}

/// Whatever the rows call their models.
bool same_model_and_workload(const Measurement& a, const Measurement& b) {
  if (a.workload != b.workload || a.conditions != b.conditions || a.op != b.op) return false;
  Model renamed = b.definition;
  std::visit([&](auto& model) { model.name = name_of(a.definition); }, renamed);
  return renamed == a.definition;
}

}  // namespace

void exclude_unusable(MeasurementSet& set) {
  std::vector<Measurement> kept;
  kept.reserve(set.rows.size());
  std::multimap<std::vector<double>, std::size_t> seen;
  for (Measurement& row : set.rows) {
    std::string reason = problem_of(row);
    if (reason.empty()) {
      std::vector<double> figures = figures_of(row);
      const auto [first, last] = seen.equal_range(figures);
      for (auto earlier = first; earlier != last && reason.empty(); ++earlier)
        if (same_model_and_workload(kept[earlier->second], row))
          reason = fmt::format("duplicate of {}", kept[earlier->second].id);
      if (reason.empty()) seen.emplace(std::move(figures), kept.size());
    }
    if (reason.empty())
      kept.push_back(std::move(row));
    else
      set.excluded.push_back({std::move(row.id), std::move(reason)});
  }
  set.rows = std::move(kept);
}

}  // namespace ridgeline
