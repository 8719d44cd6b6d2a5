#include "model/graph.hpp"

#include <algorithm>
#include <unordered_map>

namespace ridgeline {

bool is_given(const OperatorNode& node) {
  const View* view = std::get_if<View>(&node.op);
  return view && view->operations == 0;
}

void GraphBuilder::reserve(std::size_t nodes) {
  nodes_.reserve(nodes);
  edges_.reserve(nodes + nodes / 4);
}

std::int32_t GraphBuilder::add(const Operator& op, std::string_view label,
                               std::initializer_list<std::int32_t> inputs) {
  const auto node = static_cast<std::int32_t>(nodes_.size());
  OperatorNode& added = nodes_.emplace_back();
  added.op = op;
  added.label = label;
  added.layer = layer_;
  added.output = output_elements(op);
  if (next_weights_ >= 0 && parameter_count(op) > 0) added.weights = next_weights_++;
  for (const std::int32_t input : inputs) add_input(node, input);
  return node;
}

std::int32_t GraphBuilder::add_view(int operations, std::string_view label, std::int32_t input) {
  if (operations == 0) return input;
  const std::int32_t node = add(View{operations}, label, {input});
  if (input >= 0) nodes_[node].output = nodes_[input].output;
  return node;
}

std::int32_t GraphBuilder::add_scatter(Size elements, std::string_view label, std::int32_t into, std::int32_t from) {
  const std::int32_t node = add(Copy{Movement::scatter, elements}, label, {into, from});
  if (into >= 0) nodes_[node].output = nodes_[into].output;
  return node;
}

std::int32_t GraphBuilder::add_given(Size elements, std::string_view label) {
  const std::int32_t node = add(View{0}, label, {});
  nodes_[node].output = elements;
  return node;
}

void GraphBuilder::add_input(std::int32_t node, std::int32_t input) {
  if (input >= 0) edges_.emplace_back(input, node);
}

OperatorGraph GraphBuilder::build() && {
  OperatorGraph graph(boost::edges_are_unsorted_multi_pass, edges_.begin(), edges_.end(), nodes_.size());
  graph.m_vertex_properties = std::move(nodes_);  // public in Boost; moving spares a pass over all nodes
  return graph;
}

Size parameter_count(const OperatorGraph& graph) {
  Size own = 0;
  std::unordered_map<std::int32_t, Size> shared;
  for (const OperatorNode& node : graph.m_vertex_properties) {
    const Size parameters = parameter_count(node.op);
    if (node.weights < 0) {
      own += parameters;
    } else {
      Size& largest = shared[node.weights];
      largest = std::max(largest, parameters);
    }
  }
  for (const auto& [id, parameters] : shared) own += parameters;
  return own;
}

Work total_work(const OperatorGraph& graph, const Numerics& numerics) {
  Work sum;
  for (const OperatorNode& node : graph.m_vertex_properties) sum = sum + work(node.op, numerics);
  return sum;
}

Work operator+(const Work& a, const Work& b) {
  return {a.matrix + b.matrix,
          a.vector + b.vector,
          a.transcendental + b.transcendental,
          a.weights + b.weights,
          a.activations_in + b.activations_in,
          a.activations_out + b.activations_out,
          a.cache_read + b.cache_read,
          a.cache_written + b.cache_written};
}

Work operator*(double times, const Work& work) {
  return {times * work.matrix,     times * work.vector,         times * work.transcendental,
          times * work.weights,    times * work.activations_in, times * work.activations_out,
          times * work.cache_read, times * work.cache_written};
}

}  // namespace ridgeline
