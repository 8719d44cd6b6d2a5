// Lowering of all named models, of all measured encoder-decoders, and against published counts.
#include "model/lowering.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"
#include "tests/model/hat_files.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(LoweringZoo, GraphsHoldTheParametersOfTheirArchitectures) {
  for (const std::string& name : zoo_names()) {
    const Architecture a = zoo_model(name).architecture;
    const Workload w{.task = Task::train, .batch = 4, .length = 32};  // enough tokens for every expert
    EXPECT_EQ(parameter_count(lower(a, w).phases.front().graph), parameter_count(a)) << name;
  }
}

TEST(LoweringZoo, EveryModelLowersForItsTasks) {
  for (const std::string& name : zoo_names()) {
    const Architecture a = zoo_model(name).architecture;
    for (const Fusion fusion : {Fusion::none, Fusion::typical, Fusion::flash_attention}) {
      EXPECT_EQ(error_of([&] { lower(a, {.task = Task::encode, .length = 64, .fusion = fusion}); }), "(no error)")
          << name;
      if (a.encoder_only()) continue;
      const Workload w{.task = Task::generate, .length = 32, .new_tokens = 3, .beams = 2, .fusion = fusion};
      EXPECT_EQ(lower(a, w).phases.size(), 4u) << name;
    }
  }
}

/// Matrix FLOPs of the layers alone, without embeddings and logits.
double layer_flops(const Architecture& a, const Workload& w) {
  double flops = 0;
  const std::vector<PhaseParts> phases = plan(a, w);
  for (const PhaseParts& phase : phases)
    for (const Part& part : phase.parts)
      if (std::holds_alternative<const Sublayer*>(part.body))
        flops += total_work(part_graph(part, w).graph, w.numerics).matrix.si();
  return flops;
}

// README.md of mit-han-lab/hardware-aware-transformers, table of WMT'14 En-De models on the Raspberry Pi: GFLOP for a
// source and a target of 30 tokens, parameters without embeddings. What their profiler counts beside products is not
// stated; it is at most 0.4 %.
TEST(LoweringZoo, HatDesignsHaveThePublishedFlopsAndParameters) {
  struct Published {
    const char* file;
    double gflop, million;
  };
  for (const auto& [file, gflop, million] :
       {Published{"HAT_wmt14ende_raspberrypi@3.5s_bleu@25.8.yml", 1.53, 25.22},
        Published{"HAT_wmt14ende_raspberrypi@4.0s_bleu@26.9.yml", 1.78, 29.42},
        Published{"HAT_wmt14ende_raspberrypi@4.5s_bleu@27.6.yml", 2.19, 35.72},
        Published{"HAT_wmt14ende_raspberrypi@5.0s_bleu@27.8.yml", 2.26, 36.77},
        Published{"HAT_wmt14ende_raspberrypi@6.0s_bleu@28.2.yml", 2.70, 44.13},
        Published{"HAT_wmt14ende_raspberrypi@6.9s_bleu@28.4.yml", 3.02, 48.33}}) {
    const auto path = std::filesystem::path("hat") / "subtransformers" / file;
    RIDGELINE_NEEDS_DATA(path);
    const Architecture a = parse_hat(read_document(shared_data() / path), file);
    EXPECT_NEAR(layer_flops(a, {.task = Task::train, .length = 30}) / 1e9 / gflop, 1, 0.004) << file;
    Size tables = a.embeddings.vocabulary * a.embeddings.width;
    if (a.decoder_embeddings) tables += a.decoder_embeddings->vocabulary * a.decoder_embeddings->width;
    EXPECT_NEAR(static_cast<double>(parameter_count(a) - tables) / 1e6, million, 0.00501) << file;
  }
}

// Liu et al. 2021 (Swin Transformer, ICCV), Table 1, prints 4.6 G and 17.5 G multiply-adds for DeiT-S and DeiT-B at
// 224 pixels, which have the shapes of ViT-S/16 and ViT-B/16.
TEST(LoweringZoo, VisionTransformersHaveThePublishedMultiplyAdds) {
  for (const auto& [name, multiply_adds] : {std::pair{"vit-small", 4.6}, {"vit-base", 17.5}}) {
    const Program program = lower(zoo_model(name).architecture, {});
    const Work work = total_work(program.phases.front().graph, {});
    EXPECT_NEAR(work.matrix.si() / 2e9, multiply_adds, 0.1) << name;
  }
}

TEST(LoweringZoo, EveryMeasuredEncoderDecoderLowers) {
  RIDGELINE_NEEDS_DATA("hat");
  // as measured, but for the number of steps: all but the first are alike
  const Workload w{.task = Task::generate, .length = 30, .new_tokens = 2, .beams = 5, .reorder_beams = false};
  const std::vector<HatRow> rows = measured_hat_rows();
  EXPECT_GE(rows.size(), 6000u);
  for (const HatRow& row : rows) ASSERT_EQ(lower(hat_row_architecture(row, "row"), w).phases.size(), 3u);
}

}  // namespace
}  // namespace ridgeline
