#include "model/lowering.hpp"

#include <fmt/format.h>

#include <set>

#include "model/memory.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

constexpr std::array kFusions{Fusion::none, Fusion::typical, Fusion::flash_attention};

/// Every task that the model can do.
std::vector<Workload> workloads(const Architecture& a) {
  const Workload base{.batch = 2, .length = 24, .new_tokens = 3, .beams = 1};
  std::vector<Workload> all;
  const auto add = [&](Task task, Size beams = 1) {
    for (const Fusion fusion : kFusions) {
      Workload w = base;
      w.task = task, w.fusion = fusion, w.beams = beams;
      all.push_back(w);
    }
  };
  add(Task::encode);
  add(Task::train);
  if (a.decoder_only()) add(Task::prefill);
  if (!a.encoder_only()) add(Task::decode_step), add(Task::decode_step, 3), add(Task::generate, 2);
  return all;
}

std::string describe(const Architecture& a, const Workload& w) {
  return fmt::format("{} {} fusion {} beams {}", a.name, name(w.task), static_cast<int>(w.fusion), w.beams);
}

void for_every_program(auto check_one) {
  for (const Architecture& a : models::all())
    for (const Workload& w : workloads(a)) {
      SCOPED_TRACE(describe(a, w));
      check_one(a, w, lower(a, w));
    }
}

Work sum(const Program& program, const Workload& w) {
  Work total;
  for (const Phase& phase : program.phases)
    total = total + static_cast<double>(phase.repeats) * total_work(phase.graph, w.numerics);
  return total;
}

TEST(Lowering, EveryModelLowersForEveryTaskAndFusion) {
  for_every_program([](const Architecture&, const Workload& w, const Program& program) {
    ASSERT_FALSE(program.phases.empty());
    EXPECT_EQ(program.sequences, w.batch);
    for (const Phase& phase : program.phases) {
      EXPECT_GT(num_vertices(phase.graph), 0u);
      const Work work = total_work(phase.graph, w.numerics);
      EXPECT_GT(work.bytes(), Bytes(0));
      for (auto [edge, end] = edges(phase.graph); edge != end; ++edge)
        EXPECT_LT(source(*edge, phase.graph), target(*edge, phase.graph)) << "program order is topological";
    }
  });
}

TEST(Lowering, GraphsHoldTheParametersOfTheArchitecture) {
  for (const Architecture& a : models::all())
    for (const Fusion fusion : kFusions) {
      // long enough that every expert has tokens
      const Workload w{.task = Task::train, .batch = 2, .length = 24, .fusion = fusion};
      const Program program = lower(a, w);
      EXPECT_EQ(parameter_count(program.phases.front().graph), parameter_count(a)) << a.name;
      EXPECT_EQ(program.parameters, parameter_count(a)) << a.name;
      Size stepped = 0;
      const OperatorGraph& optimiser = program.phases.back().graph;
      for (OperatorVertex v = 0; v < num_vertices(optimiser); ++v)
        stepped += std::get<OptimiserStep>(optimiser[v].op).parameters;
      EXPECT_EQ(stepped, parameter_count(a)) << "every weight takes one optimiser step, " << a.name;
    }
}

TEST(Lowering, LabelsAreShortAndUniqueWithinTheirBlock) {
  for (const Architecture& a : models::all())
    for (const Workload& w : workloads(a))
      for (const PhaseParts& phase : plan(a, w))
        for (const Part& part : phase.parts) {
          const PartGraph alone = part_graph(part, w);
          std::set<std::string> labels;
          for (OperatorVertex v = 0; v < num_vertices(alone.graph); ++v) {
            const OperatorNode& node = alone.graph[v];
            if (is_given(node)) continue;
            EXPECT_LE(node.label.size(), 18u) << node.label;
            EXPECT_TRUE(labels.insert(node.label).second) << describe(a, w) << ": " << node.label;
          }
        }
}

TEST(Lowering, FusionNeverAddsMatrixFlopsOrBytes) {
  for (const Architecture& a : models::all())
    for (const Workload& eager : workloads(a)) {
      if (eager.fusion != Fusion::none) continue;
      Workload typical = eager, flash = eager;
      typical.fusion = Fusion::typical, flash.fusion = Fusion::flash_attention;
      const Work none = sum(lower(a, eager), eager), some = sum(lower(a, typical), typical),
                 most = sum(lower(a, flash), flash);
      SCOPED_TRACE(describe(a, eager));
      EXPECT_LE(some.matrix, none.matrix);
      EXPECT_LE(some.bytes(), none.bytes());
      EXPECT_LE(most.bytes(), some.bytes());
      if (eager.task != Task::train) {
        EXPECT_LE(some.flops().si(), none.flops().si() * (1 + 1e-12));
        EXPECT_LE(most.matrix, some.matrix);
      }
    }
}

