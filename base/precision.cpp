#include "base/precision.hpp"

namespace ridgeline {

std::string_view name(Precision precision) {
  constexpr std::array<std::string_view, kPrecisionCount> names{"fp32", "tf32", "fp16", "bf16", "int8", "int4"};
  return names[index(precision)];
}

std::optional<Precision> parse_precision(std::string_view text) {
  for (const Precision precision : kPrecisions)
    if (name(precision) == text) return precision;
  return std::nullopt;
}

}  // namespace ridgeline
