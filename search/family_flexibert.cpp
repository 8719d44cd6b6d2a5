// FlexiBERT 2.0 (EdgeTran, arXiv 2303.13745): every layer has its own width, heads of mixed kinds and stack of
// feed-forward layers. Heads have floor(width / heads) dimensions. What the choices leave open is as parse_flexibert
// has it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/error.hpp"
#include "search/family_choices.hpp"
#include "search/part_counts.hpp"

namespace ridgeline {
namespace {

MixedHead head_of(const std::string& text) {
  if (text == "sa_sdp") return {HeadKind::scaled_dot_product};
  if (text == "sa_wma") return {HeadKind::weighted_multiplicative};
  if (text == "l_dft") return {HeadKind::dft};
  if (text == "l_dct") return {HeadKind::dct};
  Size kernel = 0;
  const char* const end = text.data() + text.size();
  if (text.starts_with("c_") && std::from_chars(text.data() + 2, end, kernel).ptr == end && kernel % 2 == 1 &&
      kernel > 0)
    return {HeadKind::convolution, kernel};
  throw Error(fmt::format(
      "heads: unknown kind '{}'; kinds are sa_sdp, sa_wma, l_dft, l_dct and c_K with an odd kernel K", text));
}

struct FlexiBert {
  const Space* space;
  std::size_t group, width, heads, feed_forward;  ///< places
  std::vector<Size> widths, hidden;
  std::vector<MixedHead> kinds;
  std::vector<int> head_counts;
  std::uint32_t width_count, heads_count, feed_forward_count;

  Gene gene(std::span<const Gene> genome, std::size_t layer, std::size_t choice) const {
    return genome[space->gene(group, layer, choice)];
  }

  MixedAttention attention_of(Size layer_width, const std::vector<int>& members) const {
    MixedAttention attention{.heads = {}, .position_buckets = 514};
    for (const int m : members) attention.heads.push_back(kinds[static_cast<std::size_t>(m)]);
    attention.head_dim = layer_width / static_cast<Size>(members.size());
    return attention;
  }

  Architecture architecture(std::span<const Gene> genome) const {
    Architecture result;
    result.family = "flexibert";
    const Repeated& repeated = space->groups()[group];
    std::vector<int> members;
    for (std::size_t i = 0; i < space->layers(group, genome); ++i) {
      Layer layer{.width = widths[gene(genome, i, width)]};
      repeated.choices[heads].domain.members(gene(genome, i, heads), members);
      layer.sublayers.push_back({.body = attention_of(layer.width, members)});
      FeedForward stack;
      repeated.choices[feed_forward].domain.members(gene(genome, i, feed_forward), members);
      for (const int m : members) stack.hidden.push_back(hidden[static_cast<std::size_t>(m)]);
      layer.sublayers.push_back({.body = std::move(stack)});
      result.encoder.layers.push_back(std::move(layer));
    }
    result.embeddings = {.vocabulary = 50265,
                         .width = result.encoder.layers.front().width,
                         .positions = 514,
                         .token_types = 1,
                         .norm = true};
    result.head = {.pooler = true, .classes = 2};
    result.max_length = 512;
    return result;
  }

  std::uint32_t first_head() const { return width_count; }
  std::uint32_t first_change() const { return first_head() + width_count * width_count; }
  std::uint32_t first_feed_forward() const { return first_change() + width_count * width_count; }
  std::uint32_t first_heads() const { return first_feed_forward() + 2 * width_count * feed_forward_count; }
  std::uint32_t part_count() const { return first_heads() + 2 * width_count * heads_count; }

