#include "app/measure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <thread>

#include "app/agent_plan.hpp"
#include "app/arguments.hpp"
#include "app/csv.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/measuring/nvml.hpp"
#include "calib/measuring/plan.hpp"
#include "data/sets.hpp"
#include "data/store.hpp"
#include "hwdesc/device_file.hpp"
#include "model/cost_parameters.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

constexpr double kIdleSeconds = 3;           // of looking at the power before anything runs
constexpr double kLargestShare = 1.0 / 100;  // of the budget for one run of a model that was drawn
constexpr double kFewestSecondsEach = 1;     // of a model, for how many to draw

double seconds_of(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

bool is_space(const std::string& models) {
  const std::vector<std::string> spaces = measured_spaces();
  return std::find(spaces.begin(), spaces.end(), models) != spaces.end();
}

std::vector<PlannedModel> at_level(std::vector<PlannedModel> plan, MeasureLevel level) {
  if (level == MeasureLevel::model) return plan;
  plan = blocks_of(plan);
  for (PlannedModel& planned : plan) planned.by_operator = level == MeasureLevel::op;
  return plan;
}

std::vector<PlannedModel> plan_of(const MeasureCommandOptions& options, const MeasuringTarget& target) {
  if (!is_space(options.models)) {
    if (!std::filesystem::exists(options.models))
      throw_unknown_name({"--models", 0, 0, ""}, "space or file", options.models, measured_spaces());
    const std::string kind = std::filesystem::path(options.models).extension();
    if (kind == ".yaml" || kind == ".yml")
      throw InputError({options.models, 0, 0, ""}, "one model, where a table of models is expected",
                       "name it in a .csv file with a column 'model' (docs/data.md)");
    const std::vector<PlannedModel> plan = planned_in(options.models, target.runtime_name, Precision::fp32);
    return at_level(plan, options.level);
  }
  const auto lasting = static_cast<Size>(options.budget.si() / kFewestSecondsEach);
  const Size count = options.count.value_or(std::clamp<Size>(lasting, 8, 1000));
  return quick_models(options.models, static_cast<std::size_t>(count), options.seed, options.level,
                      options.budget.si() * kLargestShare, target);
}

std::string plan_csv(const std::vector<PlannedModel>& plan) {
  std::string text = "id,task,batch,length,new_tokens,beams\n";
  for (const PlannedModel& p : plan)
    text += CsvLine()
                .add(p.id)
                .add(name(p.workload.task))
                .add(static_cast<long>(p.workload.batch))
                .add(static_cast<long>(p.workload.length))
                .add(static_cast<long>(p.workload.new_tokens))
                .add(static_cast<long>(p.workload.beams))
                .text();
  return text;
}

MeasurementSet set_of(const MeasureCommandOptions& options, const MeasuringTarget& target) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  MeasurementSet set;
  set.name = std::filesystem::path(options.out).stem().string();
  set.device = target.device_name, set.runtime = target.runtime_name;
  set.power_mode = options.power_mode;
  set.ordered = true;
  set.source = fmt::format("ridgeline measure on {}", host.data());
  return set;
}

/// The sensor that is read, and why not where there is none.
struct ChosenSensor {
  std::optional<PowerSensor> sensor;
  std::string said;
};

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

ChosenSensor named_sensor(const FoundSensors& found, const std::string& wanted) {
  std::vector<std::string> names;
  for (const PowerSensor& sensor : found.sensors) {
    if (lower_case(sensor.name).starts_with(lower_case(wanted))) return {sensor, sensor.name};
    names.push_back(sensor.name);
  }
  throw InputError({"--sensor", 0, 0, ""}, fmt::format("no power sensor is called {}", wanted),
                   names.empty() ? found.problems.empty() ? "none was found" : found.problems.front()
                                 : fmt::format("there are: {}", fmt::join(names, ", ")));
}

ChosenSensor choose_sensor(const MeasureCommandOptions& options) {
  if (!options.power_log.empty()) {
    PowerSensor log = power_log(options.power_log, seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_MONOTONIC));
    return {log, log.name};
  }
  FoundSensors found = find_power_sensors("/");
  FoundSensors cards = find_nvml();
  std::move(cards.sensors.begin(), cards.sensors.end(), std::back_inserter(found.sensors));
  found.problems.insert(found.problems.end(), cards.problems.begin(), cards.problems.end());
  if (!options.sensor.empty()) return named_sensor(found, options.sensor);
  for (const PowerSensor& sensor : found.sensors)
    if (!sensor.of_card) return {sensor, sensor.name};  // models run on the processor
  if (found.problems.empty()) return {{}, "none found: latency only"};
  return {{}, fmt::format("{}: latency only", found.problems.front())};
}

