// FlexiBERT 2.0's layers against the formulas of their FLOPs, head kind by head kind.
#include <fmt/format.h>

#include <cmath>

#include "model/lowering.hpp"
#include "model/readers.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

struct Sizes {
  double L, h, n, d;
  double a() const { return n * d; }
};

/// What a layer of n heads costs whatever their kinds: maps with biases, the relative-key term, scale, mask, softmax,
/// attention × value, residual and norm.
double common(const Sizes& s) {
  const double pairs = s.n * s.L * s.L;
  const double maps = 6 * s.L * s.h * s.a() + 3 * s.L * s.a() + 2 * s.L * s.a() * s.h + s.L * s.h;
  const double relative = 2 * pairs * s.d + pairs;
  const double softmax = pairs + pairs + 5 * pairs;
  const double context = 2 * pairs * s.d;
  const double residual_norm = s.L * s.h + 7 * s.L * s.h + 2 * s.L;
  return maps + relative + softmax + context + residual_norm;
}

/// What one head adds by its kind.
double head(const Sizes& s, MixedHead kind) {
  const double L = s.L, d = s.d, k = static_cast<double>(kind.kernel);
  const double scores = 2 * L * L * d;
  switch (kind.kind) {
    case HeadKind::scaled_dot_product:
      return scores;
    case HeadKind::weighted_multiplicative:
      return 2 * L * d * d + scores;
    case HeadKind::dft:
      return 5 * L * d * (std::log2(L) + std::log2(d)) + L * d;
    case HeadKind::dct:  // the transforms of both axes with their twiddle factors
      return L * d * (5 * (std::log2(L) + std::log2(d)) + 8) + L * d;
    case HeadKind::convolution:
      break;
  }
  const double separable = 2 * L * d * k + 2 * L * d * d + L * d;
  const double kernels = L * d + 2 * L * d * k + L * k + 5 * L * k;
  const double values = 2 * L * d * d + L * d + 2 * L * d * k;
  return separable + kernels + values + L * d;
}

Architecture layer_of(const MixedAttention& attention, Size width) {
  Architecture a;
  a.name = "flexibert";
  a.embeddings = {.vocabulary = 50265, .width = width};
  a.encoder.layers = {{.width = width, .sublayers = {{.body = attention}}}};
  return a;
}

double flops(const Architecture& a, const Workload& w) {
  double sum = 0;
  const std::vector<PhaseParts> phases = plan(a, w);
  for (const Part& part : phases.front().parts)
    if (std::holds_alternative<const Sublayer*>(part.body))
      sum += total_work(part_graph(part, w).graph, w.numerics).flops().si();
  return sum;
}

TEST(LoweringMixed, EveryHeadKindCostsItsFormula) {
  const std::vector<MixedHead> kinds{{HeadKind::scaled_dot_product},
                                     {HeadKind::weighted_multiplicative},
                                     {HeadKind::dft},
                                     {HeadKind::dct},
                                     {HeadKind::convolution, 5},
                                     {HeadKind::convolution, 9},
                                     {HeadKind::convolution, 13}};
  for (const MixedHead& kind : kinds)
    for (const auto& [width, heads, dim] :
         {std::array<Size, 3>{256, 4, 64}, {128, 2, 64}, {128, 3, 42}, {768, 12, 64}})
      for (const Size length : {128, 64}) {
        const MixedAttention attention{.heads = std::vector<MixedHead>(static_cast<std::size_t>(heads), kind),
                                       .head_dim = dim};
        const Sizes s{static_cast<double>(length), static_cast<double>(width), static_cast<double>(heads),
                      static_cast<double>(dim)};
        const Workload w{.length = length, .fusion = Fusion::typical};
        const double expected = common(s) + s.n * head(s, kind);
        EXPECT_NEAR(flops(layer_of(attention, width), w) / expected, 1, 1e-12)
            << static_cast<int>(kind.kind) << " kernel " << kind.kernel << " width " << width << " dim " << dim;
      }
}

