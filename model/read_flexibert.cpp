// FlexiBERT 2.0 `model_dict`: l layers; h[i] hidden size; o[i] heads "type_parameter_dimension"; f[i] feed-forward
// sizes (Tuli & Jha, EdgeTran, arXiv 2303.13745; jha-lab/txf_design-space, modeling_modular_bert.py).
//
// The numbers that a model_dict leaves open are those of the FlexiBERT models that were trained: RoBERTa's vocabulary
// of 50265, 514 positions and one token type. With them the parameter counts of the 16 models that EdgeTran lists
// come out to every printed digit. The table of absolute positions is counted although relative keys replace it.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "model/checked.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

constexpr Size kVocabulary = 50265;
constexpr Size kPositions = 514;
constexpr Size kTokenTypes = 1;
constexpr Size kClasses = 2;  // SST-2, the task of all measurements

struct ParsedHead {
  MixedHead head;
  Size dimension = 0;
};

std::optional<Size> number(std::string_view text) {
  Size value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "sa_sdp_64", "l_dct_64", "c_5_64"
ParsedHead parse_head(const Node& node) {
  const std::string& text = node.text();
  const std::size_t first = text.find('_');
  const std::size_t last = text.rfind('_');
  const auto unknown = [&]() {
    node.fail(fmt::format("unknown head '{}'", text),
              "heads are sa_sdp_D, sa_wma_D, l_dft_D, l_dct_D and c_K_D with a dimension D and an odd kernel K");
  };
  if (first == std::string::npos || first == last) unknown();
  const std::string_view kind = std::string_view(text).substr(0, last);
  const std::optional<Size> dimension = number(std::string_view(text).substr(last + 1));
  if (!dimension) unknown();
  if (*dimension < 1 || *dimension > kLargestSize)
    node.fail(fmt::format("expected a dimension from 1 to {}, found '{}'", kLargestSize, text));
  if (kind == "sa_sdp") return {{HeadKind::scaled_dot_product}, *dimension};
  if (kind == "sa_wma") return {{HeadKind::weighted_multiplicative}, *dimension};
  if (kind == "l_dft") return {{HeadKind::dft}, *dimension};
  if (kind == "l_dct") return {{HeadKind::dct}, *dimension};
  const std::optional<Size> kernel = kind.starts_with("c_") ? number(kind.substr(2)) : std::nullopt;
  if (!kernel || *kernel < 1 || *kernel > 999 || *kernel % 2 == 0) unknown();
  return {{HeadKind::convolution, *kernel}, *dimension};
}

MixedAttention parse_heads(const Node& list, Size layer) {
  MixedAttention attention{.heads = {}, .position_buckets = kPositions};
  if (list.size() == 0) list.fail(fmt::format("layer {} has no heads", layer));
  for (const Node& item : list.items()) {
    const ParsedHead parsed = parse_head(item);
    if (attention.heads.empty()) attention.head_dim = parsed.dimension;
    if (parsed.dimension != attention.head_dim)
      item.fail(fmt::format("layer {} has heads of unequal dimension, {} and {}", layer, attention.head_dim,
                            parsed.dimension));
    attention.heads.push_back(parsed.head);
  }
  return attention;
}

}  // namespace

Architecture parse_flexibert(const Node& model_dict, std::string name) {
  model_dict.allow_only({"l", "o", "h", "f"});
  const Size layers = model_dict.at("l").integer_in(1, kMostLayers);
  for (const char* key : {"o", "h", "f"}) {
    const Node& list = model_dict.at(key);
    if (static_cast<Size>(list.size()) != layers)
      list.fail(fmt::format("{} entries for {} layers", list.size(), layers), "l is the number of layers");
  }

  Architecture result;
  result.name = std::move(name);
  result.family = "flexibert";
  for (Size i = 0; i < layers; ++i) {
    Layer layer{.width = model_dict.at("h").items()[i].integer_in(1, kLargestSize)};
    layer.sublayers.push_back({.body = parse_heads(model_dict.at("o").items()[i], i)});
    FeedForward feed_forward;
    for (const Node& size : model_dict.at("f").items()[i].items())
      feed_forward.hidden.push_back(size.integer_in(1, kLargestSize));
    if (!feed_forward.hidden.empty()) layer.sublayers.push_back({.body = feed_forward});
    result.encoder.layers.push_back(std::move(layer));
  }
  result.embeddings = {.vocabulary = kVocabulary,
                       .width = result.encoder.layers.front().width,
                       .positions = kPositions,
                       .token_types = kTokenTypes,
                       .norm = true};
  result.head = {.pooler = true, .classes = kClasses};
  result.max_length = kPositions - 2;  // RoBERTa's positions count from 2
  return checked(model_dict, std::move(result));
}

}  // namespace ridgeline
