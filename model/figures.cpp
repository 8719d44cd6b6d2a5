#include "model/figures.hpp"

#include <utility>

namespace ridgeline {
namespace {

constexpr std::array<std::string_view, kMetricCount> kMetricKeys{"latency",    "energy", "average_power",
                                                                 "peak_power", "memory", "energy_delay_product"};

std::optional<Spread> parse_spread(const Node& node) {
  node.allow_only({"low", "high", "source"});
  if (node.at("source").text().empty()) node.at("source").fail("a spread states how it was obtained");
  const Node& low = node.at("low");
  const Node& high = node.at("high");
  if (low.is_null() && high.is_null()) return std::nullopt;
  const Spread spread{low.number(), high.number()};
  if (!(spread.low > 0 && spread.low <= 1)) low.fail("must be in (0, 1]: measured/estimated at the lower end");
  if (!(spread.high >= 1 && spread.high < 1e3))
    high.fail("must be in [1, 1000): measured/estimated at the upper end");
  return spread;
}

}  // namespace

std::string_view name(Origin origin) {
  constexpr std::array<std::string_view, 4> names{"data sheet", "calibrated", "measured", "extrapolated"};
  return names[static_cast<std::size_t>(origin)];
}

Figure no_basis(std::string_view unit, std::string_view reason) {
  Figure figure;
  figure.unit = unit;
  figure.reason = reason;
  return figure;
}

DataSheetSpread parse_data_sheet_spread(const Node& document) {
  std::vector<std::string> allowed{"coverage"};
  allowed.insert(allowed.end(), kMetricKeys.begin(), kMetricKeys.end());
  document.allow_only(allowed);
  DataSheetSpread result;
  bool any = false;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    result.by_metric[i] = parse_spread(document.at(kMetricKeys[i]));
    any = any || result.by_metric[i].has_value();
  }
  const Node& coverage = document.at("coverage");
  if (!any && coverage.is_null()) return result;
  result.coverage = coverage.number();
  if (!(result.coverage > 0 && result.coverage < 1)) coverage.fail("must be a share between 0 and 1");
  return result;
}

Figure data_sheet_figure(double value, std::string_view unit, const std::optional<Spread>& spread) {
  Figure figure;
  figure.value = value;
  figure.unit = unit;
  if (spread) {
    figure.low = value * spread->low;
    figure.high = value * spread->high;
  } else {
    figure.reason = "spread not yet measured";
  }
  return figure;
}

Figure inverse_figure(const Figure& figure, double numerator, std::string_view unit) {
  Figure inverse = figure;
  inverse.unit = unit;
  if (figure.value) inverse.value = numerator / *figure.value;
  if (figure.high) inverse.low = numerator / *figure.high;
  if (figure.low) inverse.high = numerator / *figure.low;
  return inverse;
}

Figure scaled_figure(const Figure& figure, double factor, std::string_view unit) {
  Figure scaled = figure;
  scaled.unit = unit;
  for (std::optional<double>* number : {&scaled.value, &scaled.low, &scaled.high})
    if (*number) **number *= factor;
  return scaled;
}

}  // namespace ridgeline
