#include "app/validate.hpp"

#include <fmt/format.h>

#include <numeric>

#include "app/arguments.hpp"
#include "app/measured.hpp"
#include "app/measured_page.hpp"
#include "app/option_groups.hpp"
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
  how.folds = 5;
  return validate_within_campaign(measured.set, problem,
                                  generic_prior(problem.space(), measured.device.kind, lessons), how);
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

Outcome run_validate(const ValidateOptions& options, const Session& session) {
  const ValidateResult result = compute_validation(options, session);
  Outcome outcome{print(result, options.output, session.style)};
  if (!options.html.empty()) outcome.also.push_back({options.html, validate_page(result)});
  return outcome;
}

constexpr std::array kValidateExamples{
    Example{"ridgeline validate --device raspberry-pi-4 --data measurements.csv",
            "How far off is what is known without a measurement?"},
    Example{"ridgeline validate --device raspberry-pi-4 --data measurements.csv --calibrate-on 3 --seed 1",
            "Fit three rows, score the others."},
    Example{"ridgeline validate --device raspberry-pi-4 --data measurements.csv --calibrate-on 0.6 "
            "--predictor analytic --json",
            "A share of the rows, parameters alone, for scripts."}};

constexpr CommandHelp kValidateHelp{
    "validate", "ridgeline validate --device NAME --data FILE... [OPTIONS]",
    "how far predictions are from measurements",
    "Scores predictions and their intervals on measurements: those of a calibration, of a fit to some of "
    "the rows "
    "on the others, or of what is known without this device and these files.",
    kValidateExamples};

/// Which rows are fitted and which scored must follow from the words alone.
void check_choice_of_rows(const ValidateOptions& options) {
  if (options.within_campaign) {
    if (!options.calibration.empty() || options.calibrate_on)
      refuse("--within-campaign", "fits each fold itself", "leave --calibration and --calibrate-on out");
    if (options.predictor.value_or(PredictorLevel::analytic) != PredictorLevel::analytic)
      refuse("--within-campaign",
             fmt::format("fits parameters and state, so '{}' has no part in it", name(*options.predictor)),
             "leave --predictor out");
    return;
  }
  if (!options.calibration.empty() && options.calibrate_on)
    refuse("validate", "--calibration and --calibrate-on exclude one another",
           "the first scores a file's calibration, the second fits some of the rows");
  if (!options.calibration.empty() && options.predictor == PredictorLevel::data_sheet)
    refuse("--predictor", "datasheet leaves nothing of the calibration", "leave --calibration out");
  if (options.calibration.empty() && !options.calibrate_on && options.predictor &&
      options.predictor != PredictorLevel::data_sheet)
    refuse("--predictor", fmt::format("{} needs something fitted", name(*options.predictor)),
           "give --calibrate-on N or --calibration FILE");
}

void declare_validate(OptionSet& set, ValidateOptions& o) {
  const std::string group = "Predictor";
  add_data(set, o.data);
  set.value(group, "--calibration", "FILE", "score this calibration on all rows", o.calibration);
  set.value(
      group, "--calibrate-on", "N",
      "fit N rows drawn at random, or a share such as 0.8, and score the others; 0 (default): score what is known "
      "without this device and these files",
      [&o](const std::string& s) { o.calibrate_on = parse_row_count("--calibrate-on", s, 0); });
  add_seed(set, group, o.seed);
  set.value(group, "--predictor", "KIND",
            "datasheet, analytic (parameters fitted) or residual (default where something is fitted)",
            [&o](const std::string& s) { o.predictor = parse_predictor("--predictor", s); });
  set.flag(group, "--within-campaign",
           "score rows of a campaign in measuring order, in five folds, each predicted in the state of the board "
           "that its neighbours show",
           o.within_campaign);
  add_output(set, o.output);
  add_html(set, o.html);
  set.check([&o](const CommonOptions&) {
    require_data(o.data, kValidateHelp);
    check_choice_of_rows(o);
  });
}

}  // namespace

ValidateResult compute_validation(const ValidateOptions& options, const Session& session) {
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
        validate(on_channels(calibration_in(options.calibration, measured, result.level), problem.channels()),
                 problem, split.held_out);
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
  if (calibrated.calibration.rows > 0)
    result.converged = calibrated.report.fit.converged && calibrated.report.unsettled_folds == 0;
  result.validation = validate(calibrated.calibration, problem, split.held_out, calibrated.report.constant_intervals);
  return result;
}

Command validate_command() { return make_command(kValidateHelp, declare_validate, run_validate); }

}  // namespace ridgeline
