// Ridgeline's own YAML, written so that a person likes to read it: only what differs from the reader's defaults,
// equal neighbours folded into `repeat`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "model/readers.hpp"
#include "model/ridgeline_names.hpp"

namespace ridgeline {
namespace {

/// Collects `key: value` pairs of one map in a row.
class Flow {
 public:
  void add(std::string_view key, std::string_view value) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", key, value);
  }
  void size(std::string_view key, Size value, Size usual) {
    if (value != usual) add(key, std::to_string(value));
  }
  void flag(std::string_view key, bool value, bool usual) {
    if (value != usual) add(key, value ? "true" : "false");
  }
  template <class Value, std::size_t N>
  void word(std::string_view key, const NameTable<Value, N>& table, Value value, Value usual) {
    if (value != usual) add(key, ridgeline::word(table, value));
  }
  void form(const WeightForm& form) {
    const WeightForm usual;
    size("rank", form.rank, usual.rank);
    if (form.density != usual.density) add("density", fmt::format("{}", form.density));
    size("groups", form.groups, usual.groups);
    flag("bias", form.bias, usual.bias);
  }
  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }
  std::string map() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string list(const std::vector<Size>& sizes) { return fmt::format("[{}]", fmt::join(sizes, ", ")); }

struct BodyText {
  Size width;
  bool decoder;
  std::string key;  ///< filled in by the visit
  std::string value;

  void operator()(const Attention& a) {
    const Attention usual;
    Flow flow;
    flow.size("heads", a.heads, 0);
    flow.size("key_value_heads", a.key_value_heads, a.heads);
    flow.size("head_dim", a.head_dim, width % a.heads == 0 ? width / a.heads : 0);
    flow.size("memories", a.memories, usual.memories);
    flow.flag("causal", a.causal, decoder && !a.cross);
    flow.size("window", a.window, usual.window);
    flow.word("position", kPositionNames, a.position, usual.position);
    flow.size("position_buckets", a.position_buckets, usual.position_buckets);
    flow.flag("scaled", a.scaled, usual.scaled);
    flow.flag("fused_projection", a.fused_projection, usual.fused_projection);
    flow.form(a.weights);
    flow.flag("output_bias", a.output_bias, a.weights.bias);
    flow.size("output_groups", a.output_groups, usual.output_groups);
    flow.flag("values_from_layer_input", a.values_from_layer_input, usual.values_from_layer_input);
    flow.word("code", kCodeNames, a.code, usual.code);
    key = a.cross ? "cross_attention" : "attention";
    value = flow.map();
  }
  void operator()(const MixedAttention& a) {
    std::vector<std::string> heads;
    for (const MixedHead& head : a.heads)
      heads.push_back(head.kind == HeadKind::convolution ? fmt::format("c_{}", head.kernel)
                                                         : std::string(word(kHeadNames, head.kind)));
    Flow flow;
    flow.add("heads", fmt::format("[{}]", fmt::join(heads, ", ")));
    flow.size("head_dim", a.head_dim, std::max<Size>(1, width / static_cast<Size>(a.heads.size())));
    flow.size("position_buckets", a.position_buckets, MixedAttention().position_buckets);
    key = "mixed_attention";
    value = flow.map();
  }
  void operator()(const SpanConvolutionAttention& a) {
    Flow flow;
    flow.size("heads", a.heads, 0);
    flow.size("head_dim", a.head_dim, width % (2 * a.heads) == 0 ? width / a.heads / 2 : 0);
    flow.size("kernel", a.kernel, 0);
    key = "span_convolution";
    value = flow.map();
  }
  void operator()(const FourierSublayer& f) {
    Flow flow;
    flow.add("transform", word(kTransformNames, f.transform));
    key = "fourier";
    value = flow.map();
  }
  void operator()(const FeedForward& f) {
    const FeedForward usual;
    Flow flow;
    flow.word("activation", kActivationNames, f.activation, usual.activation);
    flow.flag("gated", f.gated, usual.gated);
    flow.size("experts", f.experts, usual.experts);
    flow.size("chosen", f.chosen, usual.chosen);
    flow.size("capacity", f.capacity, usual.capacity);
    flow.form(f.weights);
    key = "feed_forward";
    value = flow.empty() ? list(f.hidden) : fmt::format("{{hidden: {}, {}}}", list(f.hidden), flow.text());
  }
};

BodyText body_text(const Sublayer& sublayer, Size width, bool decoder) {
  BodyText text{width, decoder, {}, {}};
  std::visit(text, sublayer.body);
  return text;
}

bool same_norm(const Sublayer& a, const Sublayer& b) {
  return a.placement == b.placement && a.norm == b.norm && a.residual == b.residual;
}

void norm_lines(const Sublayer& sublayer, std::vector<std::string>& lines) {
  const Sublayer usual;
  Flow flow;
  flow.word("placement", kPlacementNames, sublayer.placement, usual.placement);
  flow.word("norm", kNormNames, sublayer.norm, usual.norm);
  flow.flag("residual", sublayer.residual, usual.residual);
  // One key a line: "a: b, c: d" is split again.
  std::string_view rest = flow.text();
  while (!rest.empty()) {
    const std::size_t comma = rest.find(", ");
    lines.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 2);
  }
}

