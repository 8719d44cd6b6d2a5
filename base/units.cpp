#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ridgeline {
namespace {

struct Prefix {
  std::string_view text;
  double factor;
};
// Both micro signs (U+00B5, U+03BC) are in use.
constexpr std::array kPrefixes{Prefix{"p", 1e-12},     Prefix{"n", 1e-9}, Prefix{"u", 1e-6}, Prefix{"\u00b5", 1e-6},
                               Prefix{"\u03bc", 1e-6}, Prefix{"m", 1e-3}, Prefix{"k", 1e3},  Prefix{"M", 1e6},
                               Prefix{"G", 1e9},       Prefix{"T", 1e12}, Prefix{"P", 1e15}};
constexpr std::array kBinaryPrefixes{Prefix{"Ki", 0x1p10}, Prefix{"Mi", 0x1p20}, Prefix{"Gi", 0x1p30},
                                     Prefix{"Ti", 0x1p40}};

struct Unit {
  std::string_view text;
  double factor;
  Dimension dimension;
  bool prefixed = true;
};
constexpr Dimension kSecond{.second = 1};
constexpr Dimension kJoule{.joule = 1};
constexpr Dimension kByte{.byte = 1};
constexpr Dimension kFlop{.flop = 1};
constexpr Dimension kKelvin{.kelvin = 1};
constexpr Dimension kVolt{.volt = 1};
constexpr std::array kUnits{Unit{"s", 1, kSecond},
                            Unit{"min", 60, kSecond, false},
                            Unit{"h", 3600, kSecond, false},
                            Unit{"Hz", 1, Dimension{} - kSecond},
                            Unit{"J", 1, kJoule},
                            Unit{"Wh", 3600, kJoule},
                            Unit{"W", 1, kJoule - kSecond},
                            Unit{"B", 1, kByte},
                            Unit{"FLOP", 1, kFlop},
                            Unit{"OP", 1, kFlop},
                            Unit{"V", 1, kVolt},
                            Unit{"K", 1, kKelvin}};

std::optional<Unit> find_unit(std::string_view text) {
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& unit) { return unit.text == text; });
  return found == kUnits.end() ? std::nullopt : std::optional(*found);
}

std::optional<Unit> find_prefixed_unit(std::string_view text) {
  if (const auto unit = find_unit(text)) return unit;
  const auto with = [&](const Prefix& prefix) -> std::optional<Unit> {
    if (!text.starts_with(prefix.text)) return std::nullopt;
    std::optional<Unit> unit = find_unit(text.substr(prefix.text.size()));
    if (!unit || !unit->prefixed) return std::nullopt;
    unit->factor *= prefix.factor;
    return unit;
  };
  for (const Prefix& prefix : kPrefixes)
    if (const auto unit = with(prefix)) return unit;
  for (const Prefix& prefix : kBinaryPrefixes)
    if (const auto unit = with(prefix); unit && unit->dimension == kByte) return unit;
  return std::nullopt;
}

struct NamedDimension {
  Dimension dimension;
  std::string_view name;
};
constexpr Dimension kWatt = kJoule - kSecond;
constexpr std::array kNames{NamedDimension{{}, "1"}, NamedDimension{Dimension{} - kSecond, "Hz"},
                            NamedDimension{kWatt, "W"}, NamedDimension{kKelvin - kWatt, "K/W"}};

/// Compound dimensions without a name of their own: "J·s", "FLOP/B", "B/s".
std::string compound_name(Dimension dimension) {
  const std::array parts{std::pair{"J", dimension.joule},  std::pair{"FLOP", dimension.flop},
                         std::pair{"B", dimension.byte},   std::pair{"V", dimension.volt},
                         std::pair{"K", dimension.kelvin}, std::pair{"s", dimension.second}};
  std::string above, below;
  for (const auto& [text, exponent] : parts) {
    std::string& side = exponent > 0 ? above : below;
    for (int i = 0; i < std::abs(exponent); ++i) side += (side.empty() ? "" : "\u00b7") + std::string(text);
  }
  if (below.empty()) return above;
  return (above.empty() ? "1" : above) + "/" + below;
}

/// A number with `digits` significant digits, and the prefix that leaves 1 to 999 before the point.
struct Scaled {
  std::string number;
  std::string_view prefix;
};
Scaled scaled(double value, int digits, bool grows) {
  constexpr std::array<std::string_view, 10> prefixes{"p", "n", "\u00b5", "m", "", "k", "M", "G", "T", "P"};
  constexpr int no_prefix = 4;
  if (!std::isfinite(value) || value == 0) return {fmt::format("{}", value), {}};
  // Rounding first decides the prefix: 999.96 ms to three digits is 1.00 s.
  const std::string rounded = fmt::format("{:.{}e}", value, digits - 1);
  const int exponent = std::stoi(rounded.substr(rounded.find('e') + 1));
  const int thousands = std::clamp(exponent >= 0 ? exponent / 3 : (exponent - 2) / 3, -no_prefix,
                                   grows ? static_cast<int>(prefixes.size()) - 1 - no_prefix : 0);
  const double mantissa = std::stod(rounded) / std::pow(10.0, 3 * thousands);
  const int decimals = std::max(0, digits - 1 - (exponent - 3 * thousands));
  return {fmt::format("{:.{}f}", mantissa, decimals), prefixes[static_cast<std::size_t>(thousands + no_prefix)]};
}

}  // namespace

std::optional<ParsedQuantity> parse_quantity(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return ParsedQuantity{value, {}};
  if (unit == "degC") return ParsedQuantity{value + 273.15, kKelvin};

  const std::size_t slash = unit.find('/');
  const auto above = find_prefixed_unit(unit.substr(0, slash));
  if (!above) return std::nullopt;
  if (slash == std::string_view::npos) return ParsedQuantity{value * above->factor, above->dimension};
  const auto below = find_unit(unit.substr(slash + 1));
  if (!below) return std::nullopt;
  return ParsedQuantity{value * above->factor / below->factor, above->dimension - below->dimension};
}

std::string unit_name(Dimension dimension) {
  for (const NamedDimension& named : kNames)
    if (named.dimension == dimension) return std::string(named.name);
  return compound_name(dimension);
}

std::string format_quantity(double si, Dimension dimension, int digits) {
  if (dimension == Dimension{}) return fmt::format("{:.{}g}", si, digits);
  const bool grows = dimension != kSecond && dimension != kKelvin;  // nobody reads kiloseconds
  const auto [number, prefix] = scaled(si, digits, grows);
  return fmt::format("{} {}{}", number, prefix, unit_name(dimension));
}

std::string format_prefixed(double value, int digits) {
  const auto [number, prefix] = scaled(value, digits, true);
  return prefix.empty() ? number : fmt::format("{} {}", number, prefix);
}

}  // namespace ridgeline