/// W with nothing running.
std::optional<double> idle_power(const PowerSensor& sensor) {
  if (sensor.log) return std::nullopt;
  const auto now = [] { return seconds_of(CLOCK_MONOTONIC); };
  const double seconds = std::max(kIdleSeconds, 5 * sensor.update), from = now();
  PowerSampler sampler(sensor, now);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const PowerTrace trace = sampler.stop();
  const double to = now();
  const PowerReading reading = read_power(trace, sensor, from, to);
  return reading.energy ? std::optional(*reading.energy / (to - from)) : std::nullopt;
}

std::string image_of(const MeasurementSet& set, const Session& session) {
  return to_image({.kind = "measurements",
                   .provenance = provenance_of(session.command, RIDGELINE_VERSION),
                   .root = to_arrays({set})});
}

std::string text_of(const CommandMeasurements& r, const MeasureCommandOptions& options, const Style& style) {
  const MeasureSummary& s = r.summary;
  Table table{2, {{}, {.wraps = true}}, {}};
  table.rows.push_back(
      {options.level == MeasureLevel::op ? "operators" : "models",
       fmt::format("{} measured, {} failed or skipped, {} left for want of time", s.measured, s.failed, s.left)});
  table.rows.push_back({"time", fmt::format("{:.0f} s, {:.0f} % of it running models", s.elapsed,
                                            100 * s.running / std::max(s.elapsed, 1e-9))});
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

Outcome run_measure(const MeasureCommandOptions& options, const Session& session) {
  const MeasuringTarget target = measuring_target(options);
  const std::vector<PlannedModel> plan = plan_of(options, target);
  if (plan.empty()) throw Error("nothing of the plan fits into the budget: give a larger --budget");
  if (options.agent_plan) return {agent_plan(target, plan, options.seed, session)};
  if (options.plan_only) return {plan_csv(plan)};
  MeasureOptions how;
  how.budget = options.budget.si();
  how.visits = static_cast<std::size_t>(options.visits);
  const CommandMeasurements result = measure_plan(options, target, plan, how, with_time_left(session, how.budget));
  Outcome outcome;
  outcome.output = text_of(result, options, session.style);
  outcome.file = image_of(result.set, session);
  return outcome;
}

constexpr std::array kMeasureExamples{
    Example{"ridgeline measure --models mixed --device workbench.yaml --plan-only",
            "What would be measured on this machine, which `ridgeline probe` has described?"},
    Example{"ridgeline measure --models mixed --device workbench.yaml --budget 10min --out run.h5",
            "Measure models of four families for ten minutes."}};

constexpr CommandHelp kMeasureHelp{
    "measure", "ridgeline measure --models FILE|SPACE --device NAME --out STORE.h5 [OPTIONS]",
    "measure models on this machine",
    "Runs models with libtorch on this machine, each until its median latency is known to 2 %, reads the power "
    "sensor where there is one, and writes a store that import, calibrate and validate take. Models come from a "
    "table (model, length, batch, task, ...: docs/measuring.md) or from a space: bert, flexibert, gpt2, t5 or mixed. "
    "What "
    "is measured is on the disk at once: after an interruption --resume goes on.",
    kMeasureExamples};

void declare_measure(OptionSet& set, MeasureCommandOptions& o) {
  const std::string group = "Measuring";
  set.value(group, "--models", "FILE|SPACE", "a table of models, or a space they are drawn from", o.models);
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
  set.value(group, "--power-mode", "NAME", "the power mode that the board is in", o.power_mode);
  set.value(group, "--budget", "TIME", "all of it; default 10min", [&o](const std::string& s) {
    o.budget = Seconds(parse_positive("--budget", s, Dimension{.second = 1}));
  });
  set.value(group, "--threads", "N", "of libtorch; default: the device's cores",
            [&o](const std::string& s) { o.threads = parse_count("--threads", s, 1, 1024); });
  set.value(group, "--visits", "N", "times that each model is measured, minutes apart; default 1",
            [&o](const std::string& s) { o.visits = parse_count("--visits", s, 1, 100); });
  set.value(group, "--count", "N", "points drawn from a space; default: more than the budget lasts for",
            [&o](const std::string& s) { o.count = parse_count("--count", s, 1, 100'000); });
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
    if (o.agent_plan && o.level == MeasureLevel::op)
      refuse("--agent-plan", "measures whole models or blocks", "take --level block");
    if (common.out.empty() && !o.plan_only && !o.agent_plan)
      refuse("measure", "missing --out", "measurements are written to the disk as they are made");
    if (!o.sensor.empty() && !o.power_log.empty())
      refuse("measure", "--sensor and --power-log exclude one another", "one of them says what is read");
    o.out = common.out;
  });
}

}  // namespace

MeasuringTarget measuring_target(const MeasureCommandOptions& options) {
  MeasuringTarget t;
  t.device_name = device_name(options.device, {"--device", 0, 0, ""});
  t.runtime_name = runtime_name(options.runtime, {"--runtime", 0, 0, ""});
  t.device = load_device(t.device_name);
  if (!options.power_mode.empty()) t.device = in_power_mode(std::move(t.device), options.power_mode);
  t.runtime = load_runtime(t.runtime_name);
  if (t.runtime.fusion != Fusion::none || !t.runtime.runs_views)
    throw InputError({"--runtime", 0, 0, ""}, fmt::format("{} is not what runs here", t.runtime.name),
                     "models are run eagerly by libtorch: take libtorch");
  t.data_sheet = data_sheet_parameters(t.device, t.runtime, uniform_numerics(Precision::fp32));
  return t;
}

std::vector<PlannedModel> quick_models(const std::string& space, std::size_t count, std::uint64_t seed,
                                       MeasureLevel level, double longest, const MeasuringTarget& target) {
  std::vector<PlannedModel> plan = draw_models(space, count, seed, target.runtime_name);
  plan = at_level(std::move(plan), level);
  std::erase_if(plan, [&](const PlannedModel& p) {
    return estimate(lower(p.architecture, p.workload), target.data_sheet, Seconds(0)).latency.si() > longest;
  });
  return plan;
}

std::string minutes_left(double seconds) {
  const double whole = std::max(0.0, std::round(seconds));
  return fmt::format("{:.0f} min {:02.0f} s left at most", std::floor(whole / 60), std::fmod(whole, 60));
}

Session with_time_left(const Session& session, double budget) {
  Session telling = session;
  if (session.progress)
    telling.progress = [told = session.progress, end = seconds_of(CLOCK_MONOTONIC) + budget](std::string_view step,
                                                                                             double share) {
      if (share >= 1) return told(step, share);
      told(fmt::format("{}; {}", step, minutes_left(end - seconds_of(CLOCK_MONOTONIC))), share);
    };
  return telling;
}

CommandMeasurements measure_plan(const MeasureCommandOptions& options, const MeasuringTarget& target,
                                 const std::vector<PlannedModel>& plan, const MeasureOptions& how,
                                 const Session& session) {
  const double began = seconds_of(CLOCK_MONOTONIC);
  const int threads = static_cast<int>(options.threads.value_or(target.device.units));
  const ChosenSensor chosen = choose_sensor(options);
  CommandMeasurements result;
  result.sensor = chosen.said;
  MeasuringTools tools;
  tools.runner = start_runner({.threads = threads, .seed = options.seed, .program = {}});
  tools.clock = [] { return seconds_of(CLOCK_MONOTONIC); };
  tools.state = [&tools] { return read_machine_state("/", tools.runner.process()); };
  tools.sensor = chosen.sensor;
  tools.progress = session.progress;
  tools.checkpoint = [&](const MeasurementSet& set) {
    if (set.rows.size() > 1) write_file_atomically(options.out, image_of(set, session));
  };
  result.conditions = machine_conditions("/");
  for (const auto& [key, value] : tools.runner.about()) result.conditions[key] = value;
  // Only now: what failed so far leaves nothing behind that would have to be resumed.
  MeasuringJournal journal(options.out, set_of(options, target), options.resume);
  if (chosen.sensor)
    if (const std::optional<double> idle = idle_power(*chosen.sensor))
      result.conditions["idle power"] = fmt::format("{:.3g} W", *idle);
  if (result.conditions["blas"].find("libblas/") != std::string::npos)
    session.log->warn(
        "{} is the reference BLAS, which is many times slower than a tuned one: install libopenblas0-openmp",
        result.conditions["blas"]);
  if (const auto alone = result.conditions.find("blas kernels without OPENBLAS_CORETYPE");
      alone != result.conditions.end())
    session.log->warn(
        "{0} does not know this processor and takes its kernels for {1}: measuring with those for {2}, which "
        "programs of "
        "yours get by OPENBLAS_CORETYPE={2}",
        result.conditions["blas"], alone->second, result.conditions["blas kernels"]);
  MeasureOptions rest = how;
  rest.budget -= seconds_of(CLOCK_MONOTONIC) - began;
  result.summary = measure(plan, journal, tools, rest, result.conditions);
  if (session.progress) session.progress("", 1);
  result.set = journal.set();
  if (result.set.rows.empty()) {
    journal.remove();
    throw Error(result.set.excluded.empty()
                    ? "there was no time for a single model: give a larger --budget"
                    : fmt::format("nothing could be measured; {}: {}", result.set.excluded.front().id,
                                  result.set.excluded.front().reason));
  }
  write_file_atomically(options.out, image_of(result.set, session));
  journal.remove();
  return result;
}

Command measure_command() {
  return make_command(kMeasureHelp, declare_measure, run_measure,
                      "write the measurements to FILE, a store in HDF5, beside a journal while they are made");
}

}  // namespace ridgeline
