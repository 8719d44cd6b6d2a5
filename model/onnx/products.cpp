#include "model/onnx/products.hpp"

#include <algorithm>
#include <string>

#include "model/onnx/fold.hpp"

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
ConvertedProduct finished(Product p, const OnnxTensor* left, const OnnxTensor* right, bool bias) {
  ConvertedProduct result;
  const bool weights_left = left->learned && !right->learned;
  if (weights_left || right->learned) {
    const Size groups = weights_left ? p.lefts : p.rights;
    const Size others = p.batch / groups;
    result.weights = weights_left ? left : right;
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

std::optional<ConvertedProduct> matmul(const OnnxTensor* left, const OnnxTensor* right, const OnnxTensor* out) {
  Shape a = left->shape, b = right->shape;
  if (a.empty() || b.empty()) return std::nullopt;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  Product p;
  p.rows = a[a.size() - 2], p.inner = a.back(), p.columns = b.back();
  p.lefts = product({a.begin(), a.end() - 2}), p.rights = product({b.begin(), b.end() - 2});
  p.batch = std::max<Size>(1, out->elements() / std::max<Size>(1, p.rows * p.columns));
  if (p.batch % p.rights != 0 || p.batch % p.lefts != 0) return std::nullopt;
  return finished(p, left, right, false);
}

std::optional<ConvertedProduct> gemm(const OnnxNode& node) {
  const OnnxTensor *left = node.inputs.at(0), *right = node.inputs.at(1);
  if (left->shape.size() != 2 || right->shape.size() != 2) return std::nullopt;
  const bool turned_left = attribute(*node.proto, "transA", 0) != 0;
  const bool turned_right = attribute(*node.proto, "transB", 0) != 0;
  Product p;
  p.rows = left->shape[turned_left ? 1 : 0], p.inner = left->shape[turned_left ? 0 : 1];
  p.columns = right->shape[turned_right ? 0 : 1];
  const bool bias = node.inputs.size() > 2 && node.inputs[2];
  // A bias belongs to the columns, which those of a product from the left are not.
  const bool from_left = left->learned && !right->learned;
  ConvertedProduct result = finished(p, left, right, bias && !from_left);
  if (bias && from_left)
    result.operators.push_back(Elementwise{.function = Function::add, .elements = p.rows * p.columns});
  return result;
}

std::optional<ConvertedProduct> convolution(const OnnxNode& node, const OnnxTensor* input, const OnnxTensor* kernels,
                                            bool bias, bool transposed) {
  const Shape &in = input->shape, &k = kernels->shape, &out = node.outputs.front()->shape;
  if (in.size() < 3 || k.size() != in.size() || out.size() != in.size()) return std::nullopt;
  const Size groups = attribute(*node.proto, "group", 1);
  if (groups < 1 || in[1] % groups != 0 || out[1] % groups != 0) return std::nullopt;
  const Size window = product({k.begin() + 2, k.end()});
  const auto positions = [](const Shape& shape) { return product({shape.begin() + 2, shape.end()}); };
  ConvertedProduct result;
  result.weights = kernels;
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

/// "bhqd,bhkd->bhqk" and the like: letters in both operands and the result are the batch, in both operands alone the
/// inner dimension.
std::optional<ConvertedProduct> einsum(const OnnxNode& node) {
  const auto* found = find_attribute(*node.proto, "equation");
  if (!found || node.inputs.size() != 2 || !node.inputs[0] || !node.inputs[1]) return std::nullopt;
  std::string equation = found->s();
  std::erase(equation, ' ');
  const std::size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) return std::nullopt;
  const std::string a = equation.substr(0, comma), b = equation.substr(comma + 1, arrow - comma - 1);
  const std::string c = equation.substr(arrow + 2);
  if (a.size() != node.inputs[0]->shape.size() || b.size() != node.inputs[1]->shape.size()) return std::nullopt;
  Product p;
  const auto in = [](const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Size size = node.inputs[0]->shape[i];
    if (in(a.substr(0, i), a[i])) return std::nullopt;  // a diagonal
    (in(b, a[i]) ? in(c, a[i]) ? p.batch : p.inner : p.rows) *= size;
    if (!in(b, a[i]) && !in(c, a[i])) return std::nullopt;  // a sum of its own
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (in(b.substr(0, i), b[i])) return std::nullopt;
    if (in(a, b[i])) continue;
    if (!in(c, b[i])) return std::nullopt;
    p.columns *= node.inputs[1]->shape[i];
  }
  p.lefts = p.rights = p.batch;
  return finished(p, node.inputs[0], node.inputs[1], false);
}

std::optional<ConvertedProduct> as_integer(std::optional<ConvertedProduct> product) {
  if (product) product->integer = true;
  return product;
}

}  // namespace

std::optional<ConvertedProduct> convert_product(const OnnxNode& node) {
  const std::string& op = node.proto->op_type();
  const auto in = [&](std::size_t i) { return i < node.inputs.size() ? node.inputs[i] : nullptr; };
  const OnnxTensor* out = node.outputs.front();
  if (!in(0) || !in(1) || !out) return std::nullopt;
  if (op == "MatMul") return matmul(in(0), in(1), out);
  if (op == "MatMulInteger") return as_integer(matmul(in(0), in(1), out));
  if (op == "QLinearMatMul" && in(3)) return as_integer(matmul(in(0), in(3), out));
  if (op == "Gemm") return gemm(node);
  if (op == "Einsum") return einsum(node);
  if (op == "Conv") return convolution(node, in(0), in(1), in(2) != nullptr, false);
  if (op == "ConvTranspose") return convolution(node, in(0), in(1), in(2) != nullptr, true);
  if (op == "ConvInteger") return as_integer(convolution(node, in(0), in(1), false, false));
  if (op == "QLinearConv" && in(3)) return as_integer(convolution(node, in(0), in(3), in(8) != nullptr, false));
  return std::nullopt;
}

}  // namespace ridgeline