/// May the layer be written by names (attention, cross_attention, feed_forward) in their fixed order?
bool by_name(const Layer& layer, Size width, bool decoder) {
  if (layer.sublayers.empty()) return true;
  int last = -1;
  for (const Sublayer& sublayer : layer.sublayers) {
    const std::string key = body_text(sublayer, width, decoder).key;
    const int rank = key == "feed_forward" ? 2 : key == "cross_attention" ? 1 : 0;
    if (rank <= last || !same_norm(sublayer, layer.sublayers.front())) return false;
    last = rank;
  }
  return true;
}

/// The lines of a layer without its `repeat`.
std::vector<std::string> layer_lines(const Layer& layer, bool decoder) {
  std::vector<std::string> lines = {fmt::format("width: {}", layer.width)};
  if (layer.bottleneck) lines.push_back(fmt::format("bottleneck: {}", *layer.bottleneck));
  if (layer.shares_weights_with >= 0)
    lines.push_back(fmt::format("shares_weights_with: {}", layer.shares_weights_with));
  const Size width = layer.bottleneck.value_or(layer.width);
  if (by_name(layer, width, decoder)) {
    if (!layer.sublayers.empty()) norm_lines(layer.sublayers.front(), lines);
    for (const Sublayer& sublayer : layer.sublayers) {
      const BodyText text = body_text(sublayer, width, decoder);
      lines.push_back(fmt::format("{}: {}", text.key, text.value));
    }
    return lines;
  }
  lines.emplace_back("sublayers:");
  for (std::size_t i = 0; i < layer.sublayers.size();) {
    const Sublayer& sublayer = layer.sublayers[i];
    std::size_t count = 1;
    while (i + count < layer.sublayers.size() && layer.sublayers[i + count] == sublayer) ++count;
    const BodyText text = body_text(sublayer, width, decoder);
    lines.push_back(fmt::format("  - {}: {}", text.key, text.value));
    if (count > 1) lines.push_back(fmt::format("    repeat: {}", count));
    std::vector<std::string> norm;
    norm_lines(sublayer, norm);
    for (const std::string& line : norm) lines.push_back("    " + line);
    i += count;
  }
  return lines;
}

