// TorchScript files: what is converted is what the model does, to the last FLOP what we lower ourselves.
#include "calib/live/torchscript.hpp"

#include <cstdlib>
#include <set>

#include "base/file.hpp"
#include "model/lowering.hpp"
#include "model/torchscript/convert.hpp"
#include "tests/live/torchscript_models.hpp"
#include "tests/model/given.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

using Input = TorchScriptQuestions::Input;

constexpr ScriptSizes kBert{
    .width = 128, .heads = 2, .hidden = 512, .vocabulary = 30522, .positions = 512, .layers = 2};
constexpr ScriptSizes kGpt{
    .width = 128, .heads = 2, .hidden = 512, .vocabulary = 50257, .positions = 256, .layers = 2};

class TorchScript : public testing::Test {
 protected:
  GivenGraph converted(const std::vector<std::optional<Input>>& inputs) {
    TorchScriptQuestions questions{.inputs = inputs, .shapes = shapes_};
    return convert_tape(file_, read_torchscript(file_, questions), {});
  }
  GivenGraph converted(const std::string& methods, const std::vector<ScriptWeight>& weights,
                       const std::vector<std::optional<Input>>& inputs) {
    save_script(file_, methods, weights);
    return converted(inputs);
  }
  /// What is wrong, without the folder.
  std::string complaint(const std::vector<std::optional<Input>>& inputs) {
    const std::string what = error_of([&] { converted(inputs); });
    return what.starts_with(file_.string()) ? what.substr(folder_.path().string().size() + 1) : what;
  }
  std::string complaint(const std::string& methods, const std::vector<ScriptWeight>& weights,
                        const std::vector<std::optional<Input>>& inputs) {
    save_script(file_, methods, weights);
    return complaint(inputs);
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "model.pt";
  std::map<std::string, std::vector<Size>> shapes_;
};

Input tokens(Size batch, Size length) { return {{batch, length}, "int64"}; }
Input numbers(std::vector<Size> shape) { return {std::move(shape), "float32"}; }

void expect_the_work_of(const Architecture& model, Task task, const GivenGraph& graph) {
  Workload workload;
  workload.task = task, workload.batch = graph.batch, workload.length = graph.length;
  const Program lowered = lower(model, workload);
  const Work expected = work_of(lowered, workload.numerics), found = work_of(graph);
  EXPECT_EQ(lower(graph, workload_of(graph)).parameters, lowered.parameters);
  EXPECT_EQ(found.matrix, expected.matrix);
  EXPECT_EQ(found.transcendental, expected.transcendental);
  EXPECT_EQ(found.vector, expected.vector);
  EXPECT_TRUE(unknown_operators(graph).empty());
}

TEST_F(TorchScript, BertHasTheWorkOfItsArchitecture) {
  save_bert(file_, kBert);
  for (const auto& [batch, length] : {std::pair<Size, Size>{1, 128}, {8, 64}}) {
    const GivenGraph graph = converted({tokens(batch, length), tokens(batch, length), tokens(batch, length)});
    EXPECT_EQ(graph.batch, batch);
    EXPECT_EQ(graph.length, length);
    expect_the_work_of(models::bert(kBert.width, kBert.heads, kBert.hidden, 2), Task::encode, graph);
    EXPECT_EQ(operators_of_kind(graph, "normalisation"), 5);
    EXPECT_EQ(operators_of_kind(graph, "softmax"), 2);
    EXPECT_EQ(operators_of_kind(graph, "batched matmul"), 4);
    EXPECT_EQ(operators_of_kind(graph, "matmul"), 2 * 6 + 1);
    EXPECT_EQ(operators_of_kind(graph, "embedding"), 3);
  }
}

TEST_F(TorchScript, GptHasTheWorkOfItsArchitecture) {
  save_gpt(file_, kGpt);
  const GivenGraph graph = converted({tokens(1, 64)});
  expect_the_work_of(models::gpt2(kGpt.width, kGpt.heads, 2, kGpt.positions), Task::prefill, graph);
  EXPECT_EQ(graph.operators.back().weights, "words");  // the table is the weights of the logits
}

/// RIDGELINE_UPDATE_EXAMPLES=1 writes the file.
TEST_F(TorchScript, TheExampleIsThatGpt) {
  const std::filesystem::path example = std::filesystem::path(RIDGELINE_SOURCE_DIR) / "examples" / "small-gpt.pt";
  if (std::getenv("RIDGELINE_UPDATE_EXAMPLES") != nullptr) return save_gpt(example, kGpt);
  save_gpt(file_, kGpt);
  const GivenGraph ours = converted({tokens(1, 64)});
  file_ = example;
  EXPECT_EQ(converted({tokens(1, 64)}).operators, ours.operators);
}

TEST_F(TorchScript, OperatorsAreNamedAfterTheirModules) {
  save_bert(file_, kBert);
  std::set<std::string> names;
  for (const GivenOperator& op : converted({tokens(1, 8), tokens(1, 8), tokens(1, 8)}).operators)
    names.insert(op.name);
  for (const char* name : {"layer1.query", "layer1.attention_norm", "layer1/softmax", "pooler", "tanh"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST_F(TorchScript, TranspositionsMoveNothingUntilSomethingIsCopied) {
  const GivenGraph graph =
      converted("def forward(self, x: Tensor):\n  return x.transpose(0, 1).reshape([12])\n", {}, {numbers({3, 4})});
  ASSERT_EQ(graph.operators.size(), 2u);
  EXPECT_EQ(graph.operators[0].op, Operator(View{}));
  EXPECT_EQ(graph.operators[1].op, Operator(Copy{Movement::contiguous, 12}));
  EXPECT_EQ(converted("def forward(self, x: Tensor):\n  return x.reshape([12]).relu()\n", {}, {numbers({3, 4})})
                .operators[0]
                .op,
            Operator(View{}));
}

TEST_F(TorchScript, UnknownOperatorsAreNamedAndCostedByTheirBytes) {
  const GivenGraph graph = converted("def forward(self, x: Tensor):\n  return torch.cdist(x, self.weight).relu()\n",
                                     {{"weight", {30, 100}}}, {numbers({4, 100})});
  EXPECT_EQ(unknown_operators(graph), (std::vector<UnknownOperator>{{"aten::cdist", 1}}));
  EXPECT_EQ(graph.operators.front().op,
            Operator(Copy{.movement = Movement::unknown, .elements = 120, .parameters = 3000, .source = 400}));
}

TEST_F(TorchScript, BranchesAndLoopsOverSizesAreFollowed) {
  const GivenGraph graph = converted(R"(
def forward(self, x: Tensor, y: Optional[Tensor] = None):
  for i in range(x.size(0)):
    if i % 2 == 0:
      x = torch.exp(x)
  if y is not None:
    x = x + y
  return x
)",
                                     {}, {numbers({5, 8})});
  EXPECT_EQ(graph.operators.size(), 3u);
}

TEST_F(TorchScript, WhatIsWrittenInPlaceIsReadByOtherNames) {
  const GivenGraph graph = converted(R"(
def forward(self, x: Tensor):
  y = torch.zeros([4, 8])
  y[:2].copy_(x)
  return torch.relu(y)
)",
                                     {}, {numbers({2, 8})});
  ASSERT_EQ(graph.operators.size(), 2u);
  EXPECT_EQ(graph.operators[1].inputs, std::vector<std::string>{graph.operators[0].name});
}

TEST_F(TorchScript, WhatIsWrittenIntoIsNoWeightsAnyMore) {
  const GivenGraph graph = converted(R"(
def forward(self, x: Tensor):
  self.cache[:1].copy_(x)
  return torch.mm(x, self.cache.t())
)",
                                     {{"cache", {16, 8}}}, {numbers({1, 8})});
  EXPECT_EQ(graph.operators.back().op, Operator(BatchedMatMul{.batch = 1, .rows = 1, .columns = 16, .inner = 8}));
  EXPECT_EQ(lower(graph, workload_of(graph)).parameters, 0);
}

TEST_F(TorchScript, LayersThatRunAsOneOperatorAreTakenApart) {
  const GivenGraph graph =
      converted(R"(
def forward(self, x: Tensor):
  y, w = torch._native_multi_head_attention(x, x, x, 8, 2, self.qkv, self.b3, self.out, self.b, None, False, True, None)
  return y
)",
                {{"qkv", {24, 8}}, {"b3", {24}}, {"out", {8, 8}}, {"b", {8}}}, {numbers({2, 5, 8})});
  EXPECT_EQ(operators_of_kind(graph, "batched matmul"), 2);
  EXPECT_EQ(lower(graph, workload_of(graph)).parameters, 24 * 8 + 24 + 8 * 8 + 8);
  EXPECT_EQ(work_of(graph).matrix.si(), 2.0 * 10 * 8 * 32 + 2 * 2.0 * 4 * 5 * 5 * 4);
}

