#include <ATen/ATen.h>
#include <fmt/format.h>

#include <string_view>

#include "base/error.hpp"
#include "calib/live/kernel_maker.hpp"

namespace ridgeline {

using at::Tensor;

namespace {

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

}  // namespace

Tensor grouped_linear(const Tensor& in, const Tensor& weight, const Tensor& bias, Size groups) {
  const Tensor rows = in.reshape({-1, groups, in.size(-1) / groups}).transpose(0, 1);
  const Tensor blocks = weight.view({groups, -1, weight.size(1)}).transpose(1, 2);
  std::vector<std::int64_t> shape = in.sizes().vec();
  shape.back() = weight.size(0);
  const Tensor product = at::bmm(rows, blocks).transpose(0, 1).reshape(shape);
  return bias.defined() ? product + bias : product;
}

Kernel kernel_of(const OperatorNode& node, const std::shared_ptr<PartKernels>& part) {
  return std::visit(KernelMaker(node, part), node.op);
}

KernelMaker::KernelMaker(const OperatorNode& node, std::shared_ptr<PartKernels> part)
    : node_(node), part_(std::move(part)), c_(part_->part.context), label_(base_of(node.label)) {}

void KernelMaker::fused() const {
  throw Error(fmt::format("{}: only what eager code dispatches can be executed", name()));
}

void KernelMaker::unknown() const { throw Error(fmt::format("{}: no kernel for {}", name(), kind_name(node_.op))); }

Kernel KernelMaker::operator()(const MatMul& op) const {
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
    return [weight, bias, g = op.groups](const Operands& in) { return grouped_linear(in[0], weight, bias, g); };
  return [weight, bias](const Operands& in) { return at::linear(in[0], weight, bias); };
}

Kernel KernelMaker::operator()(const BatchedMatMul&) const {
  if (label_ == "context") return context();
  if (label_ == "relative scores")  // the table stands before the queries
    return [](const Operands& in) { return at::matmul(in[1], in[0].transpose(1, 2)); };
  return [](const Operands& in) { return at::matmul(in[0], in[1]); };
}

Kernel KernelMaker::operator()(const FusedAttention&) const { fused(); }
Kernel KernelMaker::operator()(const Routing&) const { fused(); }
Kernel KernelMaker::operator()(const OptimiserStep&) const { fused(); }

Kernel KernelMaker::operator()(const Softmax&) const {
  if (label_ == "loss softmax" || label_ == "label loss softmax")
    return [](const Operands& in) { return at::log_softmax(in[0], -1); };
  if (label_ == "kernel max" || label_ == "kernel softmax")
    return [](const Operands& in) { return at::softmax(in[0], 1); };
  return [](const Operands& in) { return at::softmax(in[0], -1); };
}

Kernel KernelMaker::operator()(const Normalisation& op) const {
  WeightSet& set = part_->tensors.weights(node_.weights, name());
  if (!set.weight.defined()) {
    set.weight = part_->tensors.constant({op.columns}, 1);
    set.bias = part_->tensors.constant({op.columns}, 0);
  }
  return [weight = set.weight, bias = set.bias, columns = op.columns](const Operands& in) {
    return at::layer_norm(in[0], {columns}, weight, bias, 1e-5);
  };
}

Kernel KernelMaker::operator()(const FourierMixing&) const {
  if (label_ == "fft outer") return [](const Operands& in) { return at::fft_fft(in[0], c10::nullopt, -2); };
  return [](const Operands& in) { return at::fft_fft(in[0], c10::nullopt, -1); };
}

Kernel KernelMaker::operator()(const DepthwiseConvolution& op) const {
  WeightSet& set = part_->tensors.weights(node_.weights, name());
  if (!set.weight.defined()) {
    set.weight = part_->tensors.weight({op.channels, 1, op.kernel}, op.kernel);
    if (op.bias) set.bias = part_->tensors.weight({op.channels}, op.kernel);
  }
  return [weight = set.weight, bias = set.bias, op](const Operands& in) {
    return at::conv1d(in[0], weight, bias, 1, op.kernel / 2, 1, op.channels);
  };
}

Kernel KernelMaker::operator()(const DynamicConvolution&) const {  // the kernels stand before the unfolded values
  return [](const Operands& in) { return at::matmul(in[1], in[0]); };
}

Kernel KernelMaker::image_patches(const MatMul& op) const {
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

Tensor KernelMaker::third(const Tensor& all) const {
  const Attention& a = *attention();
  const Size inner = a.heads * a.head_dim, shared = a.key_value_heads * a.head_dim;
  if (!a.fused_projection || all.size(-1) != inner + 2 * shared) return all;
  if (label_.starts_with("query")) return all.narrow(-1, 0, inner);
  return all.narrow(-1, label_.starts_with("key") ? inner : inner + shared, shared);
}

Kernel KernelMaker::split() const {
  const Size h = label_ == "query heads" ? heads() : key_heads();
  const bool fused = attention() && attention()->fused_projection;
  return [maker = *this, b = c_.batch, h, d = head_dim(), fused](const Operands& in) {
    const Tensor part = fused ? maker.third(in[0]) : in[0];
    return part.view({b, -1, h, d}).transpose(1, 2);
  };
}

/// Probabilities times values: the values stand before the probabilities, or in the cache.
Kernel KernelMaker::context() const {
  if (!attention()) return [](const Operands& in) { return at::matmul(in[1], in[0]); };
  CacheSlot& slot = part_->tensors.cache(part_->name);
  const bool fills = fills_cache() && !expands();
  return [&slot, fills](const Operands& in) {
    if (in.size() == 1) return at::matmul(in[0], slot.value);
    if (fills) slot.value = in[0];
    return at::matmul(in[1], in[0]);
  };
}

Kernel KernelMaker::operator()(const Embedding& op) const {
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

Kernel KernelMaker::operator()(const Reduction& op) const {
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

}  // namespace ridgeline
