#include "model/read_sublayers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ridgeline {
namespace {

const std::vector<std::string> kFormKeys = {"rank", "density", "groups", "bias"};

std::vector<std::string> with_form(std::vector<std::string> keys) {
  keys.insert(keys.end(), kFormKeys.begin(), kFormKeys.end());
  return keys;
}

void read_form(const Fields& fields, WeightForm& form) {
  fields.size_or_zero("rank", form.rank);
  fields.size("groups", form.groups);
  fields.flag("bias", form.bias);
  if (const Node* density = fields.find("density")) {
    form.density = density->number();
    if (!(form.density > 0 && form.density <= 1))
      density->fail(fmt::format("expected a number above 0 and at most 1, found '{}'", density->text()));
  }
}

Attention read_attention(const Fields& fields, const Node& place, const Setting& setting, bool cross) {
  fields.allow_only(with_form({"heads", "key_value_heads", "head_dim", "memories", "causal", "window", "position",
                               "position_buckets", "scaled", "fused_projection", "output_bias", "output_groups",
                               "values_from_layer_input", "code"}));
  Attention attention{.cross = cross, .causal = setting.decoder && !cross};
  fields.size("heads", attention.heads);
  attention.key_value_heads = attention.heads;
  fields.size("key_value_heads", attention.key_value_heads);
  if (!fields.find("head_dim")) {
    const Node* heads = fields.find("heads");
    if (setting.width % attention.heads != 0)
      (heads ? *heads : place)
          .fail(fmt::format("{} heads do not divide the width {}", attention.heads, setting.width),
                "or give head_dim");
    attention.head_dim = setting.width / attention.heads;
  }
  fields.size("head_dim", attention.head_dim);
  fields.size("memories", attention.memories);
  fields.flag("causal", attention.causal);
  fields.size_or_zero("window", attention.window);
  fields.word("position", "position", kPositionNames, attention.position);
  fields.size_or_zero("position_buckets", attention.position_buckets);
  fields.flag("scaled", attention.scaled);
  fields.flag("fused_projection", attention.fused_projection);
  read_form(fields, attention.weights);
  attention.output_bias = attention.weights.bias;
  fields.flag("output_bias", attention.output_bias);
  fields.size("output_groups", attention.output_groups);
  fields.flag("values_from_layer_input", attention.values_from_layer_input);
  fields.word("code", "code", kCodeNames, attention.code);
  return attention;
}

MixedHead read_mixed_head(const Node& node) {
  const std::string& text = node.text();
  for (const auto& [name, kind] : kHeadNames)
    if (name == text) return {kind};
  Size kernel = 0;
  const char* const end = text.data() + text.size();
  if (text.starts_with("c_")) {
    const auto [last, error] = std::from_chars(text.data() + 2, end, kernel);
    if (error == std::errc() && last == end && kernel > 0 && kernel < 1000 && kernel % 2 == 1)
      return {HeadKind::convolution, kernel};
  }
  node.fail(fmt::format("unknown head '{}'", text),
            "heads are sa_sdp, sa_wma, l_dft, l_dct and c_K with an odd kernel K");
}

MixedAttention read_mixed(const Fields& fields, const Node& place, const Setting& setting) {
  fields.allow_only({"heads", "head_dim", "position_buckets"});
  MixedAttention mixed;
  const Node* heads = fields.find("heads");
  if (!heads) place.fail("missing key 'heads'", "a list such as [sa_sdp, sa_wma, l_dft, l_dct, c_5]");
  if (heads->size() == 0) heads->fail("expected at least one head");
  for (const Node& head : heads->items()) mixed.heads.push_back(read_mixed_head(head));
  mixed.head_dim = std::max<Size>(1, setting.width / static_cast<Size>(mixed.heads.size()));
  fields.size("head_dim", mixed.head_dim);
  fields.size_or_zero("position_buckets", mixed.position_buckets);
  return mixed;
}

SpanConvolutionAttention read_span(const Fields& fields, const Node& place, const Setting& setting) {
  fields.allow_only({"heads", "head_dim", "kernel"});
  SpanConvolutionAttention span;
  fields.size("heads", span.heads);
  if (!fields.find("head_dim")) {
    if (setting.width % (2 * span.heads) != 0)
      place.fail(fmt::format("twice the {} heads do not divide the width {}", span.heads, setting.width),
                 "or give head_dim");
    span.head_dim = setting.width / span.heads / 2;
  }
  fields.size("head_dim", span.head_dim);
  fields.size("kernel", span.kernel);
  return span;
}

/// A list of sizes, or a map with them at `hidden`; the list alone overrides the stack's list only.
FeedForward read_feed_forward(const Node* own, const Node* shared) {
  FeedForward feed_forward;
  for (const Node* node : {own, shared})
    if (node && !node->is_sequence() && !node->is_map())
      node->fail("expected a list of sizes such as [3072], or a map with 'hidden'");
  const Fields fields({own, shared});
  fields.allow_only(with_form({"hidden", "activation", "gated", "experts", "chosen", "capacity"}));
  const Node* hidden = own && own->is_sequence()                    ? own
                       : own && own->is_map() && own->has("hidden") ? &own->at("hidden")
                       : shared && shared->is_sequence()            ? shared
                                                                    : fields.find("hidden");
  if (!hidden) (own ? *own : *shared).fail("expected a list of sizes such as [3072], or a map with 'hidden'");
  for (const Node& size : hidden->items()) feed_forward.hidden.push_back(size.integer_in(1, kLargestSize));
  fields.word("activation", "activation", kActivationNames, feed_forward.activation);
  fields.flag("gated", feed_forward.gated);
  fields.size_or_zero("experts", feed_forward.experts);
  fields.size("chosen", feed_forward.chosen);
  fields.size_or_zero("capacity", feed_forward.capacity);
  read_form(fields, feed_forward.weights);
  return feed_forward;
}

}  // namespace

