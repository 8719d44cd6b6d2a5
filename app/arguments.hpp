// Words of the command line to values. Every complaint is an InputError that begins with the option's name.
#pragma once

#include <string>
#include <string_view>

#include "app/options.hpp"
#include "base/units.hpp"

namespace ridgeline {

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
SortKey parse_sort_key(std::string_view option, std::string_view text);
Counting parse_counting(std::string_view option, std::string_view text);
/// "point" false, "upper" true.
bool parse_gate_end(std::string_view option, std::string_view text);
/// A number of rows from `lowest` on, or a share of them below 1: "20", "0.8".
double parse_row_count(std::string_view option, std::string_view text, double lowest);
PredictorLevel parse_predictor(std::string_view option, std::string_view text);
/// "key=value".
Override parse_override(std::string_view option, std::string_view text);
/// "a,b" gives two names.
std::vector<std::string> parse_names(std::string_view option, const std::vector<std::string>& words);

std::string_view name(Fusion fusion);

}  // namespace ridgeline
