// Number formats of weights, activations and caches.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/quantity.hpp"

namespace ridgeline {

enum class Precision { fp32, tf32, fp16, bf16, int8, int4 };

inline constexpr std::array kPrecisions{Precision::fp32, Precision::tf32, Precision::fp16,
                                        Precision::bf16, Precision::int8, Precision::int4};
inline constexpr std::size_t kPrecisionCount = kPrecisions.size();

constexpr std::size_t index(Precision p) { return static_cast<std::size_t>(p); }

/// "fp32", "tf32", ...
std::string_view name(Precision precision);
std::optional<Precision> parse_precision(std::string_view name);

/// Storage of one element. tf32 is a rate of the multiplier only: its tensors are stored as fp32 (4 B). int4 is 0.5
/// B.
constexpr Bytes size_of(Precision precision) {
  constexpr std::array<double, kPrecisionCount> bytes{4, 4, 2, 2, 1, 0.5};
  return Bytes(bytes[index(precision)]);
}

}  // namespace ridgeline
