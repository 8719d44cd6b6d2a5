#include "app/search_deployments.hpp"

#include <fmt/format.h>

#include "app/arguments.hpp"
#include "app/report.hpp"
#include "app/scenario.hpp"
#include "base/error.hpp"
#include "hwdesc/rates.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kUsualPrecision = "default", kAll = "all", kNominal = "nominal";
constexpr std::size_t kSampledForIntervals = 8;

/// One of the list that the user gave, else the space's own.
template <class T>
const std::vector<T>& chosen(const std::vector<T>& asked, const std::vector<T>& own) {
  return asked.empty() ? own : asked;
}

/// "raspberry-pi-4:pytorch-no-blas"
struct DeviceWords {
  std::string device, runtime;
};
DeviceWords device_words(const std::string& text, const std::string& runtime) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {text, runtime};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::vector<std::string> clocks_of(const Device& device, const std::vector<std::string>& asked) {
  std::vector<std::string> clocks;
  for (const std::string& clock : asked) {
    if (clock != kAll) {
      clocks.push_back(clock);
      continue;
    }
    for (const OperatingPoint& point : device.operating_points)
      clocks.push_back(point.clock == device.nominal_clock ? std::string(kNominal)
                                                           : fmt::format("{}MHz", point.clock.si() / 1e6));
    if (device.operating_points.empty()) clocks.emplace_back(kNominal);
  }
  return clocks;
}

std::string why_without_power(const Device& device) {
  const std::string reason = why_missing(device, "power");
  return "no power data is published for this device" + (reason.empty() ? std::string() : ": " + reason);
}

/// Everything of a deployment that does not depend on a calibration.
void describe(Deployment& d, const Device& device, const Runtime& runtime) {
  d.workload.fusion = runtime.fusion;
  d.workload.views = runtime.runs_views;
  d.capacity = device.memory.back().size;
  d.sensor_window = device.sensor ? device.sensor->window : Seconds(0);
  d.parameters = data_sheet_parameters(device, runtime, d.workload.numerics);
}

MeasureFactors upper_ends(const DeploymentBasis& basis) {
  MeasureFactors factors = kNoFactors;
  const auto set = [&](Measure measure, double factor) { factors[static_cast<std::size_t>(measure)] = factor; };
  const double latency = basis.latency_spread ? basis.latency_spread->high : 1;
  const double energy = basis.energy_spread ? basis.energy_spread->high : 1;
  set(Measure::latency, latency);
  set(Measure::latency_per_sequence, latency);
  set(Measure::energy, energy);
  set(Measure::energy_per_sequence, energy);
  set(Measure::edp, energy * latency);
  set(Measure::peak_power, basis.peak_power_spread ? basis.peak_power_spread->high : 1);
  return factors;
}

void widen(std::optional<Spread>& spread, const std::optional<Spread>& factors, bool first) {
  if (!factors) return spread.reset();
  if (first) spread = factors;
  if (spread) spread = Spread{std::min(spread->low, factors->low), std::max(spread->high, factors->high)};
}

/// What a calibration says of one model more: the deployment's parameters, and intervals that hold it too.
void take_in(DeploymentBasis& basis, const CalibrationInUse& used, bool first) {
  basis.rests_on = fmt::format("{} measured rows of {}", used.calibration.rows, used.calibration.set);
  basis.latency = Origin::calibrated;
  widen(basis.latency_spread, used.latency.spread, first);
  if (used.knows[1]) basis.energy = Origin::calibrated;
  widen(basis.energy_spread, used.knows[1] ? used.energy.spread : std::nullopt, first);
  if (used.knows[2] && used.peak_power) {
    basis.peak_power = Origin::calibrated;
    const CalibratedFigure& peak = *used.peak_power;
    widen(basis.peak_power_spread,
          peak.has_interval ? std::optional(Spread{peak.low / peak.value, peak.high / peak.value}) : std::nullopt,
          first);
    return;
  }
  if (used.knows[1] || used.knows[2]) basis.peak_power = Origin::extrapolated;
  basis.peak_power_spread.reset();
}

