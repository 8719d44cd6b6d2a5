#include "model/training.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace ridgeline {
namespace {

std::vector<OperatorVertex> inputs(const OperatorGraph& graph, OperatorVertex v) {
  std::vector<OperatorVertex> sources;
  for (auto [edge, end] = in_edges(v, graph); edge != end; ++edge) sources.push_back(source(*edge, graph));
  return sources;
}

/// The tensor that a chain of views shows.
OperatorVertex shown(const OperatorGraph& graph, OperatorVertex v) {
  while (std::holds_alternative<View>(graph[v].op) && in_degree(v, graph) > 0) v = inputs(graph, v).front();
  return v;
}

/// Vertices whose results depend on learned numbers.
std::vector<bool> learned(const OperatorGraph& graph) {
  std::vector<bool> depends(num_vertices(graph));
  for (OperatorVertex v = 0; v < num_vertices(graph); ++v) {
    const Elementwise* e = std::get_if<Elementwise>(&graph[v].op);
    if (e && e->function == Function::compare) continue;
    depends[v] = parameter_count(graph[v].op) > 0;
    for (const OperatorVertex input : inputs(graph, v)) depends[v] = depends[v] || depends[input];
  }
  return depends;
}

enum class Keeps { nothing, inputs, output, both };

struct KeepsOf {
  Keeps operator()(const MatMul&) const { return Keeps::inputs; }
  Keeps operator()(const BatchedMatMul&) const { return Keeps::inputs; }
  Keeps operator()(const FusedAttention&) const { return Keeps::both; }
  Keeps operator()(const Softmax&) const { return Keeps::output; }
  Keeps operator()(const Normalisation&) const { return Keeps::inputs; }
  Keeps operator()(const DepthwiseConvolution&) const { return Keeps::inputs; }
  Keeps operator()(const DynamicConvolution&) const { return Keeps::inputs; }
  Keeps operator()(const Routing&) const { return Keeps::output; }
  Keeps operator()(const Elementwise& e) const {
    using enum Function;
    switch (e.function) {
      case gelu:
      case gelu_tanh:
      case silu:
      case square:
      case cube:
      case multiply:
        return Keeps::inputs;
      case relu:
      case tanh:
      case sigmoid:
      case exp:
      case rsqrt:
      case clamp:
        return Keeps::output;
      default:
        return Keeps::nothing;
    }
  }
  Keeps operator()(const auto&) const { return Keeps::nothing; }
};

Keeps keeps(const Operator& op) { return std::visit(KeepsOf{}, op); }

class Backward {
 public:
  Backward(const OperatorGraph& forward, const Numerics& numerics)
      : forward_(forward), learned_(learned(forward)), gradients_(num_vertices(forward)) {
    graph_.reserve(3 * num_vertices(forward));
    for (const OperatorVertex v : kept_for_backward(forward)) kept_[v] = graph_.add_given(forward[v].output, "kept");
    const double mask = 1 / size_of(numerics.activations).si();  // a dropout mask has 1 byte an element
    for (OperatorVertex v = 0; v < num_vertices(forward); ++v) {
      const Elementwise* e = std::get_if<Elementwise>(&forward[v].op);
      if (e && e->function == Function::dropout)
        masks_[v] = graph_.add_given(static_cast<Size>(mask * static_cast<double>(e->elements)), "dropout mask");
    }
  }

  OperatorGraph build() && {
    const OperatorVertex count = num_vertices(forward_);
    for (OperatorVertex v = count; v-- > 0;) {
      if (!learned_[v]) continue;
      vertex_ = v;
      if (v == last_learned())
        contribute(v, graph_.add(Copy{Movement::fill, forward_[v].output}, "seed", {}), forward_[v].output);
      const NodeNumber gradient = gather(v);
      if (gradient == kNoNode) continue;
      graph_.set_layer(forward_[v].layer);
      std::visit([&](const auto& op) { differentiate(op, gradient); }, forward_[v].op);
    }
    return std::move(graph_).build();
  }

 private:
  struct Contribution {
    NodeNumber node;
    Size elements;
  };

  OperatorVertex last_learned() const {
    OperatorVertex v = num_vertices(forward_) - 1;
    while (v > 0 && !learned_[v]) --v;
    return v;
  }

  void contribute(OperatorVertex v, NodeNumber node, Size elements) { gradients_[v].push_back({node, elements}); }

