#include "model/batch.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "model/estimate.hpp"
#include "model/zoo.hpp"
#include "tests/model/programs.hpp"
#include "tests/model/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

constexpr double kTolerance = 1e-9;

/// Every figure of the batch against estimate() of the lowered program.
void expect_equal_estimates(const std::vector<Architecture>& models, const CostParameters& parameters,
                            const Workload& workload, Seconds window) {
  BatchEstimator batch(parameters, workload, window);
  EncodedModels encoded;
  for (const Architecture& model : models) batch.encode(model, encoded);
  std::vector<BatchResult> full(models.size()), quick(models.size());
  batch.evaluate(encoded, full, BatchDetail::full);
  batch.evaluate(encoded, quick, BatchDetail::latency_energy);
  for (std::size_t i = 0; i < models.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "model " << i << ", window " << window.si() << " s");
    const Estimate e = estimate(lower(models[i], workload), parameters, window);
    EXPECT_NEAR(full[i].latency / e.latency.si(), 1, kTolerance);
    EXPECT_NEAR(full[i].memory / e.memory.total().si(), 1, kTolerance);
    EXPECT_EQ(quick[i].latency, full[i].latency);
    EXPECT_TRUE(std::isnan(quick[i].peak_power));
    EXPECT_TRUE(std::isnan(quick[i].memory));
    if (parameters.has_power) {
      EXPECT_NEAR(full[i].energy / e.energy->si(), 1, kTolerance);
      EXPECT_NEAR(full[i].peak_power / e.peak_power->si(), 1, kTolerance);
      EXPECT_EQ(quick[i].energy, full[i].energy);
    } else {
      EXPECT_TRUE(std::isnan(full[i].energy));
      EXPECT_TRUE(std::isnan(full[i].peak_power));
    }
  }
}

std::vector<Architecture> random_models(std::uint64_t seed, int count) {
  Random random(seed);
  std::vector<Architecture> models;
  for (int i = 0; i < count; ++i) models.push_back(synthetic::random_flexibert(random, 1 + random.below(12)));
  return models;
}

TEST(Batch, EqualsTheEstimateOfRandomModelsThroughAnyWindow) {
  const auto models = random_models(1, 6);
  for (const synthetic::NamedParameters& device : synthetic::devices()) {
    Workload workload;
    workload.numerics = device.parameters.numerics;
    const double latency = estimate(lower(models[0], workload), device.parameters, Seconds(0)).latency.si();
    for (const double share : {0.0, 1e-4, 0.003, 0.03, 0.2, 0.5, 0.9, 1.0, 1.3, 7.7})
      expect_equal_estimates(models, device.parameters, workload, Seconds(share * latency));
  }
}

TEST(Batch, EqualsTheEstimateWhileADeviceIsBoundByItsHostHereAndByItselfThere) {
  const auto models = random_models(2, 4);
  for (const double dispatch : {0.0, 1e-7, 1e-6, 3e-6, 1e-5, 3e-5}) {
    CostParameters p = synthetic::gpu();
    p.dispatch.fill(Seconds(dispatch));
    for (const Size length : {8, 128})
      for (const double window : {1e-5, 2e-4, 3e-3}) {
        Workload workload;
        workload.length = length;
        expect_equal_estimates(models, p, workload, Seconds(window));
      }
  }
}

TEST(Batch, CountsThePowerOfDispatching) {
  CostParameters p = synthetic::cpu();
  p.dispatch_power = Watts(3);
  p.busy_power = Watts(1);
  for (const double window : {0.0, 1e-4, 1e-2, 1.0})
    expect_equal_estimates(random_models(3, 4), p, {}, Seconds(window));
}

TEST(Batch, EqualsTheEstimateOnEveryShippedDevice) {
  auto models = random_models(4, 2);
  models.push_back(zoo_model("bert-base").architecture);
  models.push_back(zoo_model("bert-tiny").architecture);
  for (const std::string& name : device_names()) {
    SCOPED_TRACE(name);
    const Device device = load_device(name);
    for (const char* runtime_name : {"pytorch-eager", "ideal"}) {
      const Runtime runtime = load_runtime(runtime_name);
      const Numerics numerics = uniform_numerics(default_precision(device));
      const CostParameters p = data_sheet_parameters(device, runtime, numerics);
      for (const Size batch : {1, 16}) {
        const Workload workload{
            .batch = batch, .numerics = numerics, .fusion = runtime.fusion, .views = runtime.runs_views};
        expect_equal_estimates(models, p, workload, device.sensor ? device.sensor->window : Seconds(1e-3));
      }
    }
  }
}

