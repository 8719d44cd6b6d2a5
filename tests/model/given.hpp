// Graphs that are given by their operators: made of lowered models, and compared with such.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "model/given_graph.hpp"
#include "model/lowering.hpp"

namespace ridgeline {

/// The operators of a lowered phase as a graph of their own.
inline GivenGraph given(const Phase& phase, const Workload& workload) {
  GivenGraph graph{
      .name = "given", .batch = workload.batch, .length = workload.length, .numerics = workload.numerics};
  const auto name = [&](OperatorVertex v) { return fmt::format("{} {}", v, phase.graph[v].label); };
  for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v) {
    const OperatorNode& node = phase.graph[v];
    GivenOperator op{.name = name(v), .op = node.op};
    for (auto [edge, end] = in_edges(v, phase.graph); edge != end; ++edge)
      op.inputs.push_back(name(source(*edge, phase.graph)));
    if (node.weights >= 0 && parameter_count(node.op) > 0) op.weights = fmt::format("set {}", node.weights);
    if (is_given(node)) {
      graph.inputs.push_back({op.name, std::max<Size>(node.output, 1)});
      continue;
    }
    graph.operators.push_back(op);
  }
  return graph;
}

/// Of the first phase.
inline Work work_of(const Program& program, const Numerics& numerics) {
  return total_work(program.phases.front().graph, numerics);
}
inline Work work_of(const GivenGraph& graph) { return work_of(lower(graph, workload_of(graph)), graph.numerics); }

inline Size operators_of_kind(const GivenGraph& graph, std::string_view kind) {
  Size n = 0;
  for (const GivenOperator& op : graph.operators) n += kind_name(op.op) == kind ? 1 : 0;
  return n;
}

}  // namespace ridgeline
