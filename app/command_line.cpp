#include "app/command_line.hpp"

#include <fmt/format.h>

// The one translation unit that pays for CLI11.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "app/arguments.hpp"
#include "app/help.hpp"
#include "base/error.hpp"

namespace ridgeline {
namespace {

using Take = std::function<void(const std::string&)>;

/// Everything that the options may write to.
struct Values {
  CommonOptions common;
  EstimateOptions estimate;
  CompareOptions compare;
  DevicesOptions devices;
  RuntimesOptions runtimes;
  ModelsOptions models;
  ProbeOptions probe;
  ImportOptions import;
  CalibrateCommandOptions calibrate;
  ValidateOptions validate;
  std::vector<std::string> import_words;
  std::string help_topic;
  bool help = false;
  bool version = false;
};

[[noreturn]] void fail(const std::string& about, const std::string& problem, const std::string& hint = {}) {
  throw InputError({about, 0, 0, ""}, problem, hint);
}

void option(CLI::App& app, const std::string& group, const std::string& name, const std::string& type,
            const std::string& text, Take take) {
  const auto take_one = [name, take = std::move(take)](const std::vector<std::string>& words) {
    if (words.size() > 1) fail(name, fmt::format("given {} times", words.size()));
    take(words.front());
  };
  app.add_option_function<std::vector<std::string>>(name, take_one, text)
      ->type_name(type)
      ->group(group)
      ->allow_extra_args(false);
}

void repeatable(CLI::App& app, const std::string& group, const std::string& name, const std::string& type,
                const std::string& text, std::vector<std::string>& words) {
  app.add_option(name, words, text)->type_name(type)->group(group)->allow_extra_args(false);
}

constexpr const char* kWritesResult = "write the result to FILE instead of stdout, all of it or nothing";
constexpr const char* kWritesCalibration = "write the calibration to FILE, a store in HDF5, all of it or nothing";
constexpr const char* kWritesStore = "write the sets to FILE, a store in HDF5, all of it or nothing";

void add_common(CLI::App& app, Values& v, const char* out) {
  const std::string group = "Everywhere";
  option(app, group, "--out", "FILE", out, [&v](const std::string& s) { v.common.out = s; });
  app.add_flag("--verbose", v.common.verbose, "say on stderr what is being done")->group(group);
  option(app, group, "--log-file", "FILE", "append the same, with times, to FILE",
         [&v](const std::string& s) { v.common.log_file = s; });
  app.add_flag("-h,--help", v.help, "this page")->group(group);
}

void add_output(CLI::App& app, Output& output) {
  const std::string group = "Output";
  app.add_flag_function(
         "--csv", [&](std::int64_t) { output = Output::csv; }, "a table with a header line")
      ->group(group);
  app.add_flag_function(
         "--json", [&](std::int64_t) { output = Output::json; }, "JSON, versioned: docs/json.md")
      ->group(group);
}

void add_workload(CLI::App& app, WorkloadOptions& w) {
  const std::string group = "Workload";
  option(app, group, "--task", "TASK",
         "encode, prefill, decode (one step), generate or train (one step); default: encode, or generate for "
         "encoder-decoders",
         [&w](const std::string& s) { w.task = parse_task("--task", s); });
  option(app, group, "--batch", "N", "sequences at once; default 1",
         [&w](const std::string& s) { w.batch = parse_count("--batch", s, 1, 1'000'000); });
  option(app, group, "--length", "N",
         "tokens of each sequence; decode: tokens already in the cache; default 128, or what the model takes",
         [&w](const std::string& s) { w.length = parse_count("--length", s, 1, 1'000'000); });
  option(app, group, "--new-tokens", "N", "tokens to generate; default 32",
         [&w](const std::string& s) { w.new_tokens = parse_count("--new-tokens", s, 1, 1'000'000); });
  option(app, group, "--beams", "N", "beams of the search when generating; default 1",
         [&w](const std::string& s) { w.beams = parse_count("--beams", s, 1, 64); });
  option(app, group, "--precision", "FORMAT",
         "fp32, tf32, fp16, bf16, int8 or int4 (weights only); default fp32, or the best that the device has",
         [&w](const std::string& s) { w.precision = parse_precision_argument("--precision", s); });
  option(app, group, "--weights-precision", "FORMAT", "how weights are stored, when it differs",
         [&w](const std::string& s) { w.weights_precision = parse_precision_argument("--weights-precision", s); });
  option(app, group, "--cache-precision", "FORMAT", "how the key/value cache is stored, when it differs",
         [&w](const std::string& s) { w.cache_precision = parse_precision_argument("--cache-precision", s); });
  option(app, group, "--fusion", "KIND", "none, typical or flash-attention; default: the runtime's",
         [&w](const std::string& s) { w.fusion = parse_fusion("--fusion", s); });
}

void add_what_if(CLI::App& app, WhatIfOptions& w) {
  const std::string group = "What if";
  option(app, group, "--runtime", "NAME", "software that runs the model (ridgeline runtimes)",
         [&w](const std::string& s) { w.runtime = s; });
  option(app, group, "--clock", "CLOCK", "600MHz, or x0.5 of the nominal clock",
         [&w](const std::string& s) { w.clock = s; });
  option(app, group, "--power-mode", "NAME", "a power mode of the device",
         [&w](const std::string& s) { w.power_mode = s; });
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&w](const std::vector<std::string>& words) {
           for (const std::string& word : words) w.overrides.push_back(parse_override("--set", word));
         },
         "any key of the device's description, or runtime.KEY of the runtime's: dram.bandwidth=x2; repeatable")
      ->type_name("KEY=VALUE")
      ->group(group)
      ->allow_extra_args(false);
  option(app, group, "--calibration", "FILE",
         "parameters fitted on a board; none: data sheets alone; default shipped: Ridgeline's own, where there is "
         "one of "
         "exactly this device, runtime, precision and power mode",
         [&w](const std::string& s) { w.calibration = s; });
}

