#include "app/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/agent_plan.hpp"
#include "app/arguments.hpp"
#include "app/measure_campaign.hpp"
#include "app/measure_sensor.hpp"
#include "app/measure_text.hpp"
#include "app/option_groups.hpp"
#include "base/error.hpp"
#include "calib/library.hpp"
#include "calib/measuring/chooser.hpp"
#include "data/sets.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

/// By --choose, if that is given.
ModelChooser chooser_for(const MeasureCommandOptions& options, const MeasuringTarget& target,
                         const std::vector<PlannedModel>& plan) {
  if (!options.choose) return {};
  ChooserOptions how;
  how.rule = *options.choose;
  how.target_error = options.target_error;
  how.seed = options.seed;
  how.kind = target.device.kind;
  how.lessons = lessons_from_elsewhere(shipped_lessons(), set_of(options, target));
  how.clock = [] { return seconds_of(CLOCK_MONOTONIC); };
  return guided_chooser(plan, target.data_sheet, std::move(how));
}

Outcome run_measure(const MeasureCommandOptions& options, const Session& session) {
  const MeasuringTarget target = measuring_target(options);
  const std::vector<PlannedModel> plan = models_to_measure(options, target);
  if (plan.empty()) throw Error("nothing of the plan fits into the budget: give a larger --budget");
  if (options.agent_plan) return {agent_plan(target, plan, options.seed, session)};
  if (options.plan_only) return {plan_csv(plan)};
  MeasureOptions how;
  how.budget = options.budget.si();
  how.visits = static_cast<std::size_t>(options.visits);
  how.chooser = chooser_for(options, target, plan);
  how.heat = HeatOptions{};
  how.heat->mode = options.heat_soaked ? HeatMode::heat_soaked : HeatMode::cold;
  how.heat->expected = [&target](const Model& model, const Workload& workload) {
    return estimate(lower(model, workload), target.data_sheet, Seconds(0)).latency.si() /
           static_cast<double>(workload.batch);
  };
  const CommandMeasurements result = measure_plan(options, target, plan, how, with_time_left(session, how.budget));
  Outcome outcome;
  outcome.output = measure_text(result, options, session.style);
  outcome.file = measurements_image(result.set, session);
  return outcome;
}

constexpr std::array kMeasureExamples{
    Example{"ridgeline measure --models mixed --device workbench.yaml --plan-only",
            "What would be measured on this machine, which `ridgeline probe` has described?"},
    Example{"ridgeline measure --models mixed --device workbench.yaml --budget 10min --out run.h5",
            "Measure models of four families for ten minutes."},
    Example{
        "ridgeline measure --models mixed --device workbench.yaml --choose active --target-error 6% --budget 10min "
        "--out chosen.h5",
        "Measure what tells most, until predictions err by less than 6 %."},
    Example{"ridgeline measure --models mixed --device workbench.yaml --heat-soaked --budget 10min --out hot.h5",
            "Warm the board up first: how fast is it when it is busy all day?"}};

constexpr CommandHelp kMeasureHelp{
    "measure", "ridgeline measure --models FILE|SPACE --device NAME --out STORE.h5 [OPTIONS]",
    "measure models on this machine",
    "Runs models with libtorch on this machine, each until its median latency is known to 2 %, reads the power "
    "sensor where there is one, and writes a store that import, calibrate and validate take. Models come from a "
    "table (model, length, batch, task, ...: docs/measuring.md), from a space (bert, flexibert, gpt2, t5 or mixed), "
    "or are one operator graph that `ridgeline convert` has made. With --choose each is chosen by what the "
    "ones before have said. What is measured is on the disk at once: after an interruption --resume goes on.",
    kMeasureExamples};

