#include "tests/live/torchscript_models.hpp"

#include <fmt/format.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <torch/script.h>

#include <fstream>

namespace ridgeline {
namespace {

using torch::jit::Module;

at::Tensor repeated(const std::vector<Size>& shape) { return at::zeros({1}).expand(shape); }

void add_weight(Module& module, const std::string& name, const std::vector<Size>& shape) {
  module.register_parameter(name, repeated(shape), false);
}

Module linear(Size in, Size out) {
  Module module("Linear");
  add_weight(module, "weight", {out, in});
  add_weight(module, "bias", {out});
  module.define("def forward(self, x: Tensor) -> Tensor:\n  return torch.linear(x, self.weight, self.bias)\n");
  return module;
}

/// GPT-2's, whose weights are turned.
Module conv1d(Size in, Size out) {
  Module module("Conv1D");
  add_weight(module, "weight", {in, out});
  add_weight(module, "bias", {out});
  module.define(fmt::format(R"(
def forward(self, x: Tensor) -> Tensor:
  shape = [x.size(0), x.size(1), {}]
  return torch.addmm(self.bias, x.view([-1, x.size(-1)]), self.weight).view(shape)
)",
                            out));
  return module;
}

Module norm(Size width) {
  Module module("LayerNorm");
  add_weight(module, "weight", {width});
  add_weight(module, "bias", {width});
  module.define(fmt::format(
      "def forward(self, x: Tensor) -> Tensor:\n  return torch.layer_norm(x, [{}], self.weight, self.bias, 1e-12)\n",
      width));
  return module;
}

Module bert_layer(const ScriptSizes& s) {
  Module module("BertLayer");
  for (const char* name : {"query", "key", "value", "output"}) module.register_module(name, linear(s.width, s.width));
  module.register_module("wide", linear(s.width, s.hidden));
  module.register_module("narrow", linear(s.hidden, s.width));
  module.register_module("attention_norm", norm(s.width));
  module.register_module("norm", norm(s.width));
  module.define(fmt::format(R"(
def heads(self, x: Tensor) -> Tensor:
  return x.view([x.size(0), x.size(1), {0}, {1}]).permute([0, 2, 1, 3])
def forward(self, x: Tensor, mask: Tensor) -> Tensor:
  query = self.heads(self.query.forward(x))
  key = self.heads(self.key.forward(x))
  value = self.heads(self.value.forward(x))
  scores = torch.matmul(query, key.transpose(-1, -2)) / 8.0 + mask
  scores = torch.dropout(torch.softmax(scores, -1), 0.1, False)
  context = torch.matmul(scores, value).permute([0, 2, 1, 3]).contiguous()
  context = context.view([x.size(0), x.size(1), {2}])
  x = self.attention_norm.forward(self.output.forward(context) + x)
  return self.norm.forward(self.narrow.forward(torch.gelu(self.wide.forward(x))) + x)
)",
                            s.heads, s.width / s.heads, s.width));
  return module;
}

Module gpt_layer(const ScriptSizes& s, const at::Tensor& causal) {
  Module module("GptLayer");
  module.register_buffer("causal", causal);
  module.register_module("first_norm", norm(s.width));
  module.register_module("second_norm", norm(s.width));
  module.register_module("qkv", conv1d(s.width, 3 * s.width));
  module.register_module("output", conv1d(s.width, s.width));
  module.register_module("wide", conv1d(s.width, s.hidden));
  module.register_module("narrow", conv1d(s.hidden, s.width));
  module.define(fmt::format(R"(
def heads(self, x: Tensor) -> Tensor:
  return x.view([x.size(0), x.size(1), {0}, {1}]).permute([0, 2, 1, 3])
def forward(self, x: Tensor) -> Tensor:
  parts = self.qkv.forward(self.first_norm.forward(x)).split({2}, 2)
  query, key, value = self.heads(parts[0]), self.heads(parts[1]), self.heads(parts[2])
  scores = torch.matmul(query, key.transpose(-1, -2)) / 8.0
  n = scores.size(-1)
  lowest = torch.full([], -1e30, dtype=scores.dtype, device=scores.device)
  scores = torch.softmax(torch.where(self.causal[:, :, :n, :n], scores, lowest), -1)
  context = torch.matmul(scores, value).permute([0, 2, 1, 3]).contiguous()
  x = x + self.output.forward(context.view([x.size(0), x.size(1), {2}]))
  wide = self.wide.forward(self.second_norm.forward(x))
  return x + self.narrow.forward(torch.gelu(wide, approximate="tanh"))
)",
                            s.heads, s.width / s.heads, s.width));
  return module;
}

std::string calls_of_layers(int layers, const char* arguments) {
  std::string calls;
  for (int l = 0; l < layers; ++l) calls += fmt::format("  x = self.layer{}.forward({})\n", l, arguments);
  return calls;
}

}  // namespace

void save_script(const std::filesystem::path& file, const std::string& methods,
                 const std::vector<ScriptWeight>& weights) {
  Module module("Small");
  for (const ScriptWeight& weight : weights) add_weight(module, weight.name, weight.shape);
  module.define(methods);
  module.save(file.string());
}

void save_bert(const std::filesystem::path& file, const ScriptSizes& s) {
  Module module("Bert");
  add_weight(module, "words", {s.vocabulary, s.width});
  add_weight(module, "places", {s.positions, s.width});
  add_weight(module, "types", {2, s.width});
  module.register_buffer("position_ids", at::arange(s.positions).unsqueeze(0));
  module.register_module("norm", norm(s.width));
  module.register_module("pooler", linear(s.width, s.width));
  for (int l = 0; l < s.layers; ++l) module.register_module(fmt::format("layer{}", l), bert_layer(s));
  module.define(R"(
def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor):
  mask = attention_mask.unsqueeze(1).unsqueeze(2).to(self.words.dtype)
  mask = torch.rsub(mask, 1.0) * -10000.0
  x = torch.embedding(self.words, input_ids) + torch.embedding(self.types, token_type_ids)
  x = x + torch.embedding(self.places, self.position_ids[:, :input_ids.size(1)])
  x = self.norm.forward(x)
)" + calls_of_layers(s.layers, "x, mask") +
                "  return x, torch.tanh(self.pooler.forward(x[:, 0]))\n");
  module.save(file.string());
}

void save_gpt(const std::filesystem::path& file, const ScriptSizes& s) {
  Module module("Gpt");
  add_weight(module, "words", {s.vocabulary, s.width});
  add_weight(module, "places", {s.positions, s.width});
  module.register_module("norm", norm(s.width));
  const at::Tensor causal = at::ones({1}, at::kBool).expand({1, 1, s.positions, s.positions});
  for (int l = 0; l < s.layers; ++l) module.register_module(fmt::format("layer{}", l), gpt_layer(s, causal));
  module.define(R"(
def forward(self, input_ids: Tensor) -> Tensor:
  places = torch.arange(0, input_ids.size(1), dtype=4, device=input_ids.device).unsqueeze(0)
  x = torch.embedding(self.words, input_ids) + torch.embedding(self.places, places)
)" + calls_of_layers(s.layers, "x") +
                "  return torch.linear(self.norm.forward(x), self.words)\n");
  module.save(file.string());
}

void save_pickle(const std::filesystem::path& file) {
  const std::vector<char> bytes = torch::jit::pickle_save(at::zeros({2, 3}));
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace ridgeline
