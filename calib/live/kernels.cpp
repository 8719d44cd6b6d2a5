#include "calib/live/kernels.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace ridgeline {
namespace {

using at::Tensor;

constexpr double kLowest = std::numeric_limits<float>::lowest();

/// "depthwise 3" -> "depthwise", "hidden 1 7" -> "hidden", "dct fft 2a" -> "dct fft".
std::string base_of(std::string_view label) {
  const bool axis = label.starts_with("dct") && (label.ends_with('a') || label.ends_with('b'));
  if (axis) label.remove_suffix(1);
  for (;;) {
    const std::size_t end = label.find_last_not_of("0123456789");
    if (end == std::string_view::npos || end + 1 == label.size() || label[end] != ' ') break;
    label = label.substr(0, end);
  }
  return std::string(label);
}

/// The number at the end of a label: which head, which expert.
std::int64_t number_of(std::string_view label) {
  while (!label.empty() && (label.back() == 'a' || label.back() == 'b')) label.remove_suffix(1);
  const std::size_t blank = label.find_last_of(' ');
  return std::stoll(std::string(label.substr(blank + 1)));
}

/// What a cache has to hold before a step: its last positions, or zeros before the first ones. Only steps that are
/// repeated in the place of their neighbours need either.
Tensor last_positions(const Tensor& held, Size positions) {
  const Size there = held.size(-2);
  if (there == positions) return held;
  if (there > positions) return held.narrow(-2, there - positions, positions);
  return at::constant_pad_nd(held, {0, 0, positions - there, 0});
}

/// Makes the kernel of one vertex: one overload a kind of operator, and within it whatever the label says of axes.
class Maker {
 public:
  Maker(const OperatorNode& node, std::shared_ptr<PartKernels> part)
      : node_(node), part_(std::move(part)), c_(part_->part.context), label_(base_of(node.label)) {}

  Kernel operator()(const MatMul& op) const {
    if (op.density != 1) throw Error(fmt::format("{}: libtorch has no block-sparse product", name()));
    if (label_ == "patches") return image_patches(op);
    const Size own = op.inner / op.groups;
    WeightSet& set = part_->tensors.weights(node_.weights, name());
    if (!set.weight.defined()) set.weight = part_->tensors.weight({op.columns, own}, own);
    const Size there = set.weight.size(1);  // a tied table may be narrower than what it is multiplied with
    if (there < own && !set.columns.defined()) set.columns = part_->tensors.weight({own - there, op.columns}, own);
    if (op.bias && !set.bias.defined()) set.bias = part_->tensors.weight({op.columns}, own);
    const Tensor weight = set.weight, bias = op.bias ? set.bias : Tensor();
    if (set.columns.defined())
      return [bias](const Operands& in) {
        const Tensor product = at::matmul(in[0], in[1]);
        return bias.defined() ? product + bias : product;
      };
    if (label_ == "pointwise")  // over [batch, channels, positions]
      return [kernel = weight.unsqueeze(-1)](const Operands& in) { return at::conv1d(in[0], kernel); };
    if (op.groups > 1)
      return [weight, bias, g = op.groups](const Operands& in) {
        const Tensor rows = in[0].reshape({-1, g, in[0].size(-1) / g}).transpose(0, 1);
        const Tensor blocks = weight.view({g, -1, weight.size(1)}).transpose(1, 2);
        std::vector<std::int64_t> shape = in[0].sizes().vec();
        shape.back() = weight.size(0);
        const Tensor product = at::bmm(rows, blocks).transpose(0, 1).reshape(shape);
        return bias.defined() ? product + bias : product;
      };
    return [weight, bias](const Operands& in) { return at::linear(in[0], weight, bias); };
  }

  Kernel operator()(const BatchedMatMul&) const {
    if (label_ == "context") return context();
    if (label_ == "relative scores")  // the table stands before the queries
      return [](const Operands& in) { return at::matmul(in[1], in[0].transpose(1, 2)); };
    return [](const Operands& in) { return at::matmul(in[0], in[1]); };
  }

  Kernel operator()(const FusedAttention&) const { fused(); }
  Kernel operator()(const Routing&) const { fused(); }
  Kernel operator()(const OptimiserStep&) const { fused(); }

  Kernel operator()(const Softmax&) const {
    if (label_ == "loss softmax" || label_ == "label loss softmax")
      return [](const Operands& in) { return at::log_softmax(in[0], -1); };
    if (label_ == "kernel max" || label_ == "kernel softmax")
      return [](const Operands& in) { return at::softmax(in[0], 1); };
    return [](const Operands& in) { return at::softmax(in[0], -1); };
  }

  Kernel operator()(const Normalisation& op) const {
    WeightSet& set = part_->tensors.weights(node_.weights, name());
    if (!set.weight.defined()) {
      set.weight = part_->tensors.constant({op.columns}, 1);
      set.bias = part_->tensors.constant({op.columns}, 0);
    }
    return [weight = set.weight, bias = set.bias, columns = op.columns](const Operands& in) {
      return at::layer_norm(in[0], {columns}, weight, bias, 1e-5);
    };
  }

