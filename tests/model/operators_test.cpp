#include "model/operators.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ridgeline {
namespace {

/// One or more of every kind, sizes all different so that a swapped factor shows.
std::vector<Operator> samples() {
  std::vector<Operator> all{
      MatMul{.rows = 7, .columns = 11, .inner = 13},
      MatMul{.rows = 7, .columns = 12, .inner = 8, .groups = 4, .bias = false},
      MatMul{.rows = 7, .columns = 12, .inner = 8, .density = 0.5},
      BatchedMatMul{.batch = 6, .rows = 5, .columns = 7, .inner = 3},
      BatchedMatMul{.batch = 6, .rows = 1, .columns = 7, .inner = 3, .second_operands = 2, .second_is_cache = true},
      FusedAttention{.batch = 2, .heads = 6, .key_value_heads = 3, .queries = 5, .keys = 9, .head_dim = 4},
      FusedAttention{
          .batch = 2, .heads = 6, .key_value_heads = 3, .queries = 5, .keys = 9, .head_dim = 4, .causal = true},
      FusedAttention{.batch = 2,
                     .heads = 6,
                     .key_value_heads = 3,
                     .queries = 5,
                     .keys = 9,
                     .head_dim = 4,
                     .keys_are_cache = true,
                     .backward = true},
      Softmax{10, 6},
      Softmax{.rows = 10, .columns = 6, .backward = true},
      Embedding{.lookups = 5, .width = 6, .vocabulary = 100},
      Embedding{.lookups = 5, .width = 6, .vocabulary = 100, .backward = true},
      FourierMixing{Transform::dft, 2, 8, 16},
      FourierMixing{Transform::dct, 2, 8, 16},
      DepthwiseConvolution{2, 7, 5, 3},
      DepthwiseConvolution{2, 7, 5, 3, true},
      DynamicConvolution{2, 7, 6, 3, 2},
      View{3},
      Reduction{5, 6},
      Routing{10, 4, 2},
      OptimiserStep{Optimiser::sgd, 100},
      OptimiserStep{Optimiser::adam, 100},
  };
  for (const NormKind kind : {NormKind::layer_norm, NormKind::rms_norm, NormKind::affine})
    for (const bool backward : {false, true}) all.push_back(Normalisation{kind, 6, 8, backward});
  for (std::size_t f = 0; f < kFunctionCount; ++f)
    for (const bool backward : {false, true})
      all.push_back(Elementwise{.function = static_cast<Function>(f), .elements = 30, .backward = backward});
  all.push_back(Elementwise{.function = Function::add, .elements = 30, .operands = 2, .fused_into_producer = true});
  for (const Movement movement : {Movement::contiguous, Movement::concatenate, Movement::gather, Movement::expand,
                                  Movement::unfold, Movement::scatter, Movement::fill, Movement::cache_append,
                                  Movement::cache_concatenate, Movement::cache_reorder, Movement::unknown})
    all.push_back(Copy{.movement = movement, .elements = 30});
  return all;
}

TEST(Operators, SamplesCoverEveryKind) {
  std::vector<bool> seen(kOperatorKinds);
  for (const Operator& op : samples()) seen[op.index()] = true;
  for (std::size_t kind = 0; kind < kOperatorKinds; ++kind) EXPECT_TRUE(seen[kind]) << kind_name(kind);
}

TEST(Operators, WorkIsFiniteAndNeverNegative) {
  for (const Operator& op : samples()) {
    const Work w = work(op, {});
    for (const double part :
         {w.matrix.si(), w.vector.si(), w.transcendental.si(), w.weights.si(), w.activations_in.si(),
          w.activations_out.si(), w.cache_read.si(), w.cache_written.si()}) {
      EXPECT_TRUE(std::isfinite(part)) << kind_name(op);
      EXPECT_GE(part, 0) << kind_name(op);
    }
  }
}

TEST(Operators, BytesFollowThePrecisionOfTheirTensor) {
  const Numerics fp32{};
  for (const Operator& op : samples()) {
    if (std::holds_alternative<OptimiserStep>(op)) continue;  // its state is always fp32
    const Work base = work(op, fp32);
    Numerics n = fp32;
    n.weights = Precision::int8;
    EXPECT_EQ(work(op, n).weights.si(), base.weights.si() / 4) << kind_name(op);
    EXPECT_EQ(work(op, n).activations_in, base.activations_in) << kind_name(op);
    n = fp32;
    n.cache = Precision::fp16;
    EXPECT_EQ(work(op, n).cache_read.si(), base.cache_read.si() / 2) << kind_name(op);
    EXPECT_EQ(work(op, n).cache_written.si(), base.cache_written.si() / 2) << kind_name(op);
    EXPECT_EQ(work(op, n).weights, base.weights) << kind_name(op);
    EXPECT_EQ(work(op, uniform_numerics(Precision::fp16)).flops(), base.flops()) << "precision changes no FLOPs";
  }
}

TEST(Operators, EveryForwardOperatorWritesItsResultOnce) {
  for (const Operator& op : samples()) {
    const auto* elementwise = std::get_if<Elementwise>(&op);
    if (elementwise && (elementwise->fused_into_producer || elementwise->function == Function::dropout)) continue;
    const auto* norm = std::get_if<Normalisation>(&op);
    if (norm && norm->backward) continue;  // writes the gradients of its weights too
    const Work w = work(op, {});
    if (std::holds_alternative<OptimiserStep>(op)) continue;
    EXPECT_EQ((w.activations_out + w.cache_written).si(), 4.0 * static_cast<double>(output_elements(op)))
        << kind_name(op);
  }
}

TEST(Operators, MatMulCountsTwoFlopsAMultiplyAdd) {
  const Work w = work(MatMul{.rows = 7, .columns = 11, .inner = 13}, {});
  EXPECT_EQ(w.matrix, Flops(2 * 7 * 11 * 13));
  EXPECT_EQ(w.vector, Flops(7 * 11)) << "bias";
  EXPECT_EQ(w.weights, Bytes(4 * (11 * 13 + 11)));
  EXPECT_EQ(w.activations_in, Bytes(4 * 7 * 13));
  EXPECT_EQ(w.activations_out, Bytes(4 * 7 * 11));
}

TEST(Operators, GroupsAndDensityCutWeightsAndFlopsAlike) {
  const MatMul full{.rows = 7, .columns = 12, .inner = 8, .bias = false};
  for (const auto& [groups, density] : {std::pair<Size, double>{4, 1}, {1, 0.25}, {2, 0.5}}) {
    MatMul part = full;
    part.groups = groups, part.density = density;
    EXPECT_EQ(work(part, {}).matrix.si(), work(full, {}).matrix.si() / 4);
    EXPECT_EQ(work(part, {}).weights.si(), work(full, {}).weights.si() / 4);
    EXPECT_EQ(parameter_count(part), parameter_count(full) / 4);
  }
}

TEST(Operators, MatMulWithoutReuseIsABatchedMatMulOfItsActivations) {
  const Work weights = work(MatMul{.rows = 7, .columns = 11, .inner = 13, .bias = false}, {});
  const Work both = work(BatchedMatMul{.batch = 1, .rows = 7, .columns = 11, .inner = 13}, {});
  EXPECT_EQ(weights.matrix, both.matrix);
  EXPECT_EQ(weights.bytes(), both.bytes());
}

TEST(Operators, SharedSecondOperandsAreReadOnce) {
  const BatchedMatMul own{.batch = 12, .rows = 1, .columns = 9, .inner = 4, .second_is_cache = true};
  BatchedMatMul shared = own;
  shared.second_operands = 3;
  EXPECT_EQ(work(shared, {}).matrix, work(own, {}).matrix);
  EXPECT_EQ(work(own, {}).cache_read, Bytes(4 * 12 * 9 * 4));
  EXPECT_EQ(work(shared, {}).cache_read, Bytes(4 * 3 * 9 * 4));
}

TEST(Operators, FusedAttentionDoesTheMatrixWorkOfItsParts) {
  const FusedAttention fused{.batch = 2, .heads = 6, .key_value_heads = 6, .queries = 5, .keys = 9, .head_dim = 4};
  const Work scores = work(BatchedMatMul{.batch = 12, .rows = 5, .columns = 9, .inner = 4}, {});
  const Work context = work(BatchedMatMul{.batch = 12, .rows = 5, .columns = 4, .inner = 9}, {});
  EXPECT_EQ(work(fused, {}).matrix, scores.matrix + context.matrix);
  EXPECT_LT(work(fused, {}).bytes(), scores.bytes() + context.bytes());
}

TEST(Operators, AttendedPairsEqualTheMaskCountedOut) {
  for (const Size queries : {1, 4, 9})
    for (const Size keys : {9, 12})
      for (const Size window : {0, 1, 3, 9, 20}) {
        Size pairs = 0;
        for (Size i = 0; i < queries; ++i) {
          const Size position = keys - queries + i;
          for (Size j = 0; j <= position; ++j) pairs += window == 0 || position - j < window;
        }
        const FusedAttention op{.batch = 1,
                                .heads = 1,
                                .key_value_heads = 1,
                                .queries = queries,
                                .keys = keys,
                                .head_dim = 1,
                                .window = window,
                                .causal = true};
        EXPECT_EQ(attended_pairs(op), pairs) << queries << " " << keys << " " << window;
      }
}

TEST(Operators, GeluOfOneKernelCountsWhatItsEightEagerKernelsCount) {
  const auto one = [](Function f, int operands = 1) {
    return work(Elementwise{.function = f, .elements = 30, .operands = operands}, {}).flops();
  };
  using enum Function;
  const Flops eager =
      one(scale) + one(cube) + one(scale) + one(add, 2) + one(scale) + one(tanh) + one(add) + one(multiply, 2);
  EXPECT_EQ(eager, one(gelu_tanh));
}

TEST(Operators, RmsNormOfOneKernelCountsWhatItsEagerKernelsCount) {
  const Size rows = 6, columns = 8;
  const auto f = [](const Operator& op) { return work(op, {}).flops(); };
  using enum Function;
  const Flops eager = f(Elementwise{.function = square, .elements = rows * columns}) + f(Reduction{rows, columns}) +
                      f(Elementwise{.function = add, .elements = rows}) +
                      f(Elementwise{.function = rsqrt, .elements = rows}) +
                      f(Elementwise{.function = multiply, .elements = rows * columns}) +
                      f(Elementwise{.function = multiply, .elements = rows * columns, .parameters = columns});
  EXPECT_EQ(eager, f(Normalisation{.kind = NormKind::rms_norm, .rows = rows, .columns = columns}));
}

TEST(Operators, FourierMixingFollowsTheUsualCount) {
  const double n = 2 * 128 * 64;
  EXPECT_DOUBLE_EQ(work(FourierMixing{Transform::dft, 2, 128, 64}, {}).flops().si(), 5 * n * (7 + 6));
  EXPECT_DOUBLE_EQ(work(FourierMixing{Transform::dct, 2, 128, 64}, {}).flops().si(), n * (5 * (7 + 6) + 8));
}

TEST(Operators, FusedElementwiseSavesExactlyItsOwnPassOverMemory) {
  for (std::size_t f = 0; f < kFunctionCount; ++f) {
    Elementwise op{.function = static_cast<Function>(f), .elements = 30, .operands = 2, .parameters = 5};
    const Work alone = work(op, {});
    op.fused_into_producer = true;
    const Work fused = work(op, {});
    EXPECT_EQ(fused.flops(), alone.flops());
    EXPECT_EQ((alone.bytes() - fused.bytes()).si(), 2 * 4 * 30) << "one read, one write";
  }
}

TEST(Operators, EmbeddingsReadNoMoreRowsThanTheTableHas) {
  EXPECT_EQ(work(Embedding{.lookups = 4096, .width = 8, .vocabulary = 2}, {}).weights, Bytes(4 * 2 * 8));
  EXPECT_EQ(work(Embedding{.lookups = 3, .width = 8, .vocabulary = 1000}, {}).weights, Bytes(4 * 3 * 8));
}

TEST(Operators, ParametersAreWhatTheLayersOfTheSameNameOwn) {
  EXPECT_EQ(parameter_count(MatMul{.rows = 1, .columns = 3072, .inner = 768}), 768 * 3072 + 3072);
  EXPECT_EQ(parameter_count(Normalisation{.kind = NormKind::layer_norm, .rows = 9, .columns = 768}), 2 * 768);
  EXPECT_EQ(parameter_count(Normalisation{.kind = NormKind::rms_norm, .rows = 9, .columns = 768}), 768);
  EXPECT_EQ(parameter_count(Embedding{.lookups = 9, .width = 768, .vocabulary = 30522}), 768 * 30522);
  EXPECT_EQ(parameter_count(DepthwiseConvolution{1, 128, 64, 9}), 64 * 9);
  EXPECT_EQ(parameter_count(Softmax{4, 4}), 0);
}

}  // namespace
}  // namespace ridgeline