TEST(Batch, EqualsTheEstimateOfEveryEncoderAndDecoderOfTheZoo) {
  for (const std::string& name : zoo_names()) {
    SCOPED_TRACE(name);
    const Architecture model = zoo_model(name).architecture;
    if (!model.encoder_only() && !model.decoder_only()) continue;
    expect_equal_estimates({model}, synthetic::gpu(), {}, Seconds(1e-3));
    if (!model.decoder_only()) continue;
    expect_equal_estimates({model}, synthetic::cpu(), {.task = Task::prefill}, Seconds(1e-2));
    expect_equal_estimates({model}, synthetic::gpu(), {.task = Task::decode_step, .batch = 4}, Seconds(1e-3));
  }
}

TEST(Batch, HomogeneousModels) {
  Random random(5);
  std::vector<Architecture> models;
  for (const std::size_t layers : {2u, 6u, 12u}) {
    Architecture model = synthetic::random_flexibert(random, 1);
    model.encoder.layers.assign(layers, model.encoder.layers.front());
    models.push_back(model);
  }
  for (const double window : {1e-4, 5e-3, 0.1}) {
    expect_equal_estimates(models, synthetic::cpu(), {}, Seconds(window));
    expect_equal_estimates(models, synthetic::gpu(), {}, Seconds(window));
  }
}

TEST(Batch, RemembersPartsByValue) {
  BatchEstimator batch(synthetic::cpu(), {}, Seconds(0));
  EncodedModels encoded;
  Random random(6);
  const Architecture model = synthetic::random_flexibert(random, 12);
  batch.encode(model, encoded);
  const std::size_t blocks = batch.block_count();
  {
    const Architecture copy = model;
    batch.encode(copy, encoded);
  }
  EXPECT_EQ(batch.block_count(), blocks);
  EXPECT_EQ(encoded.size(), 2u);
  EXPECT_TRUE(std::equal(encoded.blocks.begin(), encoded.blocks.begin() + encoded.offsets[1],
                         encoded.blocks.begin() + encoded.offsets[1]));
  batch.encode(model, encoded);  // after the copy is gone
  EXPECT_EQ(batch.block_count(), blocks);
}

TEST(Batch, ResultsDoNotDependOnTheNumberOfThreads) {
  BatchEstimator batch(synthetic::gpu(), {}, Seconds(1e-3));
  EncodedModels encoded;
  for (const Architecture& model : random_models(7, 300)) batch.encode(model, encoded);
  std::vector<BatchResult> one(encoded.size()), three(encoded.size());
  batch.evaluate(encoded, one, BatchDetail::full, 1);
  batch.evaluate(encoded, three, BatchDetail::full, 3);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].latency, three[i].latency);
    EXPECT_EQ(one[i].energy, three[i].energy);
    EXPECT_EQ(one[i].peak_power, three[i].peak_power);
    EXPECT_EQ(one[i].memory, three[i].memory);
  }
}

/// Mixed attention with its feed-forward layers and all else, put together from pieces.
void encode_from_pieces(BatchEstimator& batch, const Architecture& model, const Workload& workload,
                        EncodedModels& out) {
  const std::vector<PhaseParts> phases = plan(model, workload);
  for (const Part& part : phases.front().parts) out.blocks.push_back(batch.compose(batch.pieces(part)));
  out.offsets.push_back(static_cast<std::uint32_t>(out.blocks.size()));
  out.resident.push_back(0);
}

TEST(Batch, PiecesComposeToTheirPart) {
  const auto models = random_models(9, 6);
  for (const Fusion fusion : {Fusion::none, Fusion::typical, Fusion::flash_attention})
    for (const synthetic::NamedParameters& device : synthetic::devices()) {
      Workload workload;
      workload.numerics = device.parameters.numerics;
      workload.fusion = fusion;
      BatchEstimator batch(device.parameters, workload, Seconds(1e-3));
      EncodedModels whole, composed;
      for (const Architecture& model : models) {
        batch.encode(model, whole);
        encode_from_pieces(batch, model, workload, composed);
      }
      std::vector<BatchResult> expected(models.size()), found(models.size());
      batch.evaluate(whole, expected, BatchDetail::full);
      batch.evaluate(composed, found, BatchDetail::full);
      for (std::size_t i = 0; i < models.size(); ++i) {
        EXPECT_NEAR(found[i].latency / expected[i].latency, 1, kTolerance);
        EXPECT_TRUE(std::isnan(found[i].memory));
        if (!device.parameters.has_power) continue;
        EXPECT_NEAR(found[i].energy / expected[i].energy, 1, kTolerance);
        EXPECT_NEAR(found[i].peak_power / expected[i].peak_power, 1, kTolerance);
      }
    }
}

