// Ridgeline's own YAML (docs/models.md). What a layer does not say it takes from its stack, and what that does not
// say from the defaults of model/architecture.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/checked.hpp"
#include "model/read_sublayers.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

std::vector<Sublayer> read_sublayers(const Node& list, const Node* layer, const Node& stack, const Setting& setting) {
  std::vector<std::string> allowed = sublayer_keys();
  allowed.insert(allowed.end(), {"repeat", "placement", "norm", "residual"});
  std::vector<Sublayer> sublayers;
  for (const Node& item : list.items()) {
    item.allow_only(allowed);
    std::string kind;
    for (const std::string& key : sublayer_keys()) {
      if (!item.has(key)) continue;
      if (!kind.empty())
        item.fail(fmt::format("'{}' and '{}' in one sublayer", kind, key), "each needs an item of its own");
      kind = key;
    }
    if (kind.empty())
      item.fail(
          "a sublayer needs one of: attention, cross_attention, mixed_attention, "
          "span_convolution, fourier, feed_forward");
    std::optional<Sublayer> sublayer = read_sublayer(kind, &item.at(kind), nullptr, setting);
    if (!sublayer) continue;
    read_norm({&item, layer, &stack}, *sublayer);
    const Node* repeat = item.find("repeat");
    const Size count = repeat ? repeat->integer_in(1, kMostSublayers) : 1;
    if (static_cast<Size>(sublayers.size()) + count > kMostSublayers)
      item.fail(fmt::format("more than {} sublayers", kMostSublayers));
    sublayers.insert(sublayers.end(), count, *sublayer);
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
    const std::vector<std::string>& kinds = sublayer_keys();
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
    if (std::optional<Sublayer> sublayer = read_sublayer(key, own, shared, setting)) {
      read_norm({layer, &stack}, *sublayer);
      result.sublayers.push_back(*std::move(sublayer));
    }
  };
  const auto of = [](const Node* node, const std::string& key) { return node ? node->find(key) : nullptr; };
  // A layer has one way of mixing positions: its own, else its stack's.
  for (const Node* node : {layer, &stack}) {
    std::string first;
    for (const std::string& key : mixing_keys()) {
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
  std::vector<std::string> layer_keys = sublayer_keys();
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
