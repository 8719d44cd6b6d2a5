// Numbers for people.
#pragma once

#include <string>
#include <string_view>

#include "base/quantity.hpp"
#include "model/figures.hpp"

namespace ridgeline {

/// "412 ms", "0.521 sequences/s": three significant digits; SI prefixes for s, J, W, B, J·s, Hz, FLOP and rates of
/// them, plain numbers for everything else.
std::string format_number(double value, std::string_view unit);

/// The value, or "—".
std::string format_value(const Figure& figure);
/// "390 – 870 ms", or "—".
std::string format_interval(const Figure& figure);

/// "109,482,240".
std::string format_count(long long count);
/// "109 M", "22.5 G": three significant digits and the prefix.
std::string format_short_count(double count);
/// "109 million", "6.74 billion"; small ones in full.
std::string format_words(double count);
/// "82.1 %"; "0 %" for nothing, "< 0.1 %" for next to nothing.
std::string format_share(double share);
/// "82.13 %" with two decimals; "—" for one that is not a number.
std::string format_percent(double share, int decimals);

}  // namespace ridgeline
