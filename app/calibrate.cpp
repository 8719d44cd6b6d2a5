#include "calib/calibrate.hpp"

#include <fmt/format.h>

#include <numeric>

#include "app/calibrate_output.hpp"
#include "app/commands.hpp"
#include "app/measured.hpp"
#include "base/error.hpp"
#include "calib/campaign.hpp"
#include "calib/library.hpp"
#include "calib/validation.hpp"
#include "data/store.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kFewestRows = 2;  // one says nothing of how sure it is

std::vector<std::size_t> rows_to_fit(const CalibrateCommandOptions& options, const MeasurementSet& set) {
  const std::size_t count = set.rows.size();
  if (count < kFewestRows)
    throw InputError({"--data", 0, 0, ""}, fmt::format("{} has a single row that can be used", set.name),
                     fmt::format("a calibration takes at least {}", kFewestRows));
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (!options.rows || *options.rows == static_cast<double>(count)) return all;
  if (*options.rows > static_cast<double>(count))
    throw InputError({"--rows", 0, 0, ""}, fmt::format("{:.0f} rows are more than the {} of {} that can be used",
                                                       *options.rows, count, set.name));
  std::vector<std::size_t> drawn = split_rows(count, *options.rows, options.seed).fitted;
  if (drawn.size() < kFewestRows)
    throw InputError({"--rows", 0, 0, ""},
                     fmt::format("{} of the {} rows of {} are {}: a calibration takes at least {}", *options.rows,
                                 count, set.name, drawn.size(), kFewestRows));
  return drawn;
}

/// The state of the board is estimated together with the parameters, from where the calibration has them.
std::optional<std::vector<NamedStretch>> stretches(const MeasurementSet& set, const FitProblem& problem,
                                                   const Calibration& calibration,
                                                   const std::vector<std::size_t>& rows, const Prior& prior) {
  if (!set.ordered || rows.size() < kRowsForState) return std::nullopt;
  FitOptions how;
  how.start = calibration.theta;
  how.starts = 1;
  std::vector<NamedStretch> named;
  for (const Stretch& stretch : fit_campaign(problem, rows, prior, how).state.stretches) {
    const Measurement& first = set.rows[stretch.first];
    const Measurement& last = set.rows[stretch.last];
    named.push_back({first.order, last.order, first.id, last.id, stretch.slowdown});
  }
  return named;
}

CalibrateResult compute(const CalibrateCommandOptions& options, const Session& session) {
  const Measured measured = find_measured(options.data);
  const MeasurementSet& set = measured.set;
  const std::vector<std::size_t> rows = rows_to_fit(options, set);
  session.log->info("{} of {} rows of {}: {}", rows.size(), set.rows.size(), set.name, describe(key_of(set)));
  const FitProblem problem = make_problem(measured);
  CalibrateOptions how;
  how.level = options.predictor ? *options.predictor : usual_level(rows.size(), session);
  how.seed = options.seed;
  how.progress = session.progress;
  const std::vector<Lesson> lessons = lessons_from_elsewhere(shipped_lessons(), set);
  CalibrateResult result;
  result.calibrated = calibrate(set, problem, rows, lessons, measured.device.kind, how);
  result.calibrated.calibration.key = own_key(measured);
  result.stretches = stretches(set, problem, result.calibrated.calibration, rows,
                               generic_prior(problem.space(), measured.device.kind, lessons));
  result.rows = set.rows.size();
  result.drawn = options.rows.has_value() && rows.size() < set.rows.size();
  result.level = how.level;
  result.excluded = set.excluded;
  result.out = options.out;
  return result;
}

std::string print(const CalibrateResult& result, Output output, const Style& style) {
  switch (output) {
    case Output::json:
      return calibrate_json(result);
    case Output::csv:
      return calibrate_csv(result);
    case Output::text:
      break;
  }
  return calibrate_text(result, style);
}

}  // namespace

Outcome run_calibrate(const CalibrateCommandOptions& options, const Session& session) {
  const CalibrateResult result = compute(options, session);
  Outcome outcome;
  outcome.output = print(result, options.output, session.style);
  outcome.file = to_image({.kind = "calibration",
                           .provenance = provenance_of(session.command, RIDGELINE_VERSION),
                           .root = to_arrays(result.calibrated.calibration)});
  return outcome;
}

}  // namespace ridgeline
