#include "calib/live/kernels_given.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "base/error.hpp"
#include "calib/live/given_operands.hpp"

namespace ridgeline {

using at::Tensor;

namespace {

using OneOperand = std::function<Tensor(const Tensor&)>;
using TwoOperands = std::function<Tensor(const Tensor&, const Tensor&)>;

OneOperand function_of_one(Function function) {
  using enum Function;
  switch (function) {
    case add:
    case bias:
      return [](const Tensor& x) { return x + 0; };
    case multiply:
    case scale:
      return [](const Tensor& x) { return x * 1; };
    case mask:
      return [allowed = at::ones({}, at::kBool), other = at::zeros({})](const Tensor& x) {
        return at::where(allowed, x, other);
      };
    case relu:
      return [](const Tensor& x) { return at::relu(x); };
    case gelu:
      return [](const Tensor& x) { return at::gelu(x); };
    case gelu_tanh:
      return [](const Tensor& x) { return at::gelu(x, "tanh"); };
    case silu:
      return [](const Tensor& x) { return at::silu(x); };
    case tanh:
      return [](const Tensor& x) { return at::tanh(x); };
    case sigmoid:
      return [](const Tensor& x) { return at::sigmoid(x); };
    case exp:
      return [](const Tensor& x) { return at::exp(x); };
    case square:
      return [](const Tensor& x) { return x.pow(2); };
    case cube:
      return [](const Tensor& x) { return x.pow(3); };
    case rsqrt:
      return [](const Tensor& x) { return at::rsqrt(x); };
    case clamp:
      return [lowest = FloatType::lowest()](const Tensor& x) { return at::clamp_min(x, lowest); };
    case compare:  // a truth value in fp32
      return [](const Tensor& x) { return at::clamp_min(x, 0); };
    case convert:
    case dropout:
      break;
  }
  return [](const Tensor& x) { return x.clone(); };
}

TwoOperands function_of_two(Function function) {
  using enum Function;
  switch (function) {
    case add:
    case bias:
    case convert:
    case dropout:
      return [](const Tensor& x, const Tensor& y) { return x + y; };
    case multiply:
    case scale:
      return [](const Tensor& x, const Tensor& y) { return x * y; };
    case mask:
      return
          [allowed = at::ones({}, at::kBool)](const Tensor& x, const Tensor& y) { return at::where(allowed, x, y); };
    case clamp:
      return [](const Tensor& x, const Tensor& y) { return at::minimum(x, y); };
    case compare:
      return [](const Tensor& x, const Tensor& y) { return at::maximum(x, y); };
    default:
      return [one = function_of_one(function)](const Tensor& x, const Tensor& y) { return one(x).mul_(y); };
  }
}

Tensor attention(const Tensor& queries, const Tensor& keys, const Tensor& values, bool causal) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(queries, keys, values, {}, 0.0, causal);
#else
  return std::get<0>(at::_scaled_dot_product_attention(queries, keys, values, {}, 0.0, false, causal));
#endif
}

/// The first `written` numbers of the parts one after the other, zeros behind them; what is left of the parts is
/// read.
Tensor copied(const std::vector<Tensor>& parts, Size written, const Tensor& zero) {
  std::vector<Tensor> pieces;
  Size left = written;
  for (const Tensor& part : parts) {
    const Size all = part.numel(), taken = std::min(left, all);
    if (taken == all)
      pieces.push_back(part);
    else if (taken > 0)
      pieces.push_back(part.narrow(0, 0, taken));
    if (taken < all) part.narrow(0, taken, all - taken).sum();
    left -= taken;
  }
  if (left > 0 || pieces.empty()) pieces.push_back(zero.expand({left}));
  return pieces.size() == 1 ? pieces.front().clone(at::MemoryFormat::Contiguous) : at::cat(pieces);
}

/// Makes the kernel of one vertex.
class GivenKernelMaker {
 public:
  /// `learned`: its numbers; undefined where it has none.
  GivenKernelMaker(const OperatorNode& node, std::vector<GivenOperand> operands, Tensor learned, Tensors& tensors)
      : node_(node), operands_(std::move(operands)), learned_(std::move(learned)), tensors_(tensors) {
    if (!operands_.empty()) x_ = operands_.front();
  }

