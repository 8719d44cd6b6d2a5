// Calibrated, residual-corrected models a second, and how long a calibration takes to load. Models are random
// FlexiBERT models of twelve layers, encoded beforehand; calibrations are those that ship, or the one that
// RIDGELINE_BENCH_CALIBRATION names.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "calib/calibrated_batch.hpp"
#include "calib/library.hpp"
#include "hwdesc/device_file.hpp"
#include "tests/model/programs.hpp"

namespace ridgeline {
namespace {

constexpr int kModels = 1 << 13;
constexpr std::size_t kLayers = 12;

std::filesystem::path calibration_file() {
  if (const char* named = std::getenv("RIDGELINE_BENCH_CALIBRATION")) return named;
  return *shipped_calibration({"jetson-nano-cpu", "pytorch-no-blas", Precision::fp32, "", Protocol::warm});
}

void load(benchmark::State& state) {
  const std::filesystem::path file = calibration_file();
  for (auto _ : state) benchmark::DoNotOptimize(read_calibration(file));
}

void evaluate(benchmark::State& state) {
  Calibration calibration = read_calibration(calibration_file());
  state.SetLabel(describe(calibration.key) + (calibration.residual && !calibration.residual->empty()
                                                  ? ", with a residual"
                                                  : ", without a residual"));
  const Runtime runtime = load_runtime(calibration.key.runtime);
  const Numerics numerics = uniform_numerics(calibration.key.precision);
  const CostParameters sheet = data_sheet_parameters(load_device(calibration.key.device), runtime, numerics);
  CalibratedBatch batch(std::move(calibration), sheet,
                        {.numerics = numerics, .fusion = runtime.fusion, .views = runtime.runs_views}, Seconds(0));
  Random random(1);
  EncodedModels models;
  for (int i = 0; i < kModels; ++i) batch.encode(synthetic::random_flexibert(random, kLayers), models);
  std::vector<RunFigures> figures(models.size());
  for (auto _ : state) {
    batch.evaluate(models, figures);
    benchmark::DoNotOptimize(figures.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * figures.size()));
}

BENCHMARK(load)->Name("load a calibration")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(evaluate)->Name("evaluate calibrated models")->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace ridgeline
