#include "model/graph.hpp"

#include <gtest/gtest.h>

namespace ridgeline {
namespace {

TEST(Graph, KeepsProgramOrderAndEdges) {
  GraphBuilder builder;
  const auto a = builder.add(MatMul{.rows = 2, .columns = 3, .inner = 4}, "a", {kNoNode});
  builder.set_layer(5);
  const auto view = builder.add_view(2, "view", a);
  const auto b = builder.add(Softmax{2, 3}, "b", {view});
  const auto sum = builder.add(Elementwise{.function = Function::add, .elements = 6, .operands = 2}, "sum", {a, b});
  const OperatorGraph graph = std::move(builder).build();

  ASSERT_EQ(num_vertices(graph), 4u);
  EXPECT_EQ(num_edges(graph), 4u);
  EXPECT_EQ(graph[a].label, "a");
  EXPECT_EQ(graph[a].layer, -1);
  EXPECT_EQ(graph[b].layer, 5);
  EXPECT_EQ(graph[view].output, 6) << "a view has its input's elements";
  EXPECT_EQ(in_degree(vertex(sum, graph), graph), 2u);
  EXPECT_EQ(out_degree(vertex(a, graph), graph), 2u);
  for (auto [edge, end] = edges(graph); edge != end; ++edge) EXPECT_LT(source(*edge, graph), target(*edge, graph));
}

TEST(Graph, LeavesOutViewsWithNothingToDispatch) {
  GraphBuilder builder;
  const auto a = builder.add(Softmax{2, 3}, "a", {});
  EXPECT_EQ(builder.add_view(0, "view", a), a);
  EXPECT_EQ(builder.size(), 1u);
}

TEST(Graph, GivenTensorsHaveElementsButNoWork) {
  GraphBuilder builder;
  const auto given = builder.add_given(42, "memory");
  EXPECT_TRUE(is_given(builder[given]));
  EXPECT_EQ(builder[given].output, 42);
  EXPECT_FALSE(is_given(builder[builder.add_view(1, "view", given)]));
  EXPECT_EQ(work(builder[given].op, {}).bytes(), Bytes(0));
}

TEST(Graph, CountsSharedWeightsOnceAndTheirLargestUser) {
  GraphBuilder builder;
  const auto table = builder.add(Embedding{.lookups = 8, .width = 4, .vocabulary = 10}, "table", {});
  const auto logits = builder.add(MatMul{.rows = 8, .columns = 10, .inner = 4, .bias = true}, "logits", {table});
  builder.share_weights(table, 0);
  builder.share_weights(logits, 0);
  builder.add(MatMul{.rows = 8, .columns = 2, .inner = 10, .bias = false}, "own", {logits});
  EXPECT_EQ(parameter_count(std::move(builder).build()), 4 * 10 + 10 + 20);
}

TEST(Graph, NumbersOnlyOperatorsWithWeights) {
  GraphBuilder builder;
  builder.number_weights_from(100);
  const auto a = builder.add(MatMul{.rows = 1, .columns = 2, .inner = 2}, "a", {});
  const auto b = builder.add(Softmax{1, 2}, "b", {a});
  const auto c = builder.add(Normalisation{.kind = NormKind::layer_norm, .rows = 1, .columns = 2}, "c", {b});
  builder.number_weights_from(-1);
  const auto d = builder.add(MatMul{.rows = 1, .columns = 2, .inner = 2}, "d", {c});
  EXPECT_EQ(builder[a].weights, 100);
  EXPECT_EQ(builder[b].weights, -1);
  EXPECT_EQ(builder[c].weights, 101);
  EXPECT_EQ(builder[d].weights, -1);
}

TEST(Graph, TotalWorkIsTheSum) {
  GraphBuilder builder;
  const auto a = builder.add(MatMul{.rows = 2, .columns = 3, .inner = 4}, "a", {});
  builder.add(Softmax{2, 3}, "b", {a});
  const OperatorGraph graph = std::move(builder).build();
  const Work sum = total_work(graph, {});
  const Work parts = work(graph[0].op, {}) + work(graph[1].op, {});
  EXPECT_EQ(sum.flops(), parts.flops());
  EXPECT_EQ(sum.bytes(), parts.bytes());
  EXPECT_EQ((3.0 * parts).flops(), parts.flops() + parts.flops() + parts.flops());
}

}  // namespace
}  // namespace ridgeline
