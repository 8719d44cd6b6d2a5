// Models a second through the batch interface: distinct random FlexiBERT models of twelve layers, each layer drawn
// anew from the whole space, encoded beforehand. A search that mutates a few layers at a time finds more of its
// blocks in the caches than this.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "bench/model/scenarios.hpp"
#include "model/batch.hpp"
#include "tests/model/programs.hpp"

namespace ridgeline {
namespace {

constexpr int kModels = 1 << 14;
constexpr std::size_t kLayers = 12;

std::vector<Architecture> random_models(std::uint64_t seed, int count) {
  Random random(seed);
  std::vector<Architecture> models;
  for (int i = 0; i < count; ++i) models.push_back(synthetic::random_flexibert(random, kLayers));
  return models;
}

struct Encoded {
  explicit Encoded(const bench::Scenario& s) : estimator(s.parameters, s.workload, s.window) {
    for (const Architecture& model : random_models(1, kModels)) estimator.encode(model, models);
  }
  BatchEstimator estimator;
  EncodedModels models;
};

void evaluate(benchmark::State& state, const std::shared_ptr<Encoded>& encoded, BatchDetail detail, int threads) {
  std::vector<BatchResult> results(encoded->models.size());
  for (auto _ : state) {
    encoded->estimator.evaluate(encoded->models, results, detail, threads);
    benchmark::DoNotOptimize(results.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * results.size()));
  state.counters["blocks"] = static_cast<double>(encoded->estimator.block_count());
  state.counters["chunks"] = static_cast<double>(encoded->estimator.chunk_count());
}

/// Models that nobody has seen: every layer is lowered and costed.
void encode(benchmark::State& state, const bench::Scenario& scenario) {
  const std::vector<Architecture> models = random_models(2, 256);
  for (auto _ : state) {
    BatchEstimator estimator(scenario.parameters, scenario.workload, scenario.window);
    EncodedModels encoded;
    for (const Architecture& model : models) estimator.encode(model, encoded);
    benchmark::DoNotOptimize(encoded.blocks.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * models.size()));
}

/// Models whose parts are all known: hashing and comparing them is left.
void encode_again(benchmark::State& state, const bench::Scenario& scenario) {
  const std::vector<Architecture> models = random_models(2, 256);
  BatchEstimator estimator(scenario.parameters, scenario.workload, scenario.window);
  EncodedModels encoded;
  for (const Architecture& model : models) estimator.encode(model, encoded);
  for (auto _ : state) {
    encoded.clear();
    for (const Architecture& model : models) estimator.encode(model, encoded);
    benchmark::DoNotOptimize(encoded.blocks.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * models.size()));
}

void add(const std::string& name, auto function, auto... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)->UseRealTime()->Unit(benchmark::kMillisecond);
}

/// Registered before main reads the command line; models are encoded when the first benchmark of a device runs.
const bool registered = [] {
  for (const std::string device : bench::kDevices) {
    const auto kept = std::make_shared<std::shared_ptr<Encoded>>();
    const auto run = [device, kept](benchmark::State& state, BatchDetail detail, int threads) {
      if (!*kept) *kept = std::make_shared<Encoded>(bench::scenario(device));
      evaluate(state, *kept, detail, threads);
    };
    for (const int threads : {1, 2}) {
      const std::string suffix = "/" + device + "/threads:" + std::to_string(threads);
      add("batch/latency_energy" + suffix, run, BatchDetail::latency_energy, threads);
      add("batch/full" + suffix, run, BatchDetail::full, threads);
    }
    add("batch/encode/" + device, [device](benchmark::State& s) { encode(s, bench::scenario(device)); });
    add("batch/encode_again/" + device, [device](benchmark::State& s) { encode_again(s, bench::scenario(device)); });
  }
  return true;
}();

}  // namespace
}  // namespace ridgeline
