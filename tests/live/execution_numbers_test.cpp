// The executor computes what the models' authors wrote down: against straight-line libtorch code of each family.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "calib/live/execution.hpp"
#include "tests/model/models.hpp"

namespace ridgeline {
namespace {

using at::Tensor;

/// One thread for all tests of this program: they are small, and threads that wait for each other on a busy machine
/// take many times as long.
class OneThread : public testing::Environment {
  void SetUp() override { at::set_num_threads(1); }
};
const testing::Environment* const one_thread = testing::AddGlobalTestEnvironment(new OneThread);

Tensor from_host(const HostTensor& host) {
  return at::from_blob(const_cast<float*>(host.values.data()), host.shape, at::kFloat).clone();
}

/// An execution that has run once, and its tensors by name.
struct Ran {
  Execution execution;
  std::map<std::string, Tensor> tensors;
  Tensor result;

  Ran(const Architecture& model, const Workload& workload) : execution(model, workload, {.seed = 7}) {
    execution.run();
    for (const HostTensor& t : execution.weights()) tensors[t.name] = from_host(t);
    for (const HostTensor& t : execution.inputs()) tensors[t.name] = from_host(t);
    result = from_host(execution.result());
  }

  const Tensor& operator[](const std::string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw std::out_of_range("no tensor " + name);
    return found->second;
  }
  Tensor tokens(const std::string& name) const { return (*this)[name].to(at::kLong); }
  Tensor map(const std::string& name, const Tensor& x) const {
    const Tensor y = at::matmul(x, (*this)[name + ".weight"].t());
    return tensors.count(name + ".bias") ? y + (*this)[name + ".bias"] : y;
  }
  /// Layer norm, written out.
  Tensor norm(const std::string& name, const Tensor& x) const {
    const Tensor centred = x - x.mean({-1}, true);
    const Tensor deviation = at::sqrt(centred.square().mean({-1}, true) + 1e-5);
    return centred / deviation * (*this)[name + ".weight"] + (*this)[name + ".bias"];
  }
  Tensor rms(const std::string& name, const Tensor& x) const {
    return x / at::sqrt(x.square().mean({-1}, true) + 1e-6) * (*this)[name + ".weight"];
  }
};

Workload asked(Task task, Size batch, Size length, Size new_tokens = 0) {
  Workload w;
  w.task = task, w.batch = batch, w.length = length, w.new_tokens = new_tokens;
  return w;
}

void expect_close(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  EXPECT_TRUE(at::allclose(found, expected, 1e-4, 1e-5)) << (found - expected).abs().max().item<float>();
}

/// Eight bits of precision, through two layers.
void expect_close_in_bf16(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  EXPECT_LT((found - expected).abs().max().item<float>(), 0.05 * expected.abs().max().item<float>());
}

Tensor by_head(const Tensor& x, Size heads) {
  return x.reshape({x.size(0), x.size(1), heads, -1}).permute({0, 2, 1, 3});
}
Tensor together(const Tensor& x) { return x.permute({0, 2, 1, 3}).reshape({x.size(0), x.size(2), -1}); }
Tensor gelu_exact(const Tensor& x) { return x * 0.5 * (1 + at::erf(x / std::sqrt(2.0))); }
Tensor gelu_tanh(const Tensor& x) {
  return 0.5 * x * (1 + at::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
/// 0 on and below the diagonal that ends in the last column, -infinity above.
Tensor causal(Size queries, Size keys) { return at::full({queries, keys}, -INFINITY).triu(keys - queries + 1); }
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& bias, double scale) {
  return at::matmul(at::softmax(at::matmul(q, k.transpose(-1, -2)) * scale + bias, -1), v);
}

/// Devlin et al. 2019.
Tensor bert_layer(const Ran& m, const std::string& layer, const Tensor& x, Size heads) {
  const Tensor q = by_head(m.map(layer + ".0.query", x), heads), k = by_head(m.map(layer + ".0.key", x), heads),
               v = by_head(m.map(layer + ".0.value", x), heads);
  const Tensor context = together(attend(q, k, v, at::zeros({1}), 1 / std::sqrt(static_cast<double>(q.size(-1)))));
  const Tensor attended = m.norm(layer + ".0.norm", m.map(layer + ".0.output", context) + x);
  const Tensor inner = gelu_exact(m.map(layer + ".1.hidden", attended));
  return m.norm(layer + ".1.norm", m.map(layer + ".1.output", inner) + attended);
}

/// The pooled result, of two layers.
Tensor bert(const Ran& m) {
  Tensor x = m["encoder.embeddings.words.weight"].index({m.tokens("encoder.tokens")}) +
             m["encoder.embeddings.types.weight"][0] + m["encoder.embeddings.positions.weight"].slice(0, 0, 10);
  x = m.norm("encoder.embeddings.norm", x);
  x = bert_layer(m, "encoder.0", x, 4);
  x = bert_layer(m, "encoder.1", x, 4);
  return at::tanh(m.map("head.pooler", x.select(1, 0)));
}

TEST(ExecutionNumbers, Bert) {
  Workload w = asked(Task::encode, 3, 10);
  const Architecture model = models::bert(64, 4, 160, 2, 100);
  const Ran m(model, w);
  expect_close(m.result, bert(m));
  w.numerics = uniform_numerics(Precision::bf16);
  const Ran half(model, w);
  expect_close_in_bf16(half.result, bert(half));
}

/// Radford et al. 2019: all tokens at once, without any cache.
Tensor gpt2_logits(const Ran& m, const Tensor& tokens, Size heads, int layers) {
  const Size length = tokens.size(1);
  const Tensor& words = m["decoder.embeddings.words.weight"];
  Tensor x = words.index({tokens}) + m["decoder.embeddings.positions.weight"].slice(0, 0, length);
  for (int i = 0; i < layers; ++i) {
    const std::string layer = "decoder." + std::to_string(i);
    const std::vector<Tensor> qkv = at::chunk(m.map(layer + ".0.qkv", m.norm(layer + ".0.norm", x)), 3, -1);
    const Tensor q = by_head(qkv[0], heads), k = by_head(qkv[1], heads), v = by_head(qkv[2], heads);
    const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1)));
    x = x + m.map(layer + ".0.output", together(attend(q, k, v, causal(length, length), scale)));
    const Tensor inner = gelu_tanh(m.map(layer + ".1.hidden", m.norm(layer + ".1.norm", x)));
    x = x + m.map(layer + ".1.output", inner);
  }
  return at::matmul(m.norm("decoder.final.final norm", x), words.t());
}

