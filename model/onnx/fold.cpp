#include "model/onnx/fold.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_map>

namespace ridgeline {
namespace {

using Proto = onnx::TensorProto;
using Inputs = std::vector<const Constant*>;
using Result = std::optional<Constant>;

bool has(const Inputs& in, std::size_t i) { return i < in.size() && in[i] != nullptr; }

/// An empty constant of `n` elements in that shape.
Constant filled(int type, std::vector<Size> shape) {
  Constant c{.type = type, .shape = std::move(shape)};
  const auto n = static_cast<std::size_t>(elements_of_shape(c.shape));
  if (c.is_real())
    c.real.resize(n);
  else
    c.whole.resize(n);
  return c;
}

bool is_small(const std::vector<Size>& shape) {
  return std::all_of(shape.begin(), shape.end(), [](Size d) { return d >= 0; }) &&
         elements_of_shape(shape) <= kMostConstantElements;
}

/// Towards zero; what fits no whole number becomes the nearest, and what is none 0.
std::int64_t whole_of(double value) {
  constexpr double most = 9.2e18;
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -most, most));
}

void copy_element(const Constant& from, std::size_t i, Constant& to, std::size_t j) {
  if (to.is_real())
    to.real[j] = from.number(i);
  else
    to.whole[j] = from.is_real() ? whole_of(from.real[i]) : from.whole[i];
}

Constant list_of(const std::vector<std::int64_t>& values) {
  return {Proto::INT64, {static_cast<Size>(values.size())}, values, {}};
}

/// Axes from an attribute or, in newer operator sets, from an input.
std::optional<std::vector<std::int64_t>> axes_of(const onnx::NodeProto& node, const Inputs& in, std::size_t input) {
  if (has(in, input)) return in[input]->whole;
  if (find_attribute(node, "axes")) return list_attribute(node, "axes");
  return std::nullopt;
}

/// Counts a multi-index through `shape`, the last place first.
void next(std::vector<Size>& index, const std::vector<Size>& shape) {
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (++index[d] < shape[d]) return;
    index[d] = 0;
  }
}

/// Where the element `index` of a result lies in an operand that is broadcast to it.
std::size_t broadcast_place(const std::vector<Size>& index, const std::vector<Size>& shape) {
  std::size_t place = 0;
  const std::size_t skipped = index.size() - shape.size();
  for (std::size_t d = 0; d < shape.size(); ++d)
    place =
        place * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(shape[d] == 1 ? 0 : index[skipped + d]);
  return place;
}

std::optional<std::vector<Size>> broadcast(const std::vector<Size>& a, const std::vector<Size>& b) {
  std::vector<Size> shape(std::max(a.size(), b.size()), 1);
  for (const auto* s : {&a, &b})
    for (std::size_t d = 0; d < s->size(); ++d) {
      Size& into = shape[shape.size() - s->size() + d];
      const Size own = (*s)[d];
      if (into != own && into != 1 && own != 1) return std::nullopt;
      if (own != 1) into = own;
    }
  return shape;
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

Result reshaped(const Constant& from, std::vector<Size> shape) {
  if (!is_small(shape) || static_cast<std::size_t>(elements_of_shape(shape)) != from.size()) return std::nullopt;
  Constant c = from;
  c.shape = std::move(shape);
  return c;
}

std::optional<std::size_t> place_of(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) return std::nullopt;
  return static_cast<std::size_t>(axis);
}

Result fold_reshape(const onnx::NodeProto&, const Inputs& in) {
  if (!has(in, 0) || !has(in, 1)) return std::nullopt;
  std::vector<Size> shape(in[1]->whole.begin(), in[1]->whole.end());
  Size known = 1;
  std::size_t open = shape.size();
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && d < in[0]->shape.size()) shape[d] = in[0]->shape[d];
    if (shape[d] == -1)
      open = d;
    else if (shape[d] < 0 || shape[d] > kMostConstantElements)
      return std::nullopt;
    else
      known = std::min<Size>(known * shape[d], Size{1} << 40);
  }
  if (open < shape.size()) shape[open] = known > 0 ? static_cast<Size>(in[0]->size()) / known : 0;
  return reshaped(*in[0], shape);
}