TEST_F(TorchScript, TracedShapeArithmeticIsComputed) {
  const GivenGraph graph = converted(R"(
def forward(self, x: Tensor):
  half = torch.floor_divide(torch.scalar_tensor(x.size(1), dtype=4), 2)
  return torch.slice(x, 1, 0, int(half)).relu()
)",
                                     {}, {numbers({3, 8})});
  EXPECT_EQ(std::get<Elementwise>(graph.operators.back().op).elements, 12);
}

TEST_F(TorchScript, WhatDependsOnNumbersIsRefused) {
  EXPECT_EQ(complaint("def forward(self, x: Tensor):\n  if bool(x.sum() > 0):\n    x = x + 1\n  return x\n", {},
                      {numbers({4})}),
            "model.pt: aten::Bool: what the model does depends on numbers that it computes; export the model without "
            "it, for example by tracing it: torch.jit.trace(model, example)");
  EXPECT_EQ(complaint("def forward(self, x: Tensor):\n  return torch.nonzero(x).relu()\n", {}, {numbers({4})}),
            "model.pt: aten::nonzero: nothing tells the size of what 'nonzero' makes; give it: --shape "
            "'nonzero=1x128x768'");
  shapes_["nonzero"] = {3, 1};
  EXPECT_EQ(complaint({numbers({4})}), "(no error)");
}

