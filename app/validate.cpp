#include <fmt/format.h>

#include <numeric>

#include "app/commands.hpp"
#include "app/measured.hpp"
#include "app/validate_output.hpp"
#include "base/error.hpp"
#include "calib/library.hpp"

namespace ridgeline {
namespace {

/// Which rows are fitted here, and which are scored.
Split split_of(const ValidateOptions& options, const MeasurementSet& set) {
  const std::size_t count = set.rows.size();
  const double wanted = options.calibrate_on.value_or(0);
  if (wanted == 0) {
    Split all;
    all.held_out.resize(count);
    std::iota(all.held_out.begin(), all.held_out.end(), std::size_t{0});
    return all;
  }
  if (wanted >= static_cast<double>(count))
    throw InputError(
        {"--calibrate-on", 0, 0, ""},
        fmt::format("{:.0f} of the {} rows of {} that can be used leave none to score", wanted, count, set.name));
  Split split = split_rows(count, wanted, options.seed);
  if (split.fitted.empty())
    throw InputError({"--calibrate-on", 0, 0, ""},
                     fmt::format("{} of the {} rows of {} are none at all", wanted, count, set.name));
  return split;
}

/// The calibration of a file; on the level of parameters alone, without what stands on the residual.
Calibration calibration_in(const std::string& file, const Measured& measured, PredictorLevel level) {
  Calibration calibration = read_calibration(file);
  require_key(calibration, own_key(measured), file);
  if (calibration.key.protocol != measured.set.protocol)
    throw InputError({file, 0, 0, ""},
                     fmt::format("this calibration is of '{}' measurements, {} of '{}' ones",
                                 name(calibration.key.protocol), measured.set.name, name(measured.set.protocol)),
                     "what the clock was started and stopped around differs");
  calibrated_model(calibration, measured.data_sheet);  // refuses another description
  if (level == PredictorLevel::analytic && calibration.residual && !calibration.residual->empty()) {
    calibration.residual.reset();
    calibration.intervals.fill(std::nullopt);
  }
  return calibration;
}

PredictorLevel level_of(const ValidateOptions& options, const Split& split, const Session& session) {
  if (options.within_campaign) return PredictorLevel::analytic;
  if (options.predictor) return *options.predictor;
  if (!options.calibration.empty()) return PredictorLevel::residual;
  return split.fitted.empty() ? PredictorLevel::data_sheet : usual_level(split.fitted.size(), session);
}

Validation within_campaign(const Measured& measured, const FitProblem& problem, CalibrateOptions how) {
  const std::vector<Lesson> lessons = lessons_from_elsewhere(shipped_lessons(), measured.set);
  return validate_within_campaign(measured.set, problem,
                                  generic_prior(problem.space(), measured.device.kind, lessons), how);
}

ValidateResult compute(const ValidateOptions& options, const Session& session) {
  const Measured measured = find_measured(options.data);
  const Split split = split_of(options, measured.set);
  const FitProblem problem = make_problem(measured);
  ValidateResult result;
  result.set = measured.set;
  result.level = level_of(options, split, session);
  result.calibration = options.calibration;
  if (!split.fitted.empty()) result.seed = options.seed;
  session.log->info("scoring {} rows of {}: {}", split.held_out.size(), measured.set.name,
                    describe(key_of(measured.set)));
  if (!options.calibration.empty()) {
    result.validation =
        validate(calibration_in(options.calibration, measured, result.level), problem, split.held_out);
    result.validation.fitted = 0;
    return result;
  }
  CalibrateOptions how;
  how.level = result.level;
  how.seed = options.seed;
  if (result.level != PredictorLevel::data_sheet) how.progress = session.progress;
  result.within_campaign = options.within_campaign;
  if (options.within_campaign) {
    result.seed = options.seed;
    result.validation = within_campaign(measured, problem, how);
    return result;
  }
  const Calibrated calibrated =
      calibrate(measured.set, problem, split.fitted, lessons_from_elsewhere(shipped_lessons(), measured.set),
                measured.device.kind, how);
  result.validation = validate(calibrated.calibration, problem, split.held_out);
  return result;
}

std::string print(const ValidateResult& result, Output output, const Style& style) {
  switch (output) {
    case Output::json:
      return validate_json(result);
    case Output::csv:
      return validate_csv(result);
    case Output::text:
      break;
  }
  return validate_text(result, style);
}

}  // namespace

Outcome run_validate(const ValidateOptions& options, const Session& session) {
  return {print(compute(options, session), options.output, session.style)};
}

}  // namespace ridgeline