/// Nobody has measured how right a calibration is on a changed description.
void extrapolate(DeploymentBasis& basis, bool corrects) {
  basis.rests_on += corrects ? ", on a changed description, with the corrections of the described one"
                             : ", on a changed description";
  for (Origin* origin : {&basis.latency, &basis.energy, &basis.peak_power})
    if (*origin == Origin::calibrated) *origin = Origin::extrapolated;
  basis.latency_spread.reset();
  basis.energy_spread.reset();
  basis.peak_power_spread.reset();
}

}  // namespace

std::string settings_text(const std::vector<Override>& settings) {
  std::string text;
  for (const Override& one : settings) text += fmt::format("{}{}={}", text.empty() ? "" : " ", one.key, one.value);
  return text;
}

MadeDeployment DeploymentSource::make(const std::string& clock, const std::vector<Override>& settings) const {
  MadeDeployment made = described_;
  if (clock == kNominal && settings.empty()) return made;
  WhatIfOptions what_if = words_;
  if (clock != kNominal) what_if.clock = clock;
  what_if.overrides = settings;
  Deployment& d = made.deployment;
  describe(d, prepare_device(device_, what_if), prepare_runtime(what_if, runtime_));
  d.clock = clock;
  d.settings = settings_text(settings);
  if (!used_) return made;
  d.parameters = calibrated_model(*used_, d.parameters, true).cost;
  if (d.calibration) d.calibration->changed = true;
  extrapolate(made.basis, d.calibration.has_value());
  return made;
}

double DeploymentSource::clock_factor(const std::string& clock) const {
  if (clock == kNominal) return 1;
  WhatIfOptions what_if = words_;
  what_if.clock = clock;
  const Device device = prepare_device(device_, what_if);
  return device.clock / device.nominal_clock;
}

DeploymentMaker::DeploymentMaker(const DeploymentWords& words, const SpaceDescription& description, bool power)
    : words_(words),
      description_(description),
      power_(power),
      models_(make_space(description)),
      family_(make_family(description.family, models_)),
      spread_(load_data_sheet_spread()) {
  for (const std::string& file : words.calibrations) {
    WhatIfOptions what_if;
    what_if.calibration = file;
    const std::optional<Calibration> calibration = calibration_asked_for(what_if);
    if (!calibration) {
      if (words.calibrations.size() > 1)
        throw InputError({"--calibration", 0, 0, ""}, fmt::format("'{}' does not go with files", file));
      others_ = file;
    } else if (!calibrations_.try_emplace(calibration->key.device, Asked{file, calibration->key.precision}).second) {
      throw InputError({file, 0, 0, ""},
                       fmt::format("is the second calibration of {} that is asked for", calibration->key.device));
    }
  }
}

DeploymentSource DeploymentMaker::source(const std::string& asked, const std::string& precision, Size batch) const {
  const DeviceWords words = device_words(asked, words_.runtime);
  DeploymentSource source;
  source.device_ = read_device(words.device);
  const Device device = edited_device(source.device_, {});
  const auto own = calibrations_.find(device.name);
  source.words_.runtime = words.runtime;
  source.words_.calibration = own != calibrations_.end() ? own->second.file : others_;
  source.runtime_ = read_runtime(chosen_runtime(source.words_, device));
  const Runtime runtime = edited_runtime(source.runtime_, {});

  const Precision format = precision != kUsualPrecision ? parse_precision_argument("--precision", precision)
                           : own != calibrations_.end() ? own->second.precision
                                                        : default_precision(device);
  Deployment& d = source.described_.deployment;
  d.device = words.device == device.name ? asked : device.name + asked.substr(words.device.size());
  d.precision = name(format);
  d.workload = description_.workload;
  d.workload.batch = batch;
  d.workload.numerics = uniform_numerics(format);
  describe(d, device, runtime);
  const CostParameters data_sheet = data_sheet_parameters(device, runtime, d.workload.numerics);
  source.described_.basis = rest(source, device, runtime, data_sheet);
  source.described_.basis.upper = upper_ends(source.described_.basis);
  return source;
}