void add_gates(CLI::App& app, Gates& g) {
  const std::string group = "Gates (exit code 3 when exceeded, or when the model does not fit)";
  option(app, group, "--max-latency", "TIME", "of one batch, e.g. 500ms",
         [&g](const std::string& s) { read_positive("--max-latency", s, g.latency); });
  option(app, group, "--max-energy", "ENERGY", "of one batch, e.g. 2J",
         [&g](const std::string& s) { read_positive("--max-energy", s, g.energy); });
  option(app, group, "--max-power", "POWER", "peak power, e.g. 10W",
         [&g](const std::string& s) { read_positive("--max-power", s, g.power); });
  option(app, group, "--max-memory", "SIZE", "e.g. 512MiB",
         [&g](const std::string& s) { read_positive("--max-memory", s, g.memory); });
  option(app, group, "--gate", "END", "point or upper end of the interval; default point",
         [&g](const std::string& s) { g.upper = parse_gate_end("--gate", s); });
}

void add_estimate(CLI::App& command, Values& v) {
  command.add_option("MODEL", v.estimate.model);
  option(command, "Device", "--device", "NAME", "a device (ridgeline devices) or a file of your own",
         [&v](const std::string& s) { v.estimate.device = s; });
  add_workload(command, v.estimate.workload);
  add_what_if(command, v.estimate.what_if);
  add_gates(command, v.estimate.gates);
  command.add_flag("--ops", v.estimate.operators, "every operator")->group("Output");
  add_output(command, v.estimate.output);
}

void add_compare(CLI::App& command, Values& v) {
  command.add_option("MODEL", v.compare.models);
  repeatable(command, "Device", "--device", "NAME", "a device or a file of your own; repeatable, or a,b,c",
             v.compare.devices);
  add_workload(command, v.compare.workload);
  add_what_if(command, v.compare.what_if);
  option(command, "Output", "--sort", "KEY",
         "latency, throughput, energy, peak-power, memory or edp; default: as given",
         [&v](const std::string& s) { v.compare.sort = parse_sort_key("--sort", s); });
  add_output(command, v.compare.output);
}

void add_devices(CLI::App& command, Values& v) {
  command.add_option("NAME", v.devices.name);
  add_output(command, v.devices.output);
}

void add_runtimes(CLI::App& command, Values& v) {
  command.add_option("NAME", v.runtimes.name);
  add_output(command, v.runtimes.output);
}

