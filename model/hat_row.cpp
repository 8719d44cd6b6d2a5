#include "model/hat_row.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "model/checked.hpp"

namespace ridgeline {
namespace {

struct Search {
  std::span<const Size> choices;
  double sum = 0;        ///< to be reached
  double tolerance = 0;  ///< of the sum
  std::vector<Size> counts;
  std::vector<Size> best;
  double best_orders = -1;  ///< log of the number of orders

  /// Tries every count of the choices from `index` on, more of the larger ones first.
  void extend(std::size_t index, Size left, double reached, double log_orders) {
    if (index + 1 == choices.size()) {
      counts[index] = left;
      reached += static_cast<double>(left * choices[index]);
      log_orders -= std::lgamma(static_cast<double>(left + 1));
      // 1e-9: equally likely multisets differ in rounding only, and the first found has more large choices
      if (std::abs(reached - sum) <= tolerance && (best.empty() || log_orders > best_orders + 1e-9)) {
        best = counts;
        best_orders = log_orders;
      }
      return;
    }
    for (Size count = left; count >= 0; --count) {
      counts[index] = count;
      extend(index + 1, left - count, reached + static_cast<double>(count * choices[index]),
             log_orders - std::lgamma(static_cast<double>(count + 1)));
    }
  }
};

Size whole(double value, std::string_view column, Size low, Size high) {
  if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value))
    throw Error(fmt::format("{}: expected an integer from {} to {}, found {}", column, low, high, value));
  return static_cast<Size>(value);
}

}  // namespace

std::vector<Size> most_likely_choices(double mean, Size layers, std::span<const Size> choices) {
  if (choices.empty() || layers < 1 || !std::isfinite(mean)) return {};
  Search search{.choices = choices,
                .sum = mean * static_cast<double>(layers),
                .tolerance = 1e-6 * static_cast<double>(layers * choices.front()),
                .counts = std::vector<Size>(choices.size(), 0),
                .best = {}};
  search.extend(0, layers, 0, 0);
  std::vector<Size> result;
  for (std::size_t i = 0; i < search.best.size(); ++i) result.insert(result.end(), search.best[i], choices[i]);
  return result;
}

Architecture hat_row_architecture(const HatRow& row, std::string name, const HatRowChoices& choices) {
  HatDesign design;
  design.encoder_width = whole(row.encoder_embed_dim, "encoder_embed_dim", 1, kLargestSize);
  design.decoder_width = whole(row.decoder_embed_dim, "decoder_embed_dim", 1, kLargestSize);
  const Size encoder_layers = whole(row.encoder_layer_num, "encoder_layer_num", 1, 24);
  const Size decoder_layers = whole(row.decoder_layer_num, "decoder_layer_num", 1, 24);
  const auto choose = [](double mean, Size layers, const std::vector<Size>& from, std::string_view column) {
    std::vector<Size> chosen = most_likely_choices(mean, layers, from);
    if (chosen.empty()) throw Error(fmt::format("{}: no {} choices have the mean {}", column, layers, mean));
    return chosen;
  };
  design.encoder_hidden =
      choose(row.encoder_ffn_embed_dim_avg, encoder_layers, choices.hidden, "encoder_ffn_embed_dim_avg");
  design.encoder_heads =
      choose(row.encoder_self_attention_heads_avg, encoder_layers, choices.heads, "encoder_self_attention_heads_avg");
  design.decoder_hidden =
      choose(row.decoder_ffn_embed_dim_avg, decoder_layers, choices.hidden, "decoder_ffn_embed_dim_avg");
  design.decoder_heads =
      choose(row.decoder_self_attention_heads_avg, decoder_layers, choices.heads, "decoder_self_attention_heads_avg");
  design.cross_heads =
      choose(row.decoder_ende_attention_heads_avg, decoder_layers, choices.heads, "decoder_ende_attention_heads_avg");
  design.memories = choose(row.decoder_arbitrary_ende_attn_avg, decoder_layers, choices.memories,
                           "decoder_arbitrary_ende_attn_avg");
  Architecture result = hat_architecture(design, std::move(name));
  check(result);
  return result;
}

}  // namespace ridgeline
