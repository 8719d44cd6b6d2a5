// The one operator graph: lowered once, then costed, scheduled, executed, pruned.
#pragma once

#include <boost/graph/compressed_sparse_row_graph.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/operators.hpp"

namespace ridgeline {

/// A vertex. Vertices are numbered in program order (the order of dispatch), which is a topological order.
struct OperatorNode {
  Operator op = View{};
  std::string label;          ///< "query", "scores", ...; short, unique within its block
  std::int32_t layer = -1;    ///< -1: before the first or after the last layer
  std::int32_t weights = -1;  ///< nodes with the same non-negative number share one set of weights
  Size output = 0;            ///< elements of the result
};

/// An edge says that the target reads the source's result.
using OperatorGraph = boost::compressed_sparse_row_graph<boost::bidirectionalS, OperatorNode>;
using OperatorVertex = boost::graph_traits<OperatorGraph>::vertex_descriptor;

/// Collects nodes and edges in program order, then builds the graph in one go.
class GraphBuilder {
 public:
  static constexpr std::int32_t kNone = -1;

  /// Appends an operator that reads the given nodes; returns its number. Negative inputs (graph inputs) are left out.
  std::int32_t add(Operator op, std::string label, std::initializer_list<std::int32_t> inputs);
  void add_input(std::int32_t node, std::int32_t input);
  void set_layer(std::int32_t layer) { layer_ = layer; }
  /// The next node uses weight set `id`, shared with all others of the same id.
  void share_weights(std::int32_t node, std::int32_t id);
  std::size_t size() const { return nodes_.size(); }
  OperatorGraph build() &&;

 private:
  std::vector<OperatorNode> nodes_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;
  std::int32_t layer_ = -1;
};

/// Learned numbers of the graph, shared ones once.
Size parameter_count(const OperatorGraph& graph);
/// Sum of work over all operators.
Work total_work(const OperatorGraph& graph, const Numerics& numerics);
/// What the operators of a phase must be able to keep at once, see model/memory.hpp for whole programs.

}  // namespace ridgeline