  /// The whole gradient of a vertex: a sum of gradients of the same size, a concatenation of gradients of slices.
  NodeNumber gather(OperatorVertex v) {
    const std::vector<Contribution>& parts = gradients_[v];
    if (parts.empty()) return kNoNode;
    const Size whole = forward_[v].output;
    NodeNumber sum = kNoNode;
    bool sliced = false;
    for (const Contribution& part : parts) {
      if (part.elements < whole)
        sliced = true;
      else if (sum == kNoNode)
        sum = part.node;
      else
        sum = graph_.add(Elementwise{.function = Function::add, .elements = whole, .operands = 2}, "gradient sum",
                         {sum, part.node});
    }
    if (!sliced) return sum;
    const NodeNumber joined = graph_.add(Copy{Movement::concatenate, whole}, "gradient join", {sum});
    for (const Contribution& part : parts)
      if (part.elements < whole) graph_.add_input(joined, part.node);
    return joined;
  }

  std::vector<OperatorVertex> operands() const { return inputs(forward_, vertex_); }
  NodeNumber kept(OperatorVertex v) const {
    const auto found = kept_.find(shown(forward_, v));
    return found == kept_.end() ? kNoNode : found->second;
  }
  const std::string& label() const { return forward_[vertex_].label; }

  /// The gradient of weights: written to its own buffer, added where several operators share them.
  void weights(const Operator& op, std::initializer_list<NodeNumber> reads) {
    graph_.write_elsewhere(graph_.add(op, label() + " dW", reads));
    const std::int32_t id = forward_[vertex_].weights;
    if (id < 0 || seen_.insert(id).second) return;
    const Size elements = parameter_count(forward_[vertex_].op);
    graph_.write_elsewhere(graph_.add(Elementwise{.function = Function::add, .elements = elements, .operands = 2},
                                      label() + " dW sum", {}));
  }
  void vector_gradient(Size parameters, Size rows, NodeNumber gradient) {
    graph_.write_elsewhere(graph_.add(Reduction{parameters, rows}, label() + " db", {gradient}));
  }

  /// The same gradient to every operand; views where only a slice goes on.
  void pass(NodeNumber gradient, Size elements) {
    for (const OperatorVertex input : operands())
      if (learned_[input]) contribute(input, gradient, std::min(elements, forward_[input].output));
  }

  void differentiate(const MatMul& op, NodeNumber dy) {
    const std::vector<OperatorVertex> sources = operands();
    const NodeNumber x = sources.empty() ? kNoNode : kept(sources.front());
    if (!sources.empty() && learned_[sources.front()]) {
      MatMul back = op;
      std::swap(back.columns, back.inner);
      back.bias = false;
      contribute(sources.front(), graph_.add(back, label() + " dX", {dy}), op.rows * op.inner);
    }
    if (op.density == 1)
      weights(
          BatchedMatMul{
              .batch = op.groups, .rows = op.inner / op.groups, .columns = op.columns / op.groups, .inner = op.rows},
          {x, dy});
    else  // only the kept blocks of the product are computed
      weights(MatMul{.rows = op.rows,
                     .columns = op.columns,
                     .inner = op.inner,
                     .groups = op.groups,
                     .bias = false,
                     .density = op.density},
              {x, dy});
    if (op.bias) vector_gradient(op.columns, op.rows, dy);
  }

  void differentiate(const BatchedMatMul& op, NodeNumber dy) {
    std::vector<OperatorVertex> sources = operands();
    const Size first = op.batch * op.rows * op.inner;
    const Size second = (op.second_operands ? op.second_operands : op.batch) * op.inner * op.columns;
    if (sources.size() < 2) return;
    if (forward_[sources[0]].output != first && forward_[sources[1]].output == first)
      std::swap(sources[0], sources[1]);
    if (learned_[sources[0]])
      contribute(sources[0],
                 graph_.add(BatchedMatMul{.batch = op.batch,
                                          .rows = op.rows,
                                          .columns = op.inner,
                                          .inner = op.columns,
                                          .second_operands = op.second_operands},
                            label() + " dA", {kept(sources[1]), dy}),
                 first);
    if (!learned_[sources[1]]) return;
    NodeNumber d =
        graph_.add(BatchedMatMul{.batch = op.batch, .rows = op.inner, .columns = op.columns, .inner = op.rows},
                   label() + " dB", {kept(sources[0]), dy});
    if (op.second_operands > 0)
      d = graph_.add(Reduction{second, op.batch / op.second_operands}, label() + " dB sum", {d});
    contribute(sources[1], d, second);
  }

