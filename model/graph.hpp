// The one operator graph: lowered once, then costed, scheduled, executed, pruned.
#pragma once

#include <boost/graph/compressed_sparse_row_graph.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
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
  Size output = 0;            ///< elements of the result; 0 where it goes to a place of its own (weight gradients)
};

/// An edge says that the target reads the source's result. In-edges come in program order of their sources, which
/// need not be the order of the operands.
///
/// A View with no operations and no inputs stands for a tensor that exists before the graph runs (the encoder's
/// result in a decoding step, what the forward pass kept for the backward pass). It costs nothing but memory.
using OperatorGraph = boost::compressed_sparse_row_graph<boost::bidirectionalS, OperatorNode>;
using OperatorVertex = boost::graph_traits<OperatorGraph>::vertex_descriptor;

/// True for such a tensor.
bool is_given(const OperatorNode& node);

/// Of an operator in a graph under construction, in program order.
using NodeNumber = std::int32_t;
inline constexpr NodeNumber kNoNode = -1;

/// Collects nodes and edges in program order, then builds the graph in one go.
class GraphBuilder {
 public:
  void reserve(std::size_t nodes);
  /// Appends an operator that reads the given nodes; returns its number. Negative inputs (graph inputs) are left out.
  NodeNumber add(const Operator& op, std::string_view label, std::initializer_list<NodeNumber> inputs);
  /// A View of `input`, which has as many elements. With no operations to dispatch it is left out: returns `input`.
  NodeNumber add_view(int operations, std::string_view label, NodeNumber input);
  /// Writes `elements` of `from` into `into`: the result has the elements and the buffer of `into`.
  NodeNumber add_scatter(Size elements, std::string_view label, NodeNumber into, NodeNumber from);
  /// A tensor that exists already.
  NodeNumber add_given(Size elements, std::string_view label);
  void add_input(NodeNumber node, NodeNumber input);
  /// The result needs no activation buffer.
  void write_elsewhere(NodeNumber node) { nodes_[node].output = 0; }
  /// The result has as many elements, where the operator alone does not say so.
  void set_output(NodeNumber node, Size elements) { nodes_[node].output = elements; }
  void set_layer(std::int32_t layer) { layer_ = layer; }
  /// The node uses weight set `id`, shared with all others of the same id.
  void share_weights(NodeNumber node, std::int32_t id) { nodes_[node].weights = id; }
  /// From here on, operators with weights get the numbers id, id + 1, ...; -1: no number (weights of their own).
  void number_weights_from(std::int32_t id) { next_weights_ = id; }

  /// A piece of a part ends here (PartGraph::piece_ends).
  void end_piece() { piece_ends_.push_back(nodes_.size()); }
  const std::vector<std::size_t>& piece_ends() const { return piece_ends_; }

  std::size_t size() const { return nodes_.size(); }
  const OperatorNode& operator[](NodeNumber node) const { return nodes_[node]; }
  OperatorGraph build() &&;

 private:
  std::vector<OperatorNode> nodes_;
  std::vector<std::pair<std::size_t, std::size_t>> edges_;
  std::vector<std::size_t> piece_ends_;
  std::int32_t layer_ = -1;
  std::int32_t next_weights_ = -1;
};

/// Learned numbers of the graph, shared ones once: the largest where the users of one set differ (tied logits with a
/// bias of their own).
Size parameter_count(const OperatorGraph& graph);
/// Sum of work over all operators.
Work total_work(const OperatorGraph& graph, const Numerics& numerics);

Work operator+(const Work& a, const Work& b);
Work operator*(double times, const Work& work);

}  // namespace ridgeline
