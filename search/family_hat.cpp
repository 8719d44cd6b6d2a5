// HAT's elastic encoder-decoder (Wang et al., ACL 2020): model/hat.hpp has what all its models share.
#include <fmt/format.h>

#include <memory>

#include "base/error.hpp"
#include "model/hat.hpp"
#include "search/family_choices.hpp"

namespace ridgeline {
namespace {

/// A repeated choice: where its gene is, and the number that each value stands for.
struct Numbers {
  std::size_t group = 0, choice = 0;
  std::vector<Size> values;
  std::uint32_t count() const { return static_cast<std::uint32_t>(values.size()); }
};

struct Hat {
  const Space* space;
  std::size_t encoder, decoder;              ///< groups
  std::size_t encoder_width, decoder_width;  ///< genes
  std::vector<Size> encoder_widths, decoder_widths;
  Numbers encoder_hidden, encoder_heads, decoder_hidden, decoder_heads, cross_heads, memories;

  Gene gene(std::span<const Gene> genome, const Numbers& numbers, std::size_t layer) const {
    return genome[space->gene(numbers.group, layer, numbers.choice)];
  }
  std::vector<Size> list(std::span<const Gene> genome, const Numbers& numbers) const {
    std::vector<Size> values;
    for (std::size_t i = 0; i < space->layers(numbers.group, genome); ++i)
      values.push_back(numbers.values[gene(genome, numbers, i)]);
    return values;
  }

  Architecture architecture(std::span<const Gene> genome) const {
    HatDesign design;
    design.encoder_width = encoder_widths[genome[encoder_width]];
    design.decoder_width = decoder_widths[genome[decoder_width]];
    design.encoder_hidden = list(genome, encoder_hidden);
    design.encoder_heads = list(genome, encoder_heads);
    design.decoder_hidden = list(genome, decoder_hidden);
    design.decoder_heads = list(genome, decoder_heads);
    design.cross_heads = list(genome, cross_heads);
    design.memories = list(genome, memories);
    return hat_architecture(design, "");
  }

  // Numbers of parts. The context tells apart what all parts of a model see of the rest of it: both widths, and how
  // many of the encoder's layers the decoder needs. Layers are counted from the end, since what lives on behind a
  // part depends on those that follow.
  std::uint32_t width_pairs() const {
    return static_cast<std::uint32_t>(encoder_widths.size() * decoder_widths.size());
  }
  std::uint32_t most_memories() const { return 3; }
  std::uint32_t encoder_part_kinds() const { return 2 + encoder_heads.count() + encoder_hidden.count(); }
  std::uint32_t decoder_part_kinds() const {
    return 2 + decoder_heads.count() + cross_heads.count() * memories.count() + decoder_hidden.count();
  }
  std::uint32_t encoder_places() const { return static_cast<std::uint32_t>(space->most_layers(encoder)) + 1; }
  std::uint32_t decoder_places() const { return static_cast<std::uint32_t>(space->most_layers(decoder)) + 1; }
  std::uint32_t contexts() const { return width_pairs() * (most_memories() + 1); }
  std::uint32_t first_decoder() const { return contexts() * encoder_places() * encoder_part_kinds(); }
  std::uint32_t part_count() const {
    return first_decoder() + contexts() * decoder_places() * decoder_places() * decoder_part_kinds();
  }

  std::uint32_t context(std::span<const Gene> genome) const {
    Size most = 0;
    for (std::size_t i = 0; i < space->layers(decoder, genome); ++i)
      most = std::max(most, memories.values[gene(genome, memories, i)]);
    const auto pair =
        static_cast<std::uint32_t>(genome[encoder_width] * decoder_widths.size() + genome[decoder_width]);
    return pair * (most_memories() + 1) + static_cast<std::uint32_t>(most);
  }

