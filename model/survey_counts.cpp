#include "model/survey_counts.hpp"

#include "model/lowering_parts.hpp"

namespace ridgeline {
namespace {

const Numerics kBytes = uniform_numerics(Precision::int8);

SurveyCount count_of(const Work& w) { return {w.flops().si(), w.bytes().si()}; }

SurveyCount weight_product(MatMul op, double times) {
  op.bias = false;
  const SurveyCount once = count_of(work(op, kBytes));
  return {times * once.flops, times * once.bytes};
}

/// Adds the products of one sublayer, run `times` times.
void add_products(const OperatorGraph& graph, bool attention, bool decoding, double times, SurveyCounts& counts) {
  for (const OperatorNode& node : graph.m_vertex_properties) {
    if (const MatMul* product = std::get_if<MatMul>(&node.op)) {
      SurveyCount& group = attention ? counts.projections : counts.feed_forward;
      group = group + weight_product(*product, times);
    } else if (const BatchedMatMul* batched = std::get_if<BatchedMatMul>(&node.op)) {
      const Work w = work(*batched, kBytes);
      SurveyCount add = count_of(w);
      if (!decoding) add.flops -= w.activations_out.si();  // 2·inner - 1
      if (decoding && node.label == "context") add.bytes -= static_cast<double>(batched->batch * batched->inner);
      counts.act_to_act = counts.act_to_act + SurveyCount{times * add.flops, times * add.bytes};
    } else if (const Copy* copy = std::get_if<Copy>(&node.op); copy && copy->movement == Movement::cache_append) {
      counts.act_to_act.bytes += times * static_cast<double>(copy->elements);
    }
  }
}

SurveyCounts count(const Architecture& original, Workload workload, Size length) {
  Architecture architecture = original;
  for (Stack* stack : {&architecture.encoder, &architecture.decoder})
    for (Layer& layer : stack->layers)
      for (Sublayer& sublayer : layer.sublayers)  // the survey counts query, key and value apart
        if (Attention* a = std::get_if<Attention>(&sublayer.body)) a->fused_projection = false;
  workload.fusion = Fusion::typical;  // no views, one operator a step, caches appended in place
  workload.numerics = kBytes;
  const bool decoding = workload.task == Task::decode_step;
  const double steps = decoding ? static_cast<double>(length) : 1;
  const double l = static_cast<double>(length);

  SurveyCounts counts;
  const std::vector<PhaseParts> phases = plan(architecture, workload);
  for (const Part& part : phases.front().parts) {
    const auto* sublayer = std::get_if<const Sublayer*>(&part.body);
    if (!sublayer) continue;
    const Attention* attention = std::get_if<Attention>(&(*sublayer)->body);
    add_products(part_graph(part, workload).graph, attention != nullptr, decoding, steps, counts);
    if (!attention) continue;
    const double dl = static_cast<double>(part.context.width) * l,
                 hll = static_cast<double>(attention->heads) * l * l;
    counts.other = counts.other + (decoding ? SurveyCount{58 * dl + 2 * hll, 22 * dl + hll}
                                            : SurveyCount{58 * dl + 4 * hll, 17 * dl + 2 * hll});
  }
  return counts;
}

}  // namespace

SurveyCounts survey_pass(const Architecture& architecture, Size length) {
  return count(architecture, {.task = Task::encode, .length = length}, length);
}

SurveyCounts survey_generation(const Architecture& architecture, Size tokens) {
  // the step that sees tokens/2 keys, itself included
  return count(architecture, {.task = Task::decode_step, .length = tokens / 2 - 1}, tokens);
}

}  // namespace ridgeline