std::string stack_text(std::string_view name, const Stack& stack, bool decoder) {
  std::string text = fmt::format("{}:\n", name);
  if (stack.final_norm) text += fmt::format("  final_norm: {}\n", word(kNormNames, stack.final_norm_kind));
  const Layer& first = stack.layers.front();
  const bool uniform =
      std::all_of(stack.layers.begin(), stack.layers.end(), [&](const Layer& l) { return l == first; });
  if (uniform) {
    for (const std::string& line : layer_lines(first, decoder)) text += "  " + line + "\n";
    return text + fmt::format("  layers: {}\n", stack.layers.size());
  }
  text += "  layers:\n";
  for (std::size_t i = 0; i < stack.layers.size();) {
    std::size_t count = 1;
    while (i + count < stack.layers.size() && stack.layers[i + count] == stack.layers[i]) ++count;
    std::vector<std::string> lines = layer_lines(stack.layers[i], decoder);
    if (count > 1) lines.insert(lines.begin(), fmt::format("repeat: {}", count));
    for (std::size_t j = 0; j < lines.size(); ++j) text += fmt::format("    {} {}\n", j == 0 ? "-" : " ", lines[j]);
    i += count;
  }
  return text;
}

std::string embeddings_text(std::string_view name, const Embeddings& e, Size width) {
  const Embeddings usual;
  Flow flow;
  flow.size("vocabulary", e.vocabulary, usual.vocabulary);
  flow.size("width", e.width, width);
  flow.size("positions", e.positions, usual.positions);
  flow.flag("sinusoidal", e.sinusoidal, usual.sinusoidal);
  flow.flag("counted_positions", e.counted_positions, usual.counted_positions);
  flow.size("token_types", e.token_types, usual.token_types);
  if (e.norm) flow.add("norm", word(kNormNames, e.norm_kind));
  flow.flag("scaled", e.scaled, usual.scaled);
  flow.flag("projection_bias", e.projection_bias, usual.projection_bias);
  flow.flag("always_projected", e.always_projected, usual.always_projected);
  flow.flag("projected_first", e.projected_first, usual.projected_first);
  flow.flag("trigrams", e.trigrams, usual.trigrams);
  if (e.patches) {
    Flow patches;
    patches.size("image", e.patches->image, 0);
    patches.size("patch", e.patches->patch, 0);
    patches.size("channels", e.patches->channels, Patches().channels);
    patches.flag("class_token", e.patches->class_token, Patches().class_token);
    flow.add("patches", patches.map());
  }
  return fmt::format("{}: {}\n", name, flow.map());
}

std::string head_text(const OutputHead& head) {
  const OutputHead usual;
  Flow flow;
  flow.flag("pooler", head.pooler, usual.pooler);
  flow.size("classes", head.classes, usual.classes);
  flow.flag("class_bias", head.class_bias, usual.class_bias);
  flow.flag("every_position", head.every_position, usual.every_position);
  flow.flag("language_model", head.language_model, usual.language_model);
  flow.flag("tied", head.tied, usual.tied);
  flow.flag("widened", head.widened, usual.widened);
  flow.flag("transform", head.transform, usual.transform);
  flow.flag("bias", head.bias, usual.bias);
  flow.word("activation", kActivationNames, head.activation, usual.activation);
  return flow.empty() ? std::string() : fmt::format("head: {}\n", flow.map());
}

/// A name as a YAML scalar: plain where that is safe, else in double quotes.
std::string scalar(std::string_view text) {
  const bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) &&
                     std::all_of(text.begin(), text.end(), [](unsigned char c) {
                       return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '@' || c == '/';
                     });
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string to_yaml(const Architecture& architecture) {
  std::string text = "ridgeline: model\n";
  text += fmt::format("name: {}\nfamily: {}\n", scalar(architecture.name), scalar(architecture.family));
  if (architecture.max_length > 0) text += fmt::format("max_length: {}\n", architecture.max_length);
  if (!architecture.dropout) text += "dropout: false\n";
  const Stack& first = architecture.decoder_only() ? architecture.decoder : architecture.encoder;
  text += embeddings_text("embeddings", architecture.embeddings, first.layers.front().width);
  if (architecture.decoder_embeddings)
    text += embeddings_text("decoder_embeddings", *architecture.decoder_embeddings,
                            architecture.decoder.layers.front().width);
  if (!architecture.encoder.layers.empty()) text += stack_text("encoder", architecture.encoder, false);
  if (!architecture.decoder.layers.empty()) text += stack_text("decoder", architecture.decoder, true);
  return text + head_text(architecture.head);
}

}  // namespace ridgeline
