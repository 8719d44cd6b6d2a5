#include "app/measure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "app/table.hpp"
#include "calib/measuring/chooser.hpp"

namespace ridgeline {
namespace {

std::string time_text(const MeasureSummary& s, bool chose) {
  const auto percent = [&](double seconds) { return 100 * seconds / std::max(s.elapsed, 1e-9); };
  std::string text = fmt::format("{:.0f} s, {:.0f} % of it running models", s.elapsed, percent(s.running));
  if (chose) text += fmt::format(", {:.0f} % choosing them", percent(s.choosing));
  return text;
}

std::string heat_text(const MeasureSummary& s, bool soaked) {
  std::string text = fmt::format("{}; checks of the reference model: {}", soaked ? "heat-soaked" : "cold", s.checks);
  if (soaked)
    text +=
        fmt::format("; warmed up for {:.0f} s{}", s.soaking, s.soaked ? "" : ", not settled: give a larger --budget");
  else if (s.cooling > 0)
    text += fmt::format("; {:.0f} s of waiting for a hot board", s.cooling);
  return text;
}

std::string chosen_text(const CommandMeasurements& r, const MeasureCommandOptions& options) {
  std::string text = fmt::format("by {}", name(*options.choose));
  if (const std::optional<double> error = expected_error(r.set))
    text += fmt::format("; the last {} differ from what was predicted of them by {:.1f} % (median)", kRowsForError,
                        100 * *error);
  else if (options.target_error)
    text +=
        fmt::format("; fewer than {} were predicted before they were measured: no error to expect", kRowsForError);
  return text;
}

}  // namespace

std::string measure_text(const CommandMeasurements& r, const MeasureCommandOptions& options, const Style& style) {
  const MeasureSummary& s = r.summary;
  Table table{2, {{}, {.wraps = true}}, {}};
  table.rows.push_back({options.level == MeasureLevel::op ? "operators" : "models",
                        fmt::format("{} measured, {} failed or skipped, {} left{}", s.measured, s.failed, s.left,
                                    options.choose && s.enough ? "" : " for want of time")});
  table.rows.push_back({"time", time_text(s, options.choose.has_value())});
  if (options.choose) table.rows.push_back({"chosen", chosen_text(r, options)});
  table.rows.push_back({"heat", heat_text(s, options.heat_soaked)});
  table.rows.push_back({"disturbed", fmt::format("{}: their conditions say by what", s.disturbed)});
  table.rows.push_back({"not settled", fmt::format("{}: the median is known to less than 2 %", s.unsettled)});
  table.rows.push_back({"power", r.sensor});
  for (const char* key : {"libtorch", "blas", "blas kernels", "threads", "governor"})
    if (const auto found = r.conditions.find(key); found != r.conditions.end())
      table.rows.push_back({key, found->second});
  std::string text = render(table, style);
  if (!r.set.excluded.empty())
    text += fmt::format("\nThe first of those that are missing: {}: {}\n", r.set.excluded.front().id,
                        r.set.excluded.front().reason);
  return text + fmt::format("\nWrote {}. Next: ridgeline calibrate --device {} --data {} --out calibration.h5\n",
                            options.out, options.device, options.out);
}

}  // namespace ridgeline
