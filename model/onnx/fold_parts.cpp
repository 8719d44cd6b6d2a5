#include "model/onnx/fold_parts.hpp"

#include <algorithm>
#include <cmath>

#include "model/onnx/attributes.hpp"

namespace ridgeline {

bool has(const FoldInputs& in, std::size_t i) { return i < in.size() && in[i] != nullptr; }

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

std::optional<std::vector<std::int64_t>> axes_of(const onnx::NodeProto& node, const FoldInputs& in,
                                                 std::size_t input) {
  if (has(in, input)) return in[input]->whole;
  if (find_attribute(node, "axes")) return list_attribute(node, "axes");
  return std::nullopt;
}

void next(std::vector<Size>& index, const std::vector<Size>& shape) {
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (++index[d] < shape[d]) return;
    index[d] = 0;
  }
}

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

}  // namespace ridgeline
