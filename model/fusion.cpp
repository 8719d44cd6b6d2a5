#include "model/fusion.hpp"

#include <string>

namespace ridgeline {

NodeNumber Emitter::linear(std::string_view label, NodeNumber input, Size rows, Size in, Size out,
                           const WeightForm& form, Size groups, bool bias) {
  if (form.rank == 0)
    return add(
        MatMul{.rows = rows, .columns = out, .inner = in, .groups = groups, .bias = bias, .density = form.density},
        label, {input});
  const NodeNumber narrow = add(
      MatMul{
          .rows = rows, .columns = form.rank, .inner = in, .groups = groups, .bias = false, .density = form.density},
      std::string(label) + " rank", {input});
  return add(
      MatMul{
          .rows = rows, .columns = out, .inner = form.rank, .groups = groups, .bias = bias, .density = form.density},
      label, {narrow});
}

NodeNumber Emitter::activation(Function function, Size elements, NodeNumber input, std::string_view suffix) {
  const auto step = [&](Function f, std::string_view label, std::initializer_list<NodeNumber> inputs,
                        int operands = 1) {
    return suffix.empty() ? elementwise(f, elements, label, inputs, operands)
                          : elementwise(f, elements, std::string(label).append(suffix), inputs, operands);
  };
  if (!eager() || function != Function::gelu_tanh) return step(function, name(function), {input});
  const NodeNumber half = step(Function::scale, "gelu half", {input});
  const NodeNumber cubed = step(Function::cube, "gelu cube", {input});
  const NodeNumber scaled = step(Function::scale, "gelu term", {cubed});
  const NodeNumber sum = step(Function::add, "gelu sum", {input, scaled}, 2);
  const NodeNumber argument = step(Function::scale, "gelu argument", {sum});
  const NodeNumber tanh = step(Function::tanh, "gelu tanh", {argument});
  const NodeNumber shifted = step(Function::add, "gelu shift", {tanh});
  return step(Function::multiply, "gelu", {half, shifted}, 2);
}

NodeNumber Emitter::norm(NormKind kind, Size rows, Size columns, std::string_view label, NodeNumber input) {
  const Size elements = rows * columns;
  if (kind != NormKind::affine && (!eager() || kind == NormKind::layer_norm))
    return add(Normalisation{.kind = kind, .rows = rows, .columns = columns}, label, {input});
  const auto step = [&](std::string_view suffix) { return std::string(label).append(suffix); };
  if (kind == NormKind::affine) {
    const NodeNumber scaled = elementwise(Function::multiply, elements, step(" scale"), {input}, 1, columns);
    return elementwise(Function::bias, elements, label, {scaled}, 1, columns);
  }
  NodeNumber wide = input;
  if (half_precision()) wide = elementwise(Function::convert, elements, step(" widen"), {wide});
  const NodeNumber square = elementwise(Function::square, elements, step(" square"), {wide});
  const NodeNumber mean = add(Reduction{rows, columns}, step(" mean"), {square});
  const NodeNumber shifted = elementwise(Function::add, rows, step(" epsilon"), {mean});
  const NodeNumber root = elementwise(Function::rsqrt, rows, step(" rsqrt"), {shifted});
  NodeNumber scaled = elementwise(Function::multiply, elements, step(" scale"), {wide, root});
  if (half_precision()) scaled = elementwise(Function::convert, elements, step(" narrow"), {scaled});
  return elementwise(Function::multiply, elements, label, {scaled}, 1, columns);
}

NodeNumber Emitter::dropout(Size elements, std::string_view label, NodeNumber input) {
  if (!context.dropout) return input;
  if (!training()) return view(1, label, input);
  return elementwise(Function::dropout, elements, label, {input});
}

}  // namespace ridgeline