TEST(Lowering, CompilersDropViewsAndEagerCodeMayToo) {
  for (const Architecture& a : models::all()) {
    Workload w{.batch = 2, .length = 24};
    const OperatorGraph with = std::move(lower(a, w).phases.front().graph);
    w.views = false;
    const OperatorGraph without = std::move(lower(a, w).phases.front().graph);
    EXPECT_LT(num_vertices(without), num_vertices(with));
    for (OperatorVertex v = 0; v < num_vertices(without); ++v)
      EXPECT_FALSE(std::holds_alternative<View>(without[v].op)) << a.name << " " << without[v].label;
    EXPECT_EQ(total_work(with, {}).flops(), total_work(without, {}).flops());
    EXPECT_EQ(total_work(with, {}).bytes(), total_work(without, {}).bytes());
  }
}

// The batch estimator relies on it: a part alone is the part inside its model.
TEST(Lowering, ProgramsAreTheirPartsOneAfterAnother) {
  for_every_program([](const Architecture& a, const Workload& w, const Program& program) {
    const std::vector<PhaseParts> phases = plan(a, w);
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const OperatorGraph& whole = program.phases[p].graph;
      OperatorVertex v = 0;
      while (v < num_vertices(whole) && is_given(whole[v])) ++v;
      for (const Part& part : phases[p].parts) {
        const PartGraph alone = part_graph(part, w);
        for (OperatorVertex u = 0; u < num_vertices(alone.graph); ++u) {
          if (is_given(alone.graph[u])) continue;
          ASSERT_LT(v, num_vertices(whole));
          EXPECT_EQ(alone.graph[u].op, whole[v].op) << alone.graph[u].label;
          EXPECT_EQ(alone.graph[u].label, whole[v].label);
          EXPECT_EQ(alone.graph[u].output, whole[v].output) << alone.graph[u].label;
          EXPECT_EQ(alone.graph[u].layer, whole[v].layer);
          ++v;
        }
      }
      EXPECT_EQ(v, num_vertices(whole));
    }
  });
}

TEST(Lowering, EqualPartsAreRecognised) {
  const Architecture a = models::bert_base();
  const std::vector<PhaseParts> phases = plan(a, Workload{});
  const std::vector<Part>& parts = phases.front().parts;
  ASSERT_EQ(parts.size(), 1 + 24 + 1u);
  std::set<std::size_t> hashes;
  for (const Part& part : parts) hashes.insert(hash_value(part));
  // embeddings, attention, feed-forward, head; the last attention ends the life of the mask, the last feed-forward
  // stands behind it
  EXPECT_EQ(hashes.size(), 6u);
  EXPECT_TRUE(same_operators(parts[1], parts[3]));
  EXPECT_FALSE(same_operators(parts[1], parts[2]));
  EXPECT_FALSE(same_operators(parts[21], parts[23]));
  const Architecture copy = a;
  EXPECT_TRUE(same_operators(parts[1], plan(copy, Workload{}).front().parts[1])) << "by value, not by address";
}

TEST(Lowering, BatchMultipliesActivationsButNotWeights) {
  for (const Architecture& a : models::encoders()) {
    const Workload one{.batch = 1, .length = 24}, four{.batch = 4, .length = 24};
    const Work w1 = sum(lower(a, one), one), w4 = sum(lower(a, four), four);
    EXPECT_NEAR(w4.matrix.si() / w1.matrix.si(), 4, 1e-9) << a.name;
    EXPECT_LT(w4.weights.si(), 1.05 * w1.weights.si()) << a.name;
  }
}

// A prefill of n tokens and n decoding steps on an empty cache multiply the same weights with the same tokens.
TEST(Lowering, DecodingStepByStepDoesTheMatrixWorkOfThePrefill) {
  const Architecture a = models::gpt2(768, 12, 2, 1024);
  const Size n = 16;
  double projections = 0, step_projections = 0;
  const auto weights = [](const OperatorGraph& g) {
    double flops = 0;
    for (OperatorVertex v = 0; v < num_vertices(g); ++v)
      if (std::holds_alternative<MatMul>(g[v].op)) flops += work(g[v].op, {}).matrix.si();
    return flops;
  };
  projections = weights(lower(a, {.task = Task::prefill, .length = n}).phases.front().graph);
  for (Size past = 1; past <= n; ++past)
    step_projections += weights(lower(a, {.task = Task::decode_step, .length = past}).phases.front().graph);
  EXPECT_DOUBLE_EQ(step_projections, projections);
}

