#include "app/calibrated.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "calib/fit.hpp"
#include "calib/library.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kShipped = "shipped", kNone = "none";
constexpr double kTold = 0.7;  // of a prior's deviation: what CalibrationReport calls determined is below

bool is_changed(const WhatIfOptions& options) { return !options.overrides.empty() || !options.clock.empty(); }

/// Whether rows narrowed any of these parameters.
bool narrowed(const Calibration& calibration, const ParameterSpace& space, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) {
    const auto found = std::find(calibration.parameters.begin(), calibration.parameters.end(), name);
    const Eigen::Index j = space.find(name);
    if (found == calibration.parameters.end() || j < 0) return false;
    const Eigen::Index i = found - calibration.parameters.begin();
    const double prior = space.parameters()[static_cast<std::size_t>(j)].prior_deviation;
    return calibration.covariance(i, i) < kTold * kTold * prior * prior;
  });
}

std::array<bool, kMetrics> known_metrics(const Calibration& calibration, const ParameterSpace& space) {
  const bool power =
      narrowed(calibration, space, {"static power", "busy power", "energy per FLOP", "energy per byte"});
  return {true, power, power && narrowed(calibration, space, {"peak ratio"})};
}

/// The parts in which the calibration knows latencies, where they make up all of the program; else none.
std::vector<std::string> parts_of(const Calibration& calibration, const Program& program) {
  const std::size_t latency_channels = calibration.channels.size() - 2;
  const std::set<std::string> known(calibration.channels.begin(),
                                    calibration.channels.begin() + static_cast<std::ptrdiff_t>(latency_channels));
  std::set<std::string> phases;
  for (const Phase& phase : program.phases) phases.insert(phase.name);
  if (known != phases) return {};
  return {phases.begin(), phases.end()};
}

CalibratedFactors factors_of(const CalibratedFigure& figure, double analytic) {
  CalibratedFactors factors{figure.value / analytic, {}};
  if (figure.has_interval) factors.spread = Spread{figure.low / figure.value, figure.high / figure.value};
  return factors;
}

void add_factors(CalibrationInUse& used, const CostParameters& data_sheet, const Program& program) {
  const FitProblem problem(parameter_space(data_sheet, used.calibration.key.protocol), program,
                           parts_of(used.calibration, program));
  const Calibration calibration = on_channels(used.calibration, problem.channels());
  const CalibratedFigures figures = predict(calibration, problem, {0}).front();
  const Eigen::VectorXd analytic = problem.predict(calibration.theta, {0}).front().values;
  const auto latency_channels = static_cast<Eigen::Index>(problem.latency_channels());
  used.latency = factors_of(figures[0], analytic.head(latency_channels).sum());
  if (!data_sheet.has_power) return;
  if (used.knows[1]) used.energy = factors_of(figures[1], analytic[latency_channels]);
  if (used.knows[2]) used.peak_power = figures[2];
}

/// Error when the calibration does not fit the description; says why. Without a program there are no factors.
void apply(CalibrationInUse& used, const CostParameters& data_sheet, const Workload& workload,
           const Program* program) {
  const DeviceModel model = calibrated_model(used.calibration, data_sheet, used.changed);
  const ParameterSpace space = parameter_space(data_sheet, used.calibration.key.protocol);
  used.cost = model.cost;
  used.observation = model.observation;
  used.knows = known_metrics(used.calibration, space);
  if (!covers(used.calibration.workloads, workload)) used.outside = describe(used.calibration.workloads);
  if (program == nullptr) return;
  if (used.changed || !used.outside.empty()) return;  // nobody has measured how right it is
  if (space.parameters().size() != used.calibration.parameters.size())
    throw Error("the calibration has other parameters than this version of Ridgeline; calibrate anew");
  add_factors(used, data_sheet, *program);
}

CalibrationChoice choose(const WhatIfOptions& options, const Device& device, const Runtime& runtime,
                         const CostParameters& data_sheet, const Workload& workload, const Program* program) {
  if (options.calibration == kNone) return {{}, "--calibration none"};
  const Numerics& numerics = data_sheet.numerics;
  const CalibrationKey key{device.name, runtime.name, numerics.compute, options.power_mode, Protocol::warm};
  const bool uniform = numerics == uniform_numerics(numerics.compute);
  CalibrationInUse used;
  used.changed = is_changed(options);
  if (std::optional<Calibration> asked = calibration_asked_for(options)) {
    require_key(*asked, key, options.calibration);
    if (!uniform)
      throw InputError(
          {options.calibration, 0, 0, ""},
          fmt::format("this calibration is of {}: weights or cache in another format differ", describe(asked->key)));
    used.calibration = std::move(*asked);
    used.file = options.calibration;
    try {
      apply(used, data_sheet, workload, program);
    } catch (const InputError&) {
      throw;
    } catch (const Error& error) {
      throw InputError({options.calibration, 0, 0, ""}, error.what());
    }
    return {std::move(used), {}};
  }
  const std::optional<std::filesystem::path> file = uniform ? shipped_calibration(key) : std::nullopt;
  if (!file) return {{}, fmt::format("no calibration of {} ships", describe(key))};
  used.calibration = read_calibration(*file);
  used.file = file->string();
  used.shipped = true;
  // What a board does with other work is better told by its data sheet than by kernels that were fitted elsewhere.
  if (!covers(used.calibration.workloads, workload))
    return {{}, fmt::format("the shipped calibration is of other work: {}", describe(used.calibration.workloads))};
  try {
    apply(used, data_sheet, workload, program);
  } catch (const Error& error) {
    return {{}, fmt::format("the shipped calibration is not used: {}", error.what())};
  }
  return {std::move(used), {}};
}

}  // namespace

std::optional<Calibration> calibration_asked_for(const WhatIfOptions& options) {
  if (options.calibration == kShipped || options.calibration == kNone) return std::nullopt;
  return read_calibration(options.calibration);
}

CalibrationChoice choose_calibration(const WhatIfOptions& options, const Device& device, const Runtime& runtime,
                                     const CostParameters& data_sheet, const Workload& workload,
                                     const Program& program) {
  return choose(options, device, runtime, data_sheet, workload, &program);
}

CalibrationChoice choose_parameters(const WhatIfOptions& options, const Device& device, const Runtime& runtime,
                                    const CostParameters& data_sheet, const Workload& workload) {
  return choose(options, device, runtime, data_sheet, workload, nullptr);
}

}  // namespace ridgeline
