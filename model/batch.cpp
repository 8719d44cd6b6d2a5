#include "model/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <thread>
#include <unordered_map>

#include "base/error.hpp"
#include "model/block_peak.hpp"
#include "model/block_table.hpp"
#include "model/memory.hpp"

namespace ridgeline {
namespace {

/// Parts outlive the architectures they pointed into: their bodies are copied here.
class PartStore {
 public:
  const Part& keep(const Part& part) {
    Part& kept = parts_.emplace_back(part);
    std::visit([&](auto& body) { own(body); }, kept.body);
    return kept;
  }

 private:
  void own(const Sublayer*& body) { body = &sublayers_.emplace_back(*body); }
  void own(EmbeddingsPart& body) { body.embeddings = &embeddings_.emplace_back(*body.embeddings); }
  void own(HeadPart& body) {
    body.head = &heads_.emplace_back(*body.head);
    body.embeddings = &embeddings_.emplace_back(*body.embeddings);
  }
  void own(WidthChange&) {}
  void own(BottleneckInput&) {}
  void own(BottleneckOutput&) {}
  void own(FinalNorm&) {}

  std::deque<Part> parts_;
  std::deque<Sublayer> sublayers_;
  std::deque<Embeddings> embeddings_;
  std::deque<OutputHead> heads_;
};

struct KnownPart {
  const Part* part;
  BlockId block;
};

}  // namespace

struct BatchEstimator::Table {
  CostParameters parameters;
  Workload workload;
  double window;
  BlockTable blocks{parameters, window};
  PartStore store = {};
  std::unordered_multimap<std::size_t, KnownPart> known = {};

  BlockId block(const Part& part);
  void evaluate(const EncodedModels& models, std::span<BatchResult> results, std::size_t first) const;
  void evaluate_fully(const EncodedModels& models, std::span<BatchResult> results, std::size_t first) const;
};

BlockId BatchEstimator::Table::block(const Part& part) {
  const std::size_t hash = hash_value(part);
  const auto [begin, end] = known.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (same_operators(*it->second.part, part)) return it->second.block;
  const PartGraph lowered = part_graph(part, workload);
  const Bytes activations = peak_activations(lowered.graph, workload.numerics, lowered.kept);
  const BlockId id = blocks.add(lowered.graph, activations.si());
  known.emplace(hash, KnownPart{&store.keep(part), id});
  return id;
}

/// Latency and energy of the models from `first` on.
void BatchEstimator::Table::evaluate(const EncodedModels& models, std::span<BatchResult> results,
                                     std::size_t first) const {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const BlockRecord* records = blocks.records().data();
  const double static_power = parameters.has_power ? parameters.static_power.si() : nan;
  for (std::size_t i = 0; i < results.size(); ++i) {
    BlockState state;
    double joules = 0;
    const BlockId* end = models.blocks.data() + models.offsets[first + i + 1];
    for (const BlockId* b = models.blocks.data() + models.offsets[first + i]; b != end; ++b) {
      const BlockRecord& record = records[*b];
      state = after(state, record);
      joules += record.joules;
    }
    const double latency = std::max(state.host, state.device);
    results[i] = {latency, static_power * latency + joules, nan, nan};
  }
}

void BatchEstimator::Table::evaluate_fully(const EncodedModels& models, std::span<BatchResult> results,
                                           std::size_t first) const {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const double static_power = parameters.has_power ? parameters.static_power.si() : nan;
  PeakSearch search(blocks);
  std::vector<BlockState> states;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::span<const BlockId> model(models.blocks.data() + models.offsets[first + i],
                                         models.blocks.data() + models.offsets[first + i + 1]);
    states.resize(model.size() + 1);
    double activations = 0, joules = 0;
    for (std::size_t b = 0; b < model.size(); ++b) {
      const BlockRecord& record = blocks.records()[model[b]];
      states[b + 1] = after(states[b], record);
      joules += record.joules;
      activations = std::max(activations, blocks.powers()[model[b]].activations);
    }
    const double latency = std::max(states.back().host, states.back().device);
    results[i] = {latency, static_power * latency + joules, parameters.has_power ? search.peak(model, states) : nan,
                  std::isinf(activations) ? nan : models.resident[first + i] + activations};
  }
}

