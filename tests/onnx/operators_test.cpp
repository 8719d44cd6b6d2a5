// Node by node: what ONNX's operators become. Sizes are written out by hand.
#include "model/onnx/operators.hpp"

#include <fmt/format.h>

#include "base/document.hpp"
#include "model/lowering.hpp"
#include "model/onnx/convert.hpp"
#include "tests/onnx/builder.hpp"

namespace ridgeline {
namespace {

GivenGraph converted(const OnnxBuilder& builder) {
  const TemporaryFolder folder;
  ConvertOptions options;
  options.as_written = true;
  return convert_onnx(builder.write(folder), options);
}

/// The operator of a node that reads x (and weights).
struct OneNode {
  OnnxBuilder b;
  std::string x;
  explicit OneNode(const std::vector<OnnxBuilder::Dimension>& shape, int opset = 14) : b(opset) {
    x = b.input("x", shape);
  }
  Operator op(const std::string& result) {
    b.output(result);
    return converted(b).operators.back().op;
  }
};

TEST(OnnxOperators, ProductsWithWeights) {
  {
    OneNode n({Size{2}, Size{5}, Size{3}});
    EXPECT_EQ(n.op(n.b.node("MatMul", {n.x, n.b.weights("w", {3, 7})})),
              Operator(MatMul{.rows = 10, .columns = 7, .inner = 3, .bias = false}));
  }
  {
    OneNode n({Size{3}, Size{5}});  // weights from the left
    EXPECT_EQ(n.op(n.b.node("MatMul", {n.b.weights("w", {7, 3}), n.x})),
              Operator(MatMul{.rows = 5, .columns = 7, .inner = 3, .bias = false}));
  }
  {
    OneNode n({Size{2}, Size{4}, Size{5}, Size{3}});  // a matrix for each head
    EXPECT_EQ(n.op(n.b.node("MatMul", {n.x, n.b.weights("w", {4, 3, 7})})),
              Operator(MatMul{.rows = 10, .columns = 28, .inner = 12, .groups = 4, .bias = false}));
  }
  {
    OneNode n({Size{5}, Size{3}});
    const std::string y = n.b.node("Gemm", {n.x, n.b.weights("w", {7, 3}), n.b.weights("c", {7})});
    n.b.set("transB", 1);
    EXPECT_EQ(n.op(y), Operator(MatMul{.rows = 5, .columns = 7, .inner = 3, .bias = true}));
  }
}

TEST(OnnxOperators, ProductsOfActivations) {
  OneNode n({Size{2}, Size{4}, Size{5}, Size{3}});
  const std::string y = n.b.input("y", {Size{2}, Size{1}, Size{3}, Size{6}});
  EXPECT_EQ(n.op(n.b.node("MatMul", {n.x, y})),
            Operator(BatchedMatMul{.batch = 8, .rows = 5, .columns = 6, .inner = 3, .second_operands = 2}));
  OneNode e({Size{2}, Size{5}, Size{4}, Size{3}});
  const std::string z = e.b.input("z", {Size{2}, Size{6}, Size{4}, Size{3}});
  const std::string scores = e.b.node("Einsum", {e.x, z});
  e.b.set("equation", std::string("bqhd,bkhd->bhqk"));
  EXPECT_EQ(e.op(scores), Operator(BatchedMatMul{.batch = 8, .rows = 5, .columns = 6, .inner = 3}));
}

TEST(OnnxOperators, Convolutions) {
  {
    OneNode n({Size{1}, Size{3}, Size{224}, Size{224}});
    const std::string y = n.b.node("Conv", {n.x, n.b.weights("k", {768, 3, 16, 16}), n.b.weights("c", {768})});
    n.b.set("strides", std::vector<std::int64_t>{16, 16});
    EXPECT_EQ(n.op(y), Operator(MatMul{.rows = 196, .columns = 768, .inner = 768, .bias = true}));
  }
  {
    OneNode n({Size{2}, Size{8}, Size{20}});
    const std::string y = n.b.node("Conv", {n.x, n.b.weights("k", {8, 1, 5})});
    n.b.set("group", 8).set("pads", std::vector<std::int64_t>{2, 2});
    EXPECT_EQ(n.op(y), Operator(DepthwiseConvolution{.batch = 2, .length = 20, .channels = 8, .kernel = 5}));
  }
}

TEST(OnnxOperators, RowsAndElements) {
  const std::vector<OnnxBuilder::Dimension> shape{Size{2}, Size{3}, Size{4}};
  const auto one = [&](const std::string& op, int opset = 14) {
    OneNode n(shape, opset);
    return n.op(n.b.node(op, {n.x}));
  };
  EXPECT_EQ(one("Softmax"), Operator(Softmax{6, 4}));
  EXPECT_EQ(one("Softmax", 11), Operator(Softmax{2, 12}));  // from the first dimension on
  EXPECT_EQ(one("Sigmoid"), Operator(Elementwise{Function::sigmoid, 24}));
  EXPECT_EQ(one("Erf"), Operator(Elementwise{Function::tanh, 24}));
  EXPECT_EQ(one("Sqrt"), Operator(Elementwise{Function::rsqrt, 24}));
  EXPECT_EQ(one("Identity"), Operator(View{}));
  EXPECT_EQ(one("Transpose"), Operator(Copy{Movement::contiguous, 24}));
  EXPECT_EQ(one("ReduceMean"), Operator(Reduction{1, 24}));
  {
    OneNode n(shape);
    EXPECT_EQ(n.op(n.b.node("Add", {n.x, n.b.weights("b", {4})})),
              Operator(Elementwise{.function = Function::bias, .elements = 24, .parameters = 4}));
  }
  {
    OneNode n(shape);
    EXPECT_EQ(n.op(n.b.node("Mul", {n.x, n.b.number(2)})), Operator(Elementwise{Function::scale, 24}));
  }
  {
    OneNode n(shape);
    EXPECT_EQ(n.op(n.b.node("Add", {n.x, n.b.input("y", shape)})),
              Operator(Elementwise{.function = Function::add, .elements = 24, .operands = 2}));
  }
  {
    OneNode n(shape, 17);
    const std::string y = n.b.node("LayerNormalization", {n.x, n.b.weights("s", {4}), n.b.weights("b", {4})});
    n.b.set("axis", -1);
    EXPECT_EQ(n.op(y), Operator(Normalisation{NormKind::layer_norm, 6, 4}));
  }
  {
    OneNode n({Size{1}, Size{3}, Size{4}});  // a dimension of one moves
    const std::string y = n.b.node("Transpose", {n.x});
    n.b.set("perm", std::vector<std::int64_t>{1, 0, 2});
    EXPECT_EQ(n.op(y), Operator(View{}));
  }
}

/// Operator sets that are younger than the library that infers shapes.
TEST(OnnxOperators, YoungerOperatorSets) {
  {
    OneNode n({Size{2}, Size{3}, Size{4}}, 18);
    EXPECT_EQ(n.op(n.b.node("ReduceMean", {n.x, n.b.integers({-1})})), Operator(Reduction{6, 4}));
  }
  {
    OneNode n({Size{2}, Size{3}, Size{4}}, 20);
    const std::string y = n.b.node("Gelu", {n.x});
    n.b.set("approximate", std::string("tanh"));
    EXPECT_EQ(n.op(y), Operator(Elementwise{Function::gelu_tanh, 24}));
  }
  {
    OneNode n({Size{2}, Size{3}, Size{4}}, 23);
    EXPECT_EQ(n.op(n.b.node("RMSNormalization", {n.x, n.b.weights("w", {4})})),
              Operator(Normalisation{NormKind::rms_norm, 6, 4}));
  }
  {
    OneNode n({Size{2}, Size{7}}, 18);
    n.b.node("Split", {n.x});
    n.b.last().add_output("rest");
    n.b.set("axis", 1).set("num_outputs", 2);
    EXPECT_EQ(n.op(n.b.node("Relu", {"rest"})), Operator(Elementwise{Function::relu, 6}));
  }
}

/// Whatever ONNX has is converted, costed without a fault, or refused with a reason.
TEST(OnnxOperators, OnnxsOwnTestModels) {
  const std::filesystem::path data = "/usr/share/libonnx-testdata/data";
  if (!std::filesystem::exists(data)) GTEST_SKIP() << "libonnx-testdata is not installed";
  std::size_t all = 0, converted = 0, unknown = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    if (entry.path().extension() != ".onnx") continue;
    ++all;
    try {
      const GivenGraph graph = convert_onnx(entry.path(), {});
      const GivenGraph again = parse_given_graph(parse_document(to_yaml(graph), "again"), "again");
      EXPECT_EQ(again, graph) << entry.path();
      const Work work = total_work(lower(graph, workload_of(graph)).phases.front().graph, graph.numerics);
      EXPECT_GE(work.bytes().si(), 0) << entry.path();
      ++converted;
      unknown += unknown_operators(graph).empty() ? 0 : 1;
    } catch (const InputError& error) {
      EXPECT_EQ(error.location().file, entry.path()) << error.what();
      if (std::getenv("RIDGELINE_SAY_WHY")) std::cerr << error.what() << "\n";
    }
  }
  EXPECT_GE(all, 1000u);
  EXPECT_GE(converted, all * 7 / 10) << unknown << " with unknown operators";
  RecordProperty("converted", static_cast<int>(converted));
  std::cerr << fmt::format("{} of {} models converted, {} of them with unknown operators\n", converted, all, unknown);
}

}  // namespace
}  // namespace ridgeline
