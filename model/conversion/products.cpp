#include "model/conversion/products.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ridgeline {
namespace {

using Shape = std::vector<Size>;

Size product(const Shape& shape) {
  Size n = 1;
  for (const Size d : shape) n *= d;
  return n;
}

/// A product as numbers: `batch` of [rows × inner] · [inner × columns].
struct Product {
  Size batch = 1, rows = 1, columns = 1, inner = 1;
  Size lefts = 1, rights = 1;  ///< distinct operands among the batch
};

/// Either operand may be learned: then it is the weights, whichever side it stands on. A learned operand of several
/// matrices is one of groups that do not mix.
ConvertedNode finished(Product p, const SourceTensor& left, const SourceTensor& right, bool bias) {
  ConvertedNode result;
  const bool weights_left = left.learned && !right.learned;
  if (weights_left || right.learned) {
    const Size groups = weights_left ? p.lefts : p.rights;
    const Size others = p.batch / groups;
    result.weights = weights_left ? &left : &right;
    result.operators.push_back(MatMul{.rows = (weights_left ? p.columns : p.rows) * others,
                                      .columns = (weights_left ? p.rows : p.columns) * groups,
                                      .inner = p.inner * groups,
                                      .groups = groups,
                                      .bias = bias});
    return result;
  }
  // One right operand for all is one tall product.
  if (p.rights == 1 && p.batch > 1) p.rows *= std::exchange(p.batch, 1);
  result.operators.push_back(BatchedMatMul{.batch = p.batch,
                                           .rows = p.rows,
                                           .columns = p.columns,
                                           .inner = p.inner,
                                           .second_operands = p.rights < p.batch ? p.rights : 0});
  if (bias)
    result.operators.push_back(
        Elementwise{.function = Function::add, .elements = p.batch * p.rows * p.columns, .operands = 2});
  return result;
}

}  // namespace

std::optional<ConvertedNode> convert_matmul(const SourceTensor& left, const SourceTensor& right,
                                            const SourceTensor& out) {
  Shape a = left.shape, b = right.shape;
  if (a.empty() || b.empty()) return std::nullopt;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  Product p;
  p.rows = a[a.size() - 2], p.inner = a.back(), p.columns = b.back();
  p.lefts = product({a.begin(), a.end() - 2}), p.rights = product({b.begin(), b.end() - 2});
  p.batch = std::max<Size>(1, out.elements() / std::max<Size>(1, p.rows * p.columns));
  if (p.batch % p.rights != 0 || p.batch % p.lefts != 0) return std::nullopt;
  return finished(p, left, right, false);
}

std::optional<ConvertedNode> convert_matrices(const MatrixProduct& product) {
  const auto& [left, right, turned_left, turned_right, bias] = product;
  if (left.shape.size() != 2 || right.shape.size() != 2) return std::nullopt;
  Product p;
  p.rows = left.shape[turned_left ? 1 : 0], p.inner = left.shape[turned_left ? 0 : 1];
  p.columns = right.shape[turned_right ? 0 : 1];
  // A bias belongs to the columns, which those of a product from the left are not.
  const bool from_left = left.learned && !right.learned;
  ConvertedNode result = finished(p, left, right, bias && !from_left);
  if (bias && from_left)
    result.operators.push_back(Elementwise{.function = Function::add, .elements = p.rows * p.columns});
  return result;
}

std::optional<ConvertedNode> convert_convolution(const Convolution& convolution) {
  const Shape &in = convolution.input.shape, &k = convolution.kernels.shape, &out = convolution.out.shape;
  if (in.size() < 3 || k.size() != in.size() || out.size() != in.size()) return std::nullopt;
  const auto [groups, bias, transposed] = std::tuple(convolution.groups, convolution.bias, convolution.transposed);
  if (groups < 1 || in[1] % groups != 0 || out[1] % groups != 0) return std::nullopt;
  const Size window = product({k.begin() + 2, k.end()});
  const auto positions = [](const Shape& shape) { return product({shape.begin() + 2, shape.end()}); };
  ConvertedNode result;
  result.weights = &convolution.kernels;
  if (!transposed && groups > 1 && groups == in[1] && groups == out[1])
    result.operators.push_back(DepthwiseConvolution{
        .batch = in[0], .length = positions(out), .channels = out[1], .kernel = window, .bias = bias});
  else if (transposed)
    result.operators.push_back(MatMul{
        .rows = in[0] * positions(in), .columns = out[1] * window, .inner = in[1], .groups = groups, .bias = false});
  else
    result.operators.push_back(MatMul{
        .rows = out[0] * positions(out), .columns = out[1], .inner = in[1] * window, .groups = groups, .bias = bias});
  if (transposed)  // what overlaps is added, and the bias
    result.operators.push_back(
        Elementwise{.function = Function::add, .elements = product(out), .parameters = bias ? out[1] : 0});
  return result;
}

std::optional<ConvertedNode> convert_einsum(std::string equation, const SourceTensor& left,
                                            const SourceTensor& right) {
  std::erase(equation, ' ');
  const std::size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) return std::nullopt;
  const std::string a = equation.substr(0, comma), b = equation.substr(comma + 1, arrow - comma - 1);
  const std::string c = equation.substr(arrow + 2);
  if (a.size() != left.shape.size() || b.size() != right.shape.size()) return std::nullopt;
  Product p;
  const auto in = [](const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Size size = left.shape[i];
    if (in(a.substr(0, i), a[i])) return std::nullopt;  // a diagonal
    (in(b, a[i]) ? in(c, a[i]) ? p.batch : p.inner : p.rows) *= size;
    if (!in(b, a[i]) && !in(c, a[i])) return std::nullopt;  // a sum of its own
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (in(b.substr(0, i), b[i])) return std::nullopt;
    if (in(a, b[i])) continue;
    if (!in(c, b[i])) return std::nullopt;
    p.columns *= right.shape[i];
  }
  p.lefts = p.rights = p.batch;
  return finished(p, left, right, false);
}

}  // namespace ridgeline