  Kernel operator()(const Elementwise& op) const;
  Kernel operator()(const Embedding& op) const;
  Kernel operator()(const FourierMixing&) const {
    if (label_ == "fft outer") return [](const Operands& in) { return at::fft_fft(in[0], c10::nullopt, -2); };
    return [](const Operands& in) { return at::fft_fft(in[0], c10::nullopt, -1); };
  }
  Kernel operator()(const DepthwiseConvolution& op) const {
    WeightSet& set = part_->tensors.weights(node_.weights, name());
    if (!set.weight.defined()) {
      set.weight = part_->tensors.weight({op.channels, 1, op.kernel}, op.kernel);
      if (op.bias) set.bias = part_->tensors.weight({op.channels}, op.kernel);
    }
    return [weight = set.weight, bias = set.bias, op](const Operands& in) {
      return at::conv1d(in[0], weight, bias, 1, op.kernel / 2, 1, op.channels);
    };
  }
  Kernel operator()(const DynamicConvolution&) const {  // the kernels stand before the unfolded values
    return [](const Operands& in) { return at::matmul(in[1], in[0]); };
  }
  Kernel operator()(const Copy& op) const;
  Kernel operator()(const View& view) const;
  Kernel operator()(const Reduction& op) const;

 private:
  std::string name() const { return part_->name + "." + node_.label; }
  Size past() const { return c_.keys - c_.queries; }
  /// Positions that this attention's cache holds already: a sliding window keeps no more than it sees.
  Size cached_positions() const {
    const Attention& a = *attention();
    if (a.cross) return c_.memory_length * a.memories;
    if (a.window == 0 || past() == 0) return past();
    return std::max(c_.queries, std::min(c_.keys, a.window)) - c_.queries;
  }
  /// A pass that leaves its keys and values behind without copying them.
  bool fills_cache() const { return part_->keeps_cache && c_.cached && (attention()->cross || past() == 0); }
  bool expands() const { return key_heads() < heads(); }

  [[noreturn]] void fused() const {
    throw Error(fmt::format("{}: only what eager code dispatches can be executed", name()));
  }
  [[noreturn]] void unknown() const { throw Error(fmt::format("{}: no kernel for {}", name(), kind_name(node_.op))); }

  const Attention* attention() const {
    const auto* sublayer = std::get_if<const Sublayer*>(&part_->part.body);
    return sublayer ? std::get_if<Attention>(&(*sublayer)->body) : nullptr;
  }
  Size heads() const {
    const auto& body = std::get<const Sublayer*>(part_->part.body)->body;
    if (const Attention* a = std::get_if<Attention>(&body)) return a->heads;
    if (const auto* span = std::get_if<SpanConvolutionAttention>(&body)) return span->heads;
    return static_cast<Size>(std::get<MixedAttention>(body).heads.size());
  }
  Size key_heads() const { return attention() ? attention()->key_value_heads : heads(); }
  Size head_dim() const {
    const auto& body = std::get<const Sublayer*>(part_->part.body)->body;
    if (const Attention* a = std::get_if<Attention>(&body)) return a->head_dim;
    if (const auto* span = std::get_if<SpanConvolutionAttention>(&body)) return span->head_dim;
    return std::get<MixedAttention>(body).head_dim;
  }
  bool spans() const {
    return std::holds_alternative<SpanConvolutionAttention>(std::get<const Sublayer*>(part_->part.body)->body);
  }
  bool flat_heads() const { return attention() && attention()->code == AttentionCode::opt; }
  bool in_embeddings() const { return std::holds_alternative<EmbeddingsPart>(part_->part.body); }
  const Embeddings& embeddings() const { return *std::get<EmbeddingsPart>(part_->part.body).embeddings; }
  Size bias_buckets() const { return attention()->position_buckets; }
  /// T5: half of the buckets of one direction hold one distance each.
  Size exact_buckets() const { return (c_.decoder ? bias_buckets() : bias_buckets() / 2) / 2; }

  Kernel image_patches(const MatMul& op) const {
    const Patches p = *embeddings().patches;
    WeightSet& set = part_->tensors.weights(node_.weights, name());
    if (!set.weight.defined()) {
      set.weight = part_->tensors.weight({op.columns, p.channels, p.patch, p.patch}, op.inner);
      if (op.bias) set.bias = part_->tensors.weight({op.columns}, op.inner);
    }
    Tensors& tensors = part_->tensors;
    const Tensor image = tensors.input(part_->stack + ".image", [&] {
      return tensors.noise({c_.batch, p.channels, p.image, p.image});
    });
    return [weight = set.weight, bias = set.bias, image, p](const Operands&) {
      return at::conv2d(image, weight, bias, {p.patch, p.patch});
    };
  }

  /// What of the fused query, key and value the label asks for; other tensors as they are.
  Tensor third(const Tensor& all) const;
  Kernel split(std::string_view what) const;
  Kernel context() const;
  Kernel scale() const;
  Kernel mask(const Elementwise& op) const;
  Kernel add(const Elementwise& op) const;
  Kernel vector_parameter(const Elementwise& op) const;
  Kernel rows_of_positions() const;

