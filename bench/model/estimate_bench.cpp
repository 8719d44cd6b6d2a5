// One model at a time: lowering, the detailed estimate, and a single operator.
#include <benchmark/benchmark.h>

#include "bench/model/scenarios.hpp"
#include "model/estimate.hpp"
#include "model/zoo.hpp"

namespace ridgeline {
namespace {

const char* device_of(const benchmark::State& state) { return bench::kDevices[state.range(0)]; }

void lower_bert_base(benchmark::State& state) {
  const bench::Scenario s = bench::scenario(device_of(state));
  const Architecture model = zoo_model("bert-base").architecture;
  for (auto _ : state) benchmark::DoNotOptimize(lower(model, s.workload));
  state.SetLabel(device_of(state));
}
BENCHMARK(lower_bert_base)->DenseRange(0, 1)->Unit(benchmark::kMicrosecond);

void lower_and_estimate_bert_base(benchmark::State& state) {
  const bench::Scenario s = bench::scenario(device_of(state));
  const Architecture model = zoo_model("bert-base").architecture;
  for (auto _ : state) benchmark::DoNotOptimize(estimate_in_detail(lower(model, s.workload), s.parameters, s.window));
  state.SetLabel(device_of(state));
}
BENCHMARK(lower_and_estimate_bert_base)->DenseRange(0, 1)->Unit(benchmark::kMicrosecond);

void cost_of_one_operator(benchmark::State& state) {
  const bench::Scenario s = bench::scenario(device_of(state));
  const Program program = lower(zoo_model("bert-base").architecture, s.workload);
  const OperatorGraph& graph = program.phases.front().graph;
  const Roofline roofline(s.parameters);
  for (auto _ : state)
    for (OperatorVertex v = 0; v < num_vertices(graph); ++v) benchmark::DoNotOptimize(roofline.cost(graph[v].op));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * num_vertices(graph)));
  state.SetLabel(device_of(state));
}
BENCHMARK(cost_of_one_operator)->DenseRange(0, 1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ridgeline
