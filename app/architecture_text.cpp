#include "app/architecture_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace ridgeline {
namespace {

std::string describe(const WeightForm& weights) {
  std::string text;
  if (weights.rank > 0) text += fmt::format(", rank {}", weights.rank);
  if (weights.density < 1) text += fmt::format(", density {:g}", weights.density);
  if (weights.groups > 1) text += fmt::format(", {} groups", weights.groups);
  return text;
}

struct BodyText {
  std::string operator()(const Attention& a) const {
    std::string text = fmt::format("{}attention, {} heads of {}", a.cross ? "cross-" : "", a.heads, a.head_dim);
    if (a.key_value_heads != a.heads) text += fmt::format(" ({} of keys and values)", a.key_value_heads);
    if (a.causal) text += ", causal";
    if (a.window > 0) text += fmt::format(", window {}", a.window);
    if (a.memories > 1) text += fmt::format(", {} encoder layers", a.memories);
    if (a.position == Position::relative_key) text += ", relative keys";
    if (a.position == Position::bucket_bias) text += ", relative bias";
    if (a.position == Position::rotary) text += ", rotary";
    return text + describe(a.weights);
  }
  std::string operator()(const MixedAttention& a) const {
    std::map<std::string, int> counts;
    for (const MixedHead& head : a.heads) ++counts[head_name(head)];
    std::vector<std::string> words;
    for (const auto& [word, count] : counts) words.push_back(fmt::format("{} {}", count, word));
    return fmt::format("mixed heads of {}: {}", a.head_dim, fmt::join(words, ", "));
  }
  std::string operator()(const SpanConvolutionAttention& a) const {
    return fmt::format("attention, {} heads of {}, and span convolution of {}", a.heads, a.head_dim, a.kernel);
  }
  std::string operator()(const FourierSublayer& f) const {
    return f.transform == Transform::dft ? "Fourier mixing" : "cosine mixing";
  }
  std::string operator()(const FeedForward& f) const {
    std::string text = fmt::format("feed-forward {} {}", fmt::join(f.hidden, "-"), name(f.activation));
    if (f.gated) text += ", gated";
    if (f.experts > 0) text += fmt::format(", {} of {} experts", f.chosen, f.experts);
    return text + describe(f.weights);
  }
  static std::string head_name(const MixedHead& head) {
    switch (head.kind) {
      case HeadKind::scaled_dot_product:
        return "dot product";
      case HeadKind::weighted_multiplicative:
        return "weighted product";
      case HeadKind::dft:
        return "Fourier";
      case HeadKind::dct:
        return "cosine";
      case HeadKind::convolution:
        return fmt::format("convolution {}", head.kernel);
    }
    return "";
  }
};

std::string describe(const Layer& layer) {
  std::string text = fmt::format("width {}", layer.width);
  if (layer.bottleneck) text += fmt::format(", bottleneck {}", *layer.bottleneck);
  std::string before;
  int repeats = 0;
  const auto flush = [&] {
    if (repeats > 0) text += fmt::format("; {}{}", repeats > 1 ? fmt::format("{} × ", repeats) : "", before);
  };
  for (const Sublayer& sublayer : layer.sublayers) {
    const std::string words = std::visit(BodyText{}, sublayer.body);
    if (words == before) {
      ++repeats;
      continue;
    }
    flush();
    before = words;
    repeats = 1;
  }
  flush();
  if (layer.shares_weights_with >= 0) text += "; weights shared";
  return text;
}

void add_stack(std::vector<ArchitectureLine>& lines, const std::string& part, const Stack& stack) {
  std::size_t first = 0;
  while (first < stack.layers.size()) {
    const std::string text = describe(stack.layers[first]);
    std::size_t last = first + 1;
    while (last < stack.layers.size() && describe(stack.layers[last]) == text) ++last;
    lines.push_back({part, fmt::format("{} × {}", last - first, text)});
    first = last;
  }
}

std::string describe(const Embeddings& embeddings) {
  std::vector<std::string> words;
  if (embeddings.vocabulary > 0) words.push_back(fmt::format("vocabulary {}", embeddings.vocabulary));
  if (embeddings.patches)
    words.push_back(fmt::format("image {} in patches of {}", embeddings.patches->image, embeddings.patches->patch));
  words.push_back(fmt::format("width {}", embeddings.width));
  if (embeddings.positions > 0) words.push_back(fmt::format("{} learned positions", embeddings.positions));
  if (embeddings.token_types > 0) words.push_back(fmt::format("{} token types", embeddings.token_types));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string describe(const OutputHead& head) {
  std::vector<std::string> words;
  if (head.pooler) words.emplace_back("pooler");
  if (head.classes > 0) words.push_back(fmt::format("{} classes", head.classes));
  if (head.language_model) words.push_back(fmt::format("logits over the vocabulary{}", head.tied ? ", tied" : ""));
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::vector<ArchitectureLine> describe(const Architecture& architecture) {
  std::vector<ArchitectureLine> lines{{"embedding", describe(architecture.embeddings)}};
  if (architecture.decoder_embeddings)
    lines.push_back({"decoder embedding", describe(*architecture.decoder_embeddings)});
  add_stack(lines, "encoder", architecture.encoder);
  add_stack(lines, "decoder", architecture.decoder);
  lines.push_back({"head", describe(architecture.head)});
  return lines;
}

std::vector<ArchitectureLine> describe(const GivenGraph& graph) {
  std::vector<ArchitectureLine> lines{{"operators", std::to_string(graph.operators.size())}};
  if (!graph.source.empty()) lines.front().text += ", from " + graph.source;
  std::string text;
  for (const GivenTensor& tensor : graph.inputs)
    text += fmt::format("{}{} ({} elements)", text.empty() ? "" : ", ", tensor.name, tensor.elements);
  if (!text.empty()) lines.push_back({"inputs", std::move(text)});
  text.clear();
  for (const UnknownOperator& unknown : unknown_operators(graph))
    text += fmt::format("{}{} × {}", text.empty() ? "" : ", ", unknown.count, unknown.name);
  if (!text.empty()) lines.push_back({"unknown", text + ": costed by the bytes that they read and write"});
  return lines;
}

std::vector<ArchitectureLine> describe(const Model& model) {
  return std::visit([](const auto& m) { return describe(m); }, model);
}

}  // namespace ridgeline
