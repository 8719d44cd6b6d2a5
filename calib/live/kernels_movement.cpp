#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "calib/live/kernel_maker.hpp"

namespace ridgeline {

using at::Tensor;

namespace {

/// What a cache has to hold before a step: its last positions, or zeros before the first ones. Only steps that are
/// repeated in the place of their neighbours need either.
Tensor last_positions(const Tensor& held, Size positions) {
  const Size there = held.size(-2);
  if (there == positions) return held;
  if (there > positions) return held.narrow(-2, there - positions, positions);
  return at::constant_pad_nd(held, {0, 0, positions - there, 0});
}

/// Vaswani et al. 2017, section 3.5: sines in the first half of the columns, cosines in the second.
Tensor computed_positions(Size rows, Size width) {
  const Size half = (width + 1) / 2;
  const Tensor rate = at::exp(at::arange(half, at::kFloat) * (-std::log(10000.0) / static_cast<double>(half)));
  const Tensor angle = at::arange(rows, at::kFloat).unsqueeze(1) * rate.unsqueeze(0);
  return at::cat({at::sin(angle), at::cos(angle)}, 1).narrow(1, 0, width).to(FloatType::now()).contiguous();
}

/// The number at the end of a label: which head, which expert.
std::int64_t number_of(std::string_view label) {
  while (!label.empty() && (label.back() == 'a' || label.back() == 'b')) label.remove_suffix(1);
  const std::size_t blank = label.find_last_of(' ');
  return std::stoll(std::string(label.substr(blank + 1)));
}

}  // namespace

// Views: label -> what eager code does to the strides.
Kernel KernelMaker::operator()(const View& view) const {
  const Size b = c_.batch, q = c_.queries, k = c_.keys;
  const auto same = [](const Operands& in) { return in[0]; };
  if (label_.ends_with("dropout")) return [](const Operands& in) { return at::dropout(in[0], 0.1, false); };
  if (label_ == "query heads" || label_ == "key heads" || label_ == "value heads") return split();
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

Kernel KernelMaker::rows_of_positions() const {
  const Embeddings& e = embeddings();
  const bool mapped = e.trigrams || e.always_projected || e.width != c_.width;
  const Tensor table = computed_positions(c_.keys + 2, mapped && e.projected_first ? c_.width : e.width);
  if (label_ == "table rows")
    return [table, first = past(), last = c_.keys](const Operands&) { return table.slice(0, first, last); };
  return [table, b = c_.batch, q = c_.queries](const Operands& in) {
    return table.index_select(0, in[0].reshape({-1})).view({b, q, -1});
  };
}

Kernel KernelMaker::operator()(const Copy& op) const {
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
      if (label_ == "mask full") return [q](const Operands&) { return at::full({q, q}, FloatType::lowest()); };
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
        const Size last = side_buckets() - 1;
        return [rows = op.elements / k, k, last](const Operands&) { return at::full({rows, k}, last, at::kLong); };
      }
      if (label_ == "chosen none")
        return [t = c_.tokens, all = op.elements](const Operands&) { return at::zeros({t, all / t}); };
      const double value = label_ == "scale value" ? std::sqrt(static_cast<double>(head_dim())) : FloatType::lowest();
      return [value](const Operands&) { return at::full({}, value); };
    }
    case Movement::cache_append:
    case Movement::unknown:
      break;
  }
  unknown();
}

}  // namespace ridgeline
