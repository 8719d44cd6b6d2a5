#include "model/given_graph.hpp"

#include "base/file.hpp"
#include "model/estimate.hpp"
#include "model/readers.hpp"
#include "tests/model/given.hpp"
#include "tests/model/models.hpp"
#include "tests/model/synthetic.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

GivenGraph parse(const std::string& text) { return parse_given_graph(parse_document(text, "g.yaml"), "g"); }
std::string complaint(const std::string& operators) {
  return error_of([&] { parse("ridgeline: graph\ninputs: [{name: x, elements: 60}]\noperators:\n" + operators); });
}

Workload eager_workload() {
  Workload workload;
  workload.length = 32;
  return workload;
}

TEST(GivenGraph, OperatorsOfALoweredModelGiveTheSameProgram) {
  const Workload workload = eager_workload();
  const CostParameters device = synthetic::cpu();
  for (const Architecture& model : {models::bert(64, 4, 256, 3), models::gpt2(64, 4, 2, 128)}) {
    const Program program = lower(model, workload);
    const Program again = lower(given(program.phases.front(), workload), workload);
    const Work work = total_work(program.phases.front().graph, workload.numerics);
    EXPECT_EQ(total_work(again.phases.front().graph, workload.numerics).flops(), work.flops()) << model.name;
    EXPECT_EQ(total_work(again.phases.front().graph, workload.numerics).bytes(), work.bytes());
    EXPECT_EQ(again.parameters, program.parameters);
    EXPECT_EQ(again.weights, program.weights);
    EXPECT_EQ(totals(again, device).latency, totals(program, device).latency);
  }
}

TEST(GivenGraph, ReadsBackWhatItWrites) {
  const Workload workload = eager_workload();
  GivenGraph graph = given(lower(models::bert(64, 4, 256, 2), workload).phases.front(), workload);
  graph.source = "a \"file\": with\nodd\\characters, é";
  graph.numerics = {Precision::int8, Precision::fp32, Precision::fp32, Precision::int8};
  for (GivenOperator& op : graph.operators)
    if (std::holds_alternative<Embedding>(op.op)) op.stored_as = Precision::fp32;
  graph.operators.push_back({.name = "/odd/Name:0",
                             .op = Copy{.movement = Movement::unknown, .elements = 7, .parameters = 3, .source = 0},
                             .unknown = "com.example::Mystery",
                             .inputs = {graph.operators.back().name}});
  graph.operators.push_back({.name = "true", .op = Reduction{3, 4}, .inputs = {"/odd/Name:0"}});
  graph.outputs = {"/odd/Name:0"};
  EXPECT_EQ(parse(to_yaml(graph)), graph) << to_yaml(graph);
}

TEST(GivenGraph, EveryKindReadsBack) {
  GivenGraph graph{.name = "kinds", .inputs = {{"x", 60}}};
  for (const Operator& op : std::initializer_list<Operator>{
           MatMul{.rows = 6, .columns = 4, .inner = 10, .groups = 2, .bias = false, .density = 0.5},
           BatchedMatMul{.batch = 6, .rows = 5, .columns = 4, .inner = 3, .second_operands = 2},
           FusedAttention{.batch = 1,
           .heads = 4,
           .key_value_heads = 2,
           .queries = 3,
           .keys = 5,
           .head_dim = 8,
           .window = 2,
           .causal = true},
           Softmax{3, 4}, Normalisation{NormKind::rms_norm, 3, 4},
           Elementwise{.function = Function::gelu, .elements = 9, .operands = 2, .parameters = 3}, Embedding{3, 4, 5},
           FourierMixing{Transform::dct, 2, 3, 4}, DepthwiseConvolution{1, 2, 3, 4, true},
           DynamicConvolution{1, 2, 4, 3, 2}, Copy{Movement::expand, 8, 0, 2}, View{2}, Reduction{3, 4},
           Routing{4, 8, 2}})
    graph.operators.push_back({.name = std::string(kind_name(op)), .op = op, .inputs = {"x"}});
  EXPECT_EQ(parse(to_yaml(graph)), graph) << to_yaml(graph);
}

