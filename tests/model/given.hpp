// Lowered models as graphs that are given by their operators.
#pragma once

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace ridgeline