const std::vector<std::string>& mixing_keys() {
  static const std::vector<std::string> keys = {"attention", "mixed_attention", "span_convolution", "fourier"};
  return keys;
}

const std::vector<std::string>& sublayer_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all = mixing_keys();
    all.insert(all.end(), {"cross_attention", "feed_forward"});
    return all;
  }();
  return keys;
}

std::optional<Sublayer> read_sublayer(std::string_view key, const Node* own, const Node* shared,
                                      const Setting& setting) {
  const Node& place = own ? *own : *shared;
  if (key != "feed_forward")
    for (const Node* node : {own, shared})
      if (node && !node->is_map()) node->fail(fmt::format("expected a map of what the {} is like", key));
  const Fields fields({own, shared});
  Sublayer sublayer;
  if (key == "attention" || key == "cross_attention") {
    sublayer.body = read_attention(fields, place, setting, key == "cross_attention");
  } else if (key == "mixed_attention") {
    sublayer.body = read_mixed(fields, place, setting);
  } else if (key == "span_convolution") {
    sublayer.body = read_span(fields, place, setting);
  } else if (key == "fourier") {
    fields.allow_only({"transform"});
    FourierSublayer fourier;
    fields.word("transform", "transform", kTransformNames, fourier.transform);
    sublayer.body = fourier;
  } else {
    FeedForward feed_forward = read_feed_forward(own, shared);
    if (feed_forward.hidden.empty()) return std::nullopt;
    sublayer.body = std::move(feed_forward);
  }
  return sublayer;
}

void read_norm(const Fields& fields, Sublayer& sublayer) {
  fields.word("placement", "placement", kPlacementNames, sublayer.placement);
  fields.word("norm", "norm", kNormNames, sublayer.norm);
  fields.flag("residual", sublayer.residual);
}

}  // namespace ridgeline
