#include "search/part_counts.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/overload.hpp"

namespace ridgeline {
namespace {

/// Models with and without the part differ by its parameters.
Size counted(const Embeddings& embeddings, Size width, const OutputHead& head) {
  Architecture model{.embeddings = embeddings, .head = head};
  model.encoder.layers.push_back({.width = width});
  return parameter_count(model);
}

Size counted(const Sublayer* sublayer, const SublayerContext& context) {
  Architecture model;
  Layer layer{.width = context.width};
  if (sublayer != nullptr) layer.sublayers.push_back(*sublayer);
  if (context.decoder) {
    if (context.memory_width > 0) model.encoder.layers.push_back({.width = context.memory_width});
    model.decoder.layers.push_back(std::move(layer));
  } else {
    model.encoder.layers.push_back(std::move(layer));
  }
  return parameter_count(model);
}

}  // namespace

Size part_parameters(const Part& part) {
  const SublayerContext& c = part.context;
  return std::visit(
      Overload{[&](const EmbeddingsPart& p) { return counted(*p.embeddings, c.width, {}); },
               [&](const Sublayer* p) {
                 if (c.wide > 0) throw Error("parameters of parts within a bottleneck are not counted one by one");
                 return counted(p, c) - counted(nullptr, c);
               },
               [&](const WidthChange& p) { return (p.from + 1) * c.width; },
               [](const BottleneckInput&) -> Size { throw Error("bottlenecks are not counted part by part"); },
               [](const BottleneckOutput&) -> Size { throw Error("bottlenecks are not counted part by part"); },
               [&](const FinalNorm& p) { return (p.norm == NormKind::rms_norm ? 1 : 2) * c.width; },
               [&](const HeadPart& p) {
                 return counted(*p.embeddings, c.width, *p.head) - counted(*p.embeddings, c.width, {});
               }},
      part.body);
}

Size part_cache_elements(const Part& part, const Workload& workload, bool encoder_decoder) {
  const auto* sublayer = std::get_if<const Sublayer*>(&part.body);
  const Attention* a = sublayer != nullptr ? std::get_if<Attention>(&(*sublayer)->body) : nullptr;
  if (a == nullptr || !part.context.decoder) return 0;
  const bool generates = workload.task == Task::generate;
  const Size generated = generates ? workload.new_tokens : workload.task == Task::decode_step ? 1 : 0;
  const Size length = (generates && encoder_decoder ? 0 : workload.length) + generated;
  const Size kept = a->window > 0 ? std::min(a->window, length) : length;
  const Size positions = a->cross ? workload.length * a->memories : kept;
  return workload.batch * workload.beams * 2 * a->key_value_heads * a->head_dim * positions;
}

}  // namespace ridgeline
