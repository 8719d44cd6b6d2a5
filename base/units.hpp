// Unit strings: the only place where "25.6 GB/s" becomes SI and back.
//
// Accepted: a number, optional space, a unit. SI prefixes p n u µ m k M G T P; binary Ki Mi Gi Ti for bytes.
// GB is 10^9 bytes, GiB is 2^30. Units: s min h, Hz, J Wh mWh, W, B, B/s, FLOP, FLOP/s (also OP, OP/s: integer
// operations count alike), J/FLOP J/OP, J/B, V, K, K/W, J/K and degC for temperatures (converted to K).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/quantity.hpp"

namespace ridgeline {

/// A number with its dimension, as written by a user.
struct ParsedQuantity {
  double si;
  Dimension dimension;
};

/// Reads "600 MHz"; std::nullopt when the text is not a number followed by a known unit. A bare number is
/// dimensionless.
std::optional<ParsedQuantity> parse_quantity(std::string_view text);

/// The name of a dimension's base unit, for messages and file attributes: "s", "B/s", "J/FLOP", "1".
std::string unit_name(Dimension dimension);

/// "12.3 ms", "25.6 GB/s": `digits` significant digits and the SI prefix that leaves 1 to 999 before the point. Times
/// and temperatures take no prefix above one: "4200 s".
std::string format_quantity(double si, Dimension dimension, int digits = 3);

/// "109 M", "22.5 G", "512": a number without a unit, with the same prefixes.
std::string format_prefixed(double value, int digits = 3);

template <Dimension D>
std::string format(Quantity<D> quantity, int digits = 3) {
  return format_quantity(quantity.si(), D, digits);
}

}  // namespace ridgeline
