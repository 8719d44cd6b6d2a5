// Models that are given by their operators run: as many numbers are allocated and made as the graph says, whatever it
// is a graph of.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/document.hpp"
#include "calib/live/execution.hpp"
#include "calib/live/recording.hpp"
#include "tests/model/given.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

GivenGraph graph_of(const std::string& operators) {
  return parse_given_graph(
      parse_document("ridgeline: graph\ninputs: [{name: x, elements: 60}]\noperators:\n" + operators, "g.yaml"), "g");
}

/// Runs it twice, so that what the first run leaves behind is met by the second; the mean of its absolute result.
double run_checked(const GivenGraph& graph, Precision precision = Precision::fp32) {
  Workload workload = workload_of(graph);
  workload.numerics = uniform_numerics(precision);
  Execution execution(graph, workload, {.checks_sizes = true});
  EXPECT_EQ(execution.parameters(), parameter_count(Model(graph)));
  execution.run();
  execution.run();
  double sum = 0;
  const HostTensor result = execution.result();
  for (const float value : result.values) sum += std::abs(static_cast<double>(value));
  return sum / static_cast<double>(result.values.size());
}

/// What libtorch does in fp32 alone.
bool transforms(const GivenGraph& graph) {
  return std::any_of(graph.operators.begin(), graph.operators.end(),
                     [](const GivenOperator& op) { return std::holds_alternative<FourierMixing>(op.op); });
}

void run_phases(const Architecture& model, Task task) {
  Workload w;
  w.task = task, w.batch = 2, w.length = 24;
  if (model.name == "compressed") return;  // block-sparse
  for (const Phase& phase : lower(model, w).phases) {
    SCOPED_TRACE(model.name + ", " + phase.name);
    const GivenGraph graph = given(phase, w);
    EXPECT_TRUE(std::isfinite(run_checked(graph)));
    if (!transforms(graph)) {
      EXPECT_TRUE(std::isfinite(run_checked(graph, Precision::bf16)));
    }
  }
}

TEST(GivenExecution, EveryModelRunsByItsOperators) {
  for (const Architecture& model : models::encoders()) run_phases(model, Task::encode);
  for (const Architecture& model : models::decoders()) {
    run_phases(model, Task::prefill);
    run_phases(model, Task::decode_step);
  }
  for (const Architecture& model : models::encoder_decoders()) run_phases(model, Task::decode_step);
}

TEST(GivenExecution, EveryKindRuns) {
  const std::vector<Operator> kinds{
      MatMul{.rows = 6, .columns = 4, .inner = 10, .groups = 2},
      MatMul{.rows = 60, .columns = 7, .inner = 1, .bias = false},
      BatchedMatMul{.batch = 6, .rows = 5, .columns = 4, .inner = 3, .second_operands = 2},
      BatchedMatMul{.batch = 3, .rows = 4, .columns = 4, .inner = 5},
      FusedAttention{.batch = 1, .heads = 4, .key_value_heads = 2, .queries = 3, .keys = 5, .head_dim = 8},
      FusedAttention{
          .batch = 1, .heads = 3, .key_value_heads = 3, .queries = 5, .keys = 5, .head_dim = 4, .causal = true},
      Softmax{3, 4},
      Normalisation{NormKind::layer_norm, 6, 10},
      Normalisation{NormKind::rms_norm, 3, 4},
      Normalisation{NormKind::affine, 6, 10},
      Elementwise{.function = Function::gelu, .elements = 9, .operands = 2, .parameters = 3},
      Elementwise{.function = Function::add, .elements = 60, .operands = 5, .parameters = 100},
      Elementwise{.function = Function::bias, .elements = 60, .parameters = 12},
      Elementwise{.function = Function::multiply, .elements = 60, .parameters = 8},
      Elementwise{.function = Function::convert, .elements = 60, .operands = 0},
      Elementwise{.function = Function::add, .elements = 60, .operands = 0, .parameters = 20},
      Embedding{3, 4, 5},
      FourierMixing{Transform::dft, 2, 3, 10},
      FourierMixing{Transform::dct, 2, 3, 4},
      DepthwiseConvolution{1, 2, 3, 4, true},
      DepthwiseConvolution{2, 10, 3, 5, false},
      DynamicConvolution{1, 2, 4, 3, 2},
      Copy{Movement::contiguous, 60},
      Copy{Movement::contiguous, 7},
      Copy{Movement::concatenate, 60},
      Copy{Movement::concatenate, 64, 4},
      Copy{Movement::concatenate, 70, 4},
      Copy{Movement::expand, 120, 0, 60},
      Copy{Movement::expand, 100, 0, 60},
      Copy{Movement::unfold, 180, 0, 60},
      Copy{Movement::gather, 90},
      Copy{Movement::gather, 10, 0, 60},
      Copy{Movement::scatter, 20},
      Copy{Movement::scatter, 70},
      Copy{Movement::fill, 11},
      Copy{Movement::unknown, 30, 10, 60},
      Copy{Movement::unknown, 80, 10, 60},
      Copy{Movement::unknown, 5, 0, 0},
      Copy{Movement::unknown, 0, 3, 60},
      View{2},
      Reduction{6, 10},
      Reduction{1, 60},
      Routing{4, 8, 2}};
  for (const Operator& op : kinds) {
    SCOPED_TRACE(kind_name(op));
    GivenGraph graph{.name = "kind", .inputs = {{"x", 60}}};
    graph.operators.push_back({.name = "one", .op = op, .inputs = {"x"}});
    run_checked(graph);
    if (!transforms(graph)) run_checked(graph, Precision::bf16);
    // Between others: what it makes is read, and what it reads was made.
    graph.operators.insert(graph.operators.begin(), {.name = "before", .op = View{}, .inputs = {"x"}});
    graph.operators.back().inputs = {"before"};
    graph.operators.push_back({.name = "after", .op = Copy{Movement::contiguous, 60}, .inputs = {"one"}});
    run_checked(graph);
  }
  for (std::size_t i = 0; i < kFunctionCount; ++i)
    for (int operands = 1; operands <= 4; ++operands) {
      const auto function = static_cast<Function>(i);
      SCOPED_TRACE(name(function));
      GivenGraph graph{.name = "function", .inputs = {{"x", 60}}};
      graph.operators.push_back(
          {.name = "one", .op = Elementwise{.function = function, .elements = 60, .operands = operands}});
      graph.operators.back().inputs = {"x"};
      run_checked(graph);
      run_checked(graph, Precision::bf16);
    }
}

