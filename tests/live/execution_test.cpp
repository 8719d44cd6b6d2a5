// The executor runs every model, allocates what is counted, and makes results of the sizes that the graph states.
#include "calib/live/execution.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "model/lowering.hpp"
#include "model/zoo.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Workload workload(Task task, Size batch, Size length, Size new_tokens = 0, Size beams = 1) {
  Workload w;
  w.task = task, w.batch = batch, w.length = length, w.new_tokens = new_tokens, w.beams = beams;
  return w;
}

/// Runs it twice, so that what the first run leaves behind is met by the second.
void run_checked(Architecture model, const Workload& w) {
  if (model.embeddings.vocabulary > 0) model.embeddings.vocabulary = 300;
  if (model.decoder_embeddings) model.decoder_embeddings->vocabulary = 200;
  SCOPED_TRACE(model.name + ", " + std::string(name(w.task)));
  Execution execution(model, w, {.checks_sizes = true});
  execution.run();
  execution.run();
  for (const float value : execution.result().values) ASSERT_TRUE(std::isfinite(value));
}

bool is_sparse(const Architecture& model) { return model.name == "compressed"; }

TEST(Execution, EncodersHaveTheSizesOfTheirGraphs) {
  for (const Architecture& model : models::encoders())
    if (!is_sparse(model)) run_checked(model, workload(Task::encode, 2, 24));
}

TEST(Execution, DecodersHaveTheSizesOfTheirGraphs) {
  for (const Architecture& model : models::decoders()) {
    run_checked(model, workload(Task::prefill, 2, 24));
    run_checked(model, workload(Task::decode_step, 2, 80));
    run_checked(model, workload(Task::generate, 1, 62, 5, 3));
  }
}

TEST(Execution, EncoderDecodersHaveTheSizesOfTheirGraphs) {
  for (const Architecture& model : models::encoder_decoders()) {
    run_checked(model, workload(Task::encode, 2, 24));
    run_checked(model, workload(Task::decode_step, 2, 24));
    run_checked(model, workload(Task::generate, 2, 24, 4, 5));
  }
}

TEST(Execution, TrainsEveryKindOfModel) {
  for (const Architecture& model : models::all()) {
    if (is_sparse(model)) continue;
    Workload w = workload(Task::train, 2, 16);
    run_checked(model, w);
    w.optimiser = Optimiser::sgd;
    run_checked(model, w);
  }
}

TEST(Execution, TrainingLowersTheLoss) {
  Architecture model = models::bert_pretraining(64, 2, 128, 1);
  model.embeddings.vocabulary = 50;
  model.dropout = false;
  Execution execution(model, workload(Task::train, 4, 16));
  execution.run();
  const float first = execution.result().values.at(0);
  for (int i = 0; i < 100; ++i) execution.run();
  EXPECT_LT(execution.result().values.at(0), 0.9F * first);
}

/// What of the operators of a program comes out of run_operators().
void expect_operators_of_the_graph(const Architecture& model, const Workload& w) {
  SCOPED_TRACE(model.name + ", " + std::string(name(w.task)));
  const Program program = lower(model, w);
  const std::vector<OperatorTime> times = Execution(model, w).run_operators();
  std::size_t next = 0;
  std::string before;
  for (const Phase& phase : program.phases) {
    if (phase.name == before) continue;
    before = phase.name;
    for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v) {
      if (is_given(phase.graph[v])) continue;
      ASSERT_LT(next, times.size());
      EXPECT_EQ(times[next].phase, phase.name);
      EXPECT_EQ(static_cast<OperatorVertex>(times[next].vertex), v);
      EXPECT_EQ(times[next].label, phase.graph[v].label);
      EXPECT_GE(times[next].seconds, 0);
      ++next;
    }
  }
  EXPECT_EQ(next, times.size());
}

TEST(Execution, TimesEveryOperatorOfTheGraphByItself) {
  expect_operators_of_the_graph(models::bert(64, 2, 128, 2), workload(Task::encode, 2, 24));
  expect_operators_of_the_graph(models::gpt2(64, 2, 1, 64), workload(Task::decode_step, 1, 8));
  expect_operators_of_the_graph(models::t5(64, 2, 32, 128, 1), workload(Task::generate, 1, 8, 5));
  EXPECT_EQ(error_of([] { Execution(models::bert(64, 2, 128, 1), workload(Task::train, 1, 8)).run_operators(); }),
            "operators are timed one by one in inference only");
}

TEST(Execution, NamesItsPhases) {
  const auto names = [](const Architecture& model, const Workload& w) {
    std::string all;
    for (const PhaseTime& time : Execution(model, w).run()) {
      EXPECT_GT(time.seconds, 0);
      all += time.phase + " ";
    }
    return all;
  };
  EXPECT_EQ(names(models::t5(64, 2, 32, 128, 1), workload(Task::generate, 1, 8, 3)), "encoder decode ");
  EXPECT_EQ(names(models::gpt2(64, 2, 1, 64), workload(Task::generate, 1, 8, 3)), "prefill decode ");
  EXPECT_EQ(names(models::gpt2(64, 2, 1, 64), workload(Task::train, 1, 8)), "forward backward optimiser ");
}

TEST(Execution, ManyStepsRunInThePlaceOfTheirNeighbours) {
  run_checked(models::gpt2(64, 2, 1, 512), workload(Task::generate, 1, 8, 200));
  run_checked(models::t5(64, 2, 32, 128, 1), workload(Task::generate, 1, 8, 150));
}

TEST(Execution, AllocatesTheParametersOfTheWholeZoo) {
  for (const std::string& model_name : zoo_names()) {
    const Architecture model = zoo_model(model_name).architecture;
    Workload w = workload(Task::encode, 1, 16);
    if (!model.encoder_only() && !model.decoder_only()) w = workload(Task::train, 1, 16);
    EXPECT_EQ(Execution(model, w, {.allocates = false}).parameters(), parameter_count(model)) << model_name;
  }
}

TEST(Execution, SameSeedSameNumbers) {
  const Architecture model = models::bert(64, 2, 128, 1);
  const auto result = [&](std::uint64_t seed) {
    Execution execution(model, workload(Task::encode, 1, 8), {.seed = seed});
    execution.run();
    return execution.result().values;
  };
  EXPECT_EQ(result(1), result(1));
  EXPECT_NE(result(1), result(2));
}

TEST(Execution, RefusesWhatItCannotRun) {
  Workload w = workload(Task::encode, 1, 8);
  const Architecture bert = models::bert(64, 2, 128, 1);
  EXPECT_EQ(error_of([&] { Execution(models::compressed(), w); }),
            "encoder.0.1.hidden: libtorch has no block-sparse product");
  w.fusion = Fusion::typical;
  EXPECT_EQ(error_of([&] { Execution(bert, w); }),
            "only what eager code dispatches can be executed: no fusion, with views");
  w = workload(Task::encode, 1, 8);
  w.numerics = uniform_numerics(Precision::int8);
  EXPECT_EQ(error_of([&] { Execution(bert, w); }), "only fp32 and bf16 can be executed");
  w = workload(Task::train, 1, 8);
  w.numerics = uniform_numerics(Precision::bf16);
  EXPECT_EQ(error_of([&] { Execution(bert, w); }), "training is executed in fp32 only");
}

}  // namespace
}  // namespace ridgeline