  const OperatorNode& node_;
  std::shared_ptr<PartKernels> part_;
  const SublayerContext& c_;
  std::string label_;
};

// Views: label -> what eager code does to the strides.
Kernel Maker::operator()(const View& view) const {
  const Size b = c_.batch, q = c_.queries, k = c_.keys;
  const auto same = [](const Operands& in) { return in[0]; };
  if (label_.ends_with("dropout")) return [](const Operands& in) { return at::dropout(in[0], 0.1, false); };
  if (label_ == "query heads" || label_ == "key heads" || label_ == "value heads") return split(label_);
  if (label_.ends_with(" flat") && label_ != "scores flat")
    return [](const Operands& in) { return in[0].reshape({-1, in[0].size(-2), in[0].size(-1)}); };
  if (label_ == "key transposed") {
    CacheSlot* slot = attention() ? &part_->tensors.cache(part_->name) : nullptr;
    const bool fills = slot && fills_cache() && !expands();
    return [slot, fills](const Operands& in) {
      if (in.size() == 0) return slot->key.transpose(-1, -2);
      if (fills) slot->key = in[0];
      return in[0].transpose(-1, -2);
    };
  }
  if (label_.ends_with("expand view")) {
    const Size shared = heads() / key_heads();
    CacheSlot& slot = part_->tensors.cache(part_->name);
    const bool fills = fills_cache(), key = label_.starts_with("key");
    return [shared, &slot, fills, key](const Operands& in) {
      if (fills) (key ? slot.key : slot.value) = in[0];
      return in[0].unsqueeze(2).expand({-1, -1, shared, -1, -1});
    };
  }
  if (label_ == "qkv rows") return [](const Operands& in) { return in[0].view({-1, in[0].size(-1)}); };
  if (label_ == "qkv split") return [b, q](const Operands& in) { return in[0].view({b, q, in[0].size(-1)}); };
  if (label_ == "context heads") {
    if (flat_heads())
      return [b, h = heads()](const Operands& in) {
        return in[0].view({b, h, in[0].size(-2), in[0].size(-1)}).transpose(1, 2);
      };
    return [](const Operands& in) { return in[0].transpose(1, 2); };
  }
  if (label_ == "context copy" || label_ == "query copy" || label_ == "key copy" || label_ == "value copy")
    return [](const Operands& in) { return in[0].contiguous(); };
  if (label_ == "context rows") return [b, q](const Operands& in) { return in[0].view({b, q, -1}); };
  if (label_ == "output rows") return [b, q](const Operands& in) { return in[0].view({b, q, -1}); };
  if (label_ == "scores heads") return [b, h = heads(), q](const Operands& in) { return in[0].view({b, h, q, -1}); };
  if (label_ == "scores flat") return [q](const Operands& in) { return in[0].view({-1, q, in[0].size(-1)}); };
  if (label_ == "softmax heads") return [b, h = heads(), q](const Operands& in) { return in[0].view({b, h, q, -1}); };

  // masks and positions
  if (label_ == "mask by key") {
    if (std::get<EmbeddingsPart>(part_->part.body).mask == MaskCode::padding)
      return [](const Operands& in) { return in[0].unsqueeze(1).unsqueeze(2); };
    return [b, q, k](const Operands& in) { return in[0].unsqueeze(1).unsqueeze(2).expand({b, 1, q, k}); };
  }
  if (label_ == "mask column" || label_ == "left column" || label_ == "context column")
    return [](const Operands& in) { return in[0].view({-1, 1}); };
  if (label_ == "right row" || label_ == "memory row") return [](const Operands& in) { return in[0].view({1, -1}); };
  if (label_ == "mask causal")
    return [b, q](const Operands& in) { return in[0].unsqueeze(0).unsqueeze(0).expand({b, 1, q, q}); };
  if (label_ == "query by place")
    return [q, d = head_dim()](const Operands& in) { return in[0].permute({2, 0, 1, 3}).reshape({q, -1, d}); };
  if (label_ == "relative heads")
    return [b, q, h = heads()](const Operands& in) { return in[0].view({q, b, h, -1}).permute({1, 2, 0, 3}); };
  if (label_ == "bucket heads")
    return [q](const Operands& in) {
      return in[0].permute({2, 0, 1}).unsqueeze(0).slice(2, in[0].size(0) - q, in[0].size(0));
    };
  if (label_ == "query halves" || label_ == "key halves") return same;  // each half is cut out by who reads it
  if (label_ == "places") {
    if (node_.output > 0) return [b, q](const Operands& in) { return in[0].view({-1, q}); };
    const Tensor all = at::arange(k, at::kLong).unsqueeze(0);
    return [all, first = past(), k](const Operands&) { return all.slice(1, first, k); };
  }
  if (label_ == "table rows") return rows_of_positions();
  if (label_ == "type numbers" || label_ == "neighbours" || label_ == "class token" || label_ == "rotary tables" ||
      label_ == "mask slice" || label_ == "table turned") {
    // slices of buffers; those who read them know them
    const Tensor buffer = at::zeros({1}).expand({1, 1, k});
    return [buffer, q, k, n = view.operations](const Operands&) {
      Tensor slice = buffer;
      for (int i = 0; i < n; ++i) slice = slice.slice(2, i == 0 ? k - q : 0);
      return slice;
    };
  }
  if (label_ == "patch rows") return [](const Operands& in) { return in[0].flatten(2).transpose(1, 2); };

  // heads of several kinds
  if (label_ == "query" || label_ == "value" || label_ == "context" || label_ == "span query" ||
      label_ == "span value")
    return [i = number_of(node_.label)](const Operands& in) { return in[0].select(1, i); };
  if (label_ == "key" || label_ == "span key")
    return [i = number_of(node_.label)](const Operands& in) { return in[0].select(1, i).transpose(1, 2); };
  if (label_ == "span channels" || label_ == "span turned" || label_ == "unfold turned")
    return [](const Operands& in) { return in[0].transpose(1, 2); };
  if (label_ == "kernel rows") {
    const Size kernel =
        spans() ? std::get<SpanConvolutionAttention>(std::get<const Sublayer*>(part_->part.body)->body).kernel : 0;
    return [kernel](const Operands& in) { return in[0].reshape({-1, kernel ? kernel : in[0].size(-1), 1}); };
  }
  if (label_ == "span rows") return [b, q](const Operands& in) { return in[0].reshape({b, q, -1}).transpose(1, 2); };
  if (label_ == "span image") return [](const Operands& in) { return in[0].unsqueeze(-1); };
  if (label_ == "unfold rows") {
    const Size groups = spans() ? heads() : 1;
    return [rows = c_.tokens * groups, d = head_dim()](const Operands& in) { return in[0].view({rows, d, -1}); };
  }
  if (label_ == "span result") {
    if (!spans()) return [b, q](const Operands& in) { return in[0].view({b, q, -1}); };
    return [b, q, h = heads()](const Operands& in) { return in[0].view({b, q, h, -1}); };
  }
  if (label_ == "fft real") return [](const Operands& in) { return at::real(in[0]); };
  if (label_ == "dct rows") return same;
  if (label_ == "dct turned" || label_ == "dct back")
    return [](const Operands& in) { return in[0].transpose(-1, -2); };

  if (label_ == "first position") return [](const Operands& in) { return in[0].select(1, 0); };
  if (label_ == "router weight") return [](const Operands& in) { return in[0].unsqueeze(-1); };
  unknown();
}

Tensor Maker::third(const Tensor& all) const {
  const Attention& a = *attention();
  const Size inner = a.heads * a.head_dim, shared = a.key_value_heads * a.head_dim;
  if (!a.fused_projection || all.size(-1) != inner + 2 * shared) return all;
  if (label_.starts_with("query")) return all.narrow(-1, 0, inner);
  return all.narrow(-1, label_.starts_with("key") ? inner : inner + shared, shared);
}

Kernel Maker::split(std::string_view what) const {
  const Size h = what == "query heads" ? heads() : key_heads();
  const bool fused = attention() && attention()->fused_projection;
  return [maker = *this, b = c_.batch, h, d = head_dim(), fused](const Operands& in) {
    const Tensor part = fused ? maker.third(in[0]) : in[0];
    return part.view({b, -1, h, d}).transpose(1, 2);
  };
}

/// Probabilities times values: the values stand before the probabilities, or in the cache.
Kernel Maker::context() const {
  if (!attention()) return [](const Operands& in) { return at::matmul(in[1], in[0]); };
  CacheSlot& slot = part_->tensors.cache(part_->name);
  const bool fills = fills_cache() && !expands();
  return [&slot, fills](const Operands& in) {
    if (in.size() == 1) return at::matmul(in[0], slot.value);
    if (fills) slot.value = in[0];
    return at::matmul(in[1], in[0]);
  };
}

Kernel Maker::operator()(const Embedding& op) const {
  WeightSet& set = part_->tensors.weights(node_.weights, name());
  if (!set.weight.defined()) set.weight = part_->tensors.weight({op.vocabulary, op.width}, op.width);
  const Tensor table = set.weight;
  if (label_ == "words") {
    Tensors& tensors = part_->tensors;
    const std::string input = part_->stack + ".tokens" + (past() > 0 ? " next" : "");
    const Tensor tokens = tensors.input(input, [&] { return tensors.tokens({c_.batch, c_.queries}, op.vocabulary); });
    return [table, tokens](const Operands&) { return at::embedding(table, tokens); };
  }
  if (label_ == "types") {
    const Tensor zeros = at::zeros({c_.batch, c_.queries}, at::kLong);
    return [table, zeros](const Operands&) { return at::embedding(table, zeros); };
  }
  if (label_ == "positions") {
    if (op.vocabulary < c_.keys) throw Error(fmt::format("{}: {} positions are too few", name(), op.vocabulary));
    const Tensor places = at::arange(past(), c_.keys, at::kLong).unsqueeze(0);
    return [table, places](const Operands& in) { return at::embedding(table, in.size() > 0 ? in[0] : places); };
  }
  if (label_ == "distance table" && op.vocabulary < 2 * c_.keys - 1)
    throw Error(fmt::format("{}: {} distances are too few", name(), op.vocabulary));
  return [table](const Operands& in) { return at::embedding(table, in[0]); };
}

/// Vaswani et al. 2017, section 3.5: sines in the first half of the columns, cosines in the second.
Tensor computed_positions(Size rows, Size width) {
  const Size half = (width + 1) / 2;
  const Tensor rate = at::exp(at::arange(half, at::kFloat) * (-std::log(10000.0) / static_cast<double>(half)));
  const Tensor angle = at::arange(rows, at::kFloat).unsqueeze(1) * rate.unsqueeze(0);
  return at::cat({at::sin(angle), at::cos(angle)}, 1).narrow(1, 0, width).contiguous();
}

Kernel Maker::rows_of_positions() const {
  const Embeddings& e = embeddings();
  const bool mapped = e.trigrams || e.always_projected || e.width != c_.width;
  const Tensor table = computed_positions(c_.keys + 2, mapped && e.projected_first ? c_.width : e.width);
  if (label_ == "table rows")
    return [table, first = past(), last = c_.keys](const Operands&) { return table.slice(0, first, last); };
  return [table, b = c_.batch, q = c_.queries](const Operands& in) {
    return table.index_select(0, in[0].reshape({-1})).view({b, q, -1});
  };
}

Kernel Maker::operator()(const Reduction& op) const {
  if (label_ == "head sum") return [](const Operands& in) { return in[0].sum(1); };
  if (label_.ends_with(" mean")) return [](const Operands& in) { return in[0].mean({-1}, true); };
  if (label_ == "router best" || label_ == "router largest") {
    const bool best = label_ == "router best";
    return [best](const Operands& in) { return best ? in[0].argmax(-1) : in[0].amax({-1}); };
  }
  if (label_ == "expert number") {
    const Tensor chosen = at::zeros({op.rows, op.columns}, at::kLong);
    return [chosen](const Operands&) { return chosen.argmax(-1); };
  }
  if (label_ == "loss" || label_ == "label loss") {
    Tensors& tensors = part_->tensors;
    const Size rows = op.columns;
    return [&tensors, rows, input = "target." + label_](const Operands& in) {
      const Size labels = in[0].size(-1);
      const Tensor target = tensors.input(input, [&] { return tensors.tokens({rows}, labels); });
      return at::nll_loss(in[0].reshape({rows, labels}), target);
    };
  }
  unknown();
}

Kernel Maker::operator()(const Copy& op) const {
  const Size b = c_.batch, q = c_.queries, k = c_.keys;
  if (label_ == "positions") return rows_of_positions();
  if (label_ == "rotary cosines" || label_ == "rotary sines") {
    const Tensor places = at::arange(past(), k, at::kLong), table = at::zeros({k, head_dim()});
    return [places, table](const Operands&) { return table.index_select(0, places); };
  }
  switch (op.movement) {
    case Movement::contiguous:
      if (label_ == "clone" || label_ == "residual copy") return [](const Operands& in) { return in[0].clone(); };
      if (attention() && attention()->fused_projection && label_ != "context copy")
        return [maker = *this](const Operands& in) { return maker.third(in[0]).contiguous(); };
      return [](const Operands& in) { return in[0].contiguous(); };
    case Movement::expand:
      return [b](const Operands& in) { return in[0].reshape({b, -1, in[0].size(-2), in[0].size(-1)}); };
    case Movement::unfold: {
      const Size d = spans() ? heads() * head_dim() : head_dim(), kernel = op.elements / (c_.tokens * d);
      return [kernel](const Operands& in) { return at::im2col(in[0], {kernel, 1}, {1, 1}, {kernel / 2, 0}, {1, 1}); };
    }
    case Movement::cache_reorder: {
      CacheSlot& slot = part_->tensors.cache(part_->name);
      const bool key = label_.starts_with("key");
      return [&slot, key, past = cached_positions()](const Operands&) {
        const Tensor held = last_positions(key ? slot.key : slot.value, past);
        return held.index_select(0, at::arange(held.size(0), at::kLong));
      };
    }
    case Movement::cache_concatenate: {
      CacheSlot& slot = part_->tensors.cache(part_->name);
      const bool key = label_.starts_with("key"), keeps = part_->keeps_cache;
      return [&slot, key, keeps, past = cached_positions()](const Operands& in) {
        Tensor& held = key ? slot.key : slot.value;  // new ones stand before those that were reordered
        const Tensor all = at::cat({in.size() > 1 ? in[1] : last_positions(held, past), in[0]}, -2);
        if (keeps) held = all;
        return all;
      };
    }
    case Movement::scatter: {
      const Size experts = std::get<FeedForward>(std::get<const Sublayer*>(part_->part.body)->body).experts;
      const Tensor rows = at::arange(number_of(node_.label), c_.tokens, experts, at::kLong);
      return [rows](const Operands& in) {
        const Tensor flat = in[0].view({-1, in[0].size(-1)});
        flat.index_copy_(0, rows.narrow(0, 0, in[1].size(0)), in[1]);
        return in[0];
      };
    }
    case Movement::concatenate:
      if (label_ == "class and patches") {
        WeightSet& set = part_->tensors.weights(node_.weights, name());
        if (!set.weight.defined()) set.weight = part_->tensors.weight({1, 1, op.parameters}, op.parameters);
        return [token = set.weight, b](const Operands& in) { return at::cat({token.expand({b, -1, -1}), in[0]}, 1); };
      }
      if (label_ == "trigrams")
        return [](const Operands& in) {
          const Tensor next = at::constant_pad_nd(in[0].slice(1, 1), {0, 0, 0, 1});
          const Tensor last = at::constant_pad_nd(in[0].slice(1, 0, -1), {0, 0, 1, 0});
          return at::cat({next, in[0], last}, 2);
        };
      if (label_ == "table") {  // MobileBERT's logits: the table and columns of its own
        Tensors& all = part_->tensors;
        const HeadPart& head = std::get<HeadPart>(part_->part.body);
        WeightSet& set = all.weights(head.table, name());
        if (!set.columns.defined())
          set.columns = all.weight({c_.width - head.embeddings->width, head.embeddings->vocabulary}, c_.width);
        return [table = set.weight, columns = set.columns](const Operands&) {
          return at::cat({table.t(), columns}, 0);
        };
      }
      if (label_ == "scores" || (label_ == "contexts" && !spans()))
        return [](const Operands& in) {
          std::vector<Tensor> parts;
          for (std::size_t i = 0; i < in.size(); ++i) parts.push_back(in[i]);
          return at::stack(parts, 1);
        };
      if (label_ == "contexts") return [](const Operands& in) { return at::cat({in[1], in[0]}, 2); };
      if (label_.ends_with("swapped"))
        return [half = head_dim() / 2](const Operands& in) {
          return at::cat({in[1], in[0].narrow(-1, 0, half)}, -1);
        };
      if (label_ == "memories")
        return [](const Operands& in) {
          std::vector<Tensor> parts;
          for (std::size_t i = 0; i < in.size(); ++i) parts.push_back(in[i]);
          return at::cat(parts, 1);
        };
      if (label_ == "dct order")
        return [](const Operands& in) { return at::cat({in[0].slice(-1, 0, {}, 2), in[1]}, -1); };
      break;
    case Movement::gather:
      if (label_ == "dct flip") return [](const Operands& in) { return in[0].slice(-1, 1, {}, 2).flip({-1}); };
      if (label_ == "next tokens")
        return [](const Operands& in) { return at::constant_pad_nd(in[0].slice(1, 1), {0, 0, 0, 1}); };
      if (label_ == "last tokens")
        return [](const Operands& in) { return at::constant_pad_nd(in[0].slice(1, 0, -1), {0, 0, 1, 0}); };
      if (label_ == "chosen")  // one-hot; the best stand before the zeros
        return [](const Operands& in) { return in[1].scatter(-1, in[0].reshape({-1, 1}), 1.0); };
      if (label_ == "gather") {
        const Size experts = std::get<FeedForward>(std::get<const Sublayer*>(part_->part.body)->body).experts;
        const Tensor rows = at::arange(number_of(node_.label), c_.tokens, experts, at::kLong);
        return [rows, taken = op.elements / c_.width](const Operands& in) {
          return in[0].reshape({-1, in[0].size(-1)}).index_select(0, rows.narrow(0, 0, taken));
        };
      }
      break;
    case Movement::fill: {
      if (label_ == "attention mask") return [b, k](const Operands&) { return at::ones({b, k}); };
      if (label_ == "mask full") return [q](const Operands&) { return at::full({q, q}, kLowest); };
      if (label_ == "mask places" || label_ == "positions left" || label_ == "dct places" ||
          label_ == "place numbers" || label_ == "positions right" || label_ == "context places" ||
          label_ == "memory places") {
        const Size from = label_ == "positions left" || label_ == "place numbers" ? past() : 0;
        const Size to = from + op.elements;
        return [from, to](const Operands&) { return at::arange(from, to, at::kLong); };
      }
      if (label_ == "no scores") return [b, q, k](const Operands&) { return at::zeros({b, q, k}); };
      if (label_ == "no mixing") return [b, q, d = head_dim()](const Operands&) { return at::zeros({b, q, d}); };
      if (label_ == "bucket base")
        return [rows = op.elements / k, k](const Operands&) { return at::zeros({rows, k}, at::kLong); };
      if (label_ == "bucket last") {
        const Size last = bias_buckets() - 1;
        return [rows = op.elements / k, k, last](const Operands&) { return at::full({rows, k}, last, at::kLong); };
      }
      if (label_ == "chosen none")
        return [t = c_.tokens, all = op.elements](const Operands&) { return at::zeros({t, all / t}); };
      const double value = label_ == "scale value" ? std::sqrt(static_cast<double>(head_dim())) : kLowest;
      return [value](const Operands&) { return at::full({}, value); };
    }
    case Movement::cache_append:
      break;
  }
  unknown();
}

Kernel Maker::vector_parameter(const Elementwise& op) const {
  WeightSet& set = part_->tensors.weights(node_.weights, name());
  const bool columns = label_ == "pointbias" || label_ == "pointwise bias";  // over [batch, channels, positions]
  if (!set.weight.defined()) {
    if (in_embeddings() && label_ == "add positions")
      set.weight =
          part_->tensors.weight({embeddings().positions, op.parameters / embeddings().positions}, op.parameters);
    else
      set.weight = op.function == Function::multiply ? part_->tensors.constant({op.parameters}, 1)
                                                     : part_->tensors.weight({op.parameters}, op.parameters);
  }
  const Tensor own = columns ? set.weight.unsqueeze(-1) : set.weight;
  if (op.function == Function::multiply) return [own](const Operands& in) { return in[0] * own; };
  return [own](const Operands& in) { return in[0] + own; };
}

Kernel Maker::scale() const {
  double factor = 1;
  if (label_ == "scale" || label_ == "query scale")
    factor = 1 / std::sqrt(static_cast<double>(head_dim()));
  else if (label_ == "scale words")
    factor = std::sqrt(static_cast<double>(embeddings().width));
  else if (label_ == "head mean")
    factor = 1 / static_cast<double>(heads());
  else if (label_ == "mask scaled")
    factor = kLowest;
  else if (label_ == "gelu half")
    factor = 0.5;
  else if (label_ == "gelu term")
    factor = 0.044715;
  else if (label_ == "gelu argument")
    factor = std::sqrt(2 / M_PI);
  else if (label_ == "dct")
    factor = 2;
  else if (label_ == "query negated" || label_ == "key negated")
    return [half = head_dim() / 2](const Operands& in) { return -in[0].narrow(-1, half, half); };
  else if (label_ == "dct angle")
    return [](const Operands& in) { return in[0] * (-M_PI / (2 * static_cast<double>(in[0].size(0)))); };
  else if (label_ == "bucket base")
    return [half = bias_buckets() / 2](const Operands& in) { return in[0] * half; };
  else if (label_ == "distance size")
    return [decoder = c_.decoder](const Operands& in) { return decoder ? -in[0] : at::abs(in[0]); };
  else if (label_ == "bucket ratio")
    factor = 1 / static_cast<double>(exact_buckets());
  else if (label_ == "bucket log share")
    factor = 1 / std::log(128.0 / static_cast<double>(exact_buckets()));
  else if (label_ == "bucket log wide")
    factor = static_cast<double>((c_.decoder ? bias_buckets() : bias_buckets() / 2) - exact_buckets());
  else
    unknown();
  if (label_ == "query scale" && attention() && attention()->fused_projection)
    return [maker = *this, factor](const Operands& in) { return maker.third(in[0]) * factor; };
  return [factor](const Operands& in) { return in[0] * factor; };
}

Kernel Maker::mask(const Elementwise& op) const {
  const Size q = c_.queries, k = c_.keys;
  if (label_ == "mask future") return [](const Operands& in) { return in[0].masked_fill(in[1], 0); };
  if (in_embeddings()) return [](const Operands& in) { return in[0].masked_fill(in[1], kLowest); };
  if (label_ == "bucket chosen") return [](const Operands& in) { return at::where(in[1], in[0], in[2]); };
  if (op.operands == 1 && attention() && attention()->code == AttentionCode::gpt2 && !attention()->cross) {
    const Tensor allowed = at::ones({1, 1, k, k}, at::kBool).tril().slice(2, k - q, k);
    const Tensor lowest = at::full({}, kLowest);
    return [allowed, lowest](const Operands& in) { return at::where(allowed, in[0], lowest); };
  }
  if (attention() && attention()->code == AttentionCode::fairseq && !attention()->cross) {
    const Tensor future = at::full({q, q}, -std::numeric_limits<float>::infinity()).triu(1);
    return [future](const Operands& in) { return in[0] + future; };
  }
  return [none = at::zeros({1})](const Operands& in) {  // the prepared mask stands before the scores
    if (in.size() == 1) return in[0] + none;
    const Size keys = in[1].size(-1), prepared = in[0].size(-1);  // of a sliding window less than the whole cache
    const Tensor mask = prepared > keys ? in[0].narrow(-1, prepared - keys, keys) : in[0];
    if (in[1].dim() == 3) return in[1] + mask.squeeze(1);
    return in[1] + mask;
  };
}

Kernel Maker::add(const Elementwise& op) const {
  if (op.parameters > 0) return vector_parameter(op);
  if (label_ == "mask inverted") return [](const Operands& in) { return 1.0 - in[0]; };
  if (label_ == "distance")
    return [context = std::holds_alternative<const Sublayer*>(part_->part.body) &&
                      c_.bias_heads > 0](const Operands& in) { return context ? in[1] - in[0] : in[0] - in[1]; };
  if (label_ == "dct sum") return [](const Operands& in) { return in[0] - in[1]; };
  if (label_ == "distance shift") {
    const auto& body = std::get<const Sublayer*>(part_->part.body)->body;
    const Size buckets =
        attention() ? attention()->position_buckets : std::get<MixedAttention>(body).position_buckets;
    return [shift = buckets - 1](const Operands& in) { return in[0] + shift; };
  }
  if (label_ == "place sums") return [](const Operands& in) { return at::cumsum(in[0], 1); };
  if (label_ == "place shift") return [first = past() - 1](const Operands& in) { return in[0] + first; };
  if (label_ == "place offset") {
    const Size offset = embeddings().positions > 0 ? std::min<Size>(2, embeddings().positions - c_.keys) : 2;
    return [offset](const Operands& in) { return in[0] + offset; };
  }
  if (label_ == "bucket large") return [first = exact_buckets()](const Operands& in) { return in[0] + first; };
  if (label_ == "token priority") return [](const Operands& in) { return at::cumsum(in[0], -2); };
  const double shift = label_.ends_with("epsilon") ? 1e-6 : label_ == "bias and mask" ? 0 : 1;
  return [shift](const Operands& in) { return in.size() > 1 ? in[0] + in[1] : in[0] + shift; };
}

Kernel Maker::operator()(const Elementwise& op) const {
  if (op.backward || op.fused_into_producer) fused();
  switch (op.function) {
    case Function::add:
    case Function::bias:
      return add(op);
    case Function::multiply:
      if (op.parameters > 0) return vector_parameter(op);
      if (label_ == "dct real") return [](const Operands& in) { return at::real(in[0]) * in[1]; };
      if (label_ == "dct imag") return [](const Operands& in) { return at::imag(in[0]) * in[1]; };
      if (label_ == "query cosine" || label_ == "key cosine" || label_ == "query sine" || label_ == "key sine") {
        const Size half = head_dim() / 2;
        const Tensor rate = at::exp(at::arange(half, at::kFloat) * (-std::log(10000.0) / static_cast<double>(half)));
        const Tensor angle = at::arange(past(), c_.keys, at::kFloat).unsqueeze(1) * rate.unsqueeze(0);
        const Tensor both = at::cat({angle, angle}, 1);
        const Tensor table = label_.ends_with("cosine") ? at::cos(both) : at::sin(both);
        return [table](const Operands& in) { return in[0] * table; };
      }
      return [](const Operands& in) { return in[0] * in[1]; };
    case Function::scale:
      return scale();
    case Function::mask:
      return mask(op);
    case Function::relu:
      return [](const Operands& in) { return at::relu(in[0]); };
    case Function::gelu:
      return [](const Operands& in) { return at::gelu(in[0]); };
    case Function::gelu_tanh:
      return [](const Operands& in) { return at::gelu(in[0], "tanh"); };
    case Function::silu:
      return [](const Operands& in) { return at::silu(in[0]); };
    case Function::tanh:
      return [](const Operands& in) { return at::tanh(in[0]); };
    case Function::sigmoid:
      return [](const Operands& in) { return at::sigmoid(in[0]); };
    case Function::exp:
      if (label_ == "bucket log") return [](const Operands& in) { return at::log(in[0]); };
      if (label_ == "dct cosine") return [](const Operands& in) { return at::cos(in[0]); };
      if (label_ == "dct sine") return [](const Operands& in) { return at::sin(in[0]); };
      break;
    case Function::convert:
      if (label_ == "mask flags" || label_ == "mask combined")
        return [](const Operands& in) { return in[0].to(at::kBool); };
      if (label_ == "place flags")
        return [ones = at::ones({c_.batch, c_.queries}, at::kBool)](const Operands&) { return ones.to(at::kInt); };
      if (label_ == "bucket float") return [](const Operands& in) { return in[0].to(at::kFloat); };
      if (label_ == "bucket number" || label_ == "bucket whole")
        return [](const Operands& in) { return in[0].to(at::kLong); };
      break;
    case Function::square:
      return [](const Operands& in) { return in[0].pow(2); };
    case Function::cube:
      return [](const Operands& in) { return in[0].pow(3); };
    case Function::rsqrt:
      return [](const Operands& in) { return at::rsqrt(in[0]); };
    case Function::clamp:
      if (label_ == "distance past") return [](const Operands& in) { return in[0].clamp_max(0); };
      if (label_ == "bucket capped") return [](const Operands& in) { return at::minimum(in[0], in[1]); };
      return [lowest = at::full({}, kLowest)](const Operands& in) { return at::maximum(in[0], lowest); };
    case Function::compare:
      if (label_ == "mask later")
        return [places = at::arange(c_.queries, at::kLong)](const Operands& in) { return places < in[0]; };
      if (label_ == "bucket side") return [](const Operands& in) { return in[0] > 0; };
      if (label_ == "bucket small") return [exact = exact_buckets()](const Operands& in) { return in[0] < exact; };
      if (label_ == "token fits") return [](const Operands& in) { return in[0] <= 1e9; };
      if (label_ == "tokens of") return [chosen = at::zeros({c_.tokens})](const Operands&) { return chosen == 1; };
      break;
    case Function::dropout:
      return [](const Operands& in) { return at::dropout(in[0], 0.1, true); };
  }
  unknown();
}

}  // namespace

Kernel kernel_of(const OperatorNode& node, const std::shared_ptr<PartKernels>& part) {
  return std::visit(Maker(node, part), node.op);
}

}  // namespace ridgeline