Result fold_unsqueeze(const onnx::NodeProto& node, const Inputs& in) {
  const auto axes = axes_of(node, in, 1);
  if (!has(in, 0) || !axes) return std::nullopt;
  const std::size_t rank = in[0]->shape.size() + axes->size();
  std::vector<Size> shape(rank, 0);
  for (const std::int64_t axis : *axes) {
    const auto place = place_of(axis, rank);
    if (!place) return std::nullopt;
    shape[*place] = 1;
  }
  auto from = in[0]->shape.begin();
  for (Size& d : shape)
    if (d == 0) {
      if (from == in[0]->shape.end()) return std::nullopt;
      d = *from++;
    }
  return reshaped(*in[0], shape);
}

Result fold_squeeze(const onnx::NodeProto& node, const Inputs& in) {
  if (!has(in, 0)) return std::nullopt;
  const auto axes = axes_of(node, in, 1);
  const std::size_t rank = in[0]->shape.size();
  std::vector<bool> dropped(rank);
  for (std::size_t d = 0; d < rank; ++d) dropped[d] = !axes && in[0]->shape[d] == 1;
  if (axes)
    for (const std::int64_t axis : *axes) {
      const auto place = place_of(axis, rank);
      if (!place) return std::nullopt;
      dropped[*place] = true;
    }
  std::vector<Size> shape;
  for (std::size_t d = 0; d < rank; ++d)
    if (!dropped[d]) shape.push_back(in[0]->shape[d]);
  return reshaped(*in[0], shape);
}

/// Elements along one axis, chosen by number: what Gather, Slice and Concat are made of.
Constant chosen(const Constant& from, std::size_t axis, const std::vector<std::size_t>& numbers) {
  std::vector<Size> shape = from.shape;
  shape[axis] = static_cast<Size>(numbers.size());
  Constant c = filled(from.type, shape);
  const auto product = [&](auto begin, auto end) {
    return static_cast<std::size_t>(std::accumulate(begin, end, Size{1}, std::multiplies<>()));
  };
  const auto at = static_cast<std::ptrdiff_t>(axis);
  const std::size_t outer = product(from.shape.begin(), from.shape.begin() + at);
  const std::size_t inner = product(from.shape.begin() + at + 1, from.shape.end());
  const auto length = static_cast<std::size_t>(from.shape[axis]);
  std::size_t to = 0;
  for (std::size_t o = 0; o < outer; ++o)
    for (const std::size_t number : numbers)
      for (std::size_t i = 0; i < inner; ++i) copy_element(from, (o * length + number) * inner + i, c, to++);
  return c;
}

Result fold_gather(const onnx::NodeProto& node, const Inputs& in) {
  if (!has(in, 0) || !has(in, 1) || in[0]->shape.empty()) return std::nullopt;
  const auto axis = place_of(attribute(node, "axis", 0), in[0]->shape.size());
  if (!axis) return std::nullopt;
  std::vector<std::size_t> numbers;
  for (std::int64_t number : in[1]->whole) {
    const auto place = place_of(number, static_cast<std::size_t>(in[0]->shape[*axis]));
    if (!place) return std::nullopt;
    numbers.push_back(*place);
  }
  if (static_cast<Size>(numbers.size() * in[0]->size()) > kMostConstantElements) return std::nullopt;
  Constant c = chosen(*in[0], *axis, numbers);
  const auto at = static_cast<std::ptrdiff_t>(*axis);
  c.shape.erase(c.shape.begin() + at);
  c.shape.insert(c.shape.begin() + at, in[1]->shape.begin(), in[1]->shape.end());
  return c;
}

