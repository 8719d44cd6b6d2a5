// The closed set of operators that every transformer is lowered to.
//
// Plain structs in one std::variant: whoever costs, executes or differentiates operators visits all of them, and the
// compiler lists what is missing when one is added. Sizes are element counts; `rows` already contains the batch.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "base/quantity.hpp"
#include "model/numerics.hpp"

namespace ridgeline {

using Size = std::int64_t;

/// Activations times weights: [rows × inner] · [inner × columns] (+ bias). With groups g > 1 the columns and the
/// inner dimension fall into g blocks that do not mix (grouped 1×1 convolution): weights are inner × columns / g.
struct MatMul {
  Size rows, columns, inner;
  Size groups = 1;
  bool bias = true;
  double density = 1;  ///< share of weight blocks kept by block-sparse pruning, (0, 1]; the count is rounded
  friend bool operator==(const MatMul&, const MatMul&) = default;
};

/// Activations times activations: `batch` products [rows × inner] · [inner × columns]. The second operands may be
/// fewer than the products (grouped-query attention) and may come from the key/value cache.
struct BatchedMatMul {
  Size batch, rows, columns, inner;
  Size second_operands = 0;  ///< distinct second operands; 0: as many as `batch`
  bool second_is_cache = false;
  friend bool operator==(const BatchedMatMul&, const BatchedMatMul&) = default;
};

/// softmax(Q·Kᵀ·scale + mask)·V in one kernel that never writes the scores (Dao et al. 2022).
struct FusedAttention {
  Size batch, heads, key_value_heads, queries, keys, head_dim;
  Size window = 0;      ///< each query sees at most this many keys up to its own position, 0: all
  bool causal = false;  ///< only the lower triangle is computed; the last query sees the last key
  bool keys_are_cache = false;
  bool backward = false;  ///< its gradient kernel, which computes the scores again
  friend bool operator==(const FusedAttention&, const FusedAttention&) = default;
};

struct Softmax {
  Size rows, columns;
  bool backward = false;  ///< its gradient kernel: reads probabilities and their gradient
  friend bool operator==(const Softmax&, const Softmax&) = default;
};

enum class NormKind { layer_norm, rms_norm, affine };  // affine: scale and shift only (MobileBERT's NoNorm)

struct Normalisation {
  NormKind kind;
  Size rows, columns;
  bool backward = false;  ///< its gradient kernel: reads input and output gradient, writes those of input and weights
  friend bool operator==(const Normalisation&, const Normalisation&) = default;
};

enum class Function {
  add,
  multiply,
  scale,
  mask,
  relu,
  gelu,
  gelu_tanh,
  silu,
  tanh,
  sigmoid,
  exp,
  bias,
  convert,
  square,
  cube,
  rsqrt,
  clamp,    ///< maximum or minimum with a constant
  compare,  ///< a logical result, or whole numbers counted from logical ones
  dropout,  ///< training only: a random mask is written beside the result, 1 byte each
};
inline constexpr std::size_t kFunctionCount = static_cast<std::size_t>(Function::dropout) + 1;

/// y[i] = function(x[i], ...); `operands` full-size inputs are read, broadcast ones are not counted;
/// fused_into_producer: runs in the producer's epilogue on the values it is about to write: it costs arithmetic and
/// the reading of further operands, but no pass of its own over memory and no dispatch.
struct Elementwise {
  Function function;
  Size elements;
  int operands = 1;
  Size parameters = 0;  ///< learned numbers that are applied (a bias vector, a position table), 0 for none
  bool fused_into_producer = false;
  bool backward = false;  ///< its gradient kernel: reads the output's gradient beside the operands
  friend bool operator==(const Elementwise&, const Elementwise&) = default;
};

/// Table look-up: `lookups` rows of `width` out of `vocabulary`.
struct Embedding {
  Size lookups, width, vocabulary;
  bool backward = false;  ///< its gradient kernel: adds the rows' gradients into a dense gradient of the table
  friend bool operator==(const Embedding&, const Embedding&) = default;
};

enum class Transform { dft, dct };

/// Real part of a two-dimensional transform of `batch` matrices rows × columns (FNet, FlexiBERT's linear heads).
struct FourierMixing {
  Transform transform;
  Size batch, rows, columns;
  friend bool operator==(const FourierMixing&, const FourierMixing&) = default;
};

/// One kernel per channel along the sequence.
struct DepthwiseConvolution {
  Size batch, length, channels, kernel;
  bool bias = false;
  friend bool operator==(const DepthwiseConvolution&, const DepthwiseConvolution&) = default;
};

/// Per-position kernels over unfolded values (dynamic convolution): `groups` kernels a position, each shared by
/// channels/groups channels; the unfolded [length × kernel × channels] copy is read.
struct DynamicConvolution {
  Size batch, length, channels, kernel, groups;
  friend bool operator==(const DynamicConvolution&, const DynamicConvolution&) = default;
};

enum class Movement {
  contiguous,
  concatenate,
  gather,
  scatter,  ///< `elements` are written into the first input, whose buffer the result shares
  expand,
  unfold,
  fill,               ///< writes a constant, reads nothing
  cache_append,       ///< new keys or values are written behind those in the cache
  cache_concatenate,  ///< eager frameworks: old and new ones are copied to a new cache of `elements`
  cache_reorder,      ///< beam search: the cache's sequences are chosen anew, a copy of all `elements`
  unknown,            ///< an operator of a given graph that is none of ours: `source` read, `elements` written
};

/// Moves elements without arithmetic.
struct Copy {
  Movement movement;
  Size elements;        ///< written
  Size parameters = 0;  ///< learned numbers that are copied in beside the activations (ViT's class token), else 0
  Size source = 0;      ///< elements read, where they are fewer (expand); 0: as many as written
  friend bool operator==(const Copy&, const Copy&) = default;
};

/// Changes shape or strides only: no work, but an eager framework dispatches it `operations` times.
struct View {
  int operations = 1;
  friend bool operator==(const View&, const View&) = default;
};

/// Sums, means, losses: [rows × columns] -> [rows].
struct Reduction {
  Size rows, columns;
  friend bool operator==(const Reduction&, const Reduction&) = default;
};

/// Chooses `chosen` of `experts` for each token (softmax and top-k).
struct Routing {
  Size tokens, experts, chosen;
  friend bool operator==(const Routing&, const Routing&) = default;
};

enum class Optimiser { sgd, adam };

/// One optimiser step over `parameters` weights (fp32 state).
struct OptimiserStep {
  Optimiser optimiser;
  Size parameters;
  friend bool operator==(const OptimiserStep&, const OptimiserStep&) = default;
};

using Operator =
    std::variant<MatMul, BatchedMatMul, FusedAttention, Softmax, Normalisation, Elementwise, Embedding, FourierMixing,
                 DepthwiseConvolution, DynamicConvolution, Copy, View, Reduction, Routing, OptimiserStep>;
inline constexpr std::size_t kOperatorKinds = std::variant_size_v<Operator>;

/// "matmul", "batched matmul", "softmax", ... for reports, in the order of the variant.
std::string_view kind_name(std::size_t variant_index);
/// The same of an operator; "unknown" for one that is costed as a copy because nobody knows it.
std::string_view kind_name(const Operator& op);
/// True for such an operator.
bool is_unknown(const Operator& op);
std::string_view name(Function function);

/// What one operator has to do, whatever runs it. Our convention: 1 multiply-add = 2 FLOP; bytes are algorithmic
/// (every operand read once, every result written once; table indices and broadcast operands are not counted);
/// transcendental counts results of exp, erf, tanh, rsqrt, ... docs/lowering.md has the table.
struct Work {
  Flops matrix;
  Flops vector;
  Flops transcendental;
  Bytes weights;
  Bytes activations_in;
  Bytes activations_out;
  Bytes cache_read;
  Bytes cache_written;

  Flops flops() const { return matrix + vector + transcendental; }
  Bytes bytes() const { return weights + activations_in + activations_out + cache_read + cache_written; }
  FlopsPerByte arithmetic_intensity() const { return flops() / bytes(); }
};

Work work(const Operator& op, const Numerics& numerics);

/// Pairs of query and key that FusedAttention computes in one head of one sequence.
Size attended_pairs(const FusedAttention& attention);

/// Learned numbers that the operator owns.
Size parameter_count(const Operator& op);
/// Elements of its result (0 for OptimiserStep; a View has its input's, known from the graph only: 0 here).
Size output_elements(const Operator& op);

}  // namespace ridgeline
