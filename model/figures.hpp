// A figure as it is reported: a value with its unit, its interval and where it comes from.
//
// The model computes plain values; a figure adds how sure they are. For data-sheet estimates the interval is a
// multiplicative spread per metric, measured/estimated in [low, high], read from data/data_sheet_spread.yaml, which
// states how it was obtained. A metric without a measured spread has no interval and says so; a figure that has no
// basis at all has no value and says why.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/document.hpp"

namespace ridgeline {

enum class Origin {
  data_sheet,    ///< descriptions of device and runtime alone
  calibrated,    ///< parameters fitted to measurements on this device × runtime × precision × power mode
  measured,      ///< read from an instrument
  extrapolated,  ///< the model used outside the tasks it has been compared with
};

/// "data sheet", "calibrated", "measured", "extrapolated".
std::string_view name(Origin origin);

struct Figure {
  std::optional<double> value;  ///< in `unit`; empty: there is no basis, `reason` says why
  std::string unit;             ///< SI, without prefix: "s", "J", "W", "B", "J·s", "sequences/s"
  std::optional<double> low;    ///< interval; both or none
  std::optional<double> high;
  Origin origin = Origin::data_sheet;
  std::string reason;  ///< why value or interval is absent, or what the origin rests on; empty when nothing to say
};

Figure no_basis(std::string_view unit, std::string_view reason);

/// What has an interval of its own.
enum class Metric { latency, energy, average_power, peak_power, memory, energy_delay_product };
inline constexpr std::size_t kMetricCount = 6;

/// measured/estimated lies in [low, high] for the stated share of models.
struct Spread {
  double low = 1;   ///< (0, 1]
  double high = 1;  ///< >= 1
};

struct DataSheetSpread {
  double coverage = 0;  ///< share of measurements inside, (0, 1); 0 where no metric has a spread yet
  std::array<std::optional<Spread>, kMetricCount> by_metric;
};

/// InputError for unknown metrics, a missing source, low above 1, high below 1 or a coverage outside (0, 1).
DataSheetSpread parse_data_sheet_spread(const Node& document);

/// The figure of a data-sheet estimate; without a spread low and high are absent and the reason is "spread not yet
/// measured".
Figure data_sheet_figure(double value, std::string_view unit, const std::optional<Spread>& spread);
/// The same for a rate, value = 1/estimate: the interval turns over.
Figure inverse_figure(const Figure& figure, double numerator, std::string_view unit);
/// The figure divided by a known number (per sequence).
Figure scaled_figure(const Figure& figure, double factor, std::string_view unit);

}  // namespace ridgeline
