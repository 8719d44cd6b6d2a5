#include "app/selftest.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "app/arguments.hpp"
#include "app/measure_campaign.hpp"
#include "app/measured.hpp"
#include "app/option_groups.hpp"
#include "app/probe.hpp"
#include "app/selftest_plan.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/calibrate.hpp"
#include "calib/child_process.hpp"
#include "calib/library.hpp"
#include "data/import.hpp"
#include "hwdesc/probe.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr double kProbing = 0.005;          // of the budget
constexpr double kRates = 7;                // that are measured meanwhile
constexpr double kCalibrationShown = 0.97;  // of the progress, when everything is measured

std::vector<std::size_t> all_rows(const MeasurementSet& set) {
  std::vector<std::size_t> rows(set.rows.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

MeasurementSet only_set(const fs::path& file) {
  std::vector<MeasurementSet> sets = read_measurements({file});
  if (sets.size() != 1) throw InputError({file.string(), 0, 0, ""}, "expected the rows of one campaign");
  return std::move(sets.front());
}

class Selftest {
 public:
  Selftest(const SelftestOptions& options, const Session& session)
      : options_(options), session_(session), folder_(options.folder) {
    if (options_.resume) {
      read_settings();
    } else {
      if (fs::exists(settings()))
        throw InputError({"--folder", 0, 0, ""}, fmt::format("{} holds a test already", options_.folder),
                         "go on with --resume, or name another one");
      require_budget(options_, described());
      begin();
    }
    target_ = target_of(device_file());
  }

  SelftestResult run() {
    for (const SelftestCampaign& campaign : kSelftestCampaigns) take(campaign);
    result_.folder = options_.folder;
    result_.wanted = options_.unseen;
    const MeasurementSet& unseen = sets_[2];
    result_.unseen = unseen.rows;
    result_.missing = unseen.excluded;
    for (const MeasurementSet& set : sets_) {
      result_.rows += set.rows.size();
      for (const Measurement& row : set.rows) result_.disturbed += row.conditions.contains("disturbed");
    }
    if (!unseen.rows.empty()) result_.conditions = unseen.rows.front().conditions;
    const Calibration known = score("whole models", sets_[1], unseen);
    score("operators alone", sets_[0], unseen);
    write_calibration(folder_ / "calibration.h5", known, provenance_of(session_.command, RIDGELINE_VERSION));
    return std::move(result_);
  }

 private:
  fs::path settings() const { return folder_ / "selftest.json"; }
  fs::path device_file() const { return folder_ / "this-machine.yaml"; }
  double budget() const { return options_.budget.si(); }

  MeasuringTarget target_of(const fs::path& device) {
    measuring_.device = device.string();
    return measuring_target(measuring_);
  }

  /// This machine by what its files say, before anything is written.
  MeasuringTarget described() {
    const PrivateFolder aside;
    const fs::path device = aside.path() / "this-machine.yaml";
    write_file_atomically(device, describe(read_machine("/")));
    return target_of(device);
  }

  /// Of what the test was begun with: other models would be drawn otherwise.
  void read_settings() {
    if (!fs::exists(settings()))
      throw InputError({"--resume", 0, 0, ""}, fmt::format("there is no test in {}", options_.folder),
                       "--folder says where it is");
    try {
      const Json json = Json::parse(read_file(settings()));
      options_.budget = Seconds(json.at("budget [s]").get<double>());
      options_.threads = json.at("threads");
      options_.unseen = json.at("unseen");
      options_.seed = json.at("seed");
    } catch (const Json::exception& error) {
      throw InputError({settings().string(), 0, 0, ""}, fmt::format("damaged: {}", error.what()));
    }
  }

  void begin() {
    std::error_code failed;
    fs::create_directories(folder_, failed);
    if (failed) throw Error(fmt::format("{}: {}", options_.folder, failed.message()));
    const Machine machine = read_machine("/");
    Session probing = session_;
    if (session_.progress)
      probing.progress = [this](std::string_view step, double share) {
        if (share < 1) session_.progress(step, kProbing * share);
      };
    const double seconds = kProbing * budget() / kRates;
    const MachineRates rates = measured_rates(
        machine, options_.threads > 0 ? std::optional(options_.threads) : std::nullopt, seconds, probing);
    write_file_atomically(device_file(), describe(machine, &rates));
    const Json json = {{"budget [s]", budget()},
                       {"threads", options_.threads},
                       {"unseen", options_.unseen},
                       {"seed", options_.seed}};
    write_file_atomically(settings(), json.dump(2) + "\n");
  }

  /// Progress of one campaign as that of the whole test.
  Session within(const SelftestCampaign& campaign) const {
    Session session = session_;
    if (!session.progress) return session;
    double before = 0;
    for (const SelftestCampaign* c = kSelftestCampaigns.data(); c != &campaign; ++c) before += c->share;
    session.progress = [told = session_.progress, before, &campaign, all = budget()](std::string_view step,
                                                                                     double share) {
      const double done = before + campaign.share * share;
      if (share < 1) told(fmt::format("{}: {}; {}", campaign.name, step, minutes_left((1 - done) * all)), done);
    };
    return session;
  }

  void take(const SelftestCampaign& campaign) {
    const fs::path store = folder_ / (std::string(campaign.name) + ".h5");
    const bool begun = fs::exists(journal_of(store));
    if (begun || !fs::exists(store)) {
      MeasureCommandOptions options = measuring_;
      options.out = store.string();
      options.resume = begun;
      options.seed = options_.seed;
      if (options_.threads > 0) options.threads = options_.threads;
      MeasureOptions how;
      how.budget = campaign.share * budget();
      how.counts_earlier = true;
      how.repeats.longest = campaign.longest;
      how.repeats.longest_warming = 0.3;
      how.visits = campaign.visits;
      const CommandMeasurements measured = measure_plan(
          options, target_,
          selftest_plan(static_cast<std::size_t>(&campaign - kSelftestCampaigns.data()), options_, target_), how,
          within(campaign));
      result_.elapsed += measured.summary.elapsed;
      result_.running += measured.summary.running;
    }
    sets_.push_back(only_set(store));
    if (sets_.back().rows.size() < 2)
      throw Error(fmt::format("{}: of the {}, {} could be measured in {:.0f} s: give a --budget of {:.0f}s or more",
                              store.string(), campaign.name, sets_.back().rows.size(), campaign.share * budget(),
                              2 * budget()));
  }

  Measured measured(const MeasurementSet& set) const {
    return {set, target_.device, target_.runtime, target_.data_sheet};
  }

  Calibration score(const std::string& from, const MeasurementSet& fitted, const MeasurementSet& unseen) {
    const Measured here = measured(fitted);
    const FitProblem problem = make_problem(here);
    CalibrateOptions how;
    // What physics leaves over of single operators says nothing of whole models.
    how.level = fitted.rows.front().op ? PredictorLevel::analytic : usual_level(fitted.rows.size(), session_);
    how.seed = options_.seed;
    if (session_.progress)
      how.progress = [&](std::string_view step, double share) {
        if (share < 1) session_.progress(fmt::format("{}: {}", from, step), kCalibrationShown);
      };
    Calibrated calibrated = calibrate(fitted, problem, all_rows(fitted),
                                      lessons_from_elsewhere(shipped_lessons(), fitted), target_.device.kind, how);
    calibrated.calibration.key = own_key(here);
    const FitProblem others = make_problem(measured(unseen));
    Validation validation =
        validate(on_channels(calibrated.calibration, others.channels()), others, all_rows(unseen));
    const auto& latency = validation.by_metric[static_cast<std::size_t>(FittedMetric::latency)];
    if (!latency) throw Error("nothing was scored");
    result_.folds.push_back({from, fitted.rows.size(), *latency, std::move(validation.predicted)});
    return std::move(calibrated.calibration);
  }

  SelftestOptions options_;
  const Session& session_;
  fs::path folder_;
  MeasureCommandOptions measuring_;
  MeasuringTarget target_;
  std::vector<MeasurementSet> sets_;  ///< by campaign
  SelftestResult result_;
};

Outcome run_selftest(const SelftestOptions& options, const Session& session) {
  const SelftestResult result = Selftest(options, session).run();
  if (session.progress) session.progress("", 1);
  return {selftest_text(result, session.style)};
}

constexpr std::array kSelftestExamples{
    Example{"ridgeline selftest --budget 15min", "How good are predictions on this machine?"},
    Example{"ridgeline selftest --resume", "Go on after an interruption, or show a finished test again."}};

constexpr CommandHelp kSelftestHelp{
    "selftest", "ridgeline selftest [OPTIONS]", "measure, calibrate and predict on this machine, and compare",
    "Describes this machine, measures operators and whole models of four families, calibrates on them, then measures "
    "models that were not seen before and compares them with what was predicted: once from whole models, once from "
    "operators alone. Everything is kept in --folder, calibration.h5 for later estimates; what was interrupted goes "
    "on with --resume. Needs the program that `measure` needs.",
    kSelftestExamples};

void declare_selftest(OptionSet& set, SelftestOptions& o) {
  const std::string group = "Measuring";
  const auto given = std::make_shared<bool>(false);  // something that a test which goes on has already
  set.value(group, "--budget", "TIME", "all of it; default 15min", [&o, given](const std::string& s) {
    *given = true;
    o.budget = Seconds(parse_positive("--budget", s, Dimension{.second = 1}));
  });
  set.value(group, "--threads", "N", "of libtorch; default: the machine's cores", [&o, given](const std::string& s) {
    *given = true;
    o.threads = parse_count("--threads", s, 1, 1024);
  });
  set.value(group, "--unseen", "N", "models to predict and then measure; default 60",
            [&o, given](const std::string& s) {
              *given = true;
              o.unseen = parse_count("--unseen", s, 2, 100'000);
            });
  set.value(group, "--folder", "FOLDER", "where everything is kept; default ridgeline-selftest", o.folder);
  set.flag(group, "--resume", "go on with the test in --folder, with the options that it was begun with", o.resume);
  add_seed(set, group, o.seed);
  set.check([&o, given](const CommonOptions&) {
    if (o.resume && (*given || o.seed != 0))
      refuse("--resume", "goes on with what the test was begun with",
             "leave --budget, --threads, --unseen and --seed out");
  });
}

}  // namespace

Command selftest_command() { return make_command(kSelftestHelp, declare_selftest, run_selftest); }

}  // namespace ridgeline
