#include "calib/measuring/rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr Bytes kLeastDram{64e6};
constexpr int kLayers = 24, kLaunching = 16, kViews = 14;  // of a layer, as the runtime's derivation counts them
constexpr std::size_t kRunsAtOnce = 50;
constexpr double kLoading = 60;  // s that a tiny model may take

Architecture dispatch_model() {
  Architecture a;
  a.family = "bert";
  a.name = "dispatching";
  a.embeddings = {.vocabulary = 10, .width = 8, .positions = 8, .token_types = 2, .norm = true};
  const Attention attention{.heads = 1, .key_value_heads = 1, .head_dim = 8};
  a.encoder.layers.assign(kLayers,
                          {.width = 8, .sublayers = {{.body = attention}, {.body = FeedForward{.hidden = {8}}}}});
  a.max_length = 8;
  return a;
}

/// s of the fastest run.
double dispatch_seconds(const ModelRunner& runner, double seconds) {
  Workload w;
  w.length = 2;
  runner.load(dispatch_model(), w, kLoading);
  double fastest = std::numeric_limits<double>::infinity(), spent = 0;
  while (spent < seconds) {
    const Runs runs = runner.run(kRunsAtOnce, kLoading);
    if (runs.phases.empty()) throw Error("nothing ran");
    for (std::size_t r = 0; r < runs.phases.size(); ++r) fastest = std::min(fastest, runs.seconds(r));
    spent += runs.end - runs.start;
  }
  return fastest;
}

Bytes held(const Machine& machine, const Machine::Cache& cache) {
  return cache.size * (cache.per_core ? machine.cores : cache.instances);
}

}  // namespace

MachineRates measure_rates(const Machine& machine, const Runtime& runtime, const ModelRunner& runner, int threads,
                           double seconds, const std::function<void(std::string_view, double)>& progress) {
  const double steps = static_cast<double>(machine.caches.size()) + 5;
  double done = 0;
  const auto tell = [&](const std::string& step) {
    if (progress) progress(step, done++ / steps);
  };
  MachineRates rates;
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::fp16}) {
    tell(fmt::format("products in {}", name(precision)));
    if (const auto rate = runner.product_rate(precision, seconds))
      rates.products.emplace_back(precision, FlopsPerSecond(*rate));
  }
  Bytes inside;
  for (const Machine::Cache& cache : machine.caches) {
    tell(fmt::format("reading from l{}", cache.level));
    const Bytes all = held(machine, cache);
    rates.caches.emplace_back(runner.read_rate(std::min(std::max(0.5 * all, 2 * inside), 0.9 * all), seconds));
    inside = all;
  }
  tell("reading from dram");
  rates.dram_read = std::min(std::max(4 * inside, kLeastDram), machine.memory / 8);
  rates.dram = BytesPerSecond(runner.read_rate(rates.dram_read, seconds));
  tell("dispatching");
  rates.dispatching = Seconds(dispatch_seconds(runner, seconds));
  rates.reference_dispatching = kLayers * (kLaunching * runtime.dispatch_kernel + kViews * runtime.dispatch_view);
  rates.product_share = 1;
  for (const KernelQuality& quality : runtime.kernels)
    if (quality.architecture == architecture_of(machine)) rates.product_share = quality.matrix;
  rates.threads = threads;
  for (const auto& [key, value] : runner.about())
    if (key == "libtorch" || key == "blas" || key == "blas kernels")
      rates.with += fmt::format("{}{} {}", rates.with.empty() ? "" : ", ", key, value);
  return rates;
}

}  // namespace ridgeline
