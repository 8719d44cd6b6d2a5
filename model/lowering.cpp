#include "model/lowering.hpp"

#include <algorithm>

#include "model/training.hpp"

namespace ridgeline {
namespace {

OperatorGraph compose(const PhaseParts& parts, const Workload& workload, std::vector<OperatorVertex>& results) {
  constexpr std::size_t nodes_per_part = 16;
  GraphBuilder graph;
  graph.reserve(nodes_per_part * parts.parts.size());
  Values values;
  for (std::size_t v = 0; v < kValueCount; ++v) {
    const Value value = static_cast<Value>(v);
    if (parts.given.contains(value)) values[value] = graph.add_given(elements(value, parts.parts.front()), "given");
  }
  for (const Part& part : parts.parts) lower_part(part, workload, graph, values);
  for (std::size_t v = 0; v < kValueCount; ++v) {
    const Value value = static_cast<Value>(v);
    const auto vertex = static_cast<OperatorVertex>(values[value]);
    const bool outlives = value == Value::hidden || parts.results.contains(value);
    if (outlives && values[value] >= 0 && std::find(results.begin(), results.end(), vertex) == results.end())
      results.push_back(vertex);
  }
  return std::move(graph).build();
}

/// Keys and values that a decoder keeps for one sequence of `length` tokens and a memory of `memory_length`.
Size cache_elements(const Stack& decoder, Size length, Size memory_length) {
  Size n = 0;
  for (const Layer& layer : decoder.layers)
    for (const Sublayer& sublayer : layer.sublayers)
      if (const Attention* a = std::get_if<Attention>(&sublayer.body)) {
        const Size kept = a->window > 0 ? std::min(a->window, length) : length;
        n += 2 * a->key_value_heads * a->head_dim * (a->cross ? memory_length * a->memories : kept);
      }
  return n;
}

Bytes cache_size(const Architecture& a, const Workload& w) {
  const bool decodes = w.task == Task::decode_step || w.task == Task::generate;
  const bool prefills = a.decoder_only() && (w.task == Task::encode || w.task == Task::prefill);
  if (!decodes && !prefills) return Bytes(0);
  const Size generated = w.task == Task::generate ? w.new_tokens : (w.task == Task::decode_step ? 1 : 0);
  const bool both = !a.decoder_only();
  const Size kept = (both && w.task == Task::generate ? 0 : w.length) + generated;
  const Size sequences = w.batch * w.beams;
  return size_of(w.numerics.cache) * static_cast<double>(sequences * cache_elements(a.decoder, kept, w.length));
}

Bytes weights_size(const Architecture& a, const Workload& w) {
  return size_of(w.numerics.weights) * static_cast<double>(parameter_count(a));
}

}  // namespace

Bytes resident_size(const Architecture& architecture, const Workload& workload) {
  return weights_size(architecture, workload) + cache_size(architecture, workload);
}

Program lower(const Architecture& architecture, const Workload& workload) {
  Program program;
  for (const PhaseParts& parts : plan(architecture, workload)) {
    Phase& phase = program.phases.emplace_back();
    phase.name = parts.name;
    phase.repeats = parts.repeats;
    phase.graph = compose(parts, workload, phase.results);
  }
  program.parameters = parameter_count(architecture);
  program.weights = weights_size(architecture, workload);
  program.cache = cache_size(architecture, workload);
  program.sequences = workload.batch;
  if (workload.task == Task::train) add_training(program, workload);
  return program;
}

}  // namespace ridgeline