  Kernel operator()(const MatMul& op) const {
    if (op.density != 1) throw Error(fmt::format("{}: libtorch has no block-sparse product", node_.label));
    const Size own = op.inner / op.groups;
    const Tensor weight = part(0, {op.columns, own});
    const Tensor bias = op.bias ? part(op.columns * own, {op.columns}) : Tensor();
    if (op.groups > 1)
      return [x = x_, weight, bias, g = op.groups](const Operands& in) {
        return grouped_linear(x(in), weight, bias, g);
      };
    return [x = x_, weight, bias](const Operands& in) { return at::linear(x(in), weight, bias); };
  }
  Kernel operator()(const BatchedMatMul&) const { return product(); }
  Kernel operator()(const DynamicConvolution&) const { return product(); }
  Kernel operator()(const FusedAttention& op) const {
    return [x = x_, keys = operands_[1], values = operands_[2], causal = op.causal](const Operands& in) {
      return attention(x(in), keys(in), values(in), causal);
    };
  }
  Kernel operator()(const Softmax&) const {
    return [x = x_](const Operands& in) { return at::softmax(x(in), -1); };
  }
  Kernel operator()(const Normalisation& op) const {
    const Tensor weight = part(0, {op.columns});
    const Tensor bias = op.kind == NormKind::rms_norm ? Tensor() : part(op.columns, {op.columns});
    if (op.kind == NormKind::affine)
      return [x = x_, weight, bias](const Operands& in) { return at::addcmul(bias, x(in), weight); };
    return [x = x_, weight, bias, columns = op.columns](const Operands& in) {
      return at::layer_norm(x(in), {columns}, weight, bias, 1e-5);
    };
  }

  Kernel operator()(const Elementwise& op) const {
    std::vector<GivenOperand> all = operands_;
    if (all.empty()) return made(op);
    if (op.parameters > 0) {
      const Size together = broadcast_parameters(op);
      GivenOperand& last = all.emplace_back();
      last.buffer = part(0, together == op.elements ? x_.shape : TensorShape{together});
    }
    if (all.size() == 1)
      return [x = x_, one = function_of_one(op.function)](const Operands& in) { return one(x(in)); };
    if (all.size() == 2)
      return
          [x = x_, y = all[1], two = function_of_two(op.function)](const Operands& in) { return two(x(in), y(in)); };
    return [all](const Operands& in) {
      Tensor result = at::addcmul(all[0](in), all[1](in), all[2](in));
      for (std::size_t i = 3; i < all.size(); ++i) result.add_(all[i](in));
      return result;
    };
  }

  Kernel operator()(const Embedding& op) const {
    const Tensor table = part(0, {op.vocabulary, op.width});
    return [table, rows = tensors_.tokens({op.lookups}, op.vocabulary)](const Operands&) {
      return at::embedding(table, rows);
    };
  }
  Kernel operator()(const FourierMixing& op) const {
    if (FloatType::now() == at::kBFloat16)
      throw Error(fmt::format("{}: libtorch has no Fourier transform in bf16", node_.label));
    if (op.transform == Transform::dft) return [x = x_](const Operands& in) { return at::real(at::fft_fft2(x(in))); };
    const Tensor rotation = at::ones({op.columns}, at::kComplexFloat);
    return [x = x_, rotation](const Operands& in) { return at::real(at::fft_fft2(x(in)) * rotation); };
  }
  Kernel operator()(const DepthwiseConvolution& op) const {
    const Tensor weight = part(0, {op.channels, 1, op.kernel});
    const Tensor bias = op.bias ? part(op.channels * op.kernel, {op.channels}) : Tensor();
    return [x = x_, weight, bias, op](const Operands& in) {
      return at::conv1d(x(in), weight, bias, 1, (op.kernel - 1) / 2, 1, op.channels);
    };
  }

  Kernel operator()(const Copy& op) const {
    const CopiedNumbers n = copied_numbers(op);
    if (op.movement == Movement::fill) return [n](const Operands&) { return at::zeros({n.written}); };
    if (op.movement == Movement::scatter) return scatter(n.written);
    if (operands_.size() == 1 && n.keeps_shape())
      return [x = x_](const Operands& in) { return x(in).clone(at::MemoryFormat::Contiguous); };
    if (operands_.size() == 1 && n.repeats())
      return [x = x_, n](const Operands& in) { return x(in).expand({n.written / n.moved, n.moved}).contiguous(); };
    std::vector<Tensor> own;
    if (n.learned > 0) own.push_back(part(0, {n.learned}));
    return [all = operands_, own, n, zero = at::zeros({})](const Operands& in) {
      std::vector<Tensor> parts;
      for (const GivenOperand& x : all) parts.push_back(x(in));
      parts.insert(parts.end(), own.begin(), own.end());
      return copied(parts, n.written, zero);
    };
  }
  Kernel operator()(const View& op) const {
    if (operands_.empty()) return [none = at::zeros({0})](const Operands&) { return none; };
    return [x = x_, again = op.operations - 1](const Operands& in) {
      Tensor result = x(in);
      for (int i = 0; i < again; ++i) result = result.view(*x.view);
      return result;
    };
  }
  Kernel operator()(const Reduction&) const {
    return [x = x_](const Operands& in) { return x(in).mean({-1}, true); };
  }
  Kernel operator()(const Routing& op) const {
    return [x = x_, chosen = op.chosen](const Operands& in) {
      const auto [values, places] = at::topk(at::softmax(x(in), -1), chosen);
      return at::stack({values.view({-1, chosen}), places.view({-1, chosen}).to(FloatType::now())});
    };
  }
  Kernel operator()(const OptimiserStep&) const {
    throw Error(fmt::format("{}: no operator of one pass", node_.label));
  }

