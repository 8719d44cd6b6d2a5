#include "calib/live/execution.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "calib/live/kernels.hpp"
#include "calib/live/optimisation.hpp"
#include "calib/live/runnable.hpp"
#include "model/lowering.hpp"

namespace ridgeline {

using at::Tensor;

namespace {

HostTensor to_host(const std::string& name, const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {name, flat.sizes().vec(), {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()}};
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// s that looking at the clock takes: the least that passes between two looks.
double clock_time() {
  double least = 1;
  for (int i = 0; i < 100; ++i) {
    const double before = now();
    least = std::min(least, now() - before);
  }
  return least;
}

void check_executable(const Workload& workload) {
  if (workload.fusion != Fusion::none || !workload.views)
    throw Error("only what eager code dispatches can be executed: no fusion, with views");
}

at::ScalarType float_type_of(const Workload& workload) {
  if (workload.numerics == uniform_numerics(Precision::fp32)) return at::kFloat;
  if (workload.numerics != uniform_numerics(Precision::bf16)) throw Error("only fp32 and bf16 can be executed");
  if (workload.task == Task::train) throw Error("training is executed in fp32 only");
  return at::kBFloat16;
}

}  // namespace

struct Execution::Impl {
  Model model;
  Workload workload;
  ExecutionOptions options;
  at::ScalarType float_type;
  Tensors tensors;
  std::vector<PhaseParts> plans;
  std::vector<RunnablePhase> phases;
  std::optional<Optimisation> optimisation;
  std::array<Tensor, kValueCount> carried;  ///< by Value, from one phase to the next
  Tensor result;

  Impl(const Model& m, const Workload& w, const ExecutionOptions& o)
      : model(m), workload(w), options(o), float_type(float_type_of(w)), tensors(o) {
    check_executable(w);
    const FloatType floats(float_type);
    if (const auto* given = std::get_if<GivenGraph>(&model)) {
      if (w.task == Task::train) throw Error(fmt::format("{} is given by the operators of one pass", given->name));
      phases.push_back(runnable(*given, workload, tensors));
      return;
    }
    plans = plan(std::get<Architecture>(model), workload);
    const bool keeps_cache = plans.size() > 1;
    for (const PhaseParts& p : plans) phases.push_back(runnable(p, workload, keeps_cache, tensors));
    if (options.allocates) prepare_inputs();
    if (workload.task != Task::train) return;
    std::vector<Tensor> learned;
    for (const auto& [name, tensor] : tensors.learned()) learned.push_back(tensor);
    optimisation.emplace(std::move(learned), workload.optimiser);
  }

  /// What the first phase finds there already: caches, the encoder's result.
  void prepare_inputs() {
    const RunnablePhase& first = phases.front();
    for (std::size_t v = 0; v < kValueCount; ++v)
      if (first.given.nodes[v] != kNoNode) {
        const SublayerContext& c = plans.front().parts.front().context;
        carried[v] = tensors.noise({c.batch, c.memory_length, c.memory_width});
      }
    for (const auto& part : first.parts) {
      const auto* sublayer = std::get_if<const Sublayer*>(&part->part.body);
      const Attention* a = sublayer ? std::get_if<Attention>(&(*sublayer)->body) : nullptr;
      const SublayerContext& c = part->part.context;
      if (!a || !c.cached || c.keys == c.queries) continue;
      Size held = a->cross ? c.memory_length * a->memories : c.keys - c.queries;
      if (!a->cross && a->window > 0) held = std::max(c.queries, std::min(c.keys, a->window)) - c.queries;
      std::vector<std::int64_t> shape{c.batch, a->key_value_heads, held, a->head_dim};
      if (a->code == AttentionCode::opt) shape = {c.batch * a->key_value_heads, held, a->head_dim};
      CacheSlot& slot = tensors.cache(part->name);
      slot.key = tensors.noise(shape);
      slot.value = tensors.noise(shape);
    }
  }

