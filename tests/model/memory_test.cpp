#include "model/memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "model/training.hpp"
#include "tests/model/models.hpp"

namespace ridgeline {
namespace {

constexpr Numerics kFp32{};

std::int32_t buffer(GraphBuilder& graph, Size elements, std::initializer_list<std::int32_t> inputs) {
  return graph.add(Copy{Movement::contiguous, elements}, "buffer", inputs);
}

double peak(GraphBuilder graph, std::initializer_list<OperatorVertex> kept = {}) {
  const std::vector<OperatorVertex> vertices(kept);
  return peak_activations(std::move(graph).build(), kFp32, vertices).si() / 4;
}

TEST(Memory, ChainsHoldTwoTensorsAtATime) {
  GraphBuilder g;
  const auto a = buffer(g, 10, {});
  const auto b = buffer(g, 20, {a});
  const auto c = buffer(g, 5, {b});
  buffer(g, 1, {c});
  EXPECT_EQ(peak(g), 30);
}

TEST(Memory, TensorsLiveUntilTheirLastReader) {
  GraphBuilder g;
  const auto skip = buffer(g, 10, {});
  const auto wide = buffer(g, 40, {skip});
  const auto narrow = buffer(g, 10, {wide});
  g.add(Elementwise{.function = Function::add, .elements = 10, .operands = 2}, "residual", {skip, narrow});
  EXPECT_EQ(peak(g), 60);
}

TEST(Memory, ViewsAndFusedOperatorsShareABuffer) {
  GraphBuilder g;
  const auto a = buffer(g, 10, {});
  const auto view = g.add_view(1, "view", a);
  const auto fused =
      g.add(Elementwise{.function = Function::relu, .elements = 10, .fused_into_producer = true}, "relu", {view});
  buffer(g, 3, {fused});
  EXPECT_EQ(peak(g), 13);
}

TEST(Memory, AViewKeepsItsTensorAlive) {
  GraphBuilder g;
  const auto a = buffer(g, 10, {});
  const auto view = g.add_view(1, "view", a);
  const auto b = buffer(g, 7, {});
  buffer(g, 1, {view, b});
  EXPECT_EQ(peak(g), 18);
}

TEST(Memory, UnreadTensorsAreFreedAtOnceUnlessKept) {
  GraphBuilder g;
  const auto a = buffer(g, 10, {});
  buffer(g, 20, {});
  buffer(g, 30, {a});
  EXPECT_EQ(peak(g), 40);
  EXPECT_EQ(peak(g, {1}), 60);
}

TEST(Memory, CachesAreNotActivations) {
  GraphBuilder g;
  const auto a = buffer(g, 10, {});
  const auto cache = g.add(Copy{Movement::cache_concatenate, 1000}, "cache", {a});
  buffer(g, 10, {g.add_view(1, "view", cache)});
  EXPECT_EQ(peak(g), 10);
}

TEST(Memory, GivenTensorsAreThereFromTheStart) {
  GraphBuilder g;
  const auto given = g.add_given(100, "given");
  const auto a = buffer(g, 10, {});
  const auto b = buffer(g, 5, {a, given});
  buffer(g, 50, {b});
  EXPECT_EQ(peak(g), 115);
}

TEST(Memory, ScattersWriteIntoTheirFirstInput) {
  GraphBuilder g;
  const auto whole = buffer(g, 100, {});
  const auto rows = buffer(g, 10, {});
  const auto scattered = g.add_scatter(10, "scatter", whole, rows);
  buffer(g, 1, {scattered});
  EXPECT_EQ(peak(g), 110);
}

// By hand: the feed-forward holds its input (also the residual) and the hidden layer before and after GELU; at 128
// tokens that is more than attention's scores and their scaled copy beside query, key and value.
TEST(Memory, BertBasePeaksInTheFeedForward) {
  const Workload w{.length = 128};
  const MemoryUse use = memory_use(lower(models::bert_base(), w), w.numerics);
  const double mask = 128;
  EXPECT_EQ(use.activations.si(), 4 * (128 * (768 + 3072 + 3072) + mask));
  EXPECT_EQ(use.weights.si(), 4 * 109'482'240.0);
  EXPECT_EQ(use.cache, Bytes(0));
  EXPECT_EQ(use.optimiser_state, Bytes(0));
  EXPECT_EQ(use.total(), use.weights + use.activations);
}

TEST(Memory, LongSequencesPeakInTheScores) {
  Architecture a = models::bert_base();
  a.max_length = 0;
  const Workload w{.length = 4096};
  const double l = 4096;
  const MemoryUse use = memory_use(lower(a, w), w.numerics);
  // scores and one more copy of them; input, query, key and value; mask
  EXPECT_EQ(use.activations.si(), 4 * (2 * 12 * l * l + 2 * 768 * l + l));
}

TEST(Memory, FlashAttentionNeedsNoScores) {
  Architecture a = models::bert_base();
  a.max_length = 0;
  Workload w{.length = 4096, .fusion = Fusion::flash_attention};
  const double l = 4096;
  EXPECT_LT(memory_use(lower(a, w), w.numerics).activations.si(), 4 * 12 * l * l);
}

TEST(Memory, DecodersCountTheirCacheApart) {
  const Architecture a = models::gpt2(768, 12, 12, 1024);
  const Workload w{.task = Task::generate, .batch = 2, .length = 100, .new_tokens = 28};
  const MemoryUse use = memory_use(lower(a, w), w.numerics);
  EXPECT_EQ(use.cache.si(), 4.0 * 2 * 12 * 2 * 768 * 128);
}

// What the batch estimator adds up: the peak of a program is the highest of its parts'.
TEST(Memory, PeaksComposeOverParts) {
  for (const Architecture& a : models::all())
    for (const Fusion fusion : {Fusion::none, Fusion::typical, Fusion::flash_attention})
      for (const Task task : {Task::encode, Task::decode_step, Task::generate}) {
        if (task != Task::encode && a.encoder_only()) continue;
        const Workload w{.task = task, .batch = 2, .length = 24, .new_tokens = 2, .beams = 2, .fusion = fusion};
        const Program program = lower(a, w);
        const std::vector<PhaseParts> phases = plan(a, w);
        for (std::size_t p = 0; p < phases.size(); ++p) {
          Bytes highest(0);
          for (const Part& part : phases[p].parts) {
            const PartGraph alone = part_graph(part, w);
            highest = std::max(highest, peak_activations(alone.graph, w.numerics, alone.kept));
          }
          EXPECT_EQ(highest, peak_activations(program.phases[p].graph, w.numerics, program.phases[p].results))
              << a.name << " " << name(task) << " " << phases[p].name << " fusion " << static_cast<int>(fusion);
        }
      }
}

TEST(Memory, TrainingKeepsEveryLayer) {
  const auto activations = [](std::size_t layers) {
    const Workload w{.task = Task::train, .batch = 4, .length = 64};
    return memory_use(lower(models::bert_pretraining(256, 4, 1024, layers), w), w.numerics).activations.si();
  };
  const double growth = activations(4) - activations(3);
  EXPECT_NEAR(activations(8) - activations(7), growth, 1);
  // inputs of query, key and value (one tensor), of the products (query, key, value, probabilities), of the output
  // map, of both norms, of the feed-forward (two) and of GELU; masks of dropouts, 1 byte each
  const double tokens = 4 * 64, scores = 4 * 4 * 64 * 64, d = 256, f = 1024;
  const double kept = tokens * (d + 3 * d + d + d + d + d + f + f) + 2 * scores;
  const double masks = scores + 2 * tokens * d;
  EXPECT_NEAR(growth, 4 * kept + masks, 1);
}

// Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", equation 2: a layer of
// width h and hidden size 4·h with a heads keeps s·b·h·(34 + 5·a·s/h) bytes at 16 bits.
TEST(Memory, TrainingKeepsThePublishedBytesOfALayer) {
  for (const auto& [s, b, h, a] : {std::array<Size, 4>{128, 2, 512, 8}, {512, 1, 768, 12}, {64, 8, 1024, 16}}) {
    const auto activations = [&](std::size_t layers) {
      const Workload w{.task = Task::train, .batch = b, .length = s, .numerics = uniform_numerics(Precision::fp16)};
      return memory_use(lower(models::bert_pretraining(h, a, 4 * h, layers), w), w.numerics).activations.si();
    };
    const double published = static_cast<double>(s * b * (34 * h + 5 * a * s));
    EXPECT_NEAR((activations(24) - activations(23)) / published, 1, 1e-6) << s << " " << b << " " << h << " " << a;
  }
}

TEST(Memory, OptimisersKeepTheirState) {
  const Workload adam{.task = Task::train}, sgd{.task = Task::train, .optimiser = Optimiser::sgd};
  EXPECT_EQ(optimiser_state(1000, adam), Bytes(12'000));
  EXPECT_EQ(optimiser_state(1000, sgd), Bytes(4'000));
  Workload half = adam;
  half.numerics = uniform_numerics(Precision::fp16);
  EXPECT_EQ(optimiser_state(1000, half), Bytes(14'000)) << "fp16 gradients, fp32 moments and weights";
}

}  // namespace
}  // namespace ridgeline
