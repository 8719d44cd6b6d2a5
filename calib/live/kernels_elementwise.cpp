#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "calib/live/kernel_maker.hpp"

namespace ridgeline {

using at::Tensor;

Kernel KernelMaker::vector_parameter(const Elementwise& op) const {
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

Kernel KernelMaker::scale() const {
  double factor = 1;
  if (label_ == "scale" || label_ == "query scale")
    factor = 1 / std::sqrt(static_cast<double>(head_dim()));
  else if (label_ == "scale words")
    factor = std::sqrt(static_cast<double>(embeddings().width));
  else if (label_ == "head mean")
    factor = 1 / static_cast<double>(heads());
  else if (label_ == "mask scaled")
    factor = FloatType::lowest();
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
    factor = static_cast<double>(side_buckets() - exact_buckets());
  else
    unknown();
  if (label_ == "query scale" && attention() && attention()->fused_projection)
    return [maker = *this, factor](const Operands& in) { return maker.third(in[0]) * factor; };
  return [factor](const Operands& in) { return in[0] * factor; };
}

Kernel KernelMaker::mask(const Elementwise& op) const {
  const Size q = c_.queries, k = c_.keys;
  if (label_ == "mask future") return [](const Operands& in) { return in[0].masked_fill(in[1], 0); };
  if (in_embeddings()) return [](const Operands& in) { return in[0].masked_fill(in[1], FloatType::lowest()); };
  if (label_ == "bucket chosen") return [](const Operands& in) { return at::where(in[1], in[0], in[2]); };
  if (op.operands == 1 && attention() && attention()->code == AttentionCode::gpt2 && !attention()->cross) {
    const Tensor allowed = at::ones({1, 1, k, k}, at::kBool).tril().slice(2, k - q, k);
    const Tensor lowest = at::full({}, FloatType::lowest());
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

Kernel KernelMaker::add(const Elementwise& op) const {
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

Kernel KernelMaker::operator()(const Elementwise& op) const {
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
        const Tensor table = (label_.ends_with("cosine") ? at::cos(both) : at::sin(both)).to(FloatType::now());
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
      return [lowest = at::full({}, FloatType::lowest())](const Operands& in) { return at::maximum(in[0], lowest); };
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

}  // namespace ridgeline
