#include "app/format.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "base/units.hpp"

namespace ridgeline {
namespace {

/// The dimension of units that take a prefix.
std::optional<Dimension> prefixed_dimension(std::string_view unit) {
  if (unit == "J·s") return Dimension{.second = 1, .joule = 1};
  const auto parsed = parse_quantity(fmt::format("1 {}", unit));
  return parsed && parsed->si == 1 ? std::optional(parsed->dimension) : std::nullopt;
}

/// Three significant digits, never an exponent below 10^9.
std::string plain_number(double value) {
  if (value == 0 || !std::isfinite(value) || std::abs(value) >= 1e9 || std::abs(value) < 1e-4)
    return fmt::format("{:.3g}", value);
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-9));
  return fmt::format("{:.{}f}", value, std::max(0, 2 - exponent));
}

}  // namespace

std::string format_number(double value, std::string_view unit) {
  if (const auto dimension = prefixed_dimension(unit)) return format_quantity(value, *dimension);
  return fmt::format("{} {}", plain_number(value), unit);
}

std::string format_value(const Figure& figure) {
  return figure.value ? format_number(*figure.value, figure.unit) : "—";
}

std::string format_interval(const Figure& figure) {
  if (!figure.low || !figure.high) return "—";
  std::string low = format_number(*figure.low, figure.unit);
  const std::string high = format_number(*figure.high, figure.unit);
  const std::size_t low_unit = low.find(' '), high_unit = high.find(' ');
  if (low_unit != std::string::npos && high_unit != std::string::npos &&
      low.substr(low_unit) == high.substr(high_unit))
    low.erase(low_unit);
  return fmt::format("{} – {}", low, high);
}

std::string format_count(long long count) {
  std::string digits = std::to_string(count);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string format_short_count(double count) { return format_prefixed(count); }

std::string format_words(double count) {
  if (count < 1e6) return format_count(static_cast<long long>(count));
  std::string text = format_short_count(count);
  const bool billions = text.ends_with('G');
  if (text.ends_with('T')) return format_count(static_cast<long long>(count / 1e9)) + " billion";
  text.pop_back();
  return text + (billions ? "billion" : "million");
}

std::string format_share(double share) {
  if (share == 0) return "0 %";
  if (share < 0.001) return "< 0.1 %";
  return fmt::format("{:.1f} %", 100 * share);
}

std::string format_percent(double share, int decimals) {
  return std::isnan(share) ? "—" : fmt::format("{:.{}f} %", 100 * share, decimals);
}

}  // namespace ridgeline