  void encoder_numbers(std::span<const Gene> genome, std::vector<std::uint32_t>& out) const {
    out.clear();
    const std::size_t layers = space->layers(encoder, genome);
    const auto number = [&](std::size_t left, std::uint32_t kind) {
      return (context(genome) * encoder_places() + static_cast<std::uint32_t>(left)) * encoder_part_kinds() + kind;
    };
    out.push_back(number(layers, 0));
    for (std::size_t i = 0; i < layers; ++i) {
      out.push_back(number(layers - 1 - i, 2u + gene(genome, encoder_heads, i)));
      out.push_back(number(layers - 1 - i, 2u + encoder_heads.count() + gene(genome, encoder_hidden, i)));
    }
  }
  /// Later layers may attend to fewer of the encoder's: `needed` is the most that they do.
  void decoder_numbers(std::span<const Gene> genome, std::vector<std::uint32_t>& out) const {
    out.clear();
    const std::size_t layers = space->layers(decoder, genome);
    const auto number = [&](std::size_t left, Size needed, std::uint32_t kind) {
      return first_decoder() +
             ((context(genome) * decoder_places() + static_cast<std::uint32_t>(left)) * decoder_places() +
              static_cast<std::uint32_t>(needed)) *
                 decoder_part_kinds() +
             kind;
    };
    std::vector<Size> needed(layers + 1, 0);  // by layers from i on
    for (std::size_t i = layers; i-- > 0;)
      needed[i] = std::max(needed[i + 1], memories.values[gene(genome, memories, i)]);
    out.push_back(number(layers, needed[0], 0));
    for (std::size_t i = 0; i < layers; ++i) {
      const std::size_t left = layers - 1 - i;
      std::uint32_t kind = 2;
      out.push_back(number(left, needed[i], kind + gene(genome, decoder_heads, i)));
      kind += decoder_heads.count();
      out.push_back(number(left, needed[i + 1],
                           kind + gene(genome, cross_heads, i) * memories.count() + gene(genome, memories, i)));
      kind += cross_heads.count() * memories.count();
      out.push_back(number(left, needed[i + 1], kind + gene(genome, decoder_hidden, i)));
    }
    out.push_back(number(0, 0, 1));
  }
};

}  // namespace

Family make_hat(const Space& space) {
  require_choices(space, {"encoder_layers", "decoder_layers", "encoder_width", "decoder_width"});
  require_group_count(space, 2);
  Hat h{.space = &space};
  h.encoder = require_group(space, "encoder", "encoder_layers", {"hidden", "heads"});
  h.decoder = require_group(space, "decoder", "decoder_layers", {"hidden", "heads", "cross_heads", "memories"});
  h.encoder_width = space.gene("encoder_width"), h.decoder_width = space.gene("decoder_width");
  h.encoder_widths = numbers_of(space.choices()[h.encoder_width]);
  h.decoder_widths = numbers_of(space.choices()[h.decoder_width]);
  const auto numbers = [&](std::size_t group, std::string_view name) {
    const Repeated& repeated = space.groups()[group];
    const std::size_t choice = choice_in(repeated, name);
    return Numbers{group, choice, numbers_of(repeated.choices[choice])};
  };
  h.encoder_hidden = numbers(h.encoder, "hidden"), h.encoder_heads = numbers(h.encoder, "heads");
  h.decoder_hidden = numbers(h.decoder, "hidden"), h.decoder_heads = numbers(h.decoder, "heads");
  h.cross_heads = numbers(h.decoder, "cross_heads"), h.memories = numbers(h.decoder, "memories");
  for (const Numbers* heads : {&h.encoder_heads, &h.decoder_heads, &h.cross_heads})
    for (const Size n : heads->values)
      if (kHatAttentionSize % n != 0)
        throw Error(fmt::format("heads: {} do not divide the attention size {}", n, kHatAttentionSize));
  for (const Size m : h.memories.values)
    if (m > 3) throw Error(fmt::format("memories: at most 3 encoder layers are attended to, not {}", m));
  const auto shared = std::make_shared<const Hat>(std::move(h));
  return {"hat", [shared](std::span<const Gene> g) { return shared->architecture(g); },
          [shared](std::span<const Gene> g, PassKind pass, std::vector<std::uint32_t>& out) {
            pass == PassKind::first ? shared->encoder_numbers(g, out) : shared->decoder_numbers(g, out);
          },
          shared->part_count()};
}

}  // namespace ridgeline
