// What the operators of a given graph read. Internal to calib/live.
//
// Such a graph tells how many numbers an operator reads, not along which axes. So an operand is the first producer's
// result that has as many numbers and that no other operand has taken, seen in the shape that the operator needs; it
// is then as warm in the caches as in any run. Where no producer has as many, the operator reads a buffer: one for
// all first operands, one for all second ones, and so on, each as large as the largest that is asked for.
//
// Views get the shape that their first reader needs, so that no more views are dispatched than the graph has, where
// that is possible.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "calib/live/kernels.hpp"
#include "model/graph.hpp"

namespace ridgeline {

using TensorShape = std::vector<std::int64_t>;
std::int64_t elements_of(const TensorShape& shape);

/// One operand of one operator.
struct GivenOperand {
  TensorShape shape;                  ///< that the operator gets
  std::size_t place = 0;              ///< of the producer among those that the operator reads
  bool first_part = false;            ///< of the producer's result only the first numbers are read
  std::optional<TensorShape> view{};  ///< where the producer's result has another shape
  at::Tensor buffer{};                ///< instead of a producer

  at::Tensor operator()(const Operands& in) const {
    if (buffer.defined()) return buffer;
    at::Tensor tensor = in[place];
    if (first_part) tensor = tensor.view({-1}).narrow(0, 0, elements_of(shape));
    return view ? tensor.view(*view) : tensor;
  }
};

/// What a copy of `written` numbers reads: `moved` of activations and `learned` ones.
struct CopiedNumbers {
  std::int64_t moved = 0, learned = 0, written = 0;
  bool keeps_shape() const { return learned == 0 && moved == written; }
  bool repeats() const { return learned == 0 && moved > 0 && written > moved && written % moved == 0; }
};
CopiedNumbers copied_numbers(const Copy& copy);

/// Learned numbers of an element-wise operator that one row of its operands meets: all there are, where they fit.
std::int64_t broadcast_parameters(const Elementwise& op);

/// All operands by vertex, then in the order in which the operator takes them. Throws Error for sizes that do not fit
/// one another.
std::vector<std::vector<GivenOperand>> given_operands(const OperatorGraph& graph, Tensors& tensors);

}  // namespace ridgeline