  void differentiate(const FusedAttention& op, NodeNumber dy) {
    FusedAttention back = op;
    back.backward = true;
    const NodeNumber d = graph_.add(back, label() + " d", {kept(vertex_), dy});
    for (const OperatorVertex input : operands()) graph_.add_input(d, kept(input));
    const Size sizes[]{op.batch * op.heads * op.queries * op.head_dim,
                       op.batch * op.key_value_heads * op.keys * op.head_dim,
                       op.batch * op.key_value_heads * op.keys * op.head_dim};
    std::size_t i = 0;
    for (const OperatorVertex input : operands()) contribute(input, d, sizes[std::min<std::size_t>(i++, 2)]);
  }

  void differentiate(const Softmax& op, NodeNumber dy) {
    Softmax back = op;
    back.backward = true;
    pass(graph_.add(back, label() + " d", {kept(vertex_), dy}), op.rows * op.columns);
  }

  void differentiate(const Normalisation& op, NodeNumber dy) {
    Normalisation back = op;
    back.backward = true;
    const std::vector<OperatorVertex> sources = operands();
    const NodeNumber x = sources.empty() ? kNoNode : kept(sources.front());
    pass(graph_.add(back, label() + " d", {x, dy}), op.rows * op.columns);
  }

  void differentiate(const Elementwise& op, NodeNumber dy) {
    using enum Function;
    if (op.parameters > 0 && op.parameters <= op.elements)
      vector_gradient(op.parameters, op.elements / op.parameters, dy);
    const bool passes = op.function == add || op.function == mask || op.function == bias || op.function == convert;
    NodeNumber dx = dy;
    if (!passes) {
      Elementwise back = op;
      back.backward = true;
      back.fused_into_producer = false;
      dx = graph_.add(back, label() + " d", {dy, op.function == dropout ? masks_.at(vertex_) : kNoNode});
      if (keeps(op) == Keeps::output) graph_.add_input(dx, kept(vertex_));
      if (keeps(op) == Keeps::inputs)
        for (const OperatorVertex input : operands()) graph_.add_input(dx, kept(input));
    }
    for (const OperatorVertex input : operands()) {
      if (!learned_[input]) continue;
      const Size n = forward_[input].output;
      // a broadcast operand gets the sum over what it was repeated to
      const bool repeated = op.operands == 1 && n < op.elements && input != operands().front();
      contribute(input, repeated ? graph_.add(Reduction{n, op.elements / n}, label() + " d sum", {dx}) : dx,
                 std::min(n, op.elements));
    }
  }

  void differentiate(const Embedding& op, NodeNumber dy) {
    Embedding back = op;
    back.backward = true;
    weights(back, {dy});
  }

  void differentiate(const FourierMixing& op, NodeNumber dy) {
    pass(graph_.add(op, label() + " d", {dy}), op.batch * op.rows * op.columns);
  }

  void differentiate(const DepthwiseConvolution& op, NodeNumber dy) {
    DepthwiseConvolution back = op;
    back.bias = false;
    pass(graph_.add(back, label() + " dX", {dy}), op.batch * op.length * op.channels);
    const std::vector<OperatorVertex> sources = operands();
    weights(back, {sources.empty() ? kNoNode : kept(sources.front()), dy});
    if (op.bias) vector_gradient(op.channels, op.batch * op.length, dy);
  }

  void differentiate(const DynamicConvolution& op, NodeNumber dy) {
    const Size positions = op.batch * op.length, unfolded = positions * op.kernel * op.channels;
    const Size kernels = positions * op.kernel * op.groups;
    for (const OperatorVertex input : operands()) {
      if (!learned_[input]) continue;
      if (forward_[input].output == unfolded) {
        contribute(input,
                   graph_.add(Elementwise{.function = Function::multiply, .elements = unfolded}, label() + " dX",
                              {dy, kept(input)}),
                   unfolded);
      } else {
        contribute(input, graph_.add(Reduction{kernels, op.channels / op.groups}, label() + " dK", {dy, kept(input)}),
                   kernels);
      }
    }
  }