BatchEstimator::BatchEstimator(CostParameters parameters, Workload workload, Seconds sensor_window) {
  check(workload);
  if (workload.task == Task::generate || workload.task == Task::train)
    throw Error(
        fmt::format("a batch of models runs one phase: encode, prefill or decode_step, not {}", name(workload.task)));
  if (!(parameters.numerics == workload.numerics))
    throw Error("the parameters and the workload of a batch must agree in their precisions");
  table_.reset(new Table{std::move(parameters), std::move(workload), sensor_window.si()});
}

BatchEstimator::~BatchEstimator() = default;
BatchEstimator::BatchEstimator(BatchEstimator&&) noexcept = default;
BatchEstimator& BatchEstimator::operator=(BatchEstimator&&) noexcept = default;

void BatchEstimator::encode(const Architecture& architecture, EncodedModels& out) {
  const std::vector<PhaseParts> phases = plan(architecture, table_->workload);
  if (phases.size() != 1 || phases.front().repeats != 1)
    throw Error(fmt::format("a batch of models runs one phase, '{}' has {}", architecture.name, phases.size()));
  const std::size_t before = out.blocks.size();
  try {
    for (const Part& part : phases.front().parts) out.blocks.push_back(table_->block(part));
  } catch (...) {
    out.blocks.resize(before);
    throw;
  }
  out.offsets.push_back(static_cast<std::uint32_t>(out.blocks.size()));
  out.resident.push_back(resident_size(architecture, table_->workload).si());
}

BlockId BatchEstimator::block(const Part& part) { return table_->block(part); }

std::vector<BlockId> BatchEstimator::pieces(const Part& part) {
  constexpr double kNotKnown = std::numeric_limits<double>::infinity();
  const PartGraph lowered = part_graph(part, table_->workload);
  std::vector<BlockId> blocks;
  OperatorVertex first = 0;
  const auto add_until = [&](OperatorVertex last) {
    blocks.push_back(table_->blocks.add(lowered.graph, first, last, kNotKnown));
    first = last;
  };
  for (const OperatorVertex end : lowered.piece_ends) add_until(end);
  add_until(num_vertices(lowered.graph));
  return blocks;
}

BlockId BatchEstimator::compose(std::span<const BlockId> blocks) { return table_->blocks.compose(blocks); }

std::size_t BatchEstimator::block_count() const { return table_->blocks.size(); }

std::size_t BatchEstimator::chunk_count() const { return table_->blocks.chunk_count(); }

void BatchEstimator::evaluate(const EncodedModels& models, std::span<BatchResult> results, BatchDetail detail,
                              int threads) const {
  if (results.size() != models.size())
    throw Error(fmt::format("{} results for {} models", results.size(), models.size()));
  if (detail == BatchDetail::full && models.resident.size() != models.size())
    throw Error(fmt::format("resident sizes of {} models for {} models", models.resident.size(), models.size()));
  const auto run = [&](std::size_t first, std::size_t last) {
    const auto part = results.subspan(first, last - first);
    detail == BatchDetail::full ? table_->evaluate_fully(models, part, first) : table_->evaluate(models, part, first);
  };
  constexpr std::size_t kLeastModels = 64;  // fewer are not worth a thread
  if (threads == 1 || models.size() < 2 * kLeastModels) return run(0, models.size());
  // Asking how many cores there are opens a file.
  const std::size_t wanted =
      threads > 0 ? static_cast<std::size_t>(threads) : std::max(1u, std::thread::hardware_concurrency());
  const std::size_t workers = std::clamp<std::size_t>(models.size() / kLeastModels, 1, wanted);
  if (workers == 1) return run(0, models.size());
  std::vector<std::jthread> pool;
  for (std::size_t w = 0; w < workers; ++w)
    pool.emplace_back(run, models.size() * w / workers, models.size() * (w + 1) / workers);
}

void EncodedModels::clear() {
  blocks.clear();
  offsets.assign(1, 0);
  resident.clear();
}

}  // namespace ridgeline
