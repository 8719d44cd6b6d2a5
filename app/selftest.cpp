#include "app/selftest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "app/arguments.hpp"
#include "app/measure.hpp"
#include "app/measured.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/calibrate.hpp"
#include "calib/child_process.hpp"
#include "calib/library.hpp"
#include "calib/validation.hpp"
#include "hwdesc/probe.hpp"

namespace ridgeline {
namespace {

// Shares of the budget; the rest is for fitting.
constexpr double kModelsShare = 0.5, kBlocksShare = 0.13, kUnseenShare = 0.3;
constexpr double kLongestShare = 1.0 / 1500;  // of the budget, for one run
constexpr std::size_t kUnseenModels = 400;

/// The bars of a quiet machine.
constexpr double kMedianBar = 0.06, kMeanBar = 0.09, kRankBar = 0.99, kBlocksBar = 0.12;

struct Fold {
  std::string from;
  std::size_t rows = 0;
  Validated latency;
};

struct SelftestResult {
  std::vector<Fold> folds;  ///< whole models, blocks
  std::vector<Measurement> unseen;
  std::vector<CalibratedFigures> predicted;  ///< of the first fold
  std::size_t disturbed = 0;
  double elapsed = 0, running = 0;
  std::map<std::string, std::string> conditions;
};

class Selftest {
 public:
  Selftest(const SelftestOptions& options, const Session& session) : options_(options), session_(session) {
    const std::filesystem::path device = folder_.path() / "this-machine.yaml";
    write_file_atomically(device, describe(read_machine("/")));
    measuring_.device = device.string();
    measuring_.threads = options.threads;
    target_ = measuring_target(measuring_);
  }

  SelftestResult run() {
    const std::vector<PlannedModel> known = drawn(options_.seed, false);
    std::vector<PlannedModel> unseen = drawn(options_.seed + 1, false);
    std::set<std::string> ids;
    for (const PlannedModel& p : known) ids.insert(p.id);
    std::erase_if(unseen, [&](const PlannedModel& p) { return ids.contains(p.id); });
    if (unseen.size() > static_cast<std::size_t>(options_.models))
      unseen.resize(static_cast<std::size_t>(options_.models));

    const MeasurementSet blocks = taken("blocks", drawn(options_.seed + 2, true), kBlocksShare);
    const MeasurementSet models = taken("models", known, kModelsShare);
    const MeasurementSet rest = taken("unseen", unseen, kUnseenShare);
    result_.unseen = rest.rows;
    score("whole models", models, rest);
    score("blocks alone", blocks, rest);
    return std::move(result_);
  }

 private:
  std::vector<PlannedModel> drawn(std::uint64_t seed, bool blocks) const {
    return quick_models("mixed", kUnseenModels, seed, blocks, options_.budget.si() * kLongestShare, target_);
  }

  MeasurementSet taken(const std::string& name, const std::vector<PlannedModel>& plan, double share) {
    MeasureCommandOptions options = measuring_;
    options.out = (folder_.path() / (name + ".h5")).string();
    MeasureOptions how;
    how.budget = share * options_.budget.si();
    how.repeats.longest = 1;
    how.repeats.longest_warming = 0.4;
    const CommandMeasurements measured = measure_plan(options, target_, plan, how, session_);
    result_.disturbed += measured.summary.disturbed;
    result_.elapsed += measured.summary.elapsed;
    result_.running += measured.summary.running;
    result_.conditions = measured.conditions;
    if (measured.set.rows.size() < 2) throw Error("there was no time for two models: give a larger --budget");
    return measured.set;
  }

  FitProblem problem_of(const MeasurementSet& set) const {
    return FitProblem(parameter_space(target_.data_sheet, set.protocol), set);
  }