TEST(GivenGraph, UnknownOperatorsCostTheirBytesAndNothingElse) {
  const GivenGraph graph = parse(R"(ridgeline: graph
inputs: [{name: x, elements: 60}]
operators:
  - {name: a, kind: unknown, operator: Foo, read: 60, written: 30, parameters: 10, inputs: [x]}
  - {name: b, kind: unknown, operator: Foo, read: 30, written: 30, inputs: [a]}
  - {name: c, kind: unknown, operator: Bar, written: 5}
)");
  const Work work = total_work(lower(graph, workload_of(graph)).phases.front().graph, graph.numerics);
  EXPECT_EQ(work.flops().si(), 0);
  EXPECT_EQ(work.weights.si(), 4 * 10);
  EXPECT_EQ(work.bytes().si(), 4 * (60 + 30 + 10 + 30 + 30 + 5));
  EXPECT_EQ(unknown_operators(graph), (std::vector<UnknownOperator>{{"Foo", 2}, {"Bar", 1}}));
}

TEST(GivenGraph, FusionLeavesOutViewsAndJoinsElementwiseOperators) {
  const GivenGraph graph = parse(R"(ridgeline: graph
inputs: [{name: x, elements: 60}]
operators:
  - {name: product, kind: matmul, rows: 6, columns: 8, inner: 10, bias: false, inputs: [x]}
  - {name: shape, kind: view, inputs: [product]}
  - {name: bias, kind: elementwise, function: bias, elements: 48, parameters: 8, inputs: [shape]}
  - {name: twice, kind: elementwise, function: relu, elements: 48, inputs: [bias]}
  - {name: one, kind: elementwise, function: tanh, elements: 48, inputs: [twice]}
  - {name: two, kind: elementwise, function: add, elements: 48, operands: 2, inputs: [twice, one]}
  - {name: first, kind: elementwise, function: scale, elements: 60, inputs: [x]}
)");
  Workload workload = workload_of(graph);
  EXPECT_EQ(num_vertices(lower(graph, workload).phases.front().graph), 8u);
  workload.fusion = Fusion::typical;
  const Program fused = lower(graph, workload);
  std::string joined;
  for (const OperatorNode& node : fused.phases.front().graph.m_vertex_properties)
    if (const auto* e = std::get_if<Elementwise>(&node.op)) joined += e->fused_into_producer ? node.label + " " : "";
  EXPECT_EQ(num_vertices(fused.phases.front().graph), 7u);
  EXPECT_EQ(joined, "bias twice two ");  // twice has two readers, x is no operator
}

TEST(GivenGraph, WeightsAreCountedOnceAndInTheirOwnFormat) {
  GivenGraph graph = parse(R"(ridgeline: graph
precision: fp16
inputs: [{name: x, elements: 60}]
operators:
  - {name: look, kind: embedding, lookups: 4, width: 10, vocabulary: 50, weights: table, stored_as: int8}
  - {name: logits, kind: matmul, rows: 4, columns: 50, inner: 10, bias: false, weights: table, stored_as: int8, inputs: [look]}
  - {name: own, kind: matmul, rows: 4, columns: 5, inner: 50, bias: true, inputs: [logits]}
)");
  Workload workload = workload_of(graph);
  EXPECT_EQ(lower(graph, workload).parameters, 500 + 255);
  EXPECT_EQ(lower(graph, workload).weights.si(), 500 + 2 * 255);
  workload.numerics = uniform_numerics(Precision::fp32);
  EXPECT_EQ(lower(graph, workload).weights.si(), 4 * 755);
}

