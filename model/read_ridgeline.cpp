// Ridgeline's own YAML (docs/models.md). What a layer does not say it takes from its stack, and what that does not
// say from the defaults of model/architecture.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "model/checked.hpp"
#include "model/readers.hpp"
#include "model/ridgeline_names.hpp"

namespace ridgeline {
namespace {

constexpr Size kLargestSize = 9'999'999;
constexpr Size kMostLayers = 10'000;

/// One or more maps that describe the same thing; the first that has a key decides.
class Fields {
 public:
  Fields(std::initializer_list<const Node*> maps) {
    for (const Node* map : maps)
      if (map && map->is_map()) maps_.push_back(map);
  }

  const Node* find(std::string_view key) const {
    for (const Node* map : maps_)
      if (const Node* value = map->find(key)) return value;
    return nullptr;
  }
  void size(std::string_view key, Size& value) const {
    if (const Node* node = find(key)) value = node->integer_in(1, kLargestSize);
  }
  void size_or_zero(std::string_view key, Size& value) const {
    if (const Node* node = find(key)) value = node->integer_in(0, kLargestSize);
  }
  void flag(std::string_view key, bool& value) const {
    if (const Node* node = find(key)) value = node->boolean();
  }
  template <class Value, std::size_t N>
  void word(std::string_view key, std::string_view kind, const NameTable<Value, N>& table, Value& value) const {
    const Node* node = find(key);
    if (!node) return;
    std::vector<std::string> names;
    for (const auto& [name, known] : table) {
      if (name == node->text()) {
        value = known;
        return;
      }
      names.emplace_back(name);
    }
    throw_unknown_name(node->location(), kind, node->text(), names);
  }
  void allow_only(const std::vector<std::string>& keys) const {
    for (const Node* map : maps_) map->allow_only(keys);
  }

