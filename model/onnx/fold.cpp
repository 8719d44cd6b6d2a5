#include "model/onnx/fold.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "model/onnx/attributes.hpp"
#include "model/onnx/fold_movement.hpp"

namespace ridgeline {
namespace {

using Proto = onnx::TensorProto;
using Inputs = FoldInputs;
using Result = FoldResult;

Constant list_of(const std::vector<std::int64_t>& values) {
  return {Proto::INT64, {static_cast<Size>(values.size())}, values, {}};
}

template <class Whole, class Real>
Result binary(const Inputs& in, Whole whole, Real real, int type = 0) {
  if (!has(in, 0) || !has(in, 1)) return std::nullopt;
  const auto shape = broadcast(in[0]->shape, in[1]->shape);
  if (!shape || !is_small(*shape)) return std::nullopt;
  Constant c = filled(type ? type : in[0]->type, *shape);
  std::vector<Size> index(shape->size());
  for (std::size_t i = 0; i < c.size(); ++i, next(index, *shape)) {
    const std::size_t a = broadcast_place(index, in[0]->shape), b = broadcast_place(index, in[1]->shape);
    if (c.is_real()) {
      c.real[i] = real(in[0]->number(a), in[1]->number(b));
    } else if (in[0]->is_real() || in[1]->is_real()) {
      c.whole[i] = whole_of(static_cast<double>(real(in[0]->number(a), in[1]->number(b))));
    } else {
      const auto value = whole(in[0]->whole[a], in[1]->whole[b]);
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<std::int64_t>>) {
        if (!value) return std::nullopt;
        c.whole[i] = *value;
      } else {
        c.whole[i] = static_cast<std::int64_t>(value);
      }
    }
  }
  return c;
}
// Wrapping is what the operators do; signed overflow is not defined.
std::int64_t wrapped(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

template <class Function>
Result unary(const Inputs& in, Function function) {
  if (!has(in, 0)) return std::nullopt;
  Constant c = *in[0];
  for (double& value : c.real) value = function(value);
  for (std::int64_t& value : c.whole) value = whole_of(function(static_cast<double>(value)));
  return c;
}

Result fold_cast(const onnx::NodeProto& node, const Inputs& in) {
  const auto to = static_cast<int>(attribute(node, "to", 0));
  if (!has(in, 0) || to == 0 || to == Proto::STRING) return std::nullopt;
  Constant c = filled(to, in[0]->shape);
  for (std::size_t i = 0; i < c.size(); ++i) copy_element(*in[0], i, c, i);
  if (to == Proto::BOOL)
    for (std::size_t i = 0; i < c.size(); ++i) c.whole[i] = in[0]->number(i) != 0;
  return c;
}

Result fold_range(const onnx::NodeProto&, const Inputs& in) {
  if (!has(in, 0) || !has(in, 1) || !has(in, 2) || in[0]->size() != 1 || in[1]->size() != 1 || in[2]->size() != 1)
    return std::nullopt;
  const double start = in[0]->number(0), step = in[2]->number(0);
  const double count = std::max(0.0, std::ceil((in[1]->number(0) - start) / step));
  if (!(count <= static_cast<double>(kMostConstantElements))) return std::nullopt;
  Constant c = filled(in[0]->type, {static_cast<Size>(count)});
  for (std::size_t i = 0; i < c.size(); ++i) {
    const double value = start + step * static_cast<double>(i);
    if (c.is_real())
      c.real[i] = value;
    else
      c.whole[i] = whole_of(value);
  }
  return c;
}

Result fold_fill(const onnx::NodeProto& node, const Inputs& in) {
  if (!has(in, 0)) return std::nullopt;
  const std::vector<Size> shape(in[0]->whole.begin(), in[0]->whole.end());
  if (!is_small(shape)) return std::nullopt;
  Constant value{Proto::FLOAT, {1}, {}, {0}};
  if (const auto* given = find_attribute(node, "value")) {
    const Result read = constant_of(given->t());
    if (!read || read->size() != 1) return std::nullopt;
    value = *read;
  }
  Constant c = filled(value.type, shape);
  for (std::size_t i = 0; i < c.size(); ++i) copy_element(value, 0, c, i);
  return c;
}

Result fold_constant(const onnx::NodeProto& node, const Inputs&) {
  for (const onnx::AttributeProto& a : node.attribute()) {
    if (a.name() == "value") return constant_of(a.t());
    if (a.name() == "value_int") return Constant{Proto::INT64, {}, {a.i()}, {}};
    if (a.name() == "value_ints") return list_of({a.ints().begin(), a.ints().end()});
    if (a.name() == "value_float") return Constant{Proto::FLOAT, {}, {}, {a.f()}};
    if (a.name() == "value_floats")
      return Constant{Proto::FLOAT, {a.floats_size()}, {}, {a.floats().begin(), a.floats().end()}};
  }
  return std::nullopt;
}

Result fold_product(const onnx::NodeProto& node, const Inputs& in) {  // of all elements
  const auto axes = axes_of(node, in, 1);
  if (!has(in, 0) || in[0]->shape.size() > 1 || (axes && axes->size() > 1)) return std::nullopt;
  Constant c = filled(in[0]->type, std::vector<Size>(attribute(node, "keepdims", 1) != 0 ? 1 : 0, 1));
  if (c.is_real())
    c.real[0] = std::accumulate(in[0]->real.begin(), in[0]->real.end(), 1.0, std::multiplies<>());
  else
    for (std::uint64_t product = 1; const std::int64_t value : in[0]->whole)
      c.whole[0] = wrapped(product *= bits(value));
  return c;
}

template <class Function>
Fold compares(Function function) {
  return [function](const onnx::NodeProto&, const Inputs& in) { return binary(in, function, function, Proto::BOOL); };
}
template <class Function>
Fold maps(Function function) {
  return [function](const onnx::NodeProto&, const Inputs& in) { return unary(in, function); };
}
template <class Whole, class Real>
Fold combines(Whole whole, Real real) {
  return [whole, real](const onnx::NodeProto&, const Inputs& in) { return binary(in, whole, real); };
}

const Folds& number_folds() {
  using Whole = std::int64_t;
  using Maybe = std::optional<Whole>;
  static const Folds all{
      {"Constant", fold_constant},
      {"ConstantOfShape", fold_fill},
      {"Identity", [](const onnx::NodeProto&, const Inputs& in) { return has(in, 0) ? Result(*in[0]) : Result(); }},
      {"Cast", fold_cast},
      {"Range", fold_range},
      {"ReduceProd", fold_product},
      {"Add", combines([](Whole a, Whole b) { return wrapped(bits(a) + bits(b)); }, std::plus<double>())},
      {"Sub", combines([](Whole a, Whole b) { return wrapped(bits(a) - bits(b)); }, std::minus<double>())},
      {"Mul", combines([](Whole a, Whole b) { return wrapped(bits(a) * bits(b)); }, std::multiplies<double>())},
      {"Div",
       combines([](Whole a, Whole b) { return b == 0 || b == -1 ? Maybe() : Maybe(a / b); }, std::divides<double>())},
      {"Mod", combines([](Whole a, Whole b) { return b <= 0 ? Maybe() : Maybe(((a % b) + b) % b); },
                       [](double a, double b) { return std::fmod(a, b); })},
      {"Pow",
       combines([](Whole a, Whole b) { return whole_of(std::pow(static_cast<double>(a), static_cast<double>(b))); },
                [](double a, double b) { return std::pow(a, b); })},
      {"Min",
       combines([](Whole a, Whole b) { return std::min(a, b); }, [](double a, double b) { return std::min(a, b); })},
      {"Max",
       combines([](Whole a, Whole b) { return std::max(a, b); }, [](double a, double b) { return std::max(a, b); })},
      {"Equal", compares([](auto a, auto b) { return a == b; })},
      {"Less", compares([](auto a, auto b) { return a < b; })},
      {"Greater", compares([](auto a, auto b) { return a > b; })},
      {"LessOrEqual", compares([](auto a, auto b) { return a <= b; })},
      {"GreaterOrEqual", compares([](auto a, auto b) { return a >= b; })},
      {"And", compares([](auto a, auto b) { return a != 0 && b != 0; })},
      {"Or", compares([](auto a, auto b) { return a != 0 || b != 0; })},
      {"Not", maps([](double a) { return a == 0 ? 1.0 : 0.0; })},
      {"Neg", maps([](double a) { return -a; })},
      {"Abs", maps([](double a) { return std::abs(a); })},
      {"Floor", maps([](double a) { return std::floor(a); })},
      {"Ceil", maps([](double a) { return std::ceil(a); })},
      {"Sqrt", maps([](double a) { return std::sqrt(a); })},
  };
  return all;
}

}  // namespace

std::optional<Constant> fold(const onnx::NodeProto& node, const std::vector<const Constant*>& inputs) {
  if (node.output_size() != 1) return std::nullopt;
  for (const auto* folds : {&number_folds(), &movement_folds()})
    if (const auto found = folds->find(node.op_type()); found != folds->end()) return found->second(node, inputs);
  return std::nullopt;
}

}  // namespace ridgeline
