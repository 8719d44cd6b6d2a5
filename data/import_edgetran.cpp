// EdgeTran's co-design data set (jha-lab/edgetran, co-design/dataset/dataset.json).
//
// {"HASH_DEVICE": {"model_dict": {...}, "performance": {"latency": s, "energy": J, "peak_power": W, ...}, ...}, ...},
// all per sequence. What was measured is whole processes: ProTran's profilers start the evaluation script over SST-2
// and divide its wall time by the sequences (embeddings of the file and its GLUE scores are not read: the latter are
// a predictor's output).
#include <fmt/format.h>

#include <array>
#include <map>

#include "data/import.hpp"
#include "data/sets.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

/// How each device was measured: batch from the ProTran report, Table II; frameworks from the profilers of
/// jha-lab/protran. The boards' wheels had no tuned BLAS: 0.8 GFLOP/s (Raspberry Pi) and 0.6 GFLOP/s (Jetson Nano
/// CPU) are what one core does with scalar loops.
struct Bench {
  std::string_view code;
  std::string_view device;
  Size batch;
  std::string_view runtime;
  Precision precision = Precision::fp32;
};
constexpr std::array kBenches{
    Bench{"a100", "gpu_a100", 128, "pytorch-eager"},
    Bench{"cpu_m1-pro", "cpu_m1-pro", 32, "pytorch-eager"},
    Bench{"gpu_m1-pro", "gpu_m1-pro", 32, "tensorflow"},
    Bench{"cpu_rpi", "cpu_rpi", 1, "pytorch-no-blas"},
    Bench{"npu_ncs", "npu_ncs", 1, "openvino", Precision::fp16},
    Bench{"cpu_jetson-nano", "cpu_jetson-nano", 1, "pytorch-no-blas"},
    Bench{"gpu_jetson-nano", "gpu_jetson-nano", 1, "pytorch-eager"},
};
constexpr Size kLength = 128;  // SST-2, padded

const Bench& bench_of(const Node& row, std::string_view code) {
  std::vector<std::string> known;
  for (const Bench& bench : kBenches) {
    if (bench.code == code) return bench;
    known.emplace_back(bench.code);
  }
  throw_unknown_name(row.location(), "EdgeTran device", code, known);
}

MeasurementSet empty_set(const Bench& bench, const Node& row) {
  MeasurementSet set;
  set.name = fmt::format("edgetran/{}", bench.code);
  set.device = device_name(bench.device, row.location());
  set.runtime = bench.runtime;
  set.precision = bench.precision;
  set.protocol = Protocol::whole_process;
  set.ordered = true;
  set.source = "Tuli and Jha, EdgeTran (arXiv 2303.13745); github.com/jha-lab/edgetran, BSD-3-Clause";
  return set;
}

Workload workload_of(const Bench& bench) {
  Workload workload{.task = Task::encode, .batch = bench.batch, .length = kLength};
  workload.numerics = uniform_numerics(bench.precision);
  set_runtime(workload, bench.runtime);
  return workload;
}

std::optional<MeasuredValue> figure(const Node& performance, std::string_view key) {
  const Node* value = performance.find(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return MeasuredValue{value->number(), std::nullopt};
}

}  // namespace

std::vector<MeasurementSet> import_edgetran(const std::filesystem::path& file) {
  const Node document = read_document(file);
  std::vector<MeasurementSet> sets;
  std::vector<Workload> workloads;  // parallel to sets
  std::map<std::string, std::size_t, std::less<>> set_of_code;
  for (const std::string& key : document.keys()) {
    const Node& node = document.at(key);
    const std::size_t cut = key.find('_');
    if (cut == std::string::npos || !node.is_map())
      node.fail("this is no row of EdgeTran",
                "rows are \"HASH_DEVICE\": {\"model_dict\": ..., \"performance\": ...}");
    const std::string code = key.substr(cut + 1);
    const auto [found, is_new] = set_of_code.try_emplace(code, sets.size());
    if (is_new) {
      const Bench& bench = bench_of(node, code);
      sets.push_back(empty_set(bench, node));
      workloads.push_back(workload_of(bench));
    }
    MeasurementSet& set = sets[found->second];
    const Node& performance = node.at("performance");
    Measurement row;
    row.id = fmt::format("{}: {}", file.filename().string(), key);
    row.model = key.substr(0, cut);
    row.definition = parse_flexibert(node.at("model_dict"), row.model);
    row.workload = workloads[found->second];
    row.latency = figure(performance, "latency");
    row.energy = figure(performance, "energy");
    row.peak_power = figure(performance, "peak_power");
    row.order = static_cast<std::int64_t>(set.rows.size());
    set.rows.push_back(std::move(row));
  }
  for (MeasurementSet& set : sets) exclude_unusable(set);
  return sets;
}

}  // namespace ridgeline
