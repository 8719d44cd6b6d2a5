// A BERT as torch.onnx.export writes Hugging Face's: shapes computed from Shape, layer norms and GELU taken apart,
// biases added by themselves.
#pragma once

#include "tests/onnx/builder.hpp"

namespace ridgeline {

struct BertSizes {
  Size width, heads, hidden, vocabulary;
  int layers;
};

class BertExport {
 public:
  BertExport(OnnxBuilder& builder, const BertSizes& sizes) : b_(builder), s_(sizes) {
    const std::vector<OnnxBuilder::Dimension> tokens{std::string("batch"), std::string("sequence")};
    const std::string ids = b_.input("input_ids", tokens, onnx::TensorProto::INT64);
    const std::string attended = b_.input("attention_mask", tokens, onnx::TensorProto::INT64);
    const std::string kinds = b_.input("token_type_ids", tokens, onnx::TensorProto::INT64);
    std::string x = embed(ids, kinds);
    const std::string mask = prepare(attended);
    for (int l = 0; l < s_.layers; ++l) x = layer(x, mask, "layer." + std::to_string(l) + ".");
    b_.output(x, {std::string("batch"), std::string("sequence"), s_.width});
    const std::string first = b_.node("Gather", {x, b_.integers({0}, true)}, "first");
    b_.set("axis", 1);
    const std::string dense = b_.node(
        "Gemm", {first, b_.weights("pooler.weight", {s_.width, s_.width}), b_.weights("pooler.bias", {s_.width})});
    b_.set("transB", 1);
    b_.output(b_.node("Tanh", {dense}), {std::string("batch"), s_.width});
  }

 private:
  std::string size_of(const std::string& x, int axis) {
    const std::string size = b_.node("Gather", {b_.node("Shape", {x}), b_.integers({axis}, true)});
    return b_.node("Unsqueeze", {size, b_.integers({0})});
  }

  std::string embed(const std::string& ids, const std::string& kinds) {
    const std::string words = b_.node("Gather", {b_.weights("words", {s_.vocabulary, s_.width}), ids});
    const std::string types = b_.node("Gather", {b_.weights("types", {2, s_.width}), kinds});
    // Positions are a slice of the numbers from 0 on.
    const std::string all =
        b_.node("Range", {b_.integers({0}, true), b_.integers({512}, true), b_.integers({1}, true)});
    const std::string rows = b_.node("Unsqueeze", {all, b_.integers({0})});
    const std::string some =
        b_.node("Slice", {rows, b_.integers({0}), size_of(ids, 1), b_.integers({1}), b_.integers({1})});
    const std::string places = b_.node("Gather", {b_.weights("positions", {512, s_.width}), some});
    return norm(b_.node("Add", {b_.node("Add", {words, types}), places}), "embeddings.");
  }

  std::string prepare(const std::string& attended) {
    std::string mask = b_.node("Unsqueeze", {attended, b_.integers({1, 2})});
    mask = b_.node("Cast", {mask});
    b_.set("to", onnx::TensorProto::FLOAT);
    return b_.node("Mul", {b_.node("Sub", {b_.number(1), mask}), b_.number(-10000)});
  }

  std::string linear(const std::string& x, Size in, Size out, const std::string& name) {
    const std::string product = b_.node("MatMul", {x, b_.weights(name + ".weight", {in, out})}, name);
    return b_.node("Add", {b_.weights(name + ".bias", {out}), product});
  }

  std::string norm(const std::string& x, const std::string& name) {
    const auto mean = [&](const std::string& of) {
      const std::string result = b_.node("ReduceMean", {of});
      b_.set("axes", std::vector<std::int64_t>{-1});
      return result;
    };
    const std::string difference = b_.node("Sub", {x, mean(x)});
    const std::string variance = mean(b_.node("Pow", {difference, b_.number(2)}));
    const std::string root = b_.node("Sqrt", {b_.node("Add", {variance, b_.number(1e-12f)})});
    const std::string quotient = b_.node("Div", {difference, root});
    const std::string scaled = b_.node("Mul", {quotient, b_.weights(name + "norm.weight", {s_.width})});
    return b_.node("Add", {scaled, b_.weights(name + "norm.bias", {s_.width})});
  }

  std::string heads(const std::string& x, const std::vector<std::int64_t>& order) {
    const std::string shape = b_.node(
        "Concat", {size_of(x, 0), size_of(x, 1), b_.integers({s_.heads}), b_.integers({s_.width / s_.heads})});
    b_.set("axis", 0);
    const std::string split = b_.node("Reshape", {x, shape});
    const std::string turned = b_.node("Transpose", {split});
    b_.set("perm", order);
    return turned;
  }

  std::string gelu(const std::string& x) {
    const std::string erf = b_.node("Erf", {b_.node("Div", {x, b_.number(1.41421356f)})});
    return b_.node("Mul", {b_.node("Mul", {x, b_.node("Add", {erf, b_.number(1)})}), b_.number(0.5f)});
  }

  std::string layer(const std::string& x, const std::string& mask, const std::string& name) {
    const std::string query = heads(linear(x, s_.width, s_.width, name + "query"), {0, 2, 1, 3});
    const std::string key = heads(linear(x, s_.width, s_.width, name + "key"), {0, 2, 3, 1});
    const std::string value = heads(linear(x, s_.width, s_.width, name + "value"), {0, 2, 1, 3});
    std::string scores = b_.node("Div", {b_.node("MatMul", {query, key}), b_.number(8)});
    scores = b_.node("Softmax", {b_.node("Add", {scores, mask})});
    b_.set("axis", -1);
    const std::string context = b_.node("Transpose", {b_.node("MatMul", {scores, value})});
    b_.set("perm", std::vector<std::int64_t>{0, 2, 1, 3});
    const std::string shape = b_.node("Concat", {size_of(context, 0), size_of(context, 1), b_.integers({s_.width})});
    b_.set("axis", 0);
    const std::string joined = b_.node("Reshape", {context, shape});
    const std::string attention =
        norm(b_.node("Add", {linear(joined, s_.width, s_.width, name + "output"), x}), name + "attention.");
    const std::string wide = gelu(linear(attention, s_.width, s_.hidden, name + "wide"));
    return norm(b_.node("Add", {linear(wide, s_.hidden, s_.width, name + "narrow"), attention}), name);
  }

  OnnxBuilder& b_;
  BertSizes s_;
};

}  // namespace ridgeline