  /// `seconds`: by instruction, where anybody wants to know.
  void execute(const RunnablePhase& phase, std::vector<double>* seconds = nullptr) {
    const FloatType floats(float_type);
    std::vector<Tensor> values(num_vertices(phase.graph));
    for (std::size_t v = 0; v < kValueCount; ++v) {
      const std::int32_t given = phase.given.nodes[v];
      if (given == kNoNode) continue;
      const Size held = carried[v].size(0);  // the encoder's sequences, once for each beam
      values[static_cast<std::size_t>(given)] =
          held == phase.batch ? carried[v] : carried[v].repeat_interleave(phase.batch / held, 0);
    }
    for (const auto& [vertex, tensor] : phase.inputs) values[vertex] = tensor;
    double before = seconds != nullptr ? now() : 0;
    for (const Instruction& i : phase.instructions) {
      Tensor& value = values[static_cast<std::size_t>(i.result)];
      value = i.kernel(Operands{values, i.operands});
      if (options.checks_sizes) check_size(phase.graph[static_cast<OperatorVertex>(i.result)], value);
      for (const std::int32_t dead : i.last_used) values[static_cast<std::size_t>(dead)] = Tensor();
      if (seconds == nullptr) continue;
      const double after = now();
      seconds->push_back(after - before);
      before = after;
    }
    for (std::size_t v = 0; v < kValueCount; ++v)
      if (phase.results.nodes[v] != kNoNode) carried[v] = values[static_cast<std::size_t>(phase.results.nodes[v])];
    result = carried[static_cast<std::size_t>(Value::hidden)];
  }

  static void check_size(const OperatorNode& node, const Tensor& value) {
    // The graph gives views the size of what they look at, scattered one-hot rows that of what is written, and takes
    // half of an odd length as a fraction.
    const bool other =
        std::holds_alternative<View>(node.op) || node.label == "chosen" || node.label.starts_with("dct flip");
    if (!other && node.output > 0 && value.numel() != node.output)
      throw Error(fmt::format("{} of layer {}: {} elements, the graph has {}", node.label, node.layer, value.numel(),
                              node.output));
  }

  template <class Call>
  static void timed(std::vector<PhaseTime>& times, const std::string& name, Call call) {
    const double start = now();
    call();
    const double seconds = now() - start;
    if (times.empty() || times.back().phase != name) times.push_back({name, 0});
    times.back().seconds += seconds;
  }

  std::vector<PhaseTime> run() {
    std::vector<PhaseTime> times;
    const at::AutoGradMode gradients(optimisation.has_value());
    for (const RunnablePhase& phase : phases)
      timed(times, phase.name, [&] {
        for (Size r = 0; r < phase.repeats; ++r) execute(phase);
      });
    if (!optimisation) return times;
    timed(times, "backward", [&] { (result.dim() == 0 ? result : result.sum()).backward(); });
    timed(times, "optimiser", [&] { optimisation->step(); });
    result = result.detach();
    for (Tensor& value : carried) value = Tensor();
    return times;
  }
};

std::vector<OperatorTime> Execution::run_operators() {
  if (impl_->optimisation) throw Error("operators are timed one by one in inference only");
  const at::AutoGradMode gradients(false);
  const double looking = clock_time();
  std::vector<OperatorTime> times;
  for (const RunnablePhase& phase : impl_->phases) {
    if (!times.empty() && times.back().phase == phase.name) continue;
    std::vector<double> seconds;
    seconds.reserve(phase.instructions.size() + 1);
    impl_->execute(phase, &seconds);
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      const auto vertex = static_cast<OperatorVertex>(phase.instructions[i].result);
      times.push_back({phase.name, static_cast<std::int64_t>(vertex), phase.graph[vertex].label,
                       std::max(0.0, seconds[i] - looking)});
    }
  }
  return times;
}

Execution::Execution(const Model& model, const Workload& workload, const ExecutionOptions& options)
    : impl_(std::make_unique<Impl>(model, workload, options)) {}
Execution::~Execution() = default;
Execution::Execution(Execution&&) noexcept = default;
Execution& Execution::operator=(Execution&&) noexcept = default;

std::vector<PhaseTime> Execution::run() { return impl_->run(); }
std::int64_t Execution::parameters() const { return impl_->tensors.parameters(); }
HostTensor Execution::result() const { return to_host("result", impl_->result); }

std::vector<HostTensor> Execution::weights() const {
  std::vector<HostTensor> all;
  for (const auto& [name, tensor] : impl_->tensors.learned()) all.push_back(to_host(name, tensor));
  return all;
}

std::vector<HostTensor> Execution::inputs() const {
  std::vector<HostTensor> all;
  for (const auto& [name, tensor] : impl_->tensors.inputs()) all.push_back(to_host(name, tensor));
  return all;
}

}  // namespace ridgeline