void add_models(CLI::App& command, Values& v) {
  command.add_option("NAME", v.models.name);
  add_workload(command, v.models.workload);
  option(command, "Output", "--counting", "CONVENTION",
         "ridgeline, or survey: as arXiv 2302.14017 counts BERT and GPT-2",
         [&v](const std::string& s) { v.models.counting = parse_counting("--counting", s); });
  command.add_flag("--yaml", v.models.yaml, "the model in Ridgeline's own format")->group("Output");
  add_output(command, v.models.output);
}

void add_probe(CLI::App& command, Values& v) {
  option(command, "Output", "--name", "NAME", "name of the device in the description; default: the host's name",
         [&v](const std::string& s) { v.probe.name = s; });
}

void add_import(CLI::App& command, Values& v) {
  command.add_option("FILE", v.import_words);
  add_output(command, v.import.output);
}

void add_data(CLI::App& command, DataOptions& d) {
  const std::string group = "Data";
  option(command, group, "--device", "NAME", "the device whose measurements are meant",
         [&d](const std::string& s) { d.device = s; });
  command.add_option("--data", d.files, "measurement files of any form that import reads; repeatable")
      ->type_name("FILE...")
      ->group(group);
  option(command, group, "--runtime", "NAME", "where the files hold several of the device; default: the data's own",
         [&d](const std::string& s) { d.runtime = s; });
  option(command, group, "--precision", "FORMAT", "the same",
         [&d](const std::string& s) { d.precision = parse_precision_argument("--precision", s); });
  option(command, group, "--power-mode", "NAME", "the same; default: the default one",
         [&d](const std::string& s) { d.power_mode = s == "default" ? "" : s; });
  option(command, group, "--set-name", "NAME", "the same: the name of the set, as import lists it",
         [&d](const std::string& s) { d.set_name = s; });
}

