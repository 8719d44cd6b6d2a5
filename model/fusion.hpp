// How the steps of a model become dispatched operators: one by one as eager code does, or fused as compilers do.
//
//   none             every step as the eager PyTorch code dispatches it, views included
//   typical          views are dropped; biases, activations, dropouts and residual additions run in the epilogue of
//                    the operator before them, scale and mask in that of the scores; norms are one operator
//   flash_attention  typical, and attention without a bias on its scores is one FusedAttention
//
// An operator fused into its producer stays a vertex (Elementwise::fused_into_producer): its arithmetic is counted,
// its pass over memory and its dispatch are not. Fusing happens while a part is emitted and never across parts, so
// that programs stay compositions of their parts. Two laws hold for every model: fusing never adds FLOPs of matrix
// kind and never adds bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "model/graph.hpp"
#include "model/lowering_parts.hpp"
#include "model/workload.hpp"

namespace ridgeline {

/// Appends steps to a graph the way the workload's runtime dispatches them. Every function returns the node that
/// holds the result. Inputs come first to last with the producer that may be fused into first.
struct Emitter {
  GraphBuilder& graph;
  const Workload& workload;
  const SublayerContext& context;

  bool eager() const { return workload.fusion == Fusion::none; }
  bool training() const { return workload.task == Task::train; }
  bool half_precision() const { return size_of(workload.numerics.activations) < Bytes(4); }

  NodeNumber add(const Operator& op, std::string_view label, std::initializer_list<NodeNumber> inputs) {
    return graph.add(op, label, inputs);
  }
  /// Metadata operators: dropped by compilers and where the workload says so.
  NodeNumber view(int operations, std::string_view label, NodeNumber input) {
    return graph.add_view(eager() && workload.views ? operations : 0, label, input);
  }
  /// x·W (+ b) in the form the weights are stored in.
  NodeNumber linear(std::string_view label, NodeNumber input, Size rows, Size in, Size out, const WeightForm& form,
                    Size groups, bool bias);
  NodeNumber linear(std::string_view label, NodeNumber input, Size rows, Size in, Size out, bool bias = true) {
    return add(MatMul{.rows = rows, .columns = out, .inner = in, .bias = bias}, label, {input});
  }
  /// Element-wise step that compilers fuse into the producer of its first input.
  NodeNumber elementwise(Function function, Size elements, std::string_view label,
                         std::initializer_list<NodeNumber> inputs, int operands = 1, Size parameters = 0) {
    return add(Elementwise{.function = function,
                           .elements = elements,
                           .operands = operands,
                           .parameters = parameters,
                           .fused_into_producer = !eager()},
               label, inputs);
  }
  /// The same where there is no producer to fuse it into (masks, positions).
  NodeNumber separate(Function function, Size elements, std::string_view label,
                      std::initializer_list<NodeNumber> inputs, int operands = 1) {
    return add(Elementwise{.function = function, .elements = elements, .operands = operands}, label, inputs);
  }
  NodeNumber copy(Movement movement, Size elements, std::string_view label, std::initializer_list<NodeNumber> inputs,
                  Size parameters = 0) {
    return add(Copy{movement, elements, parameters}, label, inputs);
  }
  /// Eager code spells the tanh approximation of GELU in eight operators.
  NodeNumber activation(Function function, Size elements, NodeNumber input, std::string_view suffix = {});
  /// Eager code spells RMS norm in six operators (eight at 16 bits) and MobileBERT's NoNorm in two.
  NodeNumber norm(NormKind kind, Size rows, Size columns, std::string_view label, NodeNumber input);
  /// In training an operator; otherwise eager code still calls it, which dispatches and does nothing.
  NodeNumber dropout(Size elements, std::string_view label, NodeNumber input);
  NodeNumber residual(Size elements, NodeNumber body, NodeNumber skipped) {
    return elementwise(Function::add, elements, "residual", {body, skipped}, 2);
  }
};

}  // namespace ridgeline