  static std::vector<std::size_t> all_rows(const MeasurementSet& set) {
    std::vector<std::size_t> rows(set.rows.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
  }

  void score(const std::string& from, const MeasurementSet& fitted, const MeasurementSet& unseen) {
    const FitProblem problem = problem_of(fitted);
    CalibrateOptions how;
    how.level = usual_level(fitted.rows.size(), session_);
    how.seed = options_.seed;
    how.progress = session_.progress;
    const Calibrated calibrated =
        calibrate(fitted, problem, all_rows(fitted), lessons_from_elsewhere(shipped_lessons(), fitted),
                  target_.device.kind, how);
    const Validation validation = validate(calibrated.calibration, problem_of(unseen), all_rows(unseen));
    const auto& latency = validation.by_metric[static_cast<std::size_t>(FittedMetric::latency)];
    if (!latency) throw Error("nothing was scored");
    result_.folds.push_back({from, fitted.rows.size(), *latency});
    if (result_.predicted.empty()) result_.predicted = validation.predicted;
  }

  SelftestOptions options_;
  const Session& session_;
  PrivateFolder folder_;
  MeasureCommandOptions measuring_;
  MeasuringTarget target_;
  SelftestResult result_;
};

std::string share(double value) { return fmt::format("{:.1f} %", 100 * value); }

Cell judged(std::string text, bool met) { return {std::move(text), met ? Emphasis::none : Emphasis::warning}; }

std::string selftest_text(const SelftestResult& r, const Style& style) {
  const Column right{.right = true};
  Table models{0, {{.wraps = true}, right, right, right}, {{"unseen model", "measured", "predicted", "off by"}}};
  for (Cell& cell : models.rows.front()) cell.emphasis = Emphasis::bold;
  const auto latency = static_cast<std::size_t>(FittedMetric::latency);
  for (std::size_t i = 0; i < r.unseen.size(); ++i) {
    const double measured = r.unseen[i].latency->value, predicted = r.predicted[i][latency].value;
    models.rows.push_back({r.unseen[i].id, fmt::format("{:.2f} ms", 1e3 * measured),
                           fmt::format("{:.2f} ms", 1e3 * predicted),
                           fmt::format("{:+.1f} %", 100 * (predicted / measured - 1))});
  }
  Table scores{0,
               {{}, right, right, right, right, right},
               {{"calibrated on", "rows", "median APE", "mean APE", "Spearman", "coverage of 90 %"}}};
  for (Cell& cell : scores.rows.front()) cell.emphasis = Emphasis::bold;
  for (std::size_t i = 0; i < r.folds.size(); ++i) {
    const Fold& f = r.folds[i];
    const Scores& s = f.latency.scores;
    const double rank = s.spearman.value_or(0);
    scores.rows.push_back({f.from, fmt::format("{}", f.rows),
                           judged(share(s.median_ape), s.median_ape <= (i == 0 ? kMedianBar : kBlocksBar)),
                           judged(share(s.mape), i > 0 || s.mape <= kMeanBar),
                           judged(fmt::format("{:.3f}", rank), i > 0 || rank >= kRankBar),
                           f.latency.intervals ? share(f.latency.intervals->coverage) : "—"});
  }
  scores.rows.push_back(
      {"wanted of whole models", "", share(kMedianBar), share(kMeanBar), fmt::format("{:.3f}", kRankBar), "90.0 %"});
  scores.rows.push_back({"wanted of blocks", "", share(kBlocksBar), "", "", ""});
  std::string text = "Latency of a sequence, predicted by what whole models taught\n" + render(models, style) + "\n" +
                     render(scores, style);
  text +=
      fmt::format("\nMeasuring took {:.0f} s, {:.0f} % of it running models. {} rows were disturbed by other work",
                  r.elapsed, 100 * r.running / std::max(r.elapsed, 1e-9), r.disturbed);
  text += r.disturbed > 0 ? ": on a quiet machine the errors are smaller.\n" : ".\n";
  for (const char* key : {"libtorch", "blas", "threads"})
    if (const auto found = r.conditions.find(key); found != r.conditions.end())
      text += fmt::format("{}: {}\n", key, found->second);
  return text;
}

Outcome run_selftest(const SelftestOptions& options, const Session& session) {
  const SelftestResult result = Selftest(options, session).run();
  if (session.progress) session.progress("", 1);
  return {selftest_text(result, session.style)};
}

constexpr std::array kSelftestExamples{
    Example{"ridgeline selftest --budget 10min", "How good are predictions on this machine, after ten minutes?"}};

constexpr CommandHelp kSelftestHelp{
    "selftest", "ridgeline selftest [OPTIONS]", "measure, calibrate and predict on this machine, and compare",
    "Describes this machine, measures models of four families and single blocks of such models, calibrates on them, "
    "then measures models that it has not seen and compares them with what was predicted: once from whole models, "
    "once "
    "from blocks alone. Needs the program that `measure` needs.",
    kSelftestExamples};

void declare_selftest(OptionSet& set, SelftestOptions& o) {
  const std::string group = "Measuring";
  set.value(group, "--budget", "TIME", "all of it; default 15min", [&o](const std::string& s) {
    o.budget = Seconds(parse_positive("--budget", s, Dimension{.second = 1}));
  });
  set.value(group, "--threads", "N", "of libtorch; default: the machine's cores",
            [&o](const std::string& s) { o.threads = parse_count("--threads", s, 1, 1024); });
  set.value(group, "--unseen", "N", "models to predict and then measure; default 60",
            [&o](const std::string& s) { o.models = parse_count("--unseen", s, 2, 100'000); });
  add_seed(set, group, o.seed);
}

}  // namespace

Command selftest_command() { return make_command(kSelftestHelp, declare_selftest, run_selftest); }

}  // namespace ridgeline