void declare_measure(OptionSet& set, MeasureCommandOptions& o) {
  const std::string group = "Measuring";
  set.value(group, "--models", "FILE|SPACE",
            "a table of models, an operator graph (.yaml), or a space that models are drawn from", o.models);
  set.value(
      group, "--level", "LEVEL",
      "model: whole models (default); block: each distinct layer by itself; op: each distinct operator of those",
      [&o](const std::string& s) {
        constexpr std::array levels{std::pair<std::string_view, MeasureLevel>{"op", MeasureLevel::op},
                                    std::pair<std::string_view, MeasureLevel>{"block", MeasureLevel::block},
                                    std::pair<std::string_view, MeasureLevel>{"model", MeasureLevel::model}};
        o.level = parse_choice("--level", "level", s, levels);
      });
  set.value(group, "--device", "NAME", "the description of this machine (ridgeline probe writes one)", o.device);
  set.value(group, "--runtime", "NAME", "the runtime that the rows are of; default libtorch", o.runtime);
  set.value(group, "--precision", "NAME", "fp32 (default) or bf16, of weights, activations and caches",
            [&o](const std::string& s) {
              o.precision = parse_precision_argument("--precision", s);
              if (o.precision != Precision::fp32 && o.precision != Precision::bf16)
                refuse("--precision", fmt::format("libtorch runs no whole models in {} on a processor", s),
                       "fp32 and bf16 can be measured");
            });
  set.value(group, "--power-mode", "NAME", "the power mode that the board is in", o.power_mode);
  set.value(group, "--budget", "TIME", "all of it; default 10min", [&o](const std::string& s) {
    o.budget = Seconds(parse_positive("--budget", s, Dimension{.second = 1}));
  });
  set.value(group, "--threads", "N", "of libtorch; default: the device's cores",
            [&o](const std::string& s) { o.threads = parse_count("--threads", s, 1, 1024); });
  set.value(group, "--visits", "N", "times that each model is measured, minutes apart; default 1",
            [&o](const std::string& s) { o.visits = parse_count("--visits", s, 1, 100); });
  set.value(group, "--count", "N",
            "points drawn from a space; default: more than the budget lasts for, with --choose 256",
            [&o](const std::string& s) { o.count = parse_count("--count", s, 1, 100'000); });
  set.value(
      group, "--choose", "RULE",
      "what comes next: active (what tells most per second), space-filling or random, among --count points or the "
      "table's rows; default: in their order",
      [&o](const std::string& s) {
        using Rule = std::pair<std::string_view, ChoiceRule>;
        constexpr std::array rules{Rule{"active", ChoiceRule::active},
                                   Rule{"space-filling", ChoiceRule::space_filling},
                                   Rule{"random", ChoiceRule::random}};
        o.choose = parse_choice("--choose", "rule", s, rules);
      });
  set.value(group, "--target-error", "SHARE",
            "with --choose: end when predictions made before measuring are wrong by less than this, such as 6%",
            [&o](const std::string& s) { o.target_error = parse_share("--target-error", s); });
  set.flag(group, "--heat-soaked",
           "warm the board up first and measure it hot; default: cold, a board that gets hot is waited for",
           o.heat_soaked);
  set.value(group, "--sensor", "NAME",
            "the power sensor whose name begins so (rapl, ina219, nvml); default: the best", o.sensor);
  set.value(group, "--power-log", "FILE",
            "CSV with `time [s]` (Unix time) and `power [W]` that another program is writing", o.power_log);
  set.flag(group, "--resume", "go on with an unfinished run of the same --out", o.resume);
  set.flag(group, "--plan-only", "print what would be measured, as CSV", o.plan_only);
  set.flag(group, "--agent-plan",
           "write the plan for ridgeline-agent, which measures on boards that this cannot be built on, as JSON",
           o.agent_plan);
  add_seed(set, group, o.seed);
  set.check([&o](const CommonOptions& common) {
    if (o.models.empty()) refuse("measure", "missing --models", fmt::format("measure takes: {}", kMeasureHelp.usage));
    require(!o.device.empty(), "measure", "--device", "devices");
    if (o.agent_plan && o.precision != Precision::fp32)
      refuse("--agent-plan", "is of calls in fp32", "leave --precision out");
    if (o.agent_plan && o.level == MeasureLevel::op)
      refuse("--agent-plan", "measures whole models or blocks", "take --level block");
    if (o.choose && o.level == MeasureLevel::op)
      refuse("--choose", "chooses among whole models or blocks", "take --level block");
    if (o.heat_soaked && o.agent_plan)
      refuse("--heat-soaked", "is a way of measuring here, and the agent only follows its plan",
             "leave one of them out");
    if (o.choose && o.agent_plan)
      refuse("--choose", "goes by what has been measured, and the agent only measures", "leave one of them out");
    if (o.target_error && !o.choose)
      refuse("--target-error", "ends a choice, and there is none", "add --choose active");
    if (common.out.empty() && !o.plan_only && !o.agent_plan)
      refuse("measure", "missing --out", "measurements are written to the disk as they are made");
    if (!o.sensor.empty() && !o.power_log.empty())
      refuse("measure", "--sensor and --power-log exclude one another", "one of them says what is read");
    o.out = common.out;
  });
}

}  // namespace

Command measure_command() {
  return make_command(kMeasureHelp, declare_measure, run_measure,
                      "write the measurements to FILE, a store in HDF5, beside a journal while they are made");
}

}  // namespace ridgeline
