// Words of the command line to values. Every complaint is an InputError that begins with the option's name.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/options.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "calib/predictor_level.hpp"

namespace ridgeline {

/// The value of one of the words; the nearest is named for a typo, and all of them. `kind` is what a word names.
template <class Value, std::size_t N>
Value parse_choice(std::string_view option, std::string_view kind, std::string_view text,
                   const std::array<std::pair<std::string_view, Value>, N>& choices) {
  std::vector<std::string> valid;
  for (const auto& [word, value] : choices) {
    if (word == text) return value;
    valid.emplace_back(word);
  }
  throw_unknown_name({std::string(option), 0, 0, ""}, kind, text, valid);
}

/// A whole number in [low, high].
Size parse_count(std::string_view option, std::string_view text, Size low, Size high);

/// A positive quantity in SI units, e.g. "600MHz", "500 ms".
double parse_positive(std::string_view option, std::string_view text, Dimension expected);
template <Dimension D>
void read_positive(std::string_view option, std::string_view text, std::optional<Quantity<D>>& into) {
  into = Quantity<D>(parse_positive(option, text, D));
}

Precision parse_precision_argument(std::string_view option, std::string_view text);
Task parse_task(std::string_view option, std::string_view text);
Fusion parse_fusion(std::string_view option, std::string_view text);
/// "point" false, "upper" true.
bool parse_gate_end(std::string_view option, std::string_view text);
/// A number of rows from `lowest` on, or a share of them below 1: "20", "0.8".
double parse_row_count(std::string_view option, std::string_view text, double lowest);
/// A share of something above 0 and below 1: "6%", "0.06".
double parse_share(std::string_view option, std::string_view text);
PredictorLevel parse_predictor(std::string_view option, std::string_view text);
/// "key=value".
Override parse_override(std::string_view option, std::string_view text);
/// "a,b" gives two names.
std::vector<std::string> parse_names(std::string_view option, const std::vector<std::string>& words);

std::string_view name(Fusion fusion);

}  // namespace ridgeline
