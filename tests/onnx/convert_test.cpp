// Whole models: what is converted is what the file says, and close to what we lower ourselves.
#include "model/onnx/convert.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/file.hpp"
#include "model/estimate.hpp"
#include "tests/model/given.hpp"
#include "tests/model/models.hpp"
#include "tests/model/synthetic.hpp"
#include "tests/onnx/bert.hpp"

namespace ridgeline {
namespace {

constexpr BertSizes kTiny{.width = 128, .heads = 2, .hidden = 512, .vocabulary = 30522, .layers = 2};

std::string bert_bytes(const BertSizes& sizes) {
  OnnxBuilder builder;
  BertExport(builder, sizes);
  return builder.bytes();
}

GivenGraph converted(const std::string& bytes, ConvertOptions options) {
  const TemporaryFolder folder;
  return convert_onnx(folder.write("bert.onnx", bytes), options);
}

ConvertOptions dimensions(Size batch, Size sequence) {
  ConvertOptions options;
  options.questions.dimensions = {{"batch", batch}, {"sequence", sequence}};
  return options;
}

TEST(Convert, BertHasTheOperatorsOfItsArchitecture) {
  for (const auto& [batch, length] : {std::pair<Size, Size>{1, 128}, {8, 64}}) {
    const GivenGraph graph = converted(bert_bytes(kTiny), dimensions(batch, length));
    const Architecture model = models::bert(kTiny.width, kTiny.heads, kTiny.hidden, 2, kTiny.vocabulary);
    Workload workload;
    workload.batch = batch, workload.length = length;
    const Program lowered = lower(model, workload);
    const Work expected = work_of(lowered, workload.numerics), found = work_of(graph);

    EXPECT_EQ(graph.batch, batch);
    EXPECT_EQ(graph.length, length);
    EXPECT_EQ(lower(graph, workload_of(graph)).parameters, lowered.parameters);
    EXPECT_EQ(found.matrix, expected.matrix);
    EXPECT_EQ(found.transcendental, expected.transcendental);
    EXPECT_EQ(found.vector, expected.vector);
    EXPECT_EQ(operators_of_kind(graph, "normalisation"), 5);
    EXPECT_EQ(operators_of_kind(graph, "softmax"), 2);
    EXPECT_EQ(operators_of_kind(graph, "batched matmul"), 4);
    EXPECT_EQ(operators_of_kind(graph, "matmul"), 2 * 6 + 1);
    EXPECT_EQ(operators_of_kind(graph, "embedding"), 3);
    EXPECT_TRUE(unknown_operators(graph).empty());
  }
}

TEST(Convert, PuttingPatternsTogetherKeepsEveryFlop) {
  ConvertOptions options = dimensions(1, 128);
  const GivenGraph together = converted(bert_bytes(kTiny), options);
  options.as_written = true;
  const GivenGraph written = converted(bert_bytes(kTiny), options);
  const Work a = work_of(together), b = work_of(written);
  EXPECT_EQ(a.matrix, b.matrix);
  EXPECT_EQ(a.vector, b.vector);
  EXPECT_EQ(a.transcendental, b.transcendental);
  EXPECT_LT(a.bytes(), b.bytes());
  // 5 norms of nine operators, 2 × 6 biases, 2 GELUs of five
  EXPECT_EQ(written.operators.size() - together.operators.size(), 5 * 8 + 2 * 6 + 2 * 4u);
  EXPECT_EQ(operators_of_kind(written, "normalisation"), 0);
}

/// Transposing moves data in an ONNX file and strides in PyTorch, which is what the estimates differ by.
TEST(Convert, BertIsEstimatedAsItsArchitectureIs) {
  const BertSizes base{.width = 768, .heads = 12, .hidden = 3072, .vocabulary = 30522, .layers = 12};
  const GivenGraph graph = converted(bert_bytes(base), dimensions(1, 128));
  Workload workload;
  workload.length = 128;
  const Program lowered = lower(models::bert_base(), workload);
  for (const auto& [name, device] : synthetic::devices()) {
    const Estimate theirs = estimate(lower(graph, workload_of(graph)), device, Seconds(0));
    const Estimate ours = estimate(lowered, device, Seconds(0));
    EXPECT_NEAR(theirs.latency / ours.latency, 1, 0.06) << name;
    EXPECT_EQ(theirs.memory.weights, ours.memory.weights);
    EXPECT_NEAR(theirs.memory.activations / ours.memory.activations, 1, 0.25) << name;
  }
}

/// RIDGELINE_UPDATE_EXAMPLES=1 writes the file.
TEST(Convert, TheExampleIsThatBert) {
  const std::filesystem::path file = std::filesystem::path(RIDGELINE_SOURCE_DIR) / "examples" / "bert-tiny.onnx";
  if (std::getenv("RIDGELINE_UPDATE_EXAMPLES") != nullptr) return write_file_atomically(file, bert_bytes(kTiny));
  EXPECT_EQ(read_file(file) == bert_bytes(kTiny), true);
}

TEST(Convert, DynamicallyQuantisedProductsAreEightBit) {
  OnnxBuilder b;
  const std::string x = b.input("x", {Size{64}, Size{256}});
  onnx::NodeProto& quantise = *b.graph().add_node();
  quantise.set_op_type("DynamicQuantizeLinear");
  quantise.add_input(x);
  for (const char* name : {"q", "scale", "zero"}) quantise.add_output(name);
  const std::string product =
      b.node("MatMulInteger", {"q", b.weights("w", {256, 512}, onnx::TensorProto::INT8), "zero"});
  const std::string real = b.node("Cast", {product});
  b.set("to", onnx::TensorProto::FLOAT);
  b.output(b.node("Relu", {b.node("Add", {b.node("Mul", {real, "scale"}), b.weights("bias", {512})})}));
  const GivenGraph graph = converted(b.bytes(), {});
  EXPECT_EQ(graph.numerics, (Numerics{Precision::int8, Precision::fp32, Precision::fp32, Precision::int8}));
  const Program program = lower(graph, workload_of(graph));
  EXPECT_EQ(program.weights.si(), 256 * 512 + 4 * 512);  // the bias is fp32
  EXPECT_EQ(work_of(graph).matrix.si(), 2.0 * 64 * 256 * 512);
}

TEST(Convert, DequantisedWeightsCountAsTheyAreStored) {
  OnnxBuilder b;
  const std::string x = b.input("x", {Size{64}, Size{256}});
  const std::string w =
      b.node("DequantizeLinear", {b.weights("w", {256, 512}, onnx::TensorProto::INT8), b.number(0.1f)});
  b.output(b.node("MatMul", {x, w}));
  const GivenGraph graph = converted(b.bytes(), {});
  EXPECT_EQ(graph.operators.size(), 1u);
  EXPECT_EQ(graph.numerics.weights, Precision::int8);
  EXPECT_EQ(graph.numerics.compute, Precision::fp32);
  EXPECT_EQ(lower(graph, workload_of(graph)).weights.si(), 256 * 512);
}

TEST(Convert, TiedWeightsAreCountedOnce) {
  OnnxBuilder b;
  const std::string ids = b.input("ids", {Size{1}, Size{16}}, onnx::TensorProto::INT64);
  const std::string table = b.weights("table", {1000, 64});
  const std::string rows = b.node("Gather", {table, ids});
  const std::string turned = b.node("Transpose", {table});
  b.set("perm", std::vector<std::int64_t>{1, 0});
  b.output(b.node("MatMul", {rows, turned}));
  const GivenGraph graph = converted(b.bytes(), {});
  EXPECT_EQ(lower(graph, workload_of(graph)).parameters, 64'000);
  EXPECT_EQ(graph.operators.back().weights, "table");
}

TEST(Convert, UnknownOperatorsAreNamedAndCostedByTheirBytes) {
  OnnxBuilder b;
  b.import("com.example", 1);
  const std::string x = b.input("x", {Size{4}, Size{100}});
  const std::string y = b.node("Mystery", {x, b.weights("w", {100, 30})});
  b.last().set_domain("com.example");
  b.value(y, {Size{4}, Size{30}});
  b.output(b.node("Relu", {y}));
  const GivenGraph graph = converted(b.bytes(), {});
  EXPECT_EQ(unknown_operators(graph), (std::vector<UnknownOperator>{{"com.example.Mystery", 1}}));
  EXPECT_EQ(graph.operators.front().op,
            Operator(Copy{.movement = Movement::unknown, .elements = 120, .parameters = 3000, .source = 400}));
}

TEST(Convert, ShapesThatNothingTellsMayBeGiven) {
  OnnxBuilder b;
  b.import("com.example", 1);
  const std::string x = b.input("x", {Size{4}, Size{100}});
  const std::string y = b.node("Mystery", {x}, "odd");
  b.last().set_domain("com.example");
  b.output(b.node("Relu", {y}));
  EXPECT_NE(
      error_of([&] { converted(b.bytes(), {}); })
          .find("bert.onnx: Mystery 'odd': nothing tells the shape of 'odd_out': this operator is not ONNX's own, "
                "and the file does not say how large its result is; give it: --shape odd_out=1x128x768"),
      std::string::npos);
  ConvertOptions options;
  options.questions.shapes["odd_out"] = {4, 7};
  EXPECT_EQ(std::get<Elementwise>(converted(b.bytes(), options).operators.back().op).elements, 28);
}

TEST(Convert, WhatNoOutputNeedsIsLeftOut) {
  OnnxBuilder b;
  const std::string x = b.input("x", {Size{4}, Size{100}});
  b.node("Exp", {x});
  b.output(b.node("Relu", {x}));
  EXPECT_EQ(converted(b.bytes(), {}).operators.size(), 1u);
}

}  // namespace
}  // namespace ridgeline
