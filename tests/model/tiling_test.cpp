#include "model/tiling.hpp"

#include <gtest/gtest.h>

#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

ArithmeticParameters engine(Size units, Size rows, Size columns, Size depth) {
  return {FlopsPerSecond(1e12), 1, units, rows, columns, depth, {}};
}

/// Without fetching costs only filling counts.
Tiling filled(const Product& product, const ArithmeticParameters& e, double longest_edge = 128) {
  return tile(product, {}, e, 1, longest_edge);
}

TEST(Tiling, WholeTilesOverWholeWavesLoseOnlyTheFill) {
  const Tiling t = filled({1, 320, 320, 4096}, engine(100, 32, 32, 8), 32);
  EXPECT_DOUBLE_EQ(t.shape, 4096.0 / (4096 + 8));
}

TEST(Tiling, AThinMatrixWastesTheTilesOtherRows) {
  const Tiling t = filled({1, 1, 3200, 4096}, engine(100, 32, 32, 8), 32);
  EXPECT_NEAR(t.shape, 1.0 / 32, 1e-3);
}

TEST(Tiling, FewTilesLeaveUnitsIdleWhereTheDepthCannotBeSplit) {
  const Tiling one = filled({1, 32, 32, 32}, engine(100, 32, 32, 8), 128);
  EXPECT_NEAR(one.shape, 0.01 * 32 / 40, 1e-12);
}

TEST(Tiling, DepthIsSplitOverIdleUnits) {
  // One tile, 100 units, depth for 50 pieces: half the units work.
  const Tiling t = filled({1, 32, 32, 1600}, engine(100, 32, 32, 8), 128);
  EXPECT_NEAR(t.shape, 0.5 * 32 / 40, 1e-12);
}

TEST(Tiling, SmallTilesFillUnitsThatLargeOnesLeaveIdle) {
  const ArithmeticParameters e = engine(64, 16, 16, 1);
  EXPECT_EQ(filled({1, 128, 128, 16}, e, 128).rows, 16);
  EXPECT_EQ(filled({1, 8192, 8192, 4096}, e, 128).rows, 128);
}

TEST(Tiling, FetchingFavoursLargeTiles) {
  const ArithmeticParameters e = engine(64, 16, 16, 1);
  const Product p{1, 256, 256, 256};
  const double bytes = 256 * 256 * 4;
  const Tiling slow_level = tile(p, {bytes, bytes, bytes, 1e-6}, e, 1, 128);
  const Tiling fast_level = tile(p, {bytes, bytes, bytes, 1e-15}, e, 1, 128);
  EXPECT_GT(slow_level.rows, fast_level.rows);
  EXPECT_LT(slow_level.fetched, fast_level.fetched);
  EXPECT_DOUBLE_EQ(slow_level.fetched, bytes * (256 / slow_level.columns + 256 / slow_level.rows + 1));
}

TEST(Tiling, ShapeIsAShareAndLargerProductsTakeNoLess) {
  Random random(1);
  for (int trial = 0; trial < 20000; ++trial) {
    const ArithmeticParameters e = engine(static_cast<Size>(1 + random.below(120)), 1 << random.below(7),
                                          1 << random.below(7), 1 << random.below(5));
    const auto size = [&] { return static_cast<double>(1 + random.below(1u << random.below(12))); };
    const Product small{size(), size(), size(), size()};
    Product large = small;
    (trial % 4 == 0   ? large.count
     : trial % 4 == 1 ? large.rows
     : trial % 4 == 2 ? large.columns
                      : large.inner) += static_cast<double>(1 + random.below(64));
    const double q = random.uniform();
    const auto slots = [&](const Product& p) { return p.multiply_adds() / tile(p, {}, e, q, 128).shape; };
    EXPECT_LE(tile(small, {}, e, q, 128).shape, 1 + 1e-15);
    EXPECT_GT(tile(small, {}, e, q, 128).shape, 0);
    EXPECT_LE(slots(small), slots(large) * (1 + 1e-12));
  }
}

TEST(RowShape, LanesAlongColumnsUnitsOverRows) {
  const ArithmeticParameters e = engine(4, 1, 8, 1);
  EXPECT_DOUBLE_EQ(row_shape(4, 8, e, 1), 1);
  EXPECT_DOUBLE_EQ(row_shape(4, 9, e, 1), 9.0 / 16);
  EXPECT_DOUBLE_EQ(row_shape(1, 8, e, 1), 0.25);
  EXPECT_DOUBLE_EQ(row_shape(5, 8, e, 1), 5.0 / 8);
  EXPECT_DOUBLE_EQ(row_shape(5, 8, e, 0), 1);
}

TEST(ElementShape, WholeChunks) {
  const ArithmeticParameters e = engine(4, 1, 8, 1);
  EXPECT_DOUBLE_EQ(element_shape(32, e, 1), 1);
  EXPECT_DOUBLE_EQ(element_shape(33, e, 1), 33.0 / 64);
  EXPECT_DOUBLE_EQ(element_shape(1, e, 1), 1.0 / 32);
}

}  // namespace
}  // namespace ridgeline