TEST(LoweringMixed, EagerCodeAddsOnlyIndicesAndTwiddleFactors) {
  for (const HeadKind kind : {HeadKind::scaled_dot_product, HeadKind::dft, HeadKind::dct, HeadKind::convolution}) {
    const MixedAttention attention{.heads = {{kind, 9}, {kind, 9}}, .head_dim = 64};
    const Architecture a = layer_of(attention, 128);
    const double L = 128, d = 64;
    const double indices = 2 * L * L, twiddles = kind == HeadKind::dct ? 2 * 3 * (L + d) : 0;
    EXPECT_NEAR(flops(a, {.length = 128}), flops(a, {.length = 128, .fusion = Fusion::typical}) + indices + twiddles,
                1e-6)
        << static_cast<int>(kind);
  }
}

TEST(LoweringMixed, MixedLayersAreTheSumOfTheirHeads) {
  const MixedAttention mixed{.heads = {{HeadKind::scaled_dot_product},
                                       {HeadKind::weighted_multiplicative},
                                       {HeadKind::dct},
                                       {HeadKind::convolution, 9}},
                             .head_dim = 48};
  const Sizes s{100, 256, 4, 48};
  double expected = common(s);
  for (const MixedHead& kind : mixed.heads) expected += head(s, kind);
  EXPECT_NEAR(flops(layer_of(mixed, 256), {.length = 100, .fusion = Fusion::typical}) / expected, 1, 1e-12);
}

TEST(LoweringMixed, HeadsWithoutScoresContributeZerosInEagerCode) {
  const MixedAttention attention{.heads = {{HeadKind::dft}, {HeadKind::scaled_dot_product}}, .head_dim = 64};
  const Workload w{.batch = 3, .length = 32};
  const OperatorGraph g = std::move(lower(layer_of(attention, 128), w).phases.front().graph);
  Size zeros = 0, stacked = 0;
  for (OperatorVertex v = 0; v < num_vertices(g); ++v) {
    const Copy* copy = std::get_if<Copy>(&g[v].op);
    if (copy && g[v].label == "no scores 0") zeros = copy->elements;
    if (copy && g[v].label == "scores") stacked = copy->elements;
  }
  EXPECT_EQ(zeros, 3 * 32 * 32);
  EXPECT_EQ(stacked, 3 * 2 * 32 * 32);
}

TEST(LoweringMixed, FeedForwardChainsFollowTheirList) {
  Architecture a;
  a.embeddings = {.vocabulary = 50265, .width = 128};
  a.encoder.layers = {{.width = 128, .sublayers = {{.body = FeedForward{.hidden = {1024, 512, 256}}}}}};
  const double L = 128, maps = 128 * 1024 + 1024 * 512 + 512 * 256 + 256 * 128, biases = 1024 + 512 + 256 + 128;
  const double gelu = 5 * L * (1024 + 512 + 256), residual_norm = L * 128 + 7 * L * 128 + 2 * L;
  EXPECT_DOUBLE_EQ(flops(a, {.length = 128}), 2 * L * maps + L * biases + gelu + residual_norm);
}

// Every measured model and every published design lowers, for one sequence of 128 tokens.
TEST(LoweringMixed, EveryMeasuredModelLowers) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  const Node data = read_document(shared_data() / "edgetran" / "dataset.json");
  std::size_t lowered = 0;
  for (const std::string& key : data.keys()) {
    const Architecture a = parse_flexibert(data.at(key).at("model_dict"), key);
    const Workload w{.length = 128};
    const Program program = lower(a, w);
    EXPECT_EQ(program.phases.size(), 1u);
    const Work work = total_work(program.phases.front().graph, w.numerics);
    EXPECT_GT(work.flops().si(), 1e8) << key;
    EXPECT_LT(work.flops().si(), 1e11) << key;
    ++lowered;
  }
  EXPECT_GT(lowered, 500u);
}

}  // namespace
}  // namespace ridgeline
