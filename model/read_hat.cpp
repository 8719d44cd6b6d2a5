// HAT sub-transformers (Wang et al., ACL 2020; mit-han-lab/hardware-aware-transformers, configs/*/subtransformer).
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "model/checked.hpp"
#include "model/hat.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

std::vector<Size> sizes(const Node& list, std::size_t layers, std::string_view layers_key) {
  if (list.size() < layers)
    list.fail(fmt::format("{} entries for {} layers", list.size(), layers), fmt::format("see {}", layers_key));
  std::vector<Size> values;
  // Files may list all layers of the super-transformer; those beyond the number of layers are skipped there too.
  for (const Node& item : list.items()) values.push_back(item.integer_in(1, kLargestSize));
  values.resize(layers);
  return values;
}

void check_heads(const Node& list, const std::vector<Size>& heads) {
  for (std::size_t i = 0; i < heads.size(); ++i)
    if (kHatAttentionSize % heads[i] != 0)
      list.items()[i].fail(fmt::format("{} heads do not divide the attention size {}", heads[i], kHatAttentionSize));
}

Attention attention_of(Size heads) {
  return {.heads = heads,
          .key_value_heads = heads,
          .head_dim = kHatAttentionSize / heads,
          .code = AttentionCode::fairseq};
}

FeedForward feed_forward_of(Size hidden) { return {.hidden = {hidden}, .activation = Function::relu}; }

}  // namespace

Architecture hat_architecture(const HatDesign& design, std::string name) {
  Architecture result;
  result.name = std::move(name);
  result.family = "hat";
  for (std::size_t i = 0; i < design.encoder_hidden.size(); ++i) {
    Layer layer{.width = design.encoder_width};
    layer.sublayers.push_back({.body = attention_of(design.encoder_heads[i])});
    layer.sublayers.push_back({.body = feed_forward_of(design.encoder_hidden[i])});
    result.encoder.layers.push_back(std::move(layer));
  }
  for (std::size_t i = 0; i < design.decoder_hidden.size(); ++i) {
    Layer layer{.width = design.decoder_width};
    Attention self = attention_of(design.decoder_heads[i]);
    self.causal = true;
    Attention cross = attention_of(design.cross_heads[i]);
    cross.cross = true;
    cross.memories = design.memories[i];
    layer.sublayers.push_back({.body = self});
    layer.sublayers.push_back({.body = cross});
    layer.sublayers.push_back({.body = feed_forward_of(design.decoder_hidden[i])});
    result.decoder.layers.push_back(std::move(layer));
  }
  result.embeddings = {
      .vocabulary = design.vocabulary, .width = design.encoder_width, .sinusoidal = true, .scaled = true};
  if (design.decoder_width != design.encoder_width) {
    result.decoder_embeddings = result.embeddings;
    result.decoder_embeddings->width = design.decoder_width;
  }
  result.head = {.language_model = true, .tied = true};
  result.max_length = kHatPositions;
  return result;
}

Architecture parse_hat(const Node& document, std::string name) {
  const std::string suffix = "-subtransformer";
  const auto key = [&](std::string_view stem) { return fmt::format("{}{}", stem, suffix); };
  const std::vector<std::string> allowed = {key("encoder-embed-dim"),
                                            key("decoder-embed-dim"),
                                            key("encoder-ffn-embed-dim-all"),
                                            key("decoder-ffn-embed-dim-all"),
                                            key("encoder-layer-num"),
                                            key("decoder-layer-num"),
                                            key("encoder-self-attention-heads-all"),
                                            key("decoder-self-attention-heads-all"),
                                            key("decoder-ende-attention-heads-all"),
                                            key("decoder-arbitrary-ende-attn-all")};
  document.allow_only(allowed);
  const auto at = [&](std::string_view stem) -> const Node& { return document.at(key(stem)); };

  HatDesign design;
  design.encoder_width = at("encoder-embed-dim").integer_in(1, kLargestSize);
  design.decoder_width = at("decoder-embed-dim").integer_in(1, kLargestSize);
  const auto encoder_layers = static_cast<std::size_t>(at("encoder-layer-num").integer_in(1, 1000));
  const auto decoder_layers = static_cast<std::size_t>(at("decoder-layer-num").integer_in(1, 1000));
  const std::string encoder_key = key("encoder-layer-num"), decoder_key = key("decoder-layer-num");
  design.encoder_hidden = sizes(at("encoder-ffn-embed-dim-all"), encoder_layers, encoder_key);
  design.decoder_hidden = sizes(at("decoder-ffn-embed-dim-all"), decoder_layers, decoder_key);
  design.encoder_heads = sizes(at("encoder-self-attention-heads-all"), encoder_layers, encoder_key);
  design.decoder_heads = sizes(at("decoder-self-attention-heads-all"), decoder_layers, decoder_key);
  design.cross_heads = sizes(at("decoder-ende-attention-heads-all"), decoder_layers, decoder_key);
  check_heads(at("encoder-self-attention-heads-all"), design.encoder_heads);
  check_heads(at("decoder-self-attention-heads-all"), design.decoder_heads);
  check_heads(at("decoder-ende-attention-heads-all"), design.cross_heads);

  const Node& memories = at("decoder-arbitrary-ende-attn-all");
  if (memories.size() < decoder_layers)
    memories.fail(fmt::format("{} entries for {} layers", memories.size(), decoder_layers),
                  fmt::format("see {}", decoder_key));
  for (std::size_t i = 0; i < decoder_layers; ++i) {
    const Node& item = memories.items()[i];
    const Size choice = item.integer();
    if (choice != -1 && choice != 1 && choice != 2)
      item.fail(fmt::format("expected -1, 1 or 2, found '{}'", item.text()),
                "the last one, two or three encoder layers are attended to");
    const Size memory = choice == -1 ? 1 : choice + 1;
    if (memory > static_cast<Size>(encoder_layers))
      item.fail(fmt::format("the last {} encoder layers of {}", memory, encoder_layers));
    design.memories.push_back(memory);
  }
  return checked(document, hat_architecture(design, std::move(name)));
}

}  // namespace ridgeline