TEST_F(TorchScript, WrongInputsAreRefused) {
  save_bert(file_, kBert);
  EXPECT_EQ(complaint({}),
            "--input: `forward` takes input_ids, attention_mask, token_type_ids; give the shape and type of each, as "
            "in --input 1x128:int64,1x128:int64");
  EXPECT_EQ(complaint({tokens(1, 8), tokens(1, 8), tokens(1, 8), tokens(1, 8)}),
            "--input: 4 inputs are given, but `forward` takes input_ids, attention_mask, token_type_ids");
  EXPECT_EQ(complaint({numbers({1, 8}), tokens(1, 8), tokens(1, 8)}),
            "model.pt: aten::embedding: its operands do not fit: rows are looked up by whole numbers, as in --input "
            "1x128:int64");
  const std::string rank = complaint({Input{{8}, "int64"}, tokens(1, 8), tokens(1, 8)});
  EXPECT_TRUE(rank.starts_with("model.pt: aten::")) << rank;
  EXPECT_EQ(
      complaint("def forward(self, x: Tensor):\n  return x.reshape(x.size(1), -1)\n", {}, {numbers({4})}),
      "model.pt: aten::size: the inputs have fewer dimensions or elements than the model reads; --input gives the "
      "shapes that it is called with");
  EXPECT_NE(complaint("def forward(self, x: Tensor):\n  return torch.linear(x, self.weight)\n", {{"weight", {5, 7}}},
                      {numbers({3, 6})})
                .find("model.pt: aten::linear: its operands do not fit: "),
            std::string::npos);
  EXPECT_EQ(complaint("def forward(self, x: Tensor, n: int):\n  return x + n\n", {}, {numbers({3}), numbers({3})}),
            "--input: 'n' is no tensor but int; only tensors can be given; wrap the model in one that takes them");
}

TEST_F(TorchScript, FilesThatAreNoneAreRefused) {
  const std::string hint = "; export the model as TorchScript: torch.jit.trace(model, example).save(\"model.pt\")";
  EXPECT_EQ(complaint({}), "model.pt: cannot be opened");
  folder_.write("model.pt", "hello, this is text\n");
  EXPECT_EQ(complaint({}), "model.pt: this is no TorchScript file, or it is damaged" + hint);
  save_pickle(file_);
  EXPECT_EQ(complaint({}), "model.pt: this is a pickle of torch.save, which is Python code, not TorchScript" + hint);
  folder_.write("model.pt", "\x80\x02}q");
  EXPECT_EQ(complaint({}), "model.pt: this is a pickle of torch.save, which is Python code, not TorchScript" + hint);
  file_ = folder_.path();
  EXPECT_EQ(error_of([&] { converted({}); }),
            folder_.path().string() + ": this is a folder; name the .pt file in it");
}

TEST_F(TorchScript, TruncatedFilesAreRefused) {
  save_bert(file_, {.width = 16, .heads = 2, .hidden = 32, .vocabulary = 100, .positions = 32, .layers = 1});
  const std::string whole = read_file(file_);
  for (std::size_t size = 3; size < whole.size(); size += 1 + whole.size() / 29) {
    folder_.write("model.pt", whole.substr(0, size));
    EXPECT_NE(complaint({tokens(1, 8), tokens(1, 8), tokens(1, 8)}), "(no error)") << size;
  }
}

TEST_F(TorchScript, CodeThatLoadingWouldRunIsRefused) {
  EXPECT_EQ(
      complaint(R"(
def forward(self, x: Tensor):
  return x
def __getstate__(self) -> int:
  return 3
def __setstate__(self, state: int):
  pass
)",
                {}, {numbers({4})}),
      "model.pt: a class of it restores itself by code of its own (`__setstate__`), which is not run; trace the "
      "model, or export it before it is quantised");
}

TEST_F(TorchScript, NothingIsWrittenOrReadByTheModel) {
  const std::string victim = folder_.write("victim.txt", "as it was");
  const std::string write = "  torch.save(x, \"" + victim + "\")\n";
  EXPECT_EQ(complaint("def forward(self, x: Tensor):\n" + write + "  return x.relu()\n", {}, {numbers({4})}),
            "model.pt: aten::save: it does more than the sizes of tensors tell");
  EXPECT_EQ(read_file(victim), "as it was");
}

}  // namespace
}  // namespace ridgeline