TEST(Lowering, DecodingReadsTheWholeCacheAndWritesOnePosition) {
  const Architecture a = models::llama(512, 8, 2, 1376, 2);
  const Workload w{.task = Task::decode_step, .batch = 3, .length = 99, .fusion = Fusion::flash_attention};
  const Program program = lower(a, w);
  const Work work = sum(program, w);
  const double position = 2 * 2 * 2 * 64 * 4;  // layers, key and value, heads, dimensions, bytes
  EXPECT_EQ(work.cache_read.si(), 3 * 100 * position);
  EXPECT_EQ(work.cache_written.si(), 3 * position);
  EXPECT_EQ(program.cache.si(), 3 * 100 * position);
}

TEST(Lowering, EagerDecodingCopiesTheCacheInEveryStep) {
  const Architecture a = models::gpt2(768, 12, 2, 1024);
  const Workload w{.task = Task::decode_step, .length = 99};
  const Work work = sum(lower(a, w), w);
  const double position = 2 * 2 * 768 * 4;
  EXPECT_EQ(work.cache_written.si(), 100 * position);
  EXPECT_EQ(work.cache_read.si(), 2 * 100 * position) << "once to copy it, once to attend";
}

TEST(Lowering, NarrowCachesAreConvertedWhenTheyAreFilled) {
  const Architecture a = models::llama(512, 8, 2, 1376, 2);
  Workload w{.task = Task::prefill, .length = 100, .fusion = Fusion::flash_attention};
  EXPECT_EQ(sum(lower(a, w), w).cache_written, Bytes(0)) << "the projections' results are the cache";
  w.numerics.cache = Precision::int8;
  const double elements = 100 * 2 * 2 * 2 * 64;
  EXPECT_EQ(sum(lower(a, w), w).cache_written, Bytes(elements));
  EXPECT_EQ(lower(a, w).cache, Bytes(elements));
}

TEST(Lowering, SlidingWindowsBoundTheCache) {
  const Architecture a = models::llama(512, 8, 8, 1376, 2, 64);
  const Workload within{.task = Task::decode_step, .length = 40}, beyond{.task = Task::decode_step, .length = 1000};
  EXPECT_EQ(lower(a, within).cache.si(), 2.0 * 2 * 41 * 512 * 4);
  EXPECT_EQ(lower(a, beyond).cache.si(), 2.0 * 2 * 64 * 512 * 4);
  EXPECT_EQ(sum(lower(a, beyond), beyond).matrix,
            sum(lower(a, {.task = Task::decode_step, .length = 63}), beyond).matrix);
}

TEST(Lowering, GenerationIsTheEncoderAndItsSteps) {
  const Architecture a = models::hat();
  const Workload w{.task = Task::generate, .length = 30, .new_tokens = 30, .beams = 5};
  const Program program = lower(a, w);
  ASSERT_EQ(program.phases.size(), 31u);
  EXPECT_EQ(program.phases[0].name, "encoder");
  for (std::size_t i = 1; i <= 30; ++i) EXPECT_EQ(program.phases[i].name, "decode");
  const auto count = [&](std::size_t phase, auto wanted) {
    const OperatorGraph& g = program.phases[phase].graph;
    int n = 0;
    for (OperatorVertex v = 0; v < num_vertices(g); ++v) n += wanted(g[v]);
    return n;
  };
  const auto reorders = [](const OperatorNode& node) {
    const Copy* c = std::get_if<Copy>(&node.op);
    return c && c->movement == Movement::cache_reorder;
  };
  const auto cross_keys = [](const OperatorNode& node) {
    const MatMul* m = std::get_if<MatMul>(&node.op);
    return m && node.label == "key";
  };
  EXPECT_EQ(count(1, reorders), 0) << "nothing to reorder before the first step";
  EXPECT_EQ(count(2, reorders), 3 * 2 * 2) << "layers × (self and cross) × (keys and values)";
  EXPECT_EQ(count(1, cross_keys), 3) << "the memory is projected in the first step only";
  EXPECT_EQ(count(2, cross_keys), 0);
  Workload measured = w;
  measured.reorder_beams = false;
  EXPECT_LT(sum(lower(a, measured), w).bytes(), sum(program, w).bytes());
}

TEST(Lowering, HatAttendsToSeveralEncoderLayersAtOnce) {
  const Program program = lower(models::hat(), {.task = Task::generate, .length = 30, .new_tokens = 1, .beams = 5});
  const OperatorGraph& g = program.phases[1].graph;
  std::vector<Size> rows, keys;
  for (OperatorVertex v = 0; v < num_vertices(g); ++v) {
    if (const MatMul* m = std::get_if<MatMul>(&g[v].op); m && g[v].label == "key") rows.push_back(m->rows);
    if (const Softmax* s = std::get_if<Softmax>(&g[v].op)) keys.push_back(s->columns);
  }
  EXPECT_EQ(rows, (std::vector<Size>{5 * 30, 5 * 60, 5 * 90}));
  EXPECT_EQ(keys, (std::vector<Size>{1, 30, 1, 60, 1, 90}));
  EXPECT_EQ(program.phases[0].results.size(), 3u) << "the last three encoder layers outlive the encoder";
}

