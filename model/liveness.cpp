#include "model/liveness.hpp"

namespace ridgeline {
namespace {

bool is_cache(const Operator& op) {
  const Copy* copy = std::get_if<Copy>(&op);
  return copy && (copy->movement == Movement::cache_append || copy->movement == Movement::cache_concatenate ||
                  copy->movement == Movement::cache_reorder);
}

/// True where the result lies in the first input's buffer.
bool shares_buffer(const Operator& op) {
  if (std::holds_alternative<View>(op)) return true;
  if (const Copy* copy = std::get_if<Copy>(&op)) return copy->movement == Movement::scatter;
  const Elementwise* e = std::get_if<Elementwise>(&op);
  return e && e->fused_into_producer;
}

}  // namespace

std::vector<Bytes> live_activations(const OperatorGraph& graph, const Numerics& numerics,
                                    std::span<const OperatorVertex> kept) {
  const std::size_t count = num_vertices(graph);
  if (count == 0) return {};
  std::vector<std::uint32_t> buffer(count), last_reader(count);
  for (std::uint32_t v = 0; v < count; ++v) {
    buffer[v] = v;
    last_reader[v] = v;
    const bool shares = shares_buffer(graph[v].op);
    bool first = true;
    for (auto [edge, end] = in_edges(OperatorVertex{v}, graph); edge != end; ++edge) {
      const std::uint32_t read = buffer[source(*edge, graph)];
      last_reader[read] = v;
      if (shares && first) buffer[v] = read;
      first = false;
    }
  }
  for (const OperatorVertex v : kept) last_reader[buffer[v]] = static_cast<std::uint32_t>(count);
  last_reader[buffer[count - 1]] = static_cast<std::uint32_t>(count);

  const auto size = [&](std::uint32_t v) { return buffer[v] == v && !is_cache(graph[v].op) ? graph[v].output : 0; };
  std::vector<Size> freed(count + 1);
  for (std::uint32_t v = 0; v < count; ++v) freed[last_reader[v]] += size(v);
  Size live = 0;
  std::vector<Bytes> during(count);
  for (std::uint32_t v = 0; v < count; ++v) {
    live += size(v);
    during[v] = size_of(numerics.activations) * static_cast<double>(live);
    live -= freed[v];
  }
  return during;
}

}  // namespace ridgeline