void add_seed(CLI::App& command, const std::string& group, std::uint64_t& seed) {
  option(command, group, "--seed", "S", "of the draw and of everything random; default 0",
         [&seed](const std::string& s) {
           seed = static_cast<std::uint64_t>(parse_count("--seed", s, 0, 4'294'967'295));
         });
}

void add_calibrate(CLI::App& command, Values& v) {
  const std::string group = "Fit";
  add_data(command, v.calibrate.data);
  option(command, group, "--rows", "N", "fit N rows drawn at random, or a share such as 0.8; default: all",
         [&v](const std::string& s) { v.calibrate.rows = parse_row_count("--rows", s, 2); });
  add_seed(command, group, v.calibrate.seed);
  option(command, group, "--predictor", "KIND",
         "analytic: parameters alone; residual (default): also what physics leaves over, where it helps",
         [&v](const std::string& s) { v.calibrate.predictor = parse_predictor("--predictor", s); });
  option(command, group, "--ship", "FOLDER",
         "make all that Ridgeline ships of calibrations anew from every set in the files, and write it there",
         [&v](const std::string& s) { v.calibrate.ship = s; });
  add_output(command, v.calibrate.output);
}

void add_validate(CLI::App& command, Values& v) {
  const std::string group = "Predictor";
  add_data(command, v.validate.data);
  option(command, group, "--calibration", "FILE", "score this calibration on all rows",
         [&v](const std::string& s) { v.validate.calibration = s; });
  option(command, group, "--calibrate-on", "N",
         "fit N rows drawn at random, or a share such as 0.8, and score the others; 0 (default): score what is known "
         "without this device and these files",
         [&v](const std::string& s) { v.validate.calibrate_on = parse_row_count("--calibrate-on", s, 0); });
  add_seed(command, group, v.validate.seed);
  option(command, group, "--predictor", "KIND",
         "datasheet, analytic (parameters fitted) or residual (default where something is fitted)",
         [&v](const std::string& s) { v.validate.predictor = parse_predictor("--predictor", s); });
  command
      .add_flag(
          "--within-campaign", v.validate.within_campaign,
          "score rows of a campaign in measuring order, in five folds, each predicted in the state of the board "
          "that its neighbours show")
      ->group(group);
  add_output(command, v.validate.output);
}

void add_help(CLI::App& command, Values& v) { command.add_option("COMMAND", v.help_topic); }

struct Command {
  std::string_view name;
  void (*add_options)(CLI::App&, Values&);
};
constexpr std::array kCommands{Command{"estimate", add_estimate}, Command{"compare", add_compare},
                               Command{"devices", add_devices},   Command{"runtimes", add_runtimes},
                               Command{"models", add_models},     Command{"probe", add_probe},
                               Command{"import", add_import},     Command{"calibrate", add_calibrate},
                               Command{"validate", add_validate}, Command{"help", add_help}};

/// All commands; options only for the one that is used, since CLI11 takes its time.
void add_commands(CLI::App& app, Values& v, std::string_view used) {
  app.set_help_flag();
  app.allow_extras();
  app.require_subcommand(0, 1);  // so that a later word that happens to be a command's name is a plain word
  app.add_flag("--version", v.version, "print the version")->group("Everywhere");
  app.add_flag("-h,--help", v.help, "this page")->group("Everywhere");
  for (const Command& entry : kCommands) {
    CLI::App& command = *app.add_subcommand(std::string(entry.name));
    if (entry.name != used) continue;
    command.set_help_flag();
    command.allow_extras();
    entry.add_options(command, v);
    add_common(command, v,
               entry.name == "import"      ? kWritesStore
               : entry.name == "calibrate" ? kWritesCalibration
                                           : kWritesResult);
  }
}

std::vector<OptionHelp> option_helps(const CLI::App& app) {
  std::vector<OptionHelp> helps;
  for (const CLI::Option* o : app.get_options()) {
    if (o->get_positional()) continue;
    std::string left = o->get_name(false, true);
    const std::size_t comma = left.find(',');
    if (comma != std::string::npos) left.insert(comma + 1, " ");
    if (o->get_items_expected_max() > 0) left += " " + o->get_type_name();
    helps.push_back({o->get_group(), left, o->get_description()});
  }
  return helps;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return names;
}

/// Words that nothing took: a mistyped option, else a word too many.
void refuse_extras(const CLI::App& command) {
  const std::vector<std::string> extras = command.remaining();
  if (extras.empty()) return;
  for (const std::string& extra : extras) {
    if (!extra.starts_with('-') || extra == "-") continue;
    const std::string word = extra.substr(0, extra.find('='));
    std::vector<std::string> valid;
    for (const CLI::Option* o : command.get_options())
      for (const std::string& name : o->get_lnames()) valid.push_back("--" + name);
    const std::string nearest = nearest_name(word, valid);
    const std::string& name = command.get_name();
    fail("", fmt::format("unknown option '{}'", word),
         nearest.empty() ? fmt::format("`ridgeline help{}{}` lists them", name.empty() ? "" : " ", name)
                         : fmt::format("did you mean '{}'?", nearest));
  }
  const std::string& name = command.get_name();
  fail("", fmt::format("unexpected argument '{}'", extras.front()),
       fmt::format("{} takes: {}", name, command_help(name).usage));
}

void require(bool given, const std::string& command, const std::string& what, const std::string& list) {
  if (!given) fail(command, "missing " + what, fmt::format("`ridgeline {}` lists them", list));
}

/// "hat FILE...": the first word may name the form of the files.
void read_import_words(std::vector<std::string> words, ImportOptions& options) {
  const std::vector<std::string> forms{"auto", "edgetran", "hat", "neusight", "table", "store"};
  if (!words.empty() && std::find(forms.begin(), forms.end(), words.front()) != forms.end()) {
    if (words.front() != "auto") options.format = words.front();
    words.erase(words.begin());
  } else if (!words.empty() && words.front().find_first_of("./") == std::string::npos &&
             !std::filesystem::exists(words.front())) {
    throw_unknown_name({}, "format", words.front(), forms);
  }
  if (words.empty()) fail("import", "missing FILE", fmt::format("import takes: {}", command_help("import").usage));
  options.files = std::move(words);
}

void require_data(const DataOptions& data, const std::string& command) {
  require(!data.device.empty(), command, "--device", "devices");
  if (data.files.empty())
    fail(command, "missing --data", fmt::format("{} takes: {}", command, command_help(command).usage));
}

/// Which rows are fitted and which scored must follow from the words alone.
void check(const ValidateOptions& options) {
  if (options.within_campaign) {
    if (!options.calibration.empty() || options.calibrate_on)
      fail("--within-campaign", "fits each fold itself", "leave --calibration and --calibrate-on out");
    if (options.predictor.value_or(PredictorLevel::analytic) != PredictorLevel::analytic)
      fail("--within-campaign",
           fmt::format("fits parameters and state, so '{}' has no part in it", name(*options.predictor)),
           "leave --predictor out");
    return;
  }
  if (!options.calibration.empty() && options.calibrate_on)
    fail("validate", "--calibration and --calibrate-on exclude one another",
         "the first scores a file's calibration, the second fits some of the rows");
  if (!options.calibration.empty() && options.predictor == PredictorLevel::data_sheet)
    fail("--predictor", "datasheet leaves nothing of the calibration", "leave --calibration out");
  if (options.calibration.empty() && !options.calibrate_on && options.predictor &&
      options.predictor != PredictorLevel::data_sheet)
    fail("--predictor", fmt::format("{} needs something fitted", name(*options.predictor)),
         "give --calibrate-on N or --calibration FILE");
}

Invocation finish(Values& v, const std::string& command) {
  if (command == "estimate") {
    require(!v.estimate.model.empty(), command, "MODEL", "models");
    require(!v.estimate.device.empty(), command, "--device", "devices");
    return {v.common, v.estimate};
  }
  if (command == "compare") {
    require(!v.compare.models.empty(), command, "MODEL", "models");
    require(!v.compare.devices.empty(), command, "--device", "devices");
    v.compare.models = parse_names("MODEL", v.compare.models);
    v.compare.devices = parse_names("--device", v.compare.devices);
    return {v.common, v.compare};
  }
  if (command == "devices") return {v.common, v.devices};
  if (command == "runtimes") return {v.common, v.runtimes};
  if (command == "models") return {v.common, v.models};
  if (command == "probe") return {v.common, v.probe};
  if (command == "import") {
    read_import_words(v.import_words, v.import);
    v.import.out = v.common.out;
    return {v.common, v.import};
  }
  if (command == "calibrate") {
    if (!v.calibrate.ship.empty()) {
      if (!v.calibrate.data.device.empty() || v.calibrate.rows || !v.common.out.empty())
        fail("--ship", "takes every set and row, and names its files itself", "leave --device, --rows and --out out");
      v.calibrate.data.device = "all";
    }
    require_data(v.calibrate.data, command);
    if (v.calibrate.predictor == PredictorLevel::data_sheet)
      fail("--predictor", "datasheet fits nothing", "analytic and residual do");
    v.calibrate.out = v.common.out;
    return {v.common, v.calibrate};
  }
  if (command == "validate") {
    require_data(v.validate.data, command);
    check(v.validate);
    return {v.common, v.validate};
  }
  return {v.common, PrintOptions{help_for(v.help_topic)}};
}

}  // namespace

std::string version_line() { return "ridgeline " RIDGELINE_VERSION; }

std::string help_for(const std::string& command) {
  const std::vector<std::string> names = command_names();
  const bool known = command.empty() || std::find(names.begin(), names.end(), command) != names.end();
  if (!known) throw_unknown_name({"", 0, 0, ""}, "command", command, names);
  Values values;
  CLI::App app;
  add_commands(app, values, command);
  if (command.empty() || command == "help") return help_page(command_help(""), option_helps(app));
  return help_page(command_help(command), option_helps(*app.get_subcommand(command)));
}

Invocation parse_command_line(std::vector<std::string> arguments) {
  Values values;
  CLI::App app;
  const std::string first = arguments.empty() ? "" : arguments.front();
  add_commands(app, values, first);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    fail("", error.what());
  }
  const std::vector<CLI::App*> used = app.get_subcommands();
  if (!used.empty() && used.front()->get_name() == first) {
    if (values.help) return {values.common, PrintOptions{help_for(first)}};
    refuse_extras(*used.front());
    return finish(values, first);
  }
  const std::vector<std::string> extras = app.remaining();
  if (!extras.empty() && extras.front().starts_with('-')) refuse_extras(app);
  if (!extras.empty()) throw_unknown_name({"", 0, 0, ""}, "command", extras.front(), command_names());
  if (values.version) return {values.common, PrintOptions{version_line() + "\n"}};
  if (values.help) return {values.common, PrintOptions{help_for("")}};
  fail("", "missing command", "`ridgeline help` lists them");
}

}  // namespace ridgeline
