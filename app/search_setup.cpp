#include "app/search_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>

#include "app/arguments.hpp"
#include "app/report.hpp"
#include "app/scenario.hpp"
#include "base/error.hpp"
#include "hwdesc/rates.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kUsual = "default", kAll = "all", kNominal = "nominal";
constexpr std::size_t kSampledForIntervals = 8;

/// The words, understood.
struct SearchRequest : SearchWords {
  std::vector<SearchObjective> parsed_objectives;
  std::vector<SearchConstraint> parsed_constraints;
};

/// What `parse` complains about, with the option's name before it.
template <class Parse>
auto parsed(const char* option, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw InputError({option, 0, 0, ""}, error.what());
  }
}

SearchRequest request_of(const SearchWords& words) {
  SearchRequest request{words, {}, {}};
  for (const std::string& text : words.objectives)
    request.parsed_objectives.push_back(parsed("--objective", [&] { return parse_objective(text); }));
  for (const std::string& text : words.constraints)
    request.parsed_constraints.push_back(parsed("--constraint", [&] { return parse_constraint(text); }));
  if (request.parsed_objectives.size() > kMostObjectives)
    throw InputError({"--objective", 0, 0, ""}, fmt::format("a search has at most {} objectives", kMostObjectives));
  std::set<std::string> names;
  for (const SearchObjective& objective : request.parsed_objectives)
    if (!names.insert(objective.name).second)
      throw InputError({"--objective", 0, 0, ""}, fmt::format("'{}' is given twice", objective.name),
                       "each objective once; weights belong into a sum");
  for (const std::string& precision : words.precisions)
    if (precision != kUsual) parse_precision_argument("--precision", precision);
  return request;
}

SpaceDescription description_of(const SearchWords& words) {
  if (words.space_text.empty()) return load_space(words.space);
  return parse_space_text(words.space_text, words.space);
}

