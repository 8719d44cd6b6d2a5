// Families whose layers are all alike: BERT (google-research/bert) and GPT-2. The rest of the model is what a Hugging
// Face config.json with these sizes gives.
#include <fmt/format.h>

#include <memory>

#include "base/error.hpp"
#include "model/readers.hpp"
#include "search/family_choices.hpp"

namespace ridgeline {
namespace {

struct Homogeneous {
  const Space* space;
  std::size_t layers, width, head_size, ratio;  ///< genes
  std::vector<Size> layer_counts, widths, head_sizes, ratios;
  std::string config;  ///< with places for layers, width, heads, hidden size
  bool final_norm;     ///< a part before the head

  Architecture architecture(std::span<const Gene> g) const {
    const Size w = widths[g[width]];
    const std::string text =
        fmt::format(fmt::runtime(config), fmt::arg("layers", layer_counts[g[layers]]), fmt::arg("width", w),
                    fmt::arg("heads", w / head_sizes[g[head_size]]), fmt::arg("hidden", w * ratios[g[ratio]]));
    return parse_hugging_face(parse_document(text, space->name()), "");
  }

  std::uint32_t attention_kinds() const { return static_cast<std::uint32_t>(head_sizes.size()); }
  std::uint32_t kinds() const { return 3 + 2 * attention_kinds() + 2 * static_cast<std::uint32_t>(ratios.size()); }
  std::uint32_t part_count() const { return kinds() * static_cast<std::uint32_t>(widths.size()); }

  void parts(std::span<const Gene> g, std::vector<std::uint32_t>& out) const {
    const std::uint32_t first = kinds() * g[width];
    const Size count = layer_counts[g[layers]];
    out.assign(1, first);
    for (Size i = 0; i < count; ++i) {
      const std::uint32_t last = i + 1 == count ? 1 : 0;  // behind it nothing needs the attention mask
      out.push_back(first + 3 + 2u * g[head_size] + last);
      out.push_back(first + 3 + 2 * attention_kinds() + 2u * g[ratio] + last);
    }
    if (final_norm) out.push_back(first + 1);
    out.push_back(first + 2);
  }
};

Family make_homogeneous(const Space& space, std::string name, std::string config, bool final_norm) {
  require_choices(space, {"layers", "width", "head_size", "hidden_ratio"});
  require_group_count(space, 0);
  const auto numbers = [&](std::string_view choice) { return numbers_of(space.choices()[space.gene(choice)]); };
  const auto shared = std::make_shared<const Homogeneous>(
      Homogeneous{&space, space.gene("layers"), space.gene("width"), space.gene("head_size"),
                  space.gene("hidden_ratio"), numbers("layers"), numbers("width"), numbers("head_size"),
                  numbers("hidden_ratio"), std::move(config), final_norm});
  for (const Size width : shared->widths)
    for (const Size size : shared->head_sizes)
      if (width % size != 0) throw Error(fmt::format("head_size: {} does not divide the width {}", size, width));
  return {std::move(name), [shared](std::span<const Gene> g) { return shared->architecture(g); },
          [shared](std::span<const Gene> g, PassKind, std::vector<std::uint32_t>& out) { shared->parts(g, out); },
          shared->part_count()};
}

}  // namespace

Family make_bert(const Space& space) {
  return make_homogeneous(space, "bert",
                          "{{model_type: bert, hidden_size: {width}, num_hidden_layers: {layers}, "
                          "num_attention_heads: {heads}, intermediate_size: {hidden}}}",
                          false);
}

Family make_gpt2(const Space& space) {
  return make_homogeneous(
      space, "gpt2", "{{model_type: gpt2, n_embd: {width}, n_layer: {layers}, n_head: {heads}, n_inner: {hidden}}}",
      true);
}

}  // namespace ridgeline
