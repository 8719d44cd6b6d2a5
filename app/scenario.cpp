#include "app/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/arguments.hpp"
#include "base/error.hpp"
#include "hwdesc/rates.hpp"

namespace ridgeline {
namespace {

constexpr Size kUsualLength = 128;
constexpr Size kUsualNewTokens = 32;
constexpr std::string_view kRuntimePrefix = "runtime.";

bool is_clock(const Override& change) { return change.key == "clock"; }
bool is_runtime(const Override& change) { return change.key.starts_with(kRuntimePrefix); }

/// "600MHz", or "x0.5" of nominal.
Hertz parse_clock(std::string_view option, std::string_view text, Hertz nominal) {
  if (text.starts_with('x')) {
    const auto factor = parse_quantity(text.substr(1));
    if (factor && factor->dimension == Dimension{} && factor->si > 0) return nominal * factor->si;
  }
  return Hertz(parse_positive(option, text, Dimension{.second = -1}));
}

/// What was taken for lack of anything better has to be said.
std::vector<std::string> make_notes(const Device& device, const Runtime& runtime, const Numerics& numerics) {
  std::vector<std::string> notes;
  const Precision real = effective_rate(device, Arithmetic::matrix, numerics.compute).precision;
  if (real != numerics.compute)
    notes.push_back(fmt::format("{} does not multiply in {}: products are computed in {}", device.name,
                                name(numerics.compute), name(real)));
  const auto described = [&](const KernelQuality& quality) {
    return quality.architecture == device.architecture || quality.architecture == name(device.kind);
  };
  if (!runtime.kernels.empty() && std::none_of(runtime.kernels.begin(), runtime.kernels.end(), described))
    notes.push_back(
        fmt::format("the kernels of {} on {} are not described (it may not even run there): taken as ideal, "
                    "so expect it slower",
                    runtime.name, device.architecture));
  return notes;
}

/// Tokens that an image is cut into; a sequence is as long as its model says.
Size image_tokens(const Patches& patches) {
  const Size side = patches.image / patches.patch;
  return side * side + (patches.class_token ? 1 : 0);
}

Size choose_length(const std::optional<Size>& length, const Architecture& architecture) {
  if (const auto& patches = architecture.embeddings.patches) {
    if (length && *length != image_tokens(*patches))
      throw InputError({"--length", 0, 0, ""}, fmt::format("{} sees {} tokens of an image, whatever is asked for",
                                                           architecture.name, image_tokens(*patches)));
    return image_tokens(*patches);
  }
  const Size longest = architecture.max_length > 0 ? architecture.max_length : kUsualLength;
  return length.value_or(std::min(kUsualLength, longest));
}

}  // namespace

WorkloadDefaults usual_workload(const WhatIfOptions& what_if, const Device& device, const Runtime& runtime) {
  const std::optional<Calibration> calibration = calibration_asked_for(what_if);
  const bool calibrated = calibration && calibration->key.device == device.name;
  return {calibrated ? calibration->key.precision : default_precision(device), runtime.fusion, runtime.runs_views};
}

Workload choose_workload(const WorkloadOptions& options, const Architecture& architecture,
                         const WorkloadDefaults& defaults) {
  Workload workload;
  workload.task = options.task.value_or(usual_task(architecture));
  workload.batch = options.batch.value_or(1);
  workload.length = choose_length(options.length, architecture);
  if (workload.task == Task::generate) workload.new_tokens = options.new_tokens.value_or(kUsualNewTokens);
  if (options.new_tokens && workload.task != Task::generate)
    throw InputError({"--new-tokens", 0, 0, ""},
                     fmt::format("goes with --task generate, not with {}", name(workload.task)));
  workload.beams = options.beams;
  if (options.beams > 1 && (workload.task == Task::encode || workload.task == Task::train))
    throw InputError({"--beams", 0, 0, ""},
                     fmt::format("goes with --task generate, prefill and decode, not with {}", name(workload.task)));
  workload.numerics = uniform_numerics(options.precision.value_or(defaults.precision));
  if (options.weights_precision) workload.numerics.weights = *options.weights_precision;
  if (options.cache_precision) workload.numerics.cache = *options.cache_precision;
  workload.fusion = options.fusion.value_or(defaults.fusion);
  workload.views = defaults.views;
  return workload;
}

Workload choose_workload(const WorkloadOptions& options, const GivenGraph& graph, const WorkloadDefaults& defaults) {
  const auto refuse_if = [&](bool given, const char* option) {
    if (given)
      throw InputError({option, 0, 0, ""},
                       fmt::format("{} is given by its operators, which are those of one workload: {}, batch {}, "
                                   "length {}",
                                   graph.name, name(graph.task), graph.batch, graph.length),
                       "leave the option out, or convert the model for other dimensions");
  };
  refuse_if(options.task && *options.task != graph.task, "--task");
  refuse_if(options.batch && *options.batch != graph.batch, "--batch");
  refuse_if(options.length && *options.length != graph.length, "--length");
  refuse_if(options.new_tokens.has_value(), "--new-tokens");
  refuse_if(options.beams > 1, "--beams");
  refuse_if(options.cache_precision.has_value(), "--cache-precision");
  Workload workload = workload_of(graph);
  if (options.precision) workload.numerics = uniform_numerics(*options.precision);
  if (options.weights_precision) workload.numerics.weights = *options.weights_precision;
  workload.fusion = options.fusion.value_or(defaults.fusion);
  workload.views = defaults.views;
  return workload;
}

Workload choose_workload(const WorkloadOptions& options, const Model& model, const WorkloadDefaults& defaults) {
  return std::visit([&](const auto& m) { return choose_workload(options, m, defaults); }, model);
}

Device prepare_device(const std::string& name, const WhatIfOptions& options) {
  return prepare_device(read_device(name), options);
}

Device prepare_device(const Node& description, const WhatIfOptions& options) {
  std::vector<Override> of_file;
  std::string clock = options.clock;
  std::string_view clock_option = "--clock";
  for (const Override& change : options.overrides) {
    if (is_runtime(change)) continue;
    if (!is_clock(change)) {
      of_file.push_back(change);
      continue;
    }
    if (!clock.empty()) throw InputError({"--set", 0, 0, "clock"}, "the clock is set twice");
    clock = change.value;
    clock_option = "--set: clock";
  }
  Device device = edited_device(description, of_file);
  if (!options.power_mode.empty()) device = in_power_mode(std::move(device), options.power_mode);
  if (clock.empty()) return device;
  const Hertz nominal = device.nominal_clock;
  return at_clock(std::move(device), parse_clock(clock_option, clock, nominal));
}

std::string chosen_runtime(const WhatIfOptions& options, const Device& device) {
  if (!options.runtime.empty()) return options.runtime;
  const std::optional<Calibration> calibration = calibration_asked_for(options);
  if (calibration && calibration->key.device == device.name) return calibration->key.runtime;
  return device.kind == DeviceKind::npu ? "openvino" : "pytorch-eager";
}

Runtime prepare_runtime(const WhatIfOptions& options, const Device& device) {
  return prepare_runtime(options, read_runtime(chosen_runtime(options, device)));
}

Runtime prepare_runtime(const WhatIfOptions& options, const Node& description) {
  std::vector<Override> of_file;
  for (const Override& change : options.overrides)
    if (is_runtime(change)) of_file.push_back({change.key.substr(kRuntimePrefix.size()), change.value});
  return edited_runtime(description, of_file);
}

Scenario make_scenario(const Model& model, const Device& device, const Runtime& runtime,
                       const WorkloadOptions& workload, const WhatIfOptions& what_if, const Session& session) {
  Scenario scenario;
  scenario.model = model;
  scenario.device = device;
  scenario.runtime = runtime;
  scenario.workload = choose_workload(workload, model, usual_workload(what_if, device, runtime));
  scenario.power_mode = what_if.power_mode;
  scenario.overrides = what_if.overrides;
  scenario.parameters = data_sheet_parameters(device, scenario.runtime, scenario.workload.numerics);
  scenario.program = lower(model, scenario.workload);
  scenario.calibration =
      choose_calibration(what_if, device, scenario.runtime, scenario.parameters, scenario.workload, scenario.program);
  if (scenario.calibration.used) scenario.parameters = scenario.calibration.used->cost;
  if (device.sensor) scenario.sensor_window = device.sensor->window;
  scenario.notes = make_notes(device, scenario.runtime, scenario.workload.numerics);
  if (scenario.calibration.used && scenario.calibration.used->changed)
    scenario.notes.push_back(
        "what was learnt of the device is applied to a changed description of it: nobody has measured how right that "
        "is, so figures are extrapolated and have no intervals");
  if (std::holds_alternative<GivenGraph>(model) && scenario.workload.fusion == Fusion::flash_attention)
    scenario.notes.push_back("attention is not recognised among given operators: fused as 'typical' does");
  std::size_t operators = 0;
  for (const Phase& phase : scenario.program.phases) operators += num_vertices(phase.graph);
  session.log->info("{} on {} with {}: {} operators in {} phases", name_of(model), device.name, scenario.runtime.name,
                    operators, scenario.program.phases.size());
  return scenario;
}

}  // namespace ridgeline
