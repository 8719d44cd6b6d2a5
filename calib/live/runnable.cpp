#include "calib/live/runnable.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>

#include "calib/live/kernels_given.hpp"

namespace ridgeline {

using at::Tensor;

namespace {

std::string stack_name(const Part& part) {
  return part.context.decoder || part.context.memory_length > 0 ? "decoder" : "encoder";
}

/// One name a part, the same in every phase.
class PartNames {
 public:
  std::string next(const Part& part) {
    if (std::holds_alternative<HeadPart>(part.body)) return "head";
    const std::string stack = stack_name(part);
    if (std::holds_alternative<EmbeddingsPart>(part.body)) return stack + ".embeddings";
    if (std::holds_alternative<FinalNorm>(part.body)) return stack + ".final";
    const std::string layer = fmt::format("{}.{}", stack, part.layer);
    return fmt::format("{}.{}", layer, count_[layer]++);
  }

 private:
  std::map<std::string, int> count_;
};

/// `kernel_at`: of each vertex in program order; `kept`: vertices whose results outlive the phase.
void add_instructions(RunnablePhase& phase, const std::function<Kernel(OperatorVertex)>& kernel_at,
                      const std::set<std::int32_t>& kept) {
  const std::size_t count = num_vertices(phase.graph);
  std::vector<std::int32_t> last(count, kNoNode);  // instruction that reads a value last
  for (OperatorVertex v = 0; v < count; ++v) {
    if (is_given(phase.graph[v])) continue;
    Instruction instruction{kernel_at(v), {}, static_cast<std::int32_t>(v), {}};
    const auto number = static_cast<std::int32_t>(phase.instructions.size());
    for (auto [edge, end] = in_edges(v, phase.graph); edge != end; ++edge) {
      const OperatorVertex from = source(*edge, phase.graph);
      instruction.operands.push_back(static_cast<std::int32_t>(from));
      last[from] = number;
    }
    last[v] = number;
    phase.instructions.push_back(std::move(instruction));
  }
  for (std::size_t v = 0; v < count; ++v) {
    if (!kept.contains(static_cast<std::int32_t>(v)) && last[v] != kNoNode && v + 1 < count)
      phase.instructions[static_cast<std::size_t>(last[v])].last_used.push_back(static_cast<std::int32_t>(v));
  }
}

}  // namespace

RunnablePhase runnable(const PhaseParts& parts, const Workload& workload, bool keeps_cache, Tensors& tensors) {
  RunnablePhase phase;
  phase.name = parts.name;
  phase.repeats = parts.repeats;
  phase.batch = parts.parts.front().context.batch;
  GraphBuilder builder;
  Values values;
  for (std::size_t v = 0; v < kValueCount; ++v)
    if (parts.given.contains(static_cast<Value>(v)))
      values.nodes[v] = builder.add_given(elements(static_cast<Value>(v), parts.parts.front()), "given");
  phase.given = values;
  PartNames names;
  std::vector<std::size_t> part_of(builder.size(), 0);
  for (const Part& part : parts.parts) {
    lower_part(part, workload, builder, values);
    part_of.resize(builder.size(), phase.parts.size());
    phase.parts.push_back(std::make_shared<PartKernels>(
        PartKernels{part, workload, tensors, names.next(part), stack_name(part), keeps_cache}));
  }
  phase.results = values;
  phase.graph = std::move(builder).build();

  add_instructions(phase, [&](OperatorVertex v) { return kernel_of(phase.graph[v], phase.parts[part_of[v]]); },
                   {values.nodes.begin(), values.nodes.end()});
  return phase;
}

RunnablePhase runnable(const GivenGraph& given, const Workload& workload, Tensors& tensors) {
  Program program = lower(given, workload);
  RunnablePhase phase;
  phase.name = program.phases.front().name;
  phase.batch = given.batch;
  phase.graph = std::move(program.phases.front().graph);
  const std::size_t count = num_vertices(phase.graph);
  phase.results.nodes[static_cast<std::size_t>(Value::hidden)] = static_cast<std::int32_t>(count) - 1;
  for (OperatorVertex v = 0; v < count; ++v)
    if (is_given(phase.graph[v]))
      phase.inputs.emplace_back(
          v, tensors.input(phase.graph[v].label, [&] { return tensors.noise({phase.graph[v].output}); }));
  const std::vector<Kernel> kernels = given_kernels(phase.graph, tensors);
  add_instructions(phase, [&](OperatorVertex v) { return kernels[v]; },
                   {program.phases.front().results.begin(), program.phases.front().results.end()});
  return phase;
}

}  // namespace ridgeline