Architecture small_gpt2() {
  Architecture model = models::gpt2(64, 4, 2, 64);
  model.embeddings.vocabulary = 100;
  return model;
}

TEST(ExecutionNumbers, Gpt2Prefill) {
  Workload w = asked(Task::prefill, 3, 10);
  const Ran m(small_gpt2(), w);
  expect_close(m.result, gpt2_logits(m, m.tokens("decoder.tokens"), 4, 2));
  w.numerics = uniform_numerics(Precision::bf16);
  const Ran half(small_gpt2(), w);
  expect_close_in_bf16(half.result, gpt2_logits(half, half.tokens("decoder.tokens"), 4, 2));
}

TEST(ExecutionNumbers, Gpt2DecodesWithItsCacheAsWithoutOne) {
  const Ran m(small_gpt2(), asked(Task::generate, 2, 9, 3));
  const Tensor next = m.tokens("decoder.tokens next");  // the same token in every step
  const Tensor all = at::cat({m.tokens("decoder.tokens"), next, next, next}, 1);
  expect_close(m.result, gpt2_logits(m, all, 4, 2).slice(1, 11, 12));
}

/// Raffel et al. 2020, relative_position_bucket of the authors' code: the bucket of `distance` = memory - query.
Size t5_bucket(Size distance, bool both_sides) {
  Size buckets = 32, bucket = 0, n = -distance;
  if (both_sides) {
    buckets /= 2;
    if (n < 0) bucket = buckets, n = -n;
  } else if (n < 0) {
    n = 0;
  }
  const Size exact = buckets / 2;
  if (n < exact) return bucket + n;
  const double share =
      std::log(static_cast<float>(n) / static_cast<float>(exact)) / std::log(128.0F / static_cast<float>(exact));
  return bucket + std::min(buckets - 1, exact + static_cast<Size>(share * static_cast<double>(buckets - exact)));
}

Tensor t5_bias(const Tensor& table, Size queries, Size keys, bool both_sides) {
  Tensor bias = at::empty({1, table.size(1), queries, keys});
  for (Size i = 0; i < queries; ++i)
    for (Size j = 0; j < keys; ++j)
      bias.select(2, i).select(2, j)[0].copy_(table[t5_bucket(j - (keys - queries + i), both_sides)]);
  return bias;
}

Tensor t5_attention(const Ran& m, const std::string& part, const Tensor& x, const Tensor& memory,
                    const Tensor& bias) {
  const Tensor q = by_head(m.map(part + ".query", x), 4), k = by_head(m.map(part + ".key", memory), 4),
               v = by_head(m.map(part + ".value", memory), 4);
  return m.map(part + ".output", together(attend(q, k, v, bias, 1)));
}