TEST(GivenGraph, ComplaintsNameThePlace) {
  EXPECT_EQ(
      complaint("  - {name: a, kind: matmull, rows: 1}\n"),
      "g.yaml:4:21: operators.0.kind: unknown kind 'matmull'; did you mean 'matmul'? the kinds are: unknown, matmul, "
      "batched_matmul, fused_attention, softmax, normalisation, elementwise, embedding, fourier_mixing, "
      "depthwise_convolution, dynamic_convolution, copy, view, reduction, routing");
  EXPECT_EQ(complaint("  - {name: a, kind: softmax, rows: 1, column: 2}\n"),
            "g.yaml:4:5: operators.0: missing key 'columns'; the keys here are: name, kind, rows, column");
  EXPECT_EQ(complaint("  - {name: a, kind: softmax, rows: 1, columns: 2, inputs: [xx]}\n"),
            "g.yaml:4:60: operators.0.inputs.0: no tensor or operator 'xx'; did you mean 'x'?");
  EXPECT_EQ(
      complaint("  - {name: a, kind: softmax, rows: 1, columns: 2, inputs: [b]}\n"
                "  - {name: b, kind: softmax, rows: 1, columns: 2, inputs: [a]}\n"),
      "g.yaml:4:60: operators.0.inputs.0: 'a' reads 'b', which is computed by itself or later; operators stand in "
      "the order in which they run");
  EXPECT_EQ(complaint("  - {name: x, kind: softmax, rows: 1, columns: 2}\n"),
            "g.yaml:4:12: operators.0.name: the name 'x' is used twice");
  EXPECT_EQ(complaint("  - {name: a, kind: matmul, rows: 100000000000, columns: 100000000000, inner: 2}\n"),
            "g.yaml:4:5: operators.0: its dimensions multiply to 2.0e+22: more than any device computes");
  EXPECT_EQ(complaint("  - {name: a, kind: copy, movement: scatter, elements: 4}\n"),
            "g.yaml:4:5: operators.0: needs an input: its result is as large as that one");
  EXPECT_EQ(complaint("  - {name: a, kind: unknown, read: 4}\n"),
            "g.yaml:4:5: operators.0: missing key 'operator'; the keys here are: name, kind, read");
  EXPECT_EQ(complaint("  - {name: a, kind: softmax, rows: 1, columns: 2, weights: w}\n"),
            "g.yaml:4:51: operators.0: unknown key 'weights'; the keys are: name, kind, inputs, rows, columns");
  EXPECT_EQ(complaint("  []\n"), "g.yaml:4:3: operators: expected at least one operator");
  EXPECT_EQ(error_of([] { parse("ridgeline: graph\ntask: train\noperators: []\n"); }),
            "g.yaml:2:7: task: a graph is one pass, so its task is not 'train'; use encode, prefill or decode");
}

TEST(GivenGraph, IsReadFromAFileAndRefusedWhereAnArchitectureIsNeeded) {
  TemporaryFolder folder;
  const std::string file =
      folder.write("g.yaml", "ridgeline: graph\noperators: [{name: a, kind: softmax, rows: 2, columns: 3}]\n");
  EXPECT_EQ(name_of(load_model_or_graph(file)), "g");
  EXPECT_EQ(name_of(load_model_or_graph("bert-base")), "bert-base");
  EXPECT_EQ(
      error_of([&] { load_model(file); }),
      file +
          ":1:12: ridgeline: this model is given by its operators, and an architecture is needed here; operator "
          "graphs are for estimate, compare, models and measure");
  EXPECT_EQ(error_of([] { load_model("a/b.onnx"); }),
            "a/b.onnx: ONNX files are converted first; ridgeline convert FILE --out model.yaml");
}

TEST(GivenGraph, TheDocumentsExampleIsOne) {
  const std::string text = read_file(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "docs" / "convert.md");
  const std::size_t start = text.find("```yaml\n") + 8;
  const GivenGraph graph = parse(text.substr(start, text.find("```", start) - start));
  EXPECT_EQ(graph.operators.size(), 8u);
  EXPECT_EQ(unknown_operators(graph).size(), 1u);
  EXPECT_EQ(lower(graph, workload_of(graph)).parameters, 64'000 + 128 + 64 * 65);
}

}  // namespace
}  // namespace ridgeline
