#include "model/operators.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ridgeline {
namespace {

double count(Size n) { return static_cast<double>(n); }

/// Arithmetic of one element: plain operations and results of transcendental functions.
struct PerElement {
  double vector;
  double transcendental;
};

PerElement forward_arithmetic(Function function) {
  using enum Function;
  switch (function) {
    case add:
    case multiply:
    case scale:
    case mask:
    case relu:
    case bias:
    case square:
    case clamp:
    case compare:
      return {1, 0};
    case cube:
    case dropout:  // compare with the random number, multiply
      return {2, 0};
    case gelu:  // x/2 · (1 + erf(x/√2))
      return {4, 1};
    case gelu_tanh:  // x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))
      return {8, 1};
    case silu:     // x / (1 + exp(-x))
    case sigmoid:  // 1 / (1 + exp(-x))
      return {3, 1};
    case tanh:
    case exp:
    case rsqrt:
      return {0, 1};
    case convert:
      break;
  }
  return {0, 0};
}

/// The same for the gradient, from the values that automatic differentiation keeps: the input for gelu, silu, square
/// and cube, the output for relu, tanh, sigmoid, exp and rsqrt, both factors for multiply.
PerElement backward_arithmetic(Function function) {
  using enum Function;
  switch (function) {
    case add:
    case mask:
    case bias:
    case compare:
    case convert:
      return {0, 0};
    case scale:
    case relu:
    case clamp:
    case exp:
      return {1, 0};
    case multiply:
    case square:
    case dropout:
      return {2, 0};
    case cube:
    case tanh:     // 1 - y²
    case sigmoid:  // y·(1 - y)
    case rsqrt:    // -y³/2
      return {3, 0};
    case gelu:  // Φ(x) + x·φ(x)
      return {9, 2};
    case gelu_tanh:
      return {16, 1};
    case silu:  // s·(1 + x·(1 - s))
      return {8, 1};
  }
  return {0, 0};
}

/// How many full-size values beside the gradient the gradient kernel reads.
int kept_operands(const Elementwise& op) {
  using enum Function;
  switch (op.function) {
    case add:
    case scale:
    case mask:
    case bias:
    case compare:
    case convert:
    case dropout:  // its mask has 1 byte an element
      return 0;
    case multiply:
      return op.operands;
    default:
      return 1;
  }
}

Size result_tensors(const Elementwise& op) {
  return op.backward && op.function == Function::multiply ? op.operands : 1;
}

Size kept_weights(const MatMul& op) {
  const Size all = op.inner * op.columns / op.groups;
  return op.density == 1 ? all : static_cast<Size>(std::llround(op.density * count(all)));
}

Size norm_parameters(NormKind kind, Size columns) { return kind == NormKind::rms_norm ? columns : 2 * columns; }

struct WorkOf {
  Bytes weight, activation, cache;

