#include "model/onnx/fold_movement.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "model/onnx/attributes.hpp"

namespace ridgeline {
namespace {

using Inputs = FoldInputs;
using Result = FoldResult;

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

}  // namespace

const Folds& movement_folds() {
  static const Folds all{
      {"Reshape", fold_reshape}, {"Unsqueeze", fold_unsqueeze}, {"Squeeze", fold_squeeze}, {"Gather", fold_gather},
      {"Slice", fold_slice},     {"Concat", fold_concat},       {"Expand", fold_expand},   {"Where", fold_where},
  };
  return all;
}

}  // namespace ridgeline
