// The figures that are fitted, in the order in which every array by metric holds them.
#pragma once

#include <array>
#include <limits>
#include <string_view>

namespace ridgeline {

enum class FittedMetric { latency, energy, peak_power };
inline constexpr std::size_t kMetrics = 3;

/// Names in formats for machines, and units.
inline constexpr std::array<std::string_view, kMetrics> kMetricKeys{"latency", "energy", "peak_power"};
inline constexpr std::array<std::string_view, kMetrics> kMetricUnits{"s", "J", "W"};

/// "peak power"
std::string_view name(FittedMetric metric);

/// Stands for a figure that was not measured or cannot be predicted.
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

}  // namespace ridgeline
