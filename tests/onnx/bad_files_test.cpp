// Files that are no models, damaged ones and such that ask for what we do not do: a complaint each, never a crash.
#include <google/protobuf/stubs/logging.h>

#include "base/random.hpp"
#include "model/onnx/convert.hpp"
#include "tests/onnx/bert.hpp"

namespace ridgeline {
namespace {

class BadFiles : public testing::Test {
 protected:
  BadFiles() { google::protobuf::SetLogHandler(nullptr); }
  /// What is wrong, without the folder.
  std::string complaint(const std::string& bytes, const ConvertOptions& options = {}) {
    const std::string file = folder_.write("model.onnx", bytes);
    const std::string what = error_of([&] { convert_onnx(file, options); });
    return what.starts_with(file) ? what.substr(file.size() - std::string("model.onnx").size()) : what;
  }
  std::string complaint(const OnnxBuilder& builder, const ConvertOptions& options = {}) {
    return complaint(builder.bytes(), options);
  }
  TemporaryFolder folder_;
};

TEST_F(BadFiles, AreRefusedByName) {
  EXPECT_EQ(error_of([&] { convert_onnx(folder_ / "none.onnx", {}); }),
            (folder_ / "none.onnx").string() + ": cannot be opened");
  EXPECT_EQ(error_of([&] { convert_onnx(folder_.path(), {}); }),
            folder_.path().string() + ": this is a folder; name the .onnx file in it");
  EXPECT_EQ(complaint(std::string("hello, this is text\n")), "model.onnx: this is no ONNX file, or it is damaged");
  EXPECT_EQ(complaint(std::string()), "model.onnx: this is no ONNX file: it has no graph");
}

TEST_F(BadFiles, TruncatedAndDamagedOnesNeverCrash) {
  OnnxBuilder builder;
  BertExport(builder, {.width = 16, .heads = 2, .hidden = 32, .vocabulary = 100, .layers = 1});
  const std::string whole = builder.bytes();
  ConvertOptions options;
  options.questions.dimensions = {{"batch", 1}, {"sequence", 8}};
  ASSERT_EQ(complaint(whole, options), "(no error)");
  for (std::size_t size = 1; size < whole.size(); size += 1 + whole.size() / 97)
    EXPECT_NE(complaint(whole.substr(0, size), options), "(no error)") << size;
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = whole;
    for (int k = 0; k < 3; ++k) damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    complaint(damaged, options);
  }
}

TEST_F(BadFiles, OpenDimensionsAreNamed) {
  OnnxBuilder builder;
  BertExport(builder, {.width = 16, .heads = 2, .hidden = 32, .vocabulary = 100, .layers = 1});
  EXPECT_EQ(complaint(builder),
            "model.onnx: dimensions without a number: batch, sequence; give them: --dimension batch=N --dimension "
            "sequence=N");
  ConvertOptions options;
  options.questions.dimensions = {{"batch", 1}, {"sequence", 8}, {"sequnce", 8}};
  EXPECT_EQ(complaint(builder, options),
            "--dimension: unknown dimension 'sequnce'; did you mean 'sequence'? the dimensions are: batch, sequence");
}

TEST_F(BadFiles, WrongGraphsAreRefused) {
  {
    OnnxBuilder b;
    b.input("x", {Size{4}});
    b.node("Relu", {"later"}, "first");
    b.graph().mutable_node(0)->set_output(0, "y");
    b.node("Relu", {"y"}, "second");
    b.graph().mutable_node(1)->set_output(0, "later");
    b.output("later");
    EXPECT_EQ(complaint(b),
              "model.onnx: Relu 'first': it reads 'later', which nothing before it computes; nodes must stand in the "
              "order in which they run");
  }
  {
    OnnxBuilder b;
    const std::string x = b.input("x", {Size{4}, Size{5}});
    b.output(b.node("MatMul", {x, b.weights("w", {6, 7})}, "product"));
    EXPECT_EQ(complaint(b).substr(0, 64), "model.onnx: MatMul 'product': its operands do not fit: [ShapeInf");
  }
  {
    OnnxBuilder b;
    const std::string x = b.input("x", {Size{4}});
    b.output(b.node("If", {x}, "choice"));
    auto* branch = b.last().add_attribute();
    branch->set_name("then_branch");
    branch->set_type(onnx::AttributeProto::GRAPH);
    branch->mutable_g()->set_name("then");
    EXPECT_EQ(
        complaint(b),
        "model.onnx: If 'choice': 'If' runs a graph of its own: what it takes depends on what it computes; export "
        "the model without If, Loop and Scan, for example by tracing it");
  }
  {
    OnnxBuilder b;
    const std::string x = b.input("x", {Size{1} << 40, Size{1} << 40});
    b.output(b.node("Relu", {x}));
    EXPECT_EQ(complaint(b), "model.onnx: 'x': a tensor of more than 10^15 elements");
  }
  {
    OnnxBuilder b;
    b.output(b.node("Relu", {b.number(1)}));
    EXPECT_EQ(complaint(b), "model.onnx: everything in it is known beforehand: nothing is left to run");
  }
}

}  // namespace
}  // namespace ridgeline