TEST(ExecutionNumbers, T5GeneratesWithItsCacheAsWithoutOne) {
  Architecture model = models::t5(48, 4, 16, 96, 2);
  model.embeddings.vocabulary = 100;
  const Size length = 300, steps = 3;  // beyond 128 all distances share the last bucket
  const Ran m(model, asked(Task::generate, 2, length, steps));
  const auto feed_forward = [&](const std::string& part, const Tensor& x) {
    return x + m.map(part + ".output", at::relu(m.map(part + ".hidden", m.rms(part + ".norm", x))));
  };
  const Tensor& words = m["encoder.embeddings.words.weight"];
  Tensor x = words.index({m.tokens("encoder.tokens")});
  const Tensor bias = t5_bias(m["encoder.0.0.bucket table.weight"], length, length, true);
  for (const std::string layer : {"encoder.0", "encoder.1"}) {
    const Tensor normed = m.rms(layer + ".0.norm", x);
    x = feed_forward(layer + ".1", x + t5_attention(m, layer + ".0", normed, normed, bias));
  }
  const Tensor memory = m.rms("encoder.final.final norm", x);
  const Tensor first = m.tokens("decoder.tokens"), next = m.tokens("decoder.tokens next");
  Tensor y = words.index({at::cat({first, next, next}, 1)});
  const Tensor past = t5_bias(m["decoder.0.0.bucket table.weight"], steps, steps, false) + causal(steps, steps);
  for (const std::string layer : {"decoder.0", "decoder.1"}) {
    const Tensor normed = m.rms(layer + ".0.norm", y);
    y = y + t5_attention(m, layer + ".0", normed, normed, past);
    y = y + t5_attention(m, layer + ".1", m.rms(layer + ".1.norm", y), memory, at::zeros({1}));
    y = feed_forward(layer + ".2", y);
  }
  const Tensor logits = at::matmul(m.rms("decoder.final.final norm", y), words.t());
  expect_close(m.result, logits.slice(1, steps - 1, steps));
}

/// Dosovitskiy et al. 2021: patches cut out by hand.
TEST(ExecutionNumbers, Vit) {
  Architecture model = models::bert(64, 4, 160, 2);
  model.embeddings = {.width = 64, .positions = 10, .patches = Patches{.image = 24, .patch = 8}};
  for (Layer& layer : model.encoder.layers)
    for (Sublayer& sublayer : layer.sublayers) sublayer.placement = NormPlacement::before;
  model.encoder.final_norm = true;
  model.head = {.classes = 5};
  const Ran m(model, asked(Task::encode, 2, 10));
  const Tensor& image = m["encoder.image"];
  std::vector<Tensor> patches{m["encoder.embeddings.class and patches.weight"][0].expand({2, -1})};
  const Tensor kernel = m["encoder.embeddings.patches.weight"].reshape({64, -1});
  for (Size i = 0; i < 3; ++i)
    for (Size j = 0; j < 3; ++j) {
      const Tensor patch = image.slice(2, 8 * i, 8 * i + 8).slice(3, 8 * j, 8 * j + 8).reshape({2, -1});
      patches.push_back(at::matmul(patch, kernel.t()) + m["encoder.embeddings.patches.bias"]);
    }
  Tensor x = at::stack(patches, 1) + m["encoder.embeddings.add positions.weight"];
  for (const std::string layer : {"encoder.0", "encoder.1"}) {
    const Tensor normed = m.norm(layer + ".0.norm", x);
    const Tensor q = by_head(m.map(layer + ".0.query", normed), 4), k = by_head(m.map(layer + ".0.key", normed), 4),
                 v = by_head(m.map(layer + ".0.value", normed), 4);
    x = x + m.map(layer + ".0.output", together(attend(q, k, v, at::zeros({1}), 0.25)));
    x = x + m.map(layer + ".1.output", gelu_exact(m.map(layer + ".1.hidden", m.norm(layer + ".1.norm", x))));
  }
  x = m.norm("encoder.final.final norm", x);
  expect_close(m.result, m.map("head.classes", x.select(1, 0)));
}

/// DCT-II along the last axis, by its definition: 2·Σ x_n·cos(π·k·(2n + 1) / 2N).
Tensor cosine_transform(const Tensor& x) {
  const Size n = x.size(-1);
  Tensor basis = at::empty({n, n});
  for (Size i = 0; i < n; ++i)
    for (Size k = 0; k < n; ++k)
      basis[i][k] = 2 * std::cos(M_PI * static_cast<double>(k * (2 * i + 1)) / static_cast<double>(2 * n));
  return at::matmul(x, basis);
}