  /// A head's part holds the embeddings too, which have the first layer's width.
  void parts(std::span<const Gene> genome, std::vector<std::uint32_t>& out) const {
    const std::size_t layers = space->layers(group, genome);
    std::uint32_t before = gene(genome, 0, width);
    out.assign(1, before);
    for (std::size_t i = 0; i < layers; ++i) {
      const std::uint32_t now = gene(genome, i, width);
      // No part behind the last layer's heads needs the attention mask, which takes memory until then.
      const std::uint32_t place = now + (i + 1 == layers ? width_count : 0);
      if (now != before) out.push_back(first_change() + before * width_count + now);
      out.push_back(first_heads() + place * heads_count + gene(genome, i, heads));
      out.push_back(first_feed_forward() + place * feed_forward_count + gene(genome, i, feed_forward));
      before = now;
    }
    out.push_back(first_head() + out.front() * width_count + before);
  }

  std::uint32_t kind_count() const { return static_cast<std::uint32_t>(kinds.size()); }
  std::uint32_t pieces_of_shape() const { return 3 + 2 * kind_count(); }
  std::uint32_t piece_count() const {
    return width_count * static_cast<std::uint32_t>(head_counts.size()) * pieces_of_shape();
  }

  /// Of a layer's heads; what they have in common follows from width and number of heads.
  bool pieces(std::uint32_t part, PartPieces& out) const {
    if (part < first_heads()) return false;
    const std::uint32_t w = (part - first_heads()) / heads_count % width_count;
    std::vector<int> members;
    space->groups()[group].choices[heads].domain.members(static_cast<Gene>((part - first_heads()) % heads_count),
                                                         members);
    const auto number = std::ranges::find(head_counts, static_cast<int>(members.size())) - head_counts.begin();
    const std::uint32_t first =
        (w * static_cast<std::uint32_t>(head_counts.size()) + static_cast<std::uint32_t>(number)) * pieces_of_shape();
    out.numbers.assign(1, first);
    for (const int m : members) out.numbers.push_back(first + 3 + static_cast<std::uint32_t>(m));
    out.numbers.push_back(first + 1);
    for (const int m : members) out.numbers.push_back(first + 3 + kind_count() + static_cast<std::uint32_t>(m));
    out.numbers.push_back(first + 2);
    const Sublayer sublayer{.body = attention_of(widths[w], members)};
    out.parameters = part_parameters(Part{.body = &sublayer, .context = {.width = widths[w]}});
    return true;
  }
};

}  // namespace

Family make_flexibert(const Space& space) {
  require_choices(space, {"layers"});
  require_group_count(space, 1);
  FlexiBert f{.space = &space};
  f.group = require_group(space, "layer", "layers", {"width", "heads", "feed_forward"});
  const Repeated& layer = space.groups()[f.group];
  f.width = choice_in(layer, "width"), f.heads = choice_in(layer, "heads");
  f.feed_forward = choice_in(layer, "feed_forward");
  f.widths = numbers_of(layer.choices[f.width]);
  const auto* heads = std::get_if<Multiset>(&layer.choices[f.heads].domain.kind());
  if (heads == nullptr) throw Error("heads: must be a multiset of kinds");
  f.head_counts = heads->counts;
  for (const std::string& kind : heads->of) f.kinds.push_back(head_of(kind));
  for (const Size width : f.widths)
    if (width < heads->counts.back())
      throw Error(fmt::format("width: {} is less than {} heads", width, heads->counts.back()));
  if (!std::holds_alternative<Sequence>(layer.choices[f.feed_forward].domain.kind()))
    throw Error("feed_forward: must be a sequence of sizes");
  f.hidden = numbers_of(layer.choices[f.feed_forward]);
  f.width_count = layer.choices[f.width].domain.size();
  f.heads_count = layer.choices[f.heads].domain.size();
  f.feed_forward_count = layer.choices[f.feed_forward].domain.size();
  const auto shared = std::make_shared<const FlexiBert>(std::move(f));
  return {"flexibert",
          [shared](std::span<const Gene> g) { return shared->architecture(g); },
          [shared](std::span<const Gene> g, PassKind, std::vector<std::uint32_t>& out) { shared->parts(g, out); },
          shared->part_count(),
          [shared](std::uint32_t part, PartPieces& out) { return shared->pieces(part, out); },
          shared->piece_count()};
}

}  // namespace ridgeline
