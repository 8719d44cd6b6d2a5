#include "model/fusion.hpp"

#include <string>

namespace ridgeline {

Emitter::Node Emitter::linear(std::string_view label, Node input, Size rows, Size in, Size out,
                              const WeightForm& form, Size groups, bool bias) {
  if (form.rank == 0)
    return add(
        MatMul{.rows = rows, .columns = out, .inner = in, .groups = groups, .bias = bias, .density = form.density},
        label, {input});
  const Node narrow = add(
      MatMul{
          .rows = rows, .columns = form.rank, .inner = in, .groups = groups, .bias = false, .density = form.density},
      std::string(label) + " rank", {input});
  return add(
      MatMul{
          .rows = rows, .columns = out, .inner = form.rank, .groups = groups, .bias = bias, .density = form.density},
      label, {narrow});
}

Emitter::Node Emitter::activation(Function function, Size elements, Node input) {
  if (!eager() || function != Function::gelu_tanh) return elementwise(function, elements, name(function), {input});
  const Node half = elementwise(Function::scale, elements, "gelu half", {input});
  const Node cubed = elementwise(Function::cube, elements, "gelu cube", {input});
  const Node scaled = elementwise(Function::scale, elements, "gelu cube scale", {cubed});
  const Node sum = elementwise(Function::add, elements, "gelu sum", {input, scaled}, 2);
  const Node argument = elementwise(Function::scale, elements, "gelu argument", {sum});
  const Node tanh = elementwise(Function::tanh, elements, "gelu tanh", {argument});
  const Node shifted = elementwise(Function::add, elements, "gelu shift", {tanh});
  return elementwise(Function::multiply, elements, "gelu", {half, shifted}, 2);
}

Emitter::Node Emitter::norm(NormKind kind, Size rows, Size columns, std::string_view label, Node input) {
  const Size elements = rows * columns;
  if (kind == NormKind::affine) {
    const Node scaled = elementwise(Function::multiply, elements, "norm scale", {input}, 1, columns);
    return elementwise(Function::bias, elements, label, {scaled}, 1, columns);
  }
  if (!eager() || kind == NormKind::layer_norm)
    return add(Normalisation{.kind = kind, .rows = rows, .columns = columns}, label, {input});
  Node wide = input;
  if (half_precision()) wide = elementwise(Function::convert, elements, "norm widen", {wide});
  const Node square = elementwise(Function::square, elements, "norm square", {wide});
  const Node mean = add(Reduction{rows, columns}, "norm mean", {square});
  const Node shifted = elementwise(Function::add, rows, "norm epsilon", {mean});
  const Node root = elementwise(Function::rsqrt, rows, "norm rsqrt", {shifted});
  Node scaled = elementwise(Function::multiply, elements, "norm scale", {wide, root});
  if (half_precision()) scaled = elementwise(Function::convert, elements, "norm narrow", {scaled});
  return elementwise(Function::multiply, elements, label, {scaled}, 1, columns);
}

Emitter::Node Emitter::dropout(Size elements, std::string_view label, Node input) {
  if (!context.dropout) return input;
  if (!training()) return view(1, label, input);
  return elementwise(Function::dropout, elements, label, {input});
}

}  // namespace ridgeline
