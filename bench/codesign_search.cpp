#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "bench/codesign.hpp"
#include "calib/calibration.hpp"
#include "calib/library.hpp"
#include "hwdesc/device_file.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

DesignFigures Bench::observed(DesignFigures f) const {
  const CostParameters& cost = deployment.parameters;
  const Bytes weights(f.parameters * size_of(deployment.workload.numerics.weights).si());
  const double dynamic = cost.has_power ? f.energy - cost.static_power.si() * f.latency : 0;
  const Observation o =
      observe({Seconds(f.latency), Joules(dynamic), f.batch, weights}, observation, cost.static_power);
  f.latency = o.latency, f.energy = o.energy, f.peak_power = o.peak_power, f.batch = 1;
  if (measured_power) f.energy = measured_power->mean * f.latency, f.peak_power = measured_power->peak;
  return f;
}

DesignFigures Bench::observed(const Architecture& architecture) const {
  const Program program = lower(architecture, deployment.workload);
  const Totals t = totals(program, deployment.parameters);
  return observed({.latency = t.latency.si(),
                   .energy = t.energy ? t.energy->si() : std::nan(""),
                   .parameters = static_cast<double>(program.parameters),
                   .batch = static_cast<double>(deployment.workload.batch)});
}

Bench bench_of(const MeasurementSet& set) {
  const Device device = load_device(set.device);
  const Runtime runtime = load_runtime(set.runtime);
  Bench bench;
  Deployment& d = bench.deployment;
  d.device = set.device;
  d.precision = name(set.precision);
  d.workload = set.rows.front().workload;
  const std::optional<std::filesystem::path> file = shipped_calibration(key_of(set));
  if (!file) throw Error(fmt::format("no calibration of {} ships", describe(key_of(set))));
  const Calibration calibration = read_calibration(*file);
  const DeviceModel model =
      calibrated_model(calibration, data_sheet_parameters(device, runtime, d.workload.numerics));
  d.parameters = model.cost;
  bench.observation = model.observation;
  bench.rows = calibration.rows;
  if (!bench.deployment.parameters.has_power) {
    std::vector<double> means, peaks;
    for (const Measurement& row : set.rows) {
      if (row.energy) means.push_back(row.energy->value / row.latency->value);
      if (row.peak_power) peaks.push_back(row.peak_power->value);
    }
    if (!means.empty() && !peaks.empty()) bench.measured_power = {median(means), median(peaks)};
  }
  return bench;
}

Run search(AnyOptimiser optimiser, const Space& space, Evaluator& evaluator, const Score& score, double seconds,
           std::uint64_t evaluations) {
  Run result{ParetoArchive(space.genome_length(), 2, 20'000)};
  std::vector<DesignFigures> figures;
  const auto evaluate = [&](Population& designs) {
    figures.resize(designs.size());
    evaluator.evaluate(designs, figures);
    for (std::size_t i = 0; i < designs.size(); ++i) {
      std::ranges::copy(score(designs.genome(i), figures[i]), designs.objectives.begin() + static_cast<long>(2 * i));
      designs.violations[i] = 0;
    }
  };
  const double start = cpu_seconds();
  result.evaluations = run_search(optimiser, evaluate, evaluations, [&](const Population& designs, const auto&) {
    result.archive.add(designs);
    return cpu_seconds() - start < seconds;
  });
  result.seconds = cpu_seconds() - start;
  return result;
}

std::string describe(const Space& space, std::span<const Gene> genome) {
  std::string text;
  for (std::size_t i = 0; i < genome.size(); ++i)
    if (space.active(i, genome))
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", space.gene_name(i), space.domain(i).text(genome[i]));
  return text;
}

}  // namespace ridgeline