TEST(Batch, PiecesOfAHeadDependOnItsKindAlone) {
  // The same heads among others: the blocks of their pieces take as long, whoever stands beside them.
  const auto model = [](std::vector<MixedHead> heads) {
    Architecture result = random_models(10, 1).front();
    result.encoder.layers.resize(1);
    result.encoder.layers[0].sublayers = {{.body = MixedAttention{.heads = std::move(heads), .head_dim = 32}}};
    return result;
  };
  const MixedHead dot{HeadKind::scaled_dot_product}, weighted{HeadKind::weighted_multiplicative}, dft{HeadKind::dft},
      convolution{HeadKind::convolution, 9};
  const Architecture a = model({dot, weighted, dft, convolution}), b = model({convolution, dft, weighted, dot});
  BatchEstimator batch(synthetic::gpu(), {}, Seconds(0));
  const auto latencies = [&](const Architecture& architecture) {
    const std::vector<PhaseParts> phases = plan(architecture, {});
    EncodedModels pieces;
    for (const BlockId piece : batch.pieces(phases.front().parts[1])) {
      pieces.blocks.push_back(piece);
      pieces.offsets.push_back(static_cast<std::uint32_t>(pieces.blocks.size()));
    }
    std::vector<BatchResult> results(pieces.size());
    batch.evaluate(pieces, results);
    return results;
  };
  const auto of_a = latencies(a), of_b = latencies(b);
  ASSERT_EQ(of_a.size(), 3u + 2 * 4);
  ASSERT_EQ(of_b.size(), of_a.size());
  for (const std::size_t shared : {0u, 5u, 10u}) EXPECT_EQ(of_a[shared].latency, of_b[shared].latency);
  for (std::size_t head = 0; head < 4; ++head) {
    EXPECT_EQ(of_a[1 + head].latency, of_b[1 + 3 - head].latency);
    EXPECT_EQ(of_a[6 + head].latency, of_b[6 + 3 - head].latency);
  }
}

TEST(Batch, CanBeMoved) {
  Random random(8);
  const Architecture model = synthetic::random_flexibert(random, 3);
  BatchEstimator first(synthetic::cpu(), {}, Seconds(0));
  EncodedModels encoded;
  first.encode(model, encoded);
  BatchEstimator second = std::move(first);
  second.encode(model, encoded);
  std::vector<BatchResult> results(2);
  second.evaluate(encoded, results);
  EXPECT_EQ(results[0].latency, results[1].latency);
}

TEST(Batch, AnImpossibleModelLeavesTheListAsItWas) {
  BatchEstimator batch(synthetic::cpu(), {.length = 10000}, Seconds(0));
  EncodedModels encoded;
  EXPECT_THROW(batch.encode(zoo_model("bert-base").architecture, encoded), Error);
  EXPECT_EQ(encoded.size(), 0u);
  EXPECT_TRUE(encoded.blocks.empty());
}

TEST(Batch, SaysWhatItCannotDo) {
  EXPECT_EQ(error_of([] { BatchEstimator(synthetic::cpu(), {.task = Task::train}, Seconds(0)); }),
            "a batch of models runs one phase: encode, prefill or decode_step, not train");
  EXPECT_EQ(error_of([] {
              Workload workload;
              workload.numerics = uniform_numerics(Precision::fp16);
              BatchEstimator(synthetic::cpu(), workload, Seconds(0));
            }),
            "the parameters and the workload of a batch must agree in their precisions");
  EXPECT_EQ(error_of([] {
              BatchEstimator batch(synthetic::cpu(), {}, Seconds(0));
              std::vector<BatchResult> results(2);
              batch.evaluate({}, results);
            }),
            "2 results for 0 models");
}

}  // namespace
}  // namespace ridgeline
