#include "app/calibrate.hpp"

#include <fmt/format.h>

#include <numeric>

#include "app/arguments.hpp"
#include "app/calibrate_output.hpp"
#include "app/measured.hpp"
#include "app/measured_page.hpp"
#include "app/option_groups.hpp"
#include "base/error.hpp"
#include "calib/calibrate.hpp"
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

/// Stretches by the rows' own places in the campaign.
std::vector<NamedStretch> named(const std::vector<Stretch>& stretches, const MeasurementSet& set) {
  std::vector<NamedStretch> result;
  for (const Stretch& stretch : stretches) {
    const Measurement& first = set.rows[stretch.first];
    const Measurement& last = set.rows[stretch.last];
    result.push_back({first.order, last.order, first.id, last.id, stretch.slowdown});
  }
  return result;
}

void advise(CalibrateResult& result, const MeasurementSet& set, const FitProblem& problem,
            const std::vector<std::size_t>& rows, const Prior& prior, std::uint64_t seed) {
  constexpr std::size_t kShown = 5;
  FitOptions how;
  how.seed = seed;
  result.curve = learning_curve(problem, rows, prior, how);
  for (const TellingRow& t : most_telling_rows(problem, result.calibrated.report.fit, rows, kShown))
    result.next.push_back({set.rows[t.row].id, set.rows[t.row].model, t.narrower});
}

CalibratePicture picture(const Measured& measured, const FitProblem& problem, const std::vector<std::size_t>& fitted,
                         const Calibration& calibration) {
  const std::size_t count = measured.set.rows.size();
  CalibratePicture picture{measured.set, std::vector<bool>(count), {}};
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (const std::size_t row : fitted) picture.fitted[row] = true;
  picture.validation = validate(calibration, problem, all);
  return picture;
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
  if (how.level != PredictorLevel::data_sheet)
    advise(result, set, problem, rows, generic_prior(problem.space(), measured.device.kind, lessons), how.seed);
  if (const auto& state = result.calibrated.report.state) result.stretches = named(state->stretches, set);
  result.rows = set.rows.size();
  result.drawn = options.rows.has_value() && rows.size() < set.rows.size();
  result.level = how.level;
  result.excluded = set.excluded;
  result.out = options.out;
  if (!options.html.empty()) result.picture = picture(measured, problem, rows, result.calibrated.calibration);
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

Outcome run_calibrate(const CalibrateCommandOptions& options, const Session& session) {
  if (!options.ship.empty()) return run_ship(options, session);
  const CalibrateResult result = compute(options, session);
  Outcome outcome;
  outcome.output = print(result, options.output, session.style);
  outcome.file = to_image({.kind = "calibration",
                           .provenance = provenance_of(session.command, RIDGELINE_VERSION),
                           .root = to_arrays(result.calibrated.calibration)});
  if (!options.html.empty()) outcome.also.push_back({options.html, calibrate_page(result)});
  return outcome;
}

constexpr std::array kCalibrateExamples{
    Example{"ridgeline calibrate --device raspberry-pi-4 --data measurements.csv",
            "Fit the device's parameters to measurements, and say how good they are."},
    Example{"ridgeline calibrate --device raspberry-pi-4 --data measurements.csv --out pi.h5",
            "Keep them for --calibration of estimate, compare and validate."},
    Example{"ridgeline calibrate --device raspberry-pi-4 --data measurements.csv --rows 4 --seed 7 --json",
            "Four rows drawn at random, for scripts."}};

constexpr CommandHelp kCalibrateHelp{
    "calibrate", "ridgeline calibrate --device NAME --data FILE... [--out CALIBRATION.h5] [OPTIONS]",
    "fit a device's parameters to measurements",
    "Fits utilisations, bandwidths, dispatch times and energies of a device to measurements, starting from its "
    "data sheet and from what other devices teach; says what was learnt, how far off held-out rows are, which "
    "rows stand out and in what state the board was; and writes the calibration with --out. Runtime, precision "
    "and power mode come from the data.",
    kCalibrateExamples};

void declare_calibrate(OptionSet& set, CalibrateCommandOptions& o) {
  const std::string group = "Fit";
  add_data(set, o.data);
  set.value(group, "--rows", "N", "fit N rows drawn at random, or a share such as 0.8; default: all",
            [&o](const std::string& s) { o.rows = parse_row_count("--rows", s, 2); });
  add_seed(set, group, o.seed);
  set.value(group, "--predictor", "KIND",
            "analytic: parameters alone; residual (default): also what physics leaves over, where it helps",
            [&o](const std::string& s) { o.predictor = parse_predictor("--predictor", s); });
  set.value(group, "--ship", "FOLDER",
            "make all that Ridgeline ships of calibrations anew from every set in the files, and write it there",
            o.ship);
  add_output(set, o.output);
  add_html(set, o.html);
  set.check([&o](const CommonOptions& common) {
    if (!o.ship.empty()) {
      if (!o.html.empty()) refuse("--html", "goes with the calibration of one set", "leave --ship out");
      if (!o.data.device.empty() || o.rows || !common.out.empty())
        refuse("--ship", "takes every set and row, and names its files itself",
               "leave --device, --rows and --out out");
      o.data.device = "all";
    }
    require_data(o.data, kCalibrateHelp);
    if (o.predictor == PredictorLevel::data_sheet)
      refuse("--predictor", "datasheet fits nothing", "analytic and residual do");
    o.out = common.out;
  });
}

}  // namespace

Command calibrate_command() {
  return make_command(kCalibrateHelp, declare_calibrate, run_calibrate,
                      "write the calibration to FILE, a store in HDF5, all of it or nothing");
}

}  // namespace ridgeline