/// One of the list that the user gave, else the space's own.
template <class T>
std::vector<T> chosen(const std::vector<T>& asked, const std::vector<T>& own) {
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

/// "clock=x0.73 dram.bandwidth=x1.5"
std::string settings_text(const std::vector<Override>& settings) {
  std::string text;
  for (const Override& one : settings) text += fmt::format("{}{}={}", text.empty() ? "" : " ", one.key, one.value);
  return text;
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

bool needs_power(const SearchRequest& request) {
  constexpr std::array kOfPower{Measure::energy, Measure::energy_per_sequence, Measure::peak_power,
                                Measure::average_power, Measure::edp};
  return std::ranges::any_of(
      kOfPower, [&](Measure m) { return uses(m, request.parsed_objectives, request.parsed_constraints); });
}

/// Puts one deployment after the other into a setup.
class DeploymentBuilder {
 public:
  DeploymentBuilder(const SearchRequest& request, SearchSetup& setup)
      : request_(request),
        setup_(setup),
        models_(make_space(setup.description)),
        family_(make_family(setup.description.family, models_)),
        spread_(load_data_sheet_spread()) {
    for (const std::string& file : request.calibrations) {
      WhatIfOptions what_if;
      what_if.calibration = file;
      const std::optional<Calibration> calibration = calibration_asked_for(what_if);
      if (!calibration) {
        if (request.calibrations.size() > 1)
          throw InputError({"--calibration", 0, 0, ""}, fmt::format("'{}' does not go with files", file));
        others_ = file;
      } else if (!calibrations_.try_emplace(calibration->key.device, Asked{file, calibration->key.precision})
                      .second) {
        throw InputError({file, 0, 0, ""},
                         fmt::format("is the second calibration of {} that is asked for", calibration->key.device));
      }
    }
  }

  void add(const DeploymentRequest& own) {
    for (const std::string& name : chosen(request_.devices, own.devices)) {
      if (name == kAll)
        for (const std::string& device : device_names()) add_device(device, own);
      else
        add_device(name, own);
    }
  }

  void add(const MovedDeployment& moved) {
    const DeviceWords words = device_words(moved.device, request_.runtime);
    add_one(moved.device, words, moved.clock, moved.precision, moved.batch, moved.settings);
  }

 private:
  /// Both ends of every range are possible on this device.
  static void check_ends(const DeviceWords& words, const std::vector<ContinuousVariable>& variables) {
    for (const ContinuousVariable& variable : variables)
      for (const double end : {variable.from, variable.to}) {
        WhatIfOptions what_if;
        what_if.runtime = words.runtime;
        what_if.overrides = {{variable.name, fmt::format("x{}", end)}};
        prepare_runtime(what_if, prepare_device(words.device, what_if));
      }
  }

  void add_device(const std::string& name, const DeploymentRequest& own) {
    const DeviceWords words = device_words(name, request_.runtime);
    const Device nominal = load_device(words.device);
    if (!words.runtime.empty()) load_runtime(words.runtime);
    const std::string label = words.device == nominal.name ? name : nominal.name + name.substr(words.device.size());
    const auto before = static_cast<std::ptrdiff_t>(setup_.deployments.size());
    try {
      if (needs_power(request_) && !nominal.power) throw Error(why_without_power(nominal));
      const std::vector<ContinuousVariable> variables = chosen(request_.variables, own.variables);
      check_ends(words, variables);
      for (const std::string& clock : clocks_of(nominal, chosen(request_.clocks, own.clocks)))
        for (const std::string& precision : chosen(request_.precisions, own.precisions))
          for (const Size batch : chosen(request_.batches, own.batches))
            add_one(label, words, clock, precision, batch, {}, variables);
    } catch (const Error& error) {
      setup_.excluded.push_back({label, error.what()});
      setup_.deployments.erase(setup_.deployments.begin() + before, setup_.deployments.end());
      setup_.basis.erase(setup_.basis.begin() + before, setup_.basis.end());
    }
  }

  void add_one(const std::string& label, const DeviceWords& words, const std::string& clock,
               const std::string& precision, Size batch, const std::vector<Override>& settings = {},
               std::vector<ContinuousVariable> variables = {}) {
    WhatIfOptions what_if;
    what_if.runtime = words.runtime;
    what_if.clock = clock == kNominal ? "" : clock;
    what_if.overrides = settings;
    const Device device = prepare_device(words.device, what_if);
    const auto asked = calibrations_.find(device.name);
    what_if.calibration = asked != calibrations_.end() ? asked->second.file : others_;
    const Runtime runtime = prepare_runtime(what_if, device);

    Deployment d{
        .device = label, .clock = clock, .precision = {}, .parameters = {}, .workload = {}, .sensor_window = {}};
    const Precision format = precision != kUsual            ? parse_precision_argument("--precision", precision)
                             : asked != calibrations_.end() ? asked->second.precision
                                                            : default_precision(device);
    d.precision = name(format);
    d.workload = setup_.description.workload;
    d.workload.batch = batch;
    d.workload.numerics = uniform_numerics(format);
    d.workload.fusion = runtime.fusion;
    d.workload.views = runtime.runs_views;
    d.capacity = device.memory.back().size;
    if (device.sensor) d.sensor_window = device.sensor->window;
    d.settings = settings_text(settings);
    d.variables = std::move(variables);
    const auto same = [&](const Deployment& other) {
      return other.device == d.device && other.clock == d.clock && other.precision == d.precision &&
             other.workload.batch == batch && other.settings == d.settings;
    };
    if (std::ranges::any_of(setup_.deployments, same)) return;
    const CostParameters data_sheet = data_sheet_parameters(device, runtime, d.workload.numerics);
    setup_.basis.push_back(basis_of(what_if, device, runtime, data_sheet, d));
    setup_.deployments.push_back(std::move(d));
  }

  /// Sets the deployment's parameters.
  DeploymentBasis basis_of(const WhatIfOptions& what_if, const Device& device, const Runtime& runtime,
                           const CostParameters& data_sheet, Deployment& d) const {
    const auto spread = [&](Metric metric) { return spread_.by_metric[static_cast<std::size_t>(metric)]; };
    DeploymentBasis basis;
    basis.latency_spread = spread(Metric::latency);
    basis.energy_spread = spread(Metric::energy);
    basis.peak_power_spread = spread(Metric::peak_power);
    d.parameters = data_sheet;
    for (std::size_t i = 0; i < kSampledForIntervals; ++i) {
      Random random(i + 1);
      Genome genome(models_.genome_length());
      models_.sample_balanced(random, genome);
      Measurement row;
      row.architecture = family_.architecture(genome);
      row.workload = d.workload;
      const CalibrationChoice choice =
          choose_calibration(what_if, device, runtime, data_sheet, row, lower(row.architecture, row.workload));
      if (!choice.used) {
        basis.rests_on = fmt::format("data sheets alone ({})", choice.why_none);
        return basis;
      }
      use(*choice.used, i == 0, d, basis);
      if (choice.used->changed || !choice.used->outside.empty()) break;  // parameters alone, whatever the model
      if (i == 0)
        d.calibration = DeployedCalibration{std::make_shared<const Calibration>(choice.used->calibration), data_sheet,
                                            choice.used->knows[1], choice.used->knows[2]};
    }
    return basis;
  }

  static void widen(std::optional<Spread>& spread, const std::optional<Spread>& factors, bool first) {
    if (!factors) return spread.reset();
    const Spread& one = *factors;
    if (first) spread = one;
    if (spread) spread = Spread{std::min(spread->low, one.low), std::max(spread->high, one.high)};
  }

  static void use(const CalibrationInUse& used, bool first, Deployment& d, DeploymentBasis& basis) {
    d.parameters = used.cost;
    const Origin origin = used.changed ? Origin::extrapolated : Origin::calibrated;
    basis.rests_on = fmt::format("{} measured rows of {}{}", used.calibration.rows, used.calibration.set,
                                 used.changed ? ", on a changed description" : "");
    basis.latency = origin;
    widen(basis.latency_spread, used.latency.spread, first);
    if (used.knows[1])
      basis.energy = origin, widen(basis.energy_spread, used.energy.spread, first);
    else
      basis.energy_spread.reset();
    if (!used.knows[2] || !used.peak_power) {
      if (used.knows[1] || used.knows[2]) basis.peak_power = Origin::extrapolated;
      basis.peak_power_spread.reset();
      return;
    }
    basis.peak_power = origin;
    const CalibratedFigure& peak = *used.peak_power;
    widen(basis.peak_power_spread,
          peak.has_interval ? std::optional(Spread{peak.low / peak.value, peak.high / peak.value}) : std::nullopt,
          first);
  }

  struct Asked {
    std::string file;
    Precision precision;
  };

  const SearchRequest& request_;
  SearchSetup& setup_;
  std::map<std::string, Asked> calibrations_;  ///< asked for, by device
  std::string others_ = "shipped";             ///< on other devices
  Space models_;                               ///< architectures alone
  Family family_;
  DataSheetSpread spread_;
};

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

/// Without somebody who knows how accurate models are, designs are compared at equal capacity. `why`: nobody does.
void replace_accuracy(SearchRequest& request, const std::string& why, std::vector<std::string>& notes) {
  for (const SearchConstraint& constraint : request.parsed_constraints)
    if (constraint.measure == Measure::accuracy)
      throw InputError({"--constraint", 0, 0, ""}, why, "ask for a capacity instead, such as parameters>=30M");
  if (!uses(Measure::accuracy, request.parsed_objectives, {})) {
    if (!request.accuracy.empty()) notes.push_back(why);
    return;
  }
  for (SearchObjective& objective : request.parsed_objectives)
    std::erase_if(objective.terms, [](const Term& term) { return term.measure == Measure::accuracy; });
  std::erase_if(request.parsed_objectives, [](const SearchObjective& objective) { return objective.terms.empty(); });
  const auto is_capacity = [](const SearchObjective& objective) { return objective.inverse; };
  if (std::ranges::none_of(request.parsed_objectives, is_capacity))
    request.parsed_objectives.push_back(parse_objective("capacity"));
  notes.push_back(why + ": the terms of accuracy are left out, and capacity (parameters) is an objective instead");
}

/// Each design's architecture, as the source sees it.
PredictAccuracy accuracy_by(AnyAccuracySource source, const std::string& family_name, const Space& space) {
  return [source = std::move(source), family = std::make_shared<const Family>(make_family(family_name, space))](
             const Population& designs, std::span<double> accuracies) {
    for (std::size_t i = 0; i < designs.size(); ++i)
      accuracies[i] = source.accuracy(family->architecture(designs.genome(i)));
  };
}

/// Space, evaluator and problem of the deployments that are there.
void make_problem(SearchSetup& setup, std::vector<SearchObjective> objectives,
                  std::vector<SearchConstraint> constraints, bool robust, int threads, bool everything) {
  setup.space = std::make_unique<Space>(make_space(setup.description, rows_of(setup.deployments)));
  const Space& space = *setup.space;
  Needs needs = needs_of(objectives, constraints);
  if (everything) needs = {.peak_power = true, .memory = true};
  setup.evaluator = std::make_unique<Evaluator>(space, make_family(setup.description.family, space),
                                                setup.deployments, needs, threads);
  setup.problem.objectives = std::move(objectives);
  setup.problem.constraints = std::move(constraints);
  setup.problem.predict = [evaluator = setup.evaluator.get()](const Population& designs,
                                                              std::span<DesignFigures> figures) {
    evaluator->evaluate(designs, figures);
  };
  setup.problem.deployment_gene = space.gene("deployment");
  if (robust)
    for (const DeploymentBasis& basis : setup.basis) setup.problem.factors.push_back(upper_ends(basis));
}

}  // namespace

std::unique_ptr<SearchSetup> make_search_setup(const SearchWords& words, int threads, bool everything) {
  auto setup = std::make_unique<SearchSetup>();
  SearchRequest request = request_of(words);
  setup->description = description_of(words);
  std::optional<AnyAccuracySource> source;
  if (!request.accuracy.empty()) {
    source = request.accuracy_source ? *request.accuracy_source
                                     : make_accuracy_source(request.accuracy, setup->description.family);
    setup->accuracy = source->info();
    if (!source->info().supported) source.reset();
  }
  if (!source)
    replace_accuracy(request,
                     setup->accuracy ? fmt::format("{} is {}", setup->accuracy->source, setup->accuracy->verdict)
                                     : "nothing here knows how accurate designs are",
                     setup->notes);
  if (request.length) setup->description.workload.length = *request.length;
  DeploymentBuilder builder(request, *setup);
  for (const DeploymentRequest& own : setup->description.deployments) builder.add(own);
  for (const MovedDeployment& moved : request.moved) builder.add(moved);
  // Lists of one's own are the same for every entry of the space.
  const auto before = [](const ExcludedDeployment& a, const ExcludedDeployment& b) { return a.device < b.device; };
  const auto same = [](const ExcludedDeployment& a, const ExcludedDeployment& b) { return a.device == b.device; };
  std::ranges::stable_sort(setup->excluded, before);
  setup->excluded.erase(std::unique(setup->excluded.begin(), setup->excluded.end(), same), setup->excluded.end());
  if (setup->deployments.empty())
    throw InputError({"--devices", 0, 0, ""},
                     fmt::format("none is left to search on: {}: {}", setup->excluded.front().device,
                                 setup->excluded.front().reason));
  make_problem(*setup, request.parsed_objectives, request.parsed_constraints, request.robust, threads, everything);
  if (source) setup->problem.accuracy = accuracy_by(*std::move(source), setup->description.family, *setup->space);
  return setup;
}

std::unique_ptr<SearchSetup> make_moved_setup(const SearchSetup& searched, const SearchWords& words,
                                              const MovedDeployment& deployment) {
  auto setup = std::make_unique<SearchSetup>();
  setup->description = searched.description;
  SearchRequest request{words, searched.problem.objectives, searched.problem.constraints};
  DeploymentBuilder(request, *setup).add(deployment);
  make_problem(*setup, request.parsed_objectives, request.parsed_constraints, words.robust, 1, false);
  return setup;
}

Population drawn_designs(const SearchSetup& setup, std::size_t count) {
  Population designs{.genome_length = setup.space->genome_length(),
                     .objective_count = setup.problem.objectives.size()};
  designs.resize(count);
  Random random(0);
  for (std::size_t i = 0; i < count; ++i) setup.space->sample_balanced(random, designs.genome(i));
  return designs;
}

std::string fingerprint(const SearchSetup& setup) {
  Population designs = drawn_designs(setup, std::max<std::size_t>(64, 4 * setup.deployments.size()));
  evaluate_of(setup.problem)(designs);
  std::uint64_t hash = genome_hash(designs.genes);
  for (const double value : designs.objectives)
    hash = std::rotl(hash, 5) * 0x9e3779b97f4a7c15 + std::bit_cast<std::uint64_t>(value);
  return fmt::format("{:016x}", hash);
}

}  // namespace ridgeline