  Work operator()(const MatMul& op) const {
    const double kept = count(kept_weights(op));
    Work w;
    w.matrix = Flops(2 * count(op.rows) * kept);
    if (op.bias) w.vector = Flops(count(op.rows) * count(op.columns));
    w.weights = weight * (kept + (op.bias ? count(op.columns) : 0));
    w.activations_in = activation * (count(op.rows) * count(op.inner));
    w.activations_out = activation * (count(op.rows) * count(op.columns));
    return w;
  }
  Work operator()(const BatchedMatMul& op) const {
    const double seconds = count(op.second_operands ? op.second_operands : op.batch);
    Work w;
    w.matrix = Flops(2 * count(op.batch) * count(op.rows) * count(op.columns) * count(op.inner));
    w.activations_in = activation * (count(op.batch) * count(op.rows) * count(op.inner));
    (op.second_is_cache ? w.cache_read : w.activations_in) +=
        (op.second_is_cache ? cache : activation) * (seconds * count(op.inner) * count(op.columns));
    w.activations_out = activation * (count(op.batch) * count(op.rows) * count(op.columns));
    return w;
  }
  Work operator()(const FusedAttention& op) const {
    const double pairs = count(op.batch) * count(op.heads) * count(attended_pairs(op));
    const double queries = count(op.batch) * count(op.heads) * count(op.queries) * count(op.head_dim);
    const double keys = count(op.batch) * count(op.key_value_heads) * count(op.keys) * count(op.head_dim);
    Work w;
    w.matrix = Flops((op.backward ? 10 : 4) * pairs * count(op.head_dim));
    w.vector = Flops(5 * pairs + (op.backward ? 2 * queries : 0));
    w.transcendental = Flops(pairs);
    w.activations_in = activation * (queries * (op.backward ? 3 : 1));
    (op.keys_are_cache ? w.cache_read : w.activations_in) += (op.keys_are_cache ? cache : activation) * (2 * keys);
    w.activations_out = activation * (queries + (op.backward ? 2 * keys : 0));
    return w;
  }
  Work operator()(const Softmax& op) const {
    const double n = count(op.rows) * count(op.columns);
    Work w;
    w.vector = Flops(4 * n);
    if (!op.backward) w.transcendental = Flops(n);
    w.activations_in = activation * (op.backward ? 2 * n : n);
    w.activations_out = activation * n;
    return w;
  }
  Work operator()(const Normalisation& op) const {
    constexpr std::array<double, 3> forward{7, 4, 2}, backward{13, 9, 4};
    const double n = count(op.rows) * count(op.columns);
    const double learned = count(norm_parameters(op.kind, op.columns));
    const double statistics = op.kind == NormKind::affine ? 0 : count(op.rows);
    const auto kind = static_cast<std::size_t>(op.kind);
    Work w;
    w.vector = Flops(op.backward ? backward[kind] * n : forward[kind] * n + statistics);
    if (!op.backward) w.transcendental = Flops(statistics);
    w.weights = weight * (op.backward ? count(op.columns) : learned);
    w.activations_in = activation * (op.backward ? 2 * n : n);
    w.activations_out = activation * (op.backward ? n + learned : n);
    return w;
  }
  Work operator()(const Elementwise& op) const {
    const double n = count(op.elements);
    const PerElement arithmetic = op.backward ? backward_arithmetic(op.function) : forward_arithmetic(op.function);
    const int reads = op.backward ? 1 + kept_operands(op) : op.operands;
    Work w;
    w.vector = Flops(arithmetic.vector * n);
    w.transcendental = Flops(arithmetic.transcendental * n);
    w.weights = weight * count(op.parameters);
    w.activations_in = activation * (n * (op.fused_into_producer ? reads - 1 : reads));
    if (!op.fused_into_producer) w.activations_out = activation * (n * count(result_tensors(op)));
    if (op.function == Function::dropout) (op.backward ? w.activations_in : w.activations_out) += Bytes(n);
    return w;
  }
  Work operator()(const Embedding& op) const {
    const double n = count(op.lookups) * count(op.width);
    Work w;
    if (op.backward) {
      w.vector = Flops(n);
      w.activations_in = activation * n;
      w.activations_out = activation * (count(op.vocabulary) * count(op.width));
    } else {
      w.weights = weight * (count(std::min(op.lookups, op.vocabulary)) * count(op.width));
      w.activations_out = activation * n;
    }
    return w;
  }
  Work operator()(const FourierMixing& op) const {
    const double n = count(op.batch) * count(op.rows) * count(op.columns);
    const double twiddles = op.transform == Transform::dct ? 8 : 0;
    Work w;
    w.vector = Flops(n * (5 * (std::log2(count(op.rows)) + std::log2(count(op.columns))) + twiddles));
    w.activations_in = activation * n;
    w.activations_out = activation * n;
    return w;
  }
  Work operator()(const DepthwiseConvolution& op) const {
    const double n = count(op.batch) * count(op.length) * count(op.channels);
    Work w;
    w.vector = Flops(n * (2 * count(op.kernel) + (op.bias ? 1 : 0)));
    w.weights = weight * (count(op.channels) * (count(op.kernel) + (op.bias ? 1 : 0)));
    w.activations_in = activation * n;
    w.activations_out = activation * n;
    return w;
  }
  Work operator()(const DynamicConvolution& op) const {
    const double positions = count(op.batch) * count(op.length);
    Work w;
    w.vector = Flops(2 * positions * count(op.channels) * count(op.kernel));
    w.activations_in = activation * (positions * count(op.kernel) * count(op.channels + op.groups));
    w.activations_out = activation * (positions * count(op.channels));
    return w;
  }
  Work operator()(const Copy& op) const {
    const double n = count(op.elements);
    Work w;
    switch (op.movement) {
      case Movement::cache_concatenate:
      case Movement::cache_reorder:
        w.cache_read = w.cache_written = cache * n;
        break;
      case Movement::cache_append:
        w.activations_in = activation * n;
        w.cache_written = cache * n;
        break;
      case Movement::fill:
        w.activations_out = activation * n;
        break;
      case Movement::unknown:
        w.weights = weight * count(op.parameters);
        w.activations_in = activation * count(op.source);
        w.activations_out = activation * n;
        break;
      default:
        w.weights = weight * count(op.parameters);
        w.activations_in = activation * (count(op.source ? op.source : op.elements) - count(op.parameters));
        w.activations_out = activation * n;
    }
    return w;
  }
  Work operator()(const View&) const { return {}; }
  Work operator()(const Reduction& op) const {
    const double n = count(op.rows) * count(op.columns);
    Work w;
    w.vector = Flops(n);
    w.activations_in = activation * n;
    w.activations_out = activation * count(op.rows);
    return w;
  }
  Work operator()(const Routing& op) const {
    const double n = count(op.tokens) * count(op.experts);
    Work w;
    w.vector = Flops(n * (4 + count(op.chosen)));
    w.transcendental = Flops(n);
    w.activations_in = activation * n;
    w.activations_out = activation * (2 * count(op.tokens) * count(op.chosen));
    return w;
  }
  Work operator()(const OptimiserStep& op) const {
    constexpr Bytes state(4);  // gradients, moments and updated weights are fp32
    const double n = count(op.parameters);
    const bool adam = op.optimiser == Optimiser::adam;
    Work w;
    w.vector = Flops((adam ? 12 : 2) * n);
    w.transcendental = Flops(adam ? n : 0);
    w.weights = state * (2 * n);
    w.activations_in = state * ((adam ? 3 : 1) * n);
    w.activations_out = state * ((adam ? 2 : 0) * n);
    return w;
  }
};

struct ParametersOf {
  Size operator()(const MatMul& op) const { return kept_weights(op) + (op.bias ? op.columns : 0); }
  Size operator()(const Normalisation& op) const { return op.backward ? 0 : norm_parameters(op.kind, op.columns); }
  Size operator()(const Elementwise& op) const { return op.backward ? 0 : op.parameters; }
  Size operator()(const Embedding& op) const { return op.backward ? 0 : op.vocabulary * op.width; }
  Size operator()(const DepthwiseConvolution& op) const { return op.channels * (op.kernel + (op.bias ? 1 : 0)); }
  Size operator()(const Copy& op) const { return op.parameters; }
  Size operator()(const auto&) const { return 0; }
};

struct ElementsOf {
  Size operator()(const MatMul& op) const { return op.rows * op.columns; }
  Size operator()(const BatchedMatMul& op) const { return op.batch * op.rows * op.columns; }
  Size operator()(const FusedAttention& op) const {
    const Size keys = op.backward ? 2 * op.key_value_heads * op.keys : 0;
    return op.batch * op.head_dim * (op.heads * op.queries + keys);
  }
  Size operator()(const Softmax& op) const { return op.rows * op.columns; }
  Size operator()(const Normalisation& op) const { return op.rows * op.columns; }
  Size operator()(const Elementwise& op) const { return op.elements * result_tensors(op); }
  Size operator()(const Embedding& op) const { return (op.backward ? op.vocabulary : op.lookups) * op.width; }
  Size operator()(const FourierMixing& op) const { return op.batch * op.rows * op.columns; }
  Size operator()(const DepthwiseConvolution& op) const { return op.batch * op.length * op.channels; }
  Size operator()(const DynamicConvolution& op) const { return op.batch * op.length * op.channels; }
  Size operator()(const Copy& op) const { return op.elements; }
  Size operator()(const View&) const { return 0; }
  Size operator()(const Reduction& op) const { return op.rows; }
  Size operator()(const Routing& op) const { return 2 * op.tokens * op.chosen; }
  Size operator()(const OptimiserStep&) const { return 0; }
};

}  // namespace

