#include "model/figures.hpp"

#include <gtest/gtest.h>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

std::string spread_file(const std::string& coverage, const std::string& latency) {
  std::string text = "coverage: " + coverage + "\nlatency: " + latency + "\n";
  for (const char* metric : {"energy", "average_power", "peak_power", "memory", "energy_delay_product"})
    text += std::string(metric) + ": {low: null, high: null, source: not yet measured}\n";
  return text;
}

DataSheetSpread parse(const std::string& coverage, const std::string& latency) {
  return parse_data_sheet_spread(parse_document(spread_file(coverage, latency), "spread.yaml"));
}

std::string complaint(const std::string& coverage, const std::string& latency) {
  return error_of([&] { parse(coverage, latency); });
}

TEST(Figures, WithoutASpreadThereIsNoInterval) {
  const Figure figure = data_sheet_figure(2, "s", std::nullopt);
  EXPECT_EQ(figure.value, 2);
  EXPECT_FALSE(figure.low || figure.high);
  EXPECT_EQ(figure.reason, "spread not yet measured");
  EXPECT_EQ(name(figure.origin), "data sheet");
}

TEST(Figures, TheIntervalIsTheValueTimesTheSpread) {
  const Figure figure = data_sheet_figure(2, "s", Spread{0.5, 3});
  EXPECT_EQ(figure.low, 1);
  EXPECT_EQ(figure.high, 6);
  EXPECT_EQ(figure.reason, "");
}

TEST(Figures, TheIntervalOfARateTurnsOver) {
  const Figure rate = inverse_figure(data_sheet_figure(2, "s", Spread{0.5, 3}), 12, "sequences/s");
  EXPECT_EQ(rate.value, 6);
  EXPECT_EQ(rate.low, 2);
  EXPECT_EQ(rate.high, 12);
  EXPECT_EQ(rate.unit, "sequences/s");
}

TEST(Figures, ScalingKeepsWhatIsAbsentAbsent) {
  const Figure each = scaled_figure(data_sheet_figure(8, "J", Spread{0.5, 2}), 0.25, "J");
  EXPECT_EQ(each.value, 2);
  EXPECT_EQ(each.low, 1);
  EXPECT_EQ(each.high, 4);
  const Figure none = scaled_figure(no_basis("J", "no power data"), 0.25, "J");
  EXPECT_FALSE(none.value || none.low || none.high);
  EXPECT_EQ(none.reason, "no power data");
}

TEST(Figures, ReadsASpreadFile) {
  const DataSheetSpread spread = parse("0.9", "{low: 0.5, high: 2, source: all rows}");
  EXPECT_EQ(spread.coverage, 0.9);
  ASSERT_TRUE(spread.by_metric[static_cast<std::size_t>(Metric::latency)]);
  EXPECT_EQ(spread.by_metric[static_cast<std::size_t>(Metric::latency)]->high, 2);
  EXPECT_FALSE(spread.by_metric[static_cast<std::size_t>(Metric::energy)]);
}

TEST(Figures, RefusesASpreadThatIsNone) {
  EXPECT_EQ(complaint("0.9", "{low: 1.5, high: 2, source: x}"),
            "spread.yaml:2:16: latency.low: must be in (0, 1]: measured/estimated at the lower end");
  EXPECT_EQ(complaint("0.9", "{low: 0.5, high: 0.9, source: x}"),
            "spread.yaml:2:27: latency.high: must be in [1, 1000): measured/estimated at the upper end");
  EXPECT_EQ(complaint("90", "{low: 0.5, high: 2, source: x}"),
            "spread.yaml:1:11: coverage: must be a share between 0 and 1");
  EXPECT_EQ(complaint("0.9", "{low: 0.5, high: 2}"),
            "spread.yaml:2:10: latency: missing key 'source'; the keys here are: low, high");
  EXPECT_EQ(complaint("0.9", "{low: 0.5, hihg: 2, source: x}").substr(0, 79),
            "spread.yaml:2:21: latency: unknown key 'hihg'; did you mean 'high'? the keys ar");
}

TEST(Figures, TheShippedSpreadIsValid) {
  EXPECT_NO_THROW(parse_data_sheet_spread(
      read_document(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "data" / "data_sheet_spread.yaml")));
}

}  // namespace
}  // namespace ridgeline
