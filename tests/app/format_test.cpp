#include "app/format.hpp"

#include <gtest/gtest.h>

namespace ridgeline {
namespace {

TEST(Format, UnitsThatTakePrefixesDo) {
  EXPECT_EQ(format_number(0.4123, "s"), "412 ms");
  EXPECT_EQ(format_number(4.2e9, "B"), "4.20 GB");
  EXPECT_EQ(format_number(0.0012, "J·s"), "1.20 mJ·s");
  EXPECT_EQ(format_number(1.5e9, "Hz"), "1.50 GHz");
}

TEST(Format, CountsPerSecondStayPlain) {
  EXPECT_EQ(format_number(0.52134, "sequences/s"), "0.521 sequences/s");
  EXPECT_EQ(format_number(66.72, "tokens/s"), "66.7 tokens/s");
  EXPECT_EQ(format_number(123456, "tokens/s"), "123456 tokens/s");
  EXPECT_EQ(format_number(1000, "tokens/s"), "1000 tokens/s");
  EXPECT_EQ(format_number(0.001, "sequences/s"), "0.00100 sequences/s");
}

TEST(Format, AnAbsentFigureIsADash) {
  EXPECT_EQ(format_value(no_basis("J", "no power data")), "—");
  EXPECT_EQ(format_interval(data_sheet_figure(1, "s", std::nullopt)), "—");
}

TEST(Format, IntervalsNameACommonUnitOnce) {
  EXPECT_EQ(format_interval(data_sheet_figure(0.5, "s", Spread{0.5, 1.5})), "250 – 750 ms");
  EXPECT_EQ(format_interval(data_sheet_figure(0.5, "s", Spread{0.5, 3})), "250 ms – 1.50 s");
}

TEST(Format, Counts) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(109482240), "109,482,240");
  EXPECT_EQ(format_count(-1234), "-1,234");
  EXPECT_EQ(format_short_count(109482240), "109 M");
  EXPECT_EQ(format_short_count(7.24e9), "7.24 G");
  EXPECT_EQ(format_words(4385), "4,385");
  EXPECT_EQ(format_words(109482240), "109 million");
  EXPECT_EQ(format_words(6.74e9), "6.74 billion");
  EXPECT_EQ(format_words(1.571e12), "1,571 billion");
}

TEST(Format, SharesNeverRoundSomethingToNothing) {
  EXPECT_EQ(format_share(0), "0 %");
  EXPECT_EQ(format_share(1e-5), "< 0.1 %");
  EXPECT_EQ(format_share(0.8214), "82.1 %");
  EXPECT_EQ(format_share(1), "100.0 %");
}

}  // namespace
}  // namespace ridgeline