TEST(GivenExecution, SharedWeightsAreTheSameNumbers) {
  const GivenGraph graph = graph_of(R"(
  - {name: words, kind: embedding, lookups: 16, width: 8, vocabulary: 50, weights: table}
  - {name: logits, kind: matmul, rows: 16, columns: 50, inner: 8, weights: table, inputs: [words]}
)");
  Execution execution(graph, workload_of(graph));
  ASSERT_EQ(execution.weights().size(), 1u);
  EXPECT_EQ(execution.weights()[0].values.size(), 50u * 8 + 50);
  run_checked(graph);
}

TEST(GivenExecution, TimesEveryOperatorOfTheGraphByItself) {
  Workload w;
  w.length = 16;
  const GivenGraph graph = given(lower(models::bert(64, 2, 128, 1), w).phases.front(), w);
  const OperatorGraph lowered = lower(graph, w).phases.front().graph;
  std::size_t next = 0;
  for (const OperatorTime& time : Execution(graph, w).run_operators()) {
    while (is_given(lowered[next])) ++next;
    EXPECT_EQ(static_cast<std::size_t>(time.vertex), next);
    EXPECT_EQ(time.label, lowered[next].label);
    ++next;
  }
  EXPECT_EQ(next, num_vertices(lowered));
}

TEST(GivenExecution, RefusesWhatItCannotRun) {
  const auto complaint = [](const std::string& op) {
    const GivenGraph graph = graph_of("  - {name: one, inputs: [x], " + op + "}\n");
    return error_of([&] { Execution(graph, workload_of(graph)); });
  };
  EXPECT_EQ(complaint("kind: matmul, rows: 6, columns: 4, inner: 10, density: 0.5"),
            "one: libtorch has no block-sparse product");
  EXPECT_EQ(complaint("kind: batched_matmul, batch: 4, rows: 3, columns: 4, inner: 5, second_operands: 3"),
            "one: 4 products cannot share 3 second operands evenly");
  EXPECT_EQ(
      complaint("kind: fused_attention, batch: 1, heads: 3, key_value_heads: 2, queries: 3, keys: 5, head_dim: 4"),
      "one: 3 heads cannot share 2 of keys and values evenly");
  EXPECT_EQ(complaint("kind: dynamic_convolution, batch: 1, length: 4, channels: 5, kernel: 3, groups: 2"),
            "one: 5 channels cannot share 2 kernels evenly");
  EXPECT_EQ(complaint("kind: routing, tokens: 4, experts: 2, chosen: 3"), "one: 3 of 2 experts cannot be chosen");
  const GivenGraph mixing = graph_of(
      "  - {name: one, kind: fourier_mixing, transform: dft, batch: 1, rows: 6, columns: 10, inputs: [x]}\n");
  EXPECT_EQ(error_of([&] { run_checked(mixing, Precision::bf16); }),
            "one: libtorch has no Fourier transform in bf16");
  GivenGraph graph = graph_of("  - {name: one, kind: view, inputs: [x]}\n");
  Workload w = workload_of(graph);
  w.task = Task::train;
  EXPECT_EQ(error_of([&] { Execution(graph, w); }), "g is given by the operators of one pass");
  graph.numerics = uniform_numerics(Precision::fp16);
  EXPECT_EQ(error_of([&] { Execution(graph, workload_of(graph)); }), "only fp32 and bf16 can be executed");
}

}  // namespace
}  // namespace ridgeline