/// Real part of the two-dimensional DFT, by its definition.
Tensor fourier_transform(const Tensor& x) {
  const auto angles = [](Size n) {
    const Tensor i = at::arange(n, at::kFloat);
    return at::outer(i, i) * (2 * M_PI / static_cast<double>(n));
  };
  const Tensor rows = angles(x.size(-2)), columns = angles(x.size(-1));
  return at::matmul(at::matmul(at::cos(rows), x), at::cos(columns)) -
         at::matmul(at::matmul(at::sin(rows), x), at::sin(columns));
}

/// Jiang et al. 2020, equations 3 to 5, within one head: x·W along the sequence with kernels made of each span.
Tensor span_convolution(const Ran& m, const std::string& part, const std::string& i, const Tensor& q, const Tensor& k,
                        const Tensor& v) {
  const Tensor& depthwise = m[part + ".depthwise " + i + ".weight"];
  const Size width = depthwise.size(2), half = width / 2, length = k.size(1);
  const Tensor padded = at::constant_pad_nd(k, {0, 0, half, half});
  Tensor along = at::zeros_like(k);
  for (Size j = 0; j < width; ++j)
    along = along + padded.slice(1, j, j + length) * depthwise.select(2, j).select(1, 0);
  const Tensor separable = m.map(part + ".pointwise " + i, along) + m[part + ".pointbias " + i + ".weight"];
  const Tensor kernels = at::softmax(m.map(part + ".kernels " + i, separable * q), -1);  // [batch, length, width]
  const Tensor values = at::constant_pad_nd(m.map(part + ".span map " + i, v), {0, 0, half, half});
  Tensor sum = at::zeros_like(v);
  for (Size j = 0; j < width; ++j) sum = sum + values.slice(1, j, j + length) * kernels.slice(2, j, j + 1);
  return sum;
}

/// Tuli and Jha 2022, BertHeteroAttentionModular: heads of five kinds. What attends is replaced by zeros when the
/// heads are stacked; the others add to their share of the context.
TEST(ExecutionNumbers, FlexiBert) {
  using enum HeadKind;
  Architecture model = models::bert(48, 4, 96, 1, 100);
  model.encoder.layers[0].sublayers[0].body =
      MixedAttention{.heads = {{scaled_dot_product}, {weighted_multiplicative}, {dft}, {dct}, {convolution, 5}},
                     .head_dim = 12,
                     .position_buckets = 32};
  const Size batch = 2, length = 14;
  const Ran m(model, asked(Task::encode, batch, length));
  Tensor x = m["encoder.embeddings.words.weight"].index({m.tokens("encoder.tokens")}) +
             m["encoder.embeddings.types.weight"][0] + m["encoder.embeddings.positions.weight"].slice(0, 0, length);
  x = m.norm("encoder.embeddings.norm", x);
  const std::string part = "encoder.0.0";
  const Tensor q = by_head(m.map(part + ".query", x), 5), k = by_head(m.map(part + ".key", x), 5),
               v = by_head(m.map(part + ".value", x), 5);
  std::vector<Tensor> scores{
      at::matmul(q.select(1, 0), k.select(1, 0).transpose(1, 2)),
      at::matmul(at::matmul(q.select(1, 1), m[part + ".weigh 1.weight"].t()), k.select(1, 1).transpose(1, 2))};
  scores.resize(5, at::zeros({batch, length, length}));
  const Tensor& table = m[part + ".distance table.weight"];
  Tensor all = at::stack(scores, 1).clone();
  for (Size l = 0; l < length; ++l)
    for (Size r = 0; r < length; ++r) all.select(2, l).select(2, r) += at::matmul(q.select(2, l), table[l - r + 31]);
  const Tensor weights = at::softmax(all / std::sqrt(12.0), -1);
  const Tensor context = at::matmul(weights, v);
  const Tensor zeros = at::zeros({batch, length, 12});
  const Tensor cosine = cosine_transform(cosine_transform(v.select(1, 3)).transpose(1, 2)).transpose(1, 2);
  const Tensor stacked = at::stack(
      {zeros, zeros, context.select(1, 2) + fourier_transform(v.select(1, 2)), context.select(1, 3) + cosine,
       context.select(1, 4) + span_convolution(m, part, "4", q.select(1, 4), k.select(1, 4), v.select(1, 4))},
      1);
  const Tensor attended = m.norm(part + ".norm", m.map(part + ".output", together(stacked)) + x);
  const Tensor inner = gelu_exact(m.map("encoder.0.1.hidden", attended));
  x = m.norm("encoder.0.1.norm", m.map("encoder.0.1.output", inner) + attended);
  expect_close(m.result, at::tanh(m.map("head.pooler", x.select(1, 0))));
}

}  // namespace
}  // namespace ridgeline
