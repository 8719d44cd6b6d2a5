#include "base/units.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ridgeline {
namespace {

template <class Q>
struct DimensionOf;
template <Dimension D>
struct DimensionOf<Quantity<D>> {
  static constexpr Dimension value = D;
};

/// The text read as a quantity of type Q; NaN when it is something else.
template <class Q>
double si(std::string_view text) {
  const auto parsed = parse_quantity(text);
  return parsed && parsed->dimension == DimensionOf<Q>::value ? parsed->si : NAN;
}

TEST(Units, ReadsEveryUnit) {
  EXPECT_DOUBLE_EQ(si<Seconds>("12 ms"), 0.012);
  EXPECT_DOUBLE_EQ(si<Seconds>("12ms"), 0.012);
  EXPECT_DOUBLE_EQ(si<Seconds>("3 min"), 180);
  EXPECT_DOUBLE_EQ(si<Seconds>("2 h"), 7200);
  EXPECT_DOUBLE_EQ(si<Hertz>("1.5 GHz"), 1.5e9);
  EXPECT_DOUBLE_EQ(si<Hertz>("600MHz"), 6e8);
  EXPECT_DOUBLE_EQ(si<Joules>("7 J"), 7);
  EXPECT_DOUBLE_EQ(si<Joules>("5 Wh"), 18000);
  EXPECT_DOUBLE_EQ(si<Joules>("2 mWh"), 7.2);
  EXPECT_DOUBLE_EQ(si<Watts>("250 mW"), 0.25);
  EXPECT_DOUBLE_EQ(si<Bytes>("4 GB"), 4e9);
  EXPECT_DOUBLE_EQ(si<Bytes>("4 GiB"), 4294967296.0);
  EXPECT_DOUBLE_EQ(si<Bytes>("32 KiB"), 32768);
  EXPECT_DOUBLE_EQ(si<BytesPerSecond>("25.6 GB/s"), 25.6e9);
  EXPECT_DOUBLE_EQ(si<Flops>("22.4 GFLOP"), 22.4e9);
  EXPECT_DOUBLE_EQ(si<FlopsPerSecond>("19.5 TFLOP/s"), 19.5e12);
  EXPECT_DOUBLE_EQ(si<FlopsPerSecond>("624 TOP/s"), 624e12);
  EXPECT_DOUBLE_EQ(si<FlopsPerByte>("40 FLOP/B"), 40);
  EXPECT_DOUBLE_EQ(si<JoulesPerFlop>("1.3 pJ/FLOP"), 1.3e-12);
  EXPECT_DOUBLE_EQ(si<JoulesPerFlop>("0.2 pJ/OP"), 0.2e-12);
  EXPECT_DOUBLE_EQ(si<JoulesPerByte>("56 pJ/B"), 56e-12);
  EXPECT_DOUBLE_EQ(si<Volts>("850 mV"), 0.85);
  EXPECT_DOUBLE_EQ(si<Kelvin>("300 K"), 300);
  EXPECT_DOUBLE_EQ(si<Kelvin>("85 degC"), 358.15);
  EXPECT_DOUBLE_EQ(si<KelvinPerWatt>("4.5 K/W"), 4.5);
  EXPECT_DOUBLE_EQ(si<JoulesPerKelvin>("30 J/K"), 30);
}

TEST(Units, ReadsEveryPrefix) {
  for (const auto& [text, value] : {std::pair{"1 ps", 1e-12},
                                    {"1 ns", 1e-9},
                                    {"1 us", 1e-6},
                                    {"1 \u00b5s", 1e-6},
                                    {"1 \u03bcs", 1e-6},
                                    {"1 ms", 1e-3}})
    EXPECT_DOUBLE_EQ(si<Seconds>(text), value) << text;
  for (const auto& [text, value] : {std::pair{"1 kB", 1e3},
                                    {"1 MB", 1e6},
                                    {"1 GB", 1e9},
                                    {"1 TB", 1e12},
                                    {"1 PB", 1e15},
                                    {"1 MiB", 0x1p20},
                                    {"1 TiB", 0x1p40}})
    EXPECT_DOUBLE_EQ(si<Bytes>(text), value) << text;
}

TEST(Units, ReadsNumbers) {
  EXPECT_EQ(parse_quantity("42")->si, 42);
  EXPECT_EQ(parse_quantity("42")->dimension, Dimension{});
  EXPECT_EQ(parse_quantity("-1.5e3 s")->si, -1500);
  EXPECT_EQ(parse_quantity("+3 s")->si, 3);
}

TEST(Units, RejectsEverythingElse) {
  for (const char* text : {"",      " ",       "fast",   "s",    "1,5 s",  "1 parsec", "1 KB",      "1 kmin",
                           "1 Kis", "1 kdegC", "1 s/",   "1 /s", "1 B/ks", "1  s",     "1 s ",      "inf",
                           "nan s", "1e999 s", "0x10 B", "1 hz", "1 gb",   "1 GB/s/s", "1 B/parsec"})
    EXPECT_FALSE(parse_quantity(text).has_value()) << "'" << text << "'";
}

TEST(Units, NamesDimensions) {
  EXPECT_EQ(unit_name({}), "1");
  EXPECT_EQ(unit_name(DimensionOf<Seconds>::value), "s");
  EXPECT_EQ(unit_name(DimensionOf<Hertz>::value), "Hz");
  EXPECT_EQ(unit_name(DimensionOf<Watts>::value), "W");
  EXPECT_EQ(unit_name(DimensionOf<BytesPerSecond>::value), "B/s");
  EXPECT_EQ(unit_name(DimensionOf<FlopsPerSecond>::value), "FLOP/s");
  EXPECT_EQ(unit_name(DimensionOf<FlopsPerByte>::value), "FLOP/B");
  EXPECT_EQ(unit_name(DimensionOf<JoulesPerFlop>::value), "J/FLOP");
  EXPECT_EQ(unit_name(DimensionOf<JouleSeconds>::value), "J\u00b7s");
  EXPECT_EQ(unit_name(DimensionOf<KelvinPerWatt>::value), "K/W");
  EXPECT_EQ(unit_name(DimensionOf<JoulesPerKelvin>::value), "J/K");
  EXPECT_EQ(unit_name(Dimension{.second = -2, .byte = -1}), "1/B\u00b7s\u00b7s");
}

TEST(Units, FormatsWithTheFittingPrefix) {
  EXPECT_EQ(format(Seconds(0.0123)), "12.3 ms");
  EXPECT_EQ(format(BytesPerSecond(25.6e9)), "25.6 GB/s");
  EXPECT_EQ(format(Watts(5)), "5.00 W");
  EXPECT_EQ(format(Seconds(1.5e-6), 2), "1.5 \u00b5s");
  EXPECT_EQ(format(FlopsPerSecond(312e12)), "312 TFLOP/s");
  EXPECT_EQ(format(JoulesPerByte(56e-12)), "56.0 pJ/B");
  EXPECT_EQ(format(JouleSeconds(0.25)), "250 mJ\u00b7s");
  EXPECT_EQ(format(Watts(-0.5)), "-500 mW");
  EXPECT_EQ(format(Watts(0)), "0 W");
  EXPECT_EQ(format_quantity(0.12345, {}), "0.123");
}

TEST(Units, FormatsNumbersWithoutAUnit) {
  EXPECT_EQ(format_prefixed(109.4e6), "109 M");
  EXPECT_EQ(format_prefixed(4.0931e6, 2), "4.1 M");
  EXPECT_EQ(format_prefixed(512), "512");
  EXPECT_EQ(format_prefixed(0), "0");
  EXPECT_EQ(format_prefixed(999'960), "1.00 M");
}

TEST(Units, FormatRoundsBeforeItChoosesThePrefix) {
  EXPECT_EQ(format(Seconds(0.99996)), "1.00 s");
  EXPECT_EQ(format(Seconds(0.9994)), "999 ms");
  EXPECT_EQ(format(Bytes(999.6)), "1.00 kB");
}

TEST(Units, FormatStopsAtTheOuterPrefixes) {
  EXPECT_EQ(format(Seconds(4200)), "4200 s");
  EXPECT_EQ(format(Kelvin(358.16), 4), "358.2 K");
  EXPECT_EQ(format(Seconds(2e-14)), "0.0200 ps");
  EXPECT_EQ(format(Bytes(5e18)), "5000 PB");
}

TEST(Units, WhatIsFormattedReadsBack) {
  for (double value = 3.14159e-12; value < 1e15; value *= 7) {
    const auto parsed = parse_quantity(format(Joules(value), 6));
    ASSERT_TRUE(parsed.has_value()) << value;
    EXPECT_NEAR(parsed->si / value, 1, 5e-6);
  }
}

}  // namespace
}  // namespace ridgeline
