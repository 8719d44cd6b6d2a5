#include "app/arguments.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/error.hpp"

namespace ridgeline {
namespace {

[[noreturn]] void fail(std::string_view option, const std::string& problem) {
  throw InputError({std::string(option), 0, 0, ""}, problem);
}

constexpr std::array kFusions{std::pair<std::string_view, Fusion>{"none", Fusion::none},
                              std::pair<std::string_view, Fusion>{"typical", Fusion::typical},
                              std::pair<std::string_view, Fusion>{"flash-attention", Fusion::flash_attention}};
}  // namespace

Size parse_count(std::string_view option, std::string_view text, Size low, Size high) {
  Size value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  const bool whole = end == last && !text.empty() && error != std::errc::invalid_argument;
  if (!whole || error == std::errc::result_out_of_range || value < low || value > high)
    fail(option, fmt::format("expected a whole number from {} to {}, found '{}'", low, high, text));
  return value;
}

double parse_positive(std::string_view option, std::string_view text, Dimension expected) {
  const std::string unit = unit_name(expected);
  const std::optional<ParsedQuantity> parsed = parse_quantity(text);
  if (!parsed) fail(option, fmt::format("expected a number and a unit ({}), found '{}'", unit, text));
  if (parsed->dimension != expected) {
    if (parsed->dimension == Dimension{})
      fail(option, fmt::format("missing unit: expected {}, found '{}'", unit, text));
    fail(option, fmt::format("wrong unit: expected {}, found '{}' ({})", unit, text, unit_name(parsed->dimension)));
  }
  if (!(parsed->si > 0)) fail(option, fmt::format("expected a positive quantity, found '{}'", text));
  return parsed->si;
}

Precision parse_precision_argument(std::string_view option, std::string_view text) {
  if (const auto precision = parse_precision(text)) return *precision;
  std::vector<std::string> valid;
  for (const Precision precision : kPrecisions) valid.emplace_back(name(precision));
  throw_unknown_name({std::string(option), 0, 0, ""}, "precision", text, valid);
}

Task parse_task(std::string_view option, std::string_view text) {
  return parse_task(InputLocation{std::string(option), 0, 0, ""}, text);
}

Fusion parse_fusion(std::string_view option, std::string_view text) {
  return parse_choice(option, "fusion", text, kFusions);
}

bool parse_gate_end(std::string_view option, std::string_view text) {
  constexpr std::array choices{std::pair<std::string_view, bool>{"point", false},
                               std::pair<std::string_view, bool>{"upper", true}};
  return parse_choice(option, "gate", text, choices);
}

double parse_row_count(std::string_view option, std::string_view text, double lowest) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  const bool number = end == last && !text.empty() && error == std::errc();
  const bool share = value > 0 && value < 1;
  if (!number || !(share || (value >= lowest && value <= 1e9 && value == std::floor(value))))
    fail(option, fmt::format("expected a number of rows from {} on, or a share of them such as 0.8, found '{}'",
                             lowest, text));
  return value;
}

double parse_share(std::string_view option, std::string_view text) {
  const bool percent = text.ends_with('%');
  std::string_view number = text.substr(0, text.size() - (percent ? 1 : 0));
  while (number.ends_with(' ')) number.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (percent) value /= 100;
  if (number.empty() || error != std::errc() || end != number.data() + number.size() || !(value > 0 && value < 1))
    fail(option, fmt::format("expected a share such as 6% or 0.06, found '{}'", text));
  return value;
}

PredictorLevel parse_predictor(std::string_view option, std::string_view text) {
  using Level = std::pair<std::string_view, PredictorLevel>;
  constexpr std::array choices{Level{"datasheet", PredictorLevel::data_sheet},
                               Level{"analytic", PredictorLevel::analytic},
                               Level{"residual", PredictorLevel::residual}};
  return parse_choice(option, "predictor", text, choices);
}

Override parse_override(std::string_view option, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    fail(option, fmt::format("expected KEY=VALUE, found '{}'; for example dram.bandwidth=x2", text));
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::vector<std::string> parse_names(std::string_view option, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (std::string_view rest : words) {
    while (true) {
      const std::size_t comma = rest.find(',');
      if (comma == 0 || rest.empty()) fail(option, "an empty name");
      names.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return names;
}

std::string_view name(Fusion fusion) {
  for (const auto& [word, value] : kFusions)
    if (value == fusion) return word;
  return "";
}

}  // namespace ridgeline
