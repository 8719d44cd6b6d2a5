#include "model/training.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tests/model/models.hpp"

namespace ridgeline {
namespace {

double matrix_flops(const OperatorGraph& graph) {
  double flops = 0;
  for (OperatorVertex v = 0; v < num_vertices(graph); ++v) {
    const Operator& op = graph[v].op;
    if (std::holds_alternative<MatMul>(op) || std::holds_alternative<BatchedMatMul>(op))
      flops += work(op, {}).matrix.si();
  }
  return flops;
}

const OperatorGraph& phase(const Program& program, std::string_view name) {
  for (const Phase& p : program.phases)
    if (p.name == name) return p.graph;
  throw Error("no such phase");
}

TEST(Training, HasThreePhases) {
  const Program program = lower(models::bert_base(), {.task = Task::train});
  ASSERT_EQ(program.phases.size(), 3u);
  EXPECT_EQ(program.phases[0].name, "forward");
  EXPECT_EQ(program.phases[1].name, "backward");
  EXPECT_EQ(program.phases[2].name, "optimiser");
}

TEST(Training, BackwardProductsCostTwiceTheForward) {
  for (const Architecture& a : models::all())
    for (const Fusion fusion : {Fusion::none, Fusion::typical}) {
      const Workload w{.task = Task::train, .batch = 2, .length = 24, .fusion = fusion};
      const Program program = lower(a, w);
      double forward = 2 * matrix_flops(phase(program, "forward"));
      // nobody needs the gradient of an image, nor of the relative distances' gathered table (it is learned: it is
      // counted), so only patches are short of one product
      if (a.embeddings.patches) forward -= 2.0 * 2 * 196 * 768 * 768;
      EXPECT_NEAR(matrix_flops(phase(program, "backward")) / forward, 1, 1e-4)
          << a.name << " fusion " << static_cast<int>(fusion);
    }
}

TEST(Training, FlashAttentionComputesTheScoresAgain) {
  const Workload w{.task = Task::train, .length = 64, .fusion = Fusion::flash_attention};
  const Program program = lower(models::bert_base(), w);
  double forward = 0, backward = 0;
  for (const auto& [graph, sum] :
       {std::pair{&phase(program, "forward"), &forward}, std::pair{&phase(program, "backward"), &backward}})
    for (OperatorVertex v = 0; v < num_vertices(*graph); ++v)
      if (std::holds_alternative<FusedAttention>((*graph)[v].op)) *sum += work((*graph)[v].op, {}).matrix.si();
  EXPECT_EQ(backward, 2.5 * forward);
}

TEST(Training, EveryKindOfOperatorWithWeightsHasItsGradient) {
  for (const Architecture& a : models::all()) {
    const Program program = lower(a, {.task = Task::train, .batch = 2, .length = 24});
    const OperatorGraph& forward = phase(program, "forward");
    const OperatorGraph& backward = phase(program, "backward");
    Size products = 0, gradients = 0;
    for (OperatorVertex v = 0; v < num_vertices(forward); ++v)
      products += std::holds_alternative<MatMul>(forward[v].op);
    for (OperatorVertex v = 0; v < num_vertices(backward); ++v) gradients += backward[v].label.ends_with(" dW");
    EXPECT_GE(gradients, products) << a.name;
  }
}

TEST(Training, BackwardReadsOnlyWhatWasKept) {
  const Workload w{.task = Task::train, .length = 64};
  const Program program = lower(models::bert(256, 4, 1024, 2), w);
  const OperatorGraph& backward = phase(program, "backward");
  for (OperatorVertex v = 0; v < num_vertices(backward); ++v)
    if (is_given(backward[v])) {
      EXPECT_GT(out_degree(v, backward), 0u) << "nothing is kept for nobody";
    }
}

TEST(Training, SharedWeightsAreSteppedOnce) {
  const Architecture a = models::albert();
  const Program program = lower(a, {.task = Task::train});
  const OperatorGraph& optimiser = phase(program, "optimiser");
  Size sum = 0;
  for (OperatorVertex v = 0; v < num_vertices(optimiser); ++v)
    sum += std::get<OptimiserStep>(optimiser[v].op).parameters;
  EXPECT_EQ(sum, parameter_count(a));
}

TEST(Training, DropoutRunsOnlyWhenTraining) {
  const auto dropouts = [](const Architecture& a, Task task) {
    const Program program = lower(a, {.task = task, .length = 24});
    int n = 0;
    for (const OperatorNode& node : program.phases.front().graph.m_vertex_properties) {
      const Elementwise* e = std::get_if<Elementwise>(&node.op);
      n += e && e->function == Function::dropout;
    }
    return n;
  };
  EXPECT_EQ(dropouts(models::bert_base(), Task::encode), 0);
  EXPECT_EQ(dropouts(models::bert_base(), Task::train), 1 + 12 * 3);
  EXPECT_EQ(dropouts(models::llama(512, 8, 2, 1376, 2), Task::train), 0);
}

}  // namespace
}  // namespace ridgeline