Result fold_slice(const onnx::NodeProto& node, const Inputs& in) {
  if (!has(in, 0)) return std::nullopt;
  const bool by_inputs = has(in, 1) && has(in, 2);
  const std::vector<std::int64_t> starts = by_inputs ? in[1]->whole : list_attribute(node, "starts");
  const std::vector<std::int64_t> ends = by_inputs ? in[2]->whole : list_attribute(node, "ends");
  std::vector<std::int64_t> axes, steps(starts.size(), 1);
  if (const auto given = axes_of(node, in, 3)) axes = *given;
  if (has(in, 4)) steps = in[4]->whole;
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (starts.size() != ends.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return std::nullopt;
  Constant c = *in[0];
  for (std::size_t s = 0; s < starts.size(); ++s) {
    const auto axis = place_of(axes[s], c.shape.size());
    if (!axis || steps[s] == 0) return std::nullopt;
    const Size length = c.shape[*axis];
    const bool back = steps[s] < 0;
    const auto bound = [&](std::int64_t at) {
      if (at < 0) at = at < -length ? -1 : at + length;
      return std::clamp<std::int64_t>(at, back ? -1 : 0, back ? length - 1 : length);
    };
    std::int64_t first = bound(starts[s]);
    if (starts[s] < -length) first = back ? -1 : 0;
    const std::int64_t last = bound(ends[s]);
    const std::int64_t step = std::clamp<std::int64_t>(steps[s], -length - 1, length + 1);
    std::vector<std::size_t> numbers;
    for (std::int64_t at = first; back ? at > last : at < last; at += step)
      numbers.push_back(static_cast<std::size_t>(at));
    c = chosen(c, *axis, numbers);
  }
  return c;
}

Result fold_concat(const onnx::NodeProto& node, const Inputs& in) {
  if (in.empty() || !has(in, 0)) return std::nullopt;
  const auto axis = place_of(attribute(node, "axis", 0), in[0]->shape.size());
  if (!axis || (*axis != 0 && in[0]->shape.size() > 1)) return std::nullopt;  // along rows, which are in order
  Constant c = *in[0];
  for (std::size_t i = 1; i < in.size(); ++i) {
    if (!in[i] || in[i]->shape.size() != c.shape.size() || in[i]->is_real() != c.is_real()) return std::nullopt;
    c.shape[0] += in[i]->shape[0];
    c.whole.insert(c.whole.end(), in[i]->whole.begin(), in[i]->whole.end());
    c.real.insert(c.real.end(), in[i]->real.begin(), in[i]->real.end());
  }
  if (!is_small(c.shape) || static_cast<std::size_t>(elements_of_shape(c.shape)) != c.size()) return std::nullopt;
  return c;
}

Result fold_expand(const onnx::NodeProto&, const Inputs& in) {
  if (!has(in, 0) || !has(in, 1)) return std::nullopt;
  const auto shape = broadcast(in[0]->shape, {in[1]->whole.begin(), in[1]->whole.end()});
  if (!shape || !is_small(*shape)) return std::nullopt;
  Constant c = filled(in[0]->type, *shape);
  std::vector<Size> index(shape->size());
  for (std::size_t i = 0; i < c.size(); ++i, next(index, *shape))
    copy_element(*in[0], broadcast_place(index, in[0]->shape), c, i);
  return c;
}

Result fold_where(const onnx::NodeProto&, const Inputs& in) {
  if (!has(in, 0) || !has(in, 1) || !has(in, 2)) return std::nullopt;
  auto shape = broadcast(in[0]->shape, in[1]->shape);
  if (shape) shape = broadcast(*shape, in[2]->shape);
  if (!shape || !is_small(*shape)) return std::nullopt;
  Constant c = filled(in[1]->type, *shape);
  std::vector<Size> index(shape->size());
  for (std::size_t i = 0; i < c.size(); ++i, next(index, *shape)) {
    const Constant& from = in[0]->number(broadcast_place(index, in[0]->shape)) != 0 ? *in[1] : *in[2];
    copy_element(from, broadcast_place(index, from.shape), c, i);
  }
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

using Fold = std::function<Result(const onnx::NodeProto&, const Inputs&)>;

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

const std::unordered_map<std::string, Fold>& folds() {
  using Whole = std::int64_t;
  using Maybe = std::optional<Whole>;
  static const std::unordered_map<std::string, Fold> all{
      {"Constant", fold_constant},
      {"ConstantOfShape", fold_fill},
      {"Identity", [](const onnx::NodeProto&, const Inputs& in) { return has(in, 0) ? Result(*in[0]) : Result(); }},
      {"Reshape", fold_reshape},
      {"Unsqueeze", fold_unsqueeze},
      {"Squeeze", fold_squeeze},
      {"Gather", fold_gather},
      {"Slice", fold_slice},
      {"Concat", fold_concat},
      {"Expand", fold_expand},
      {"Where", fold_where},
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

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, const char* name) {
  for (const onnx::AttributeProto& a : node.attribute())
    if (a.name() == name) return &a;
  return nullptr;
}

std::int64_t attribute(const onnx::NodeProto& node, const char* name, std::int64_t otherwise) {
  const onnx::AttributeProto* found = find_attribute(node, name);
  return found ? found->i() : otherwise;
}

std::vector<std::int64_t> list_attribute(const onnx::NodeProto& node, const char* name) {
  const onnx::AttributeProto* found = find_attribute(node, name);
  if (!found) return {};
  return {found->ints().begin(), found->ints().end()};
}

std::optional<Constant> fold(const onnx::NodeProto& node, const std::vector<const Constant*>& inputs) {
  const auto found = folds().find(node.op_type());
  if (found == folds().end() || node.output_size() != 1) return std::nullopt;
  return found->second(node, inputs);
}

}  // namespace ridgeline