  void differentiate(const Copy& op, NodeNumber dy) {
    for (const OperatorVertex input : operands()) {
      if (!learned_[input]) continue;
      const Size n = forward_[input].output;
      if (op.movement == Movement::scatter && input == operands().front()) {
        contribute(input, dy, n);
      } else if (op.movement == Movement::concatenate) {
        contribute(input, graph_.add_view(1, label() + " d", dy), std::min(n, op.elements));
      } else if (n < op.elements) {  // expand, unfold: every copy of an element has its share
        contribute(input, graph_.add(Reduction{n, op.elements / n}, label() + " d", {dy}), n);
      } else {
        contribute(input, graph_.add(Copy{Movement::gather, n}, label() + " d", {dy}), n);
      }
    }
    if (op.parameters > 0 && op.parameters <= op.elements) vector_gradient(op.parameters, 1, dy);
  }

  void differentiate(const View& op, NodeNumber dy) {
    const Size n = forward_[vertex_].output;
    pass(graph_.add_view(op.operations, label() + " d", dy), n);
  }

  void differentiate(const Reduction& op, NodeNumber dy) {
    const Size n = op.rows * op.columns;
    pass(graph_.add(Copy{.movement = Movement::expand, .elements = n, .source = op.rows}, label() + " d", {dy}), n);
  }

  void differentiate(const Routing& op, NodeNumber dy) {
    pass(graph_.add(Softmax{op.tokens, op.experts, true}, label() + " d", {kept(vertex_), dy}),
         op.tokens * op.experts);
  }

  void differentiate(const OptimiserStep&, NodeNumber) {}

  const OperatorGraph& forward_;
  std::vector<bool> learned_;
  std::vector<std::vector<Contribution>> gradients_;
  std::map<OperatorVertex, NodeNumber> kept_;
  std::map<OperatorVertex, NodeNumber> masks_;
  std::set<std::int32_t> seen_;
  OperatorVertex vertex_ = 0;
  GraphBuilder graph_;
};

}  // namespace

std::vector<OperatorVertex> kept_for_backward(const OperatorGraph& forward) {
  const std::vector<bool> depends = learned(forward);
  std::set<OperatorVertex> kept;
  for (OperatorVertex v = 0; v < num_vertices(forward); ++v) {
    if (!depends[v]) continue;
    const Keeps rule = keeps(forward[v].op);
    if (rule == Keeps::output || rule == Keeps::both) kept.insert(shown(forward, v));
    if (rule == Keeps::inputs || rule == Keeps::both)
      for (const OperatorVertex input : inputs(forward, v)) kept.insert(shown(forward, input));
  }
  return {kept.begin(), kept.end()};
}

OperatorGraph backward_graph(const OperatorGraph& forward, const Numerics& numerics) {
  return Backward(forward, numerics).build();
}

OperatorGraph optimiser_graph(const OperatorGraph& forward, Optimiser optimiser) {
  GraphBuilder graph;
  std::map<std::int32_t, Size> shared;
  for (OperatorVertex v = 0; v < num_vertices(forward); ++v) {
    const Size parameters = parameter_count(forward[v].op);
    if (parameters == 0) continue;
    if (forward[v].weights >= 0)
      shared[forward[v].weights] = std::max(shared[forward[v].weights], parameters);
    else
      graph.add(OptimiserStep{optimiser, parameters}, forward[v].label, {});
  }
  for (const auto& [id, parameters] : shared) graph.add(OptimiserStep{optimiser, parameters}, "shared", {});
  return std::move(graph).build();
}

Bytes optimiser_state(Size parameters, const Workload& workload) {
  const Bytes moments(workload.optimiser == Optimiser::adam ? 8 : 0);
  const Bytes copy(size_of(workload.numerics.weights) < Bytes(4) ? 4 : 0);
  return static_cast<double>(parameters) * (size_of(workload.numerics.activations) + moments + copy);
}

void add_training(Program& program, const Workload& workload) {
  const OperatorGraph& forward = program.phases.front().graph;
  Phase backward{"backward", backward_graph(forward, workload.numerics), 1, {}};
  Phase optimiser{"optimiser", optimiser_graph(forward, workload.optimiser), 1, {}};
  program.phases.front().results = kept_for_backward(forward);
  program.phases.push_back(std::move(backward));
  program.phases.push_back(std::move(optimiser));
  program.optimiser_state = optimiser_state(program.parameters, workload);
}

}  // namespace ridgeline