 private:
  std::vector<const Node*> maps_;
};

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

/// What a sublayer is told about the place it stands in.
struct Setting {
  Size width = 0;  ///< the bottleneck's where there is one
  bool decoder = false;
};

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

const std::vector<std::string> kMixingKeys = {"attention", "mixed_attention", "span_convolution", "fourier"};

std::vector<std::string> kind_keys() {
  std::vector<std::string> keys = kMixingKeys;
  keys.insert(keys.end(), {"cross_attention", "feed_forward"});
  return keys;
}

/// Nothing where the key stands for no sublayer at all (`feed_forward: []`).
std::optional<Sublayer> read_body(std::string_view key, const Node* own, const Node* shared, const Setting& setting) {
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

/// The norm around a sublayer; `fields` from the nearest description to the farthest.
void read_norm(const Fields& fields, Sublayer& sublayer) {
  fields.word("placement", "placement", kPlacementNames, sublayer.placement);
  fields.word("norm", "norm", kNormNames, sublayer.norm);
  fields.flag("residual", sublayer.residual);
}

std::vector<Sublayer> read_sublayers(const Node& list, const Node* layer, const Node& stack, const Setting& setting) {
  std::vector<std::string> allowed = kind_keys();
  allowed.insert(allowed.end(), {"repeat", "placement", "norm", "residual"});
  std::vector<Sublayer> sublayers;
  for (const Node& item : list.items()) {
    item.allow_only(allowed);
    std::string kind;
    for (const std::string& key : kind_keys()) {
      if (!item.has(key)) continue;
      if (!kind.empty())
        item.fail(fmt::format("'{}' and '{}' in one sublayer", kind, key), "each needs an item of its own");
      kind = key;
    }
    if (kind.empty())
      item.fail(
          "a sublayer needs one of: attention, cross_attention, mixed_attention, "
          "span_convolution, fourier, feed_forward");
    std::optional<Sublayer> sublayer = read_body(kind, &item.at(kind), nullptr, setting);
    if (!sublayer) continue;
    read_norm({&item, layer, &stack}, *sublayer);
    const Node* repeat = item.find("repeat");
    sublayers.insert(sublayers.end(), repeat ? repeat->integer_in(1, 64) : 1, *sublayer);
  }
  return sublayers;
}

/// `layer` is null for layers that only the stack describes.
Layer read_layer(const Node* layer, const Node& stack, bool decoder) {
  const Fields fields({layer, &stack});
  Layer result;
  const Node* width = fields.find("width");
  if (!width) (layer ? *layer : stack).fail("missing key 'width'", "of the layer or of its stack");
  result.width = width->integer_in(1, kLargestSize);
  if (const Node* bottleneck = fields.find("bottleneck"); bottleneck && !bottleneck->is_null())
    result.bottleneck = bottleneck->integer_in(1, kLargestSize);
  const Setting setting{.width = result.bottleneck.value_or(result.width), .decoder = decoder};
  if (const Node* shares = layer ? layer->find("shares_weights_with") : nullptr)
    result.shares_weights_with = static_cast<int>(shares->integer_in(0, kMostLayers));

  // Whoever is nearest and says anything about sublayers decides between the list and the keys.
  const auto lists = [](const Node* node) {
    return node && node->has("sublayers") ? &node->at("sublayers") : nullptr;
  };
  const auto has_kind = [](const Node* node) {
    const std::vector<std::string> kinds = kind_keys();
    return node && std::any_of(kinds.begin(), kinds.end(), [&](const std::string& key) { return node->has(key); });
  };
  for (const Node* node : {layer, &stack})
    if (lists(node) && has_kind(node))
      node->at("sublayers").fail("a list of sublayers beside sublayers by name", "use one or the other");
  if (const Node* list = lists(layer) ? lists(layer) : has_kind(layer) ? nullptr : lists(&stack)) {
    result.sublayers = read_sublayers(*list, layer, stack, setting);
    return result;
  }

  const auto add = [&](const std::string& key, const Node* own, const Node* shared) {
    if (!own && !shared) return;
    // `attention: none` takes away what the stack has.
    if (own && own->is_scalar() && own->text() == "none") return;
    if (std::optional<Sublayer> sublayer = read_body(key, own, shared, setting)) {
      read_norm({layer, &stack}, *sublayer);
      result.sublayers.push_back(*std::move(sublayer));
    }
  };
  const auto of = [](const Node* node, const std::string& key) { return node ? node->find(key) : nullptr; };
  // A layer has one way of mixing positions: its own, else its stack's.
  for (const Node* node : {layer, &stack}) {
    std::string first;
    for (const std::string& key : kMixingKeys) {
      if (!of(node, key)) continue;
      if (!first.empty())
        node->at(key).fail(fmt::format("'{}' and '{}' in one layer", first, key), "use a list of sublayers");
      first = key;
    }
    if (first.empty()) continue;
    add(first, of(layer, first), of(&stack, first));
    break;
  }
  add("cross_attention", of(layer, "cross_attention"), of(&stack, "cross_attention"));
  add("feed_forward", of(layer, "feed_forward"), of(&stack, "feed_forward"));
  return result;
}

void read_final_norm(const Node& stack, Stack& result) {
  const Node* norm = stack.find("final_norm");
  if (!norm) return;
  result.final_norm = norm->text() != "none";
  if (result.final_norm) Fields({&stack}).word("final_norm", "norm", kNormNames, result.final_norm_kind);
}

Stack read_stack(const Node& stack, bool decoder) {
  std::vector<std::string> layer_keys = kind_keys();
  layer_keys.insert(layer_keys.end(), {"width", "bottleneck", "sublayers", "placement", "norm", "residual"});
  std::vector<std::string> stack_keys = layer_keys;
  stack_keys.insert(stack_keys.end(), {"layers", "final_norm"});
  layer_keys.insert(layer_keys.end(), {"repeat", "shares_weights_with"});
  stack.allow_only(stack_keys);

  Stack result;
  read_final_norm(stack, result);
  const Node& layers = stack.at("layers");
  if (layers.is_scalar()) {
    result.layers.assign(layers.integer_in(1, kMostLayers), read_layer(nullptr, stack, decoder));
    return result;
  }
  for (const Node& item : layers.items()) {
    if (!item.is_null()) item.allow_only(layer_keys);
    const Node* repeat = item.is_null() ? nullptr : item.find("repeat");
    const Size count = repeat ? repeat->integer_in(1, kMostLayers) : 1;
    if (static_cast<Size>(result.layers.size()) + count > kMostLayers)
      item.fail(fmt::format("more than {} layers", kMostLayers));
    result.layers.insert(result.layers.end(), count, read_layer(item.is_null() ? nullptr : &item, stack, decoder));
  }
  if (result.layers.empty()) layers.fail("expected at least one layer", "leave the stack out instead");
  return result;
}

Embeddings read_embeddings(const Node& node, Size width) {
  node.allow_only({"vocabulary", "width", "positions", "sinusoidal", "counted_positions", "token_types", "norm",
                   "scaled", "projection_bias", "always_projected", "projected_first", "trigrams", "patches"});
  Embeddings result{.width = width};
  const Fields fields({&node});
  fields.size_or_zero("vocabulary", result.vocabulary);
  fields.size("width", result.width);
  fields.size_or_zero("positions", result.positions);
  fields.flag("sinusoidal", result.sinusoidal);
  fields.flag("counted_positions", result.counted_positions);
  fields.size_or_zero("token_types", result.token_types);
  if (const Node* norm = node.find("norm")) {
    result.norm = norm->text() != "none";
    if (result.norm) fields.word("norm", "norm", kNormNames, result.norm_kind);
  }
  fields.flag("scaled", result.scaled);
  fields.flag("projection_bias", result.projection_bias);
  fields.flag("always_projected", result.always_projected);
  fields.flag("projected_first", result.projected_first);
  fields.flag("trigrams", result.trigrams);
  if (const Node* patches = node.find("patches")) {
    patches->allow_only({"image", "patch", "channels", "class_token"});
    const Fields inner({patches});
    Patches& value = result.patches.emplace();
    inner.size("image", value.image);
    inner.size("patch", value.patch);
    inner.size("channels", value.channels);
    inner.flag("class_token", value.class_token);
  }
  return result;
}

OutputHead read_head(const Node& node) {
  node.allow_only({"pooler", "classes", "class_bias", "every_position", "language_model", "tied", "widened",
                   "transform", "bias", "activation"});
  OutputHead head;
  const Fields fields({&node});
  fields.flag("pooler", head.pooler);
  fields.size_or_zero("classes", head.classes);
  fields.flag("class_bias", head.class_bias);
  fields.flag("every_position", head.every_position);
  fields.flag("language_model", head.language_model);
  fields.flag("tied", head.tied);
  fields.flag("widened", head.widened);
  fields.flag("transform", head.transform);
  fields.flag("bias", head.bias);
  fields.word("activation", "activation", kActivationNames, head.activation);
  return head;
}

}  // namespace

Architecture parse_ridgeline_model(const Node& document, std::string name) {
  document.allow_only({"ridgeline", "name", "family", "embeddings", "decoder_embeddings", "encoder", "decoder",
                       "head", "max_length", "dropout"});
  const Node& kind = document.at("ridgeline");
  if (kind.text() != "model") kind.fail(fmt::format("expected 'model', found '{}'", kind.text()));

  Architecture result;
  result.name = std::move(name);
  result.family = "ridgeline";
  if (const Node* own = document.find("name")) result.name = own->text();
  if (const Node* family = document.find("family")) result.family = family->text();
  const Node* encoder = document.find("encoder");
  const Node* decoder = document.find("decoder");
  if (!encoder && !decoder) document.fail("expected 'encoder', 'decoder' or both");
  if (encoder) result.encoder = read_stack(*encoder, false);
  if (decoder) result.decoder = read_stack(*decoder, true);
  result.embeddings =
      read_embeddings(document.at("embeddings"), (encoder ? result.encoder : result.decoder).layers.front().width);
  if (const Node* node = document.find("decoder_embeddings")) {
    if (!encoder || !decoder) node->fail("needs both an encoder and a decoder");
    result.decoder_embeddings = read_embeddings(*node, result.decoder.layers.front().width);
  }
  if (const Node* head = document.find("head")) result.head = read_head(*head);
  const Fields fields({&document});
  fields.size_or_zero("max_length", result.max_length);
  fields.flag("dropout", result.dropout);
  return checked(document, std::move(result));
}

}  // namespace ridgeline