TEST(Lowering, ManyStepsAreGroupedWithoutChangingTheirSums) {
  const Architecture a = models::gpt2(128, 2, 2, 2048);
  const Workload w{.task = Task::generate, .length = 7, .new_tokens = 200, .fusion = Fusion::typical};
  const Program program = lower(a, w);
  EXPECT_LE(program.phases.size(), 65u);
  Size steps = 0;
  Work decode;
  for (std::size_t i = 1; i < program.phases.size(); ++i) {
    steps += program.phases[i].repeats;
    decode = decode + static_cast<double>(program.phases[i].repeats) * total_work(program.phases[i].graph, {});
  }
  EXPECT_EQ(steps, 200);
  Work exact;
  for (Size i = 0; i < 200; ++i)
    exact =
        exact +
        total_work(
            lower(a, {.task = Task::decode_step, .length = 7 + i, .fusion = Fusion::typical}).phases.front().graph,
            {});
  EXPECT_DOUBLE_EQ(decode.flops().si(), exact.flops().si());
  EXPECT_DOUBLE_EQ(decode.bytes().si(), exact.bytes().si());
}

TEST(Lowering, MixturesDoTheWorkOfTheChosenExperts) {
  Architecture dense = models::t5(512, 8, 64, 2048, 2), sparse = models::t5(512, 8, 64, 2048, 2, 4);
  for (Architecture* a : {&dense, &sparse})
    for (Stack* stack : {&a->encoder, &a->decoder})
      for (Layer& layer : stack->layers)
        if (auto* f = std::get_if<FeedForward>(&layer.sublayers.back().body)) f->capacity = 0;
  const Workload w{.batch = 2, .length = 50};
  const double router = 2.0 * 100 * 512 * 4;
  EXPECT_EQ(sum(lower(sparse, w), w).matrix.si(), sum(lower(dense, w), w).matrix.si() + router);
  EXPECT_GT(parameter_count(sparse), parameter_count(dense) + 6 * 2 * 512 * 2048 - 1);
}

TEST(Lowering, ExpertCapacityDropsTokens) {
  Architecture a = models::t5(512, 8, 64, 2048, 2, 4);
  const auto expert_rows = [&](Size capacity) {
    std::get<FeedForward>(a.encoder.layers[1].sublayers.back().body).capacity = capacity;
    const OperatorGraph g = std::move(lower(a, {.batch = 2, .length = 512}).phases.front().graph);
    std::vector<Size> rows;
    for (OperatorVertex v = 0; v < num_vertices(g); ++v)
      if (const MatMul* m = std::get_if<MatMul>(&g[v].op); m && g[v].label.starts_with("hidden "))
        rows.push_back(m->rows);
    return rows;
  };
  EXPECT_EQ(expert_rows(0), (std::vector<Size>{256, 256, 256, 256}));
  EXPECT_EQ(expert_rows(64), (std::vector<Size>{128, 128, 128, 128})) << "64 of each of two sequences";
}

TEST(Lowering, ImagesHaveTheirOwnLength) {
  const Workload w{.batch = 2, .length = 5};
  const OperatorGraph g = std::move(lower(models::vit(), w).phases.front().graph);
  for (OperatorVertex v = 0; v < num_vertices(g); ++v) {
    if (const Softmax* s = std::get_if<Softmax>(&g[v].op)) {
      EXPECT_EQ(s->columns, 197);
      EXPECT_EQ(s->rows, 2 * 12 * 197);
    }
    EXPECT_NE(g[v].label, "mask") << "images are never padded";
  }
}

TEST(Lowering, RefusesImpossiblePairs) {
  const auto complaint = [](const Architecture& a, const Workload& w) { return error_of([&] { lower(a, w); }); };
  EXPECT_EQ(complaint(models::bert_base(), {.length = 513}), "bert: 513 positions are more than the model's 512");
  EXPECT_EQ(complaint(models::bert_base(), {.task = Task::decode_step}),
            "bert: cannot decode: it is an encoder-only model");
  EXPECT_EQ(complaint(models::bert_base(), {.task = Task::prefill}),
            "bert: cannot prefill: it is not a decoder-only model");
  EXPECT_EQ(complaint(models::gpt2(768, 12, 2, 1024), {.task = Task::decode_step, .length = 1024}),
            "gpt2: 1025 positions are more than the model's 1024");
  EXPECT_EQ(complaint(models::gpt2(768, 12, 2, 1024), {.task = Task::generate, .length = 1000, .new_tokens = 25}),
            "gpt2: 1025 positions are more than the model's 1024");
  EXPECT_EQ(complaint(models::bert_base(), {.length = 0}), "workload: length must be between 1 and 1000000, not 0");
}

}  // namespace
}  // namespace ridgeline