std::string_view kind_name(std::size_t variant_index) {
  constexpr std::array<std::string_view, kOperatorKinds> names{"matmul",
                                                               "batched matmul",
                                                               "fused attention",
                                                               "softmax",
                                                               "normalisation",
                                                               "element-wise",
                                                               "embedding",
                                                               "Fourier mixing",
                                                               "depthwise convolution",
                                                               "dynamic convolution",
                                                               "copy",
                                                               "view",
                                                               "reduction",
                                                               "routing",
                                                               "optimiser step"};
  return names.at(variant_index);
}

std::string_view kind_name(const Operator& op) { return is_unknown(op) ? "unknown" : kind_name(op.index()); }

bool is_unknown(const Operator& op) {
  const Copy* copy = std::get_if<Copy>(&op);
  return copy && copy->movement == Movement::unknown;
}

std::string_view name(Function function) {
  constexpr std::array<std::string_view, kFunctionCount> names{
      "add", "multiply", "scale",   "mask",   "relu", "gelu",  "gelu_tanh", "silu",    "tanh",   "sigmoid",
      "exp", "bias",     "convert", "square", "cube", "rsqrt", "clamp",     "compare", "dropout"};
  return names.at(static_cast<std::size_t>(function));
}

Size attended_pairs(const FusedAttention& attention) {
  const auto [q, k] = std::pair(attention.queries, attention.keys);
  if (!attention.causal) return q * k;
  const Size earlier = k - q;  // keys that the first query sees before its own
  const Size window = attention.window ? attention.window : k;
  const Size growing = std::clamp<Size>(window - earlier, 0, q);  // queries that see all keys up to their own
  return growing * earlier + growing * (growing + 1) / 2 + (q - growing) * window;
}

Work work(const Operator& op, const Numerics& numerics) {
  return std::visit(WorkOf{size_of(numerics.weights), size_of(numerics.activations), size_of(numerics.cache)}, op);
}

Size parameter_count(const Operator& op) { return std::visit(ParametersOf{}, op); }

Size output_elements(const Operator& op) { return std::visit(ElementsOf{}, op); }

}  // namespace ridgeline