 private:
  /// Of the learned numbers, from the number `first` on.
  Tensor part(Size first, const TensorShape& shape) const {
    return learned_.narrow(0, first, elements_of(shape)).view(shape);
  }
  Kernel product() const {
    return [x = x_, y = operands_[1]](const Operands& in) { return at::bmm(x(in), y(in)); };
  }
  /// Of learned numbers alone, or of constants.
  Kernel made(const Elementwise& op) const {
    if (op.parameters == 0) return [n = op.elements](const Operands&) { return at::zeros({n}); };
    const Size together = broadcast_parameters(op);
    const Tensor repeated = part(0, {1, together}).expand({op.elements / together, together});
    return [repeated, n = op.elements](const Operands&) {
      return repeated.clone(at::MemoryFormat::Contiguous).view({n});
    };
  }
  /// More numbers than there is room for are written elsewhere.
  Kernel scatter(Size written) const {
    const Tensor aside = written > node_.output ? tensors_.noise({written}) : Tensor();
    return [x = x_, y = operands_[1], written, aside](const Operands& in) {
      const Tensor into = x(in);
      (aside.defined() ? aside : into.view({-1}).narrow(0, 0, written)).copy_(y(in));
      return into;
    };
  }

  const OperatorNode& node_;
  std::vector<GivenOperand> operands_;
  GivenOperand x_;  ///< the main one
  Tensor learned_;
  Tensors& tensors_;
};

/// Whether ones leave numbers of the size that they have.
bool multiplies(const Operator& op) {
  const auto* elementwise = std::get_if<Elementwise>(&op);
  return std::holds_alternative<Normalisation>(op) ||
         (elementwise && (elementwise->function == Function::multiply || elementwise->function == Function::scale));
}

/// Numbers that one result is the sum over.
Size inner_of(const Operator& op) {
  if (const auto* product = std::get_if<MatMul>(&op)) return product->inner / product->groups;
  if (const auto* embedding = std::get_if<Embedding>(&op)) return embedding->width;
  if (const auto* convolution = std::get_if<DepthwiseConvolution>(&op)) return convolution->kernel;
  return parameter_count(op);
}

/// The vectors of learned numbers, by vertex.
std::vector<Tensor> learned_numbers(const OperatorGraph& graph, Tensors& tensors) {
  std::map<std::int32_t, Size> shared;
  for (const OperatorNode& node : graph.m_vertex_properties)
    if (node.weights >= 0) shared[node.weights] = std::max(shared[node.weights], parameter_count(node.op));
  std::vector<Tensor> all;
  for (const OperatorNode& node : graph.m_vertex_properties) {
    Tensor& learned = all.emplace_back();
    const Size own = parameter_count(node.op);
    if (own == 0) continue;
    WeightSet& set = tensors.weights(node.weights, node.label);
    const Size count = node.weights >= 0 ? shared[node.weights] : own;
    if (!set.weight.defined())
      set.weight = multiplies(node.op) ? tensors.constant({count}, 1) : tensors.weight({count}, inner_of(node.op));
    learned = set.weight;
  }
  return all;
}

}  // namespace

std::vector<Kernel> given_kernels(const OperatorGraph& graph, Tensors& tensors) {
  std::vector<std::vector<GivenOperand>> operands = given_operands(graph, tensors);
  const std::vector<Tensor> learned = learned_numbers(graph, tensors);
  std::vector<Kernel> kernels(num_vertices(graph));
  for (OperatorVertex v = 0; v < num_vertices(graph); ++v) {
    if (is_given(graph[v])) continue;
    kernels[v] = std::visit(GivenKernelMaker(graph[v], std::move(operands[v]), learned[v], tensors), graph[v].op);
  }
  return kernels;
}

}  // namespace ridgeline