/// Sets parameters and calibration of the described deployment.
DeploymentBasis DeploymentMaker::rest(DeploymentSource& source, const Device& device, const Runtime& runtime,
                                      const CostParameters& data_sheet) const {
  const auto spread = [&](Metric metric) { return spread_.by_metric[static_cast<std::size_t>(metric)]; };
  DeploymentBasis basis;
  basis.latency_spread = spread(Metric::latency);
  basis.energy_spread = spread(Metric::energy);
  basis.peak_power_spread = spread(Metric::peak_power);
  Deployment& d = source.described_.deployment;
  for (std::size_t i = 0; i < kSampledForIntervals; ++i) {
    Random random(i + 1);
    Genome genome(models_.genome_length());
    models_.sample_balanced(random, genome);
    const CalibrationChoice choice = choose_calibration(source.words_, device, runtime, data_sheet, d.workload,
                                                        lower(family_.architecture(genome), d.workload));
    if (!choice.used) {
      basis.rests_on = fmt::format("data sheets alone ({})", choice.why_none);
      return basis;
    }
    take_in(basis, *choice.used, i == 0);
    if (i > 0) continue;
    d.parameters = choice.used->cost;
    source.used_ = choice.used->calibration;
    if (!choice.used->outside.empty()) break;  // parameters alone, whatever the model
    d.calibration = DeployedCalibration{std::make_shared<const Calibration>(choice.used->calibration), data_sheet,
                                        choice.used->knows[1], choice.used->knows[2]};
  }
  return basis;
}

void DeploymentMaker::add(const DeploymentRequest& own, DeploymentList& list) const {
  for (const std::string& name : chosen(words_.devices, own.devices)) {
    if (name == kAll)
      for (const std::string& device : device_names()) add_device(device, own, list);
    else
      add_device(name, own, list);
  }
}

void DeploymentMaker::add(const MovedDeployment& moved, DeploymentList& list) const {
  MadeDeployment made = source(moved.device, moved.precision, moved.batch).make(moved.clock, moved.settings);
  list.deployments.push_back(std::move(made.deployment));
  list.basis.push_back(std::move(made.basis));
  list.asked.push_back(moved.device);
}

void DeploymentMaker::add_device(const std::string& asked, const DeploymentRequest& own, DeploymentList& list) const {
  const DeviceWords words = device_words(asked, words_.runtime);
  const Device described = load_device(words.device);
  if (!words.runtime.empty()) load_runtime(words.runtime);
  const std::vector<std::string>& precisions = chosen(words_.precisions, own.precisions);
  const std::vector<Size>& batches = chosen(words_.batches, own.batches);
  const std::vector<ContinuousVariable>& variables = chosen(words_.variables, own.variables);
  std::vector<MadeDeployment> made;
  try {
    if (power_ && !described.power) throw Error(why_without_power(described));
    std::vector<DeploymentSource> sources;
    for (const std::string& precision : precisions)
      for (const Size batch : batches) sources.push_back(source(asked, precision, batch));
    for (const ContinuousVariable& variable : variables)
      for (const double end : {variable.from, variable.to})
        sources.front().make(std::string(kNominal), {{variable.name, fmt::format("x{}", end)}});
    for (const std::string& clock : clocks_of(described, chosen(words_.clocks, own.clocks)))
      for (const DeploymentSource& one : sources) made.push_back(one.make(clock));
  } catch (const Error& error) {
    const std::string label =
        words.device == described.name ? asked : described.name + asked.substr(words.device.size());
    list.excluded.push_back({label, error.what()});
    return;
  }
  for (MadeDeployment& one : made) {
    const auto same = [&](const Deployment& other) {
      return other.device == one.deployment.device && other.clock == one.deployment.clock &&
             other.precision == one.deployment.precision && other.workload.batch == one.deployment.workload.batch &&
             other.settings.empty();
    };
    if (std::ranges::any_of(list.deployments, same)) continue;
    one.deployment.variables = variables;
    list.deployments.push_back(std::move(one.deployment));
    list.basis.push_back(std::move(one.basis));
    list.asked.push_back(asked);
  }
}

}  // namespace ridgeline
