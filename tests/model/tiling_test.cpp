#include "model/tiling.hpp"

#include <gtest/gtest.h>

#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

Engine engine(Size units, Size rows, Size columns, Size depth) {
  return Engine(ArithmeticParameters{FlopsPerSecond(1e12), 1, units, rows, columns, depth, {}});
}

double shape(const Product& p, const Tiling& t) { return 2 * p.multiply_adds() / t.slots; }

/// Without fetching costs only filling counts.
Tiling filled(const Product& product, const Engine& e, double longest_edge = 128) {
  return tile(product, {}, e, 1, longest_edge);
}

double filled_shape(const Product& product, const Engine& e, double longest_edge = 128) {
  return shape(product, filled(product, e, longest_edge));
}

TEST(Tiling, WholeTilesOverWholeWavesLoseOnlyTheFill) {
  EXPECT_DOUBLE_EQ(filled_shape({1, 320, 320, 4096}, engine(100, 32, 32, 8), 32), 4096.0 / (4096 + 8));
}

TEST(Tiling, AThinMatrixWastesTheTilesOtherRows) {
  EXPECT_NEAR(filled_shape({1, 1, 3200, 4096}, engine(100, 32, 32, 8), 32), 1.0 / 32, 1e-3);
}

TEST(Tiling, FewTilesLeaveUnitsIdleWhereTheDepthCannotBeSplit) {
  EXPECT_NEAR(filled_shape({1, 32, 32, 32}, engine(100, 32, 32, 8)), 0.01 * 32 / 40, 1e-12);
}

TEST(Tiling, DepthIsSplitOverIdleUnits) {
  // One tile, 100 units, depth for 50 pieces: half the units work.
  EXPECT_NEAR(filled_shape({1, 32, 32, 1600}, engine(100, 32, 32, 8)), 0.5 * 32 / 40, 1e-12);
}

TEST(Tiling, SmallTilesFillUnitsThatLargeOnesLeaveIdle) {
  const Engine e = engine(64, 16, 16, 1);
  EXPECT_EQ(filled({1, 128, 128, 16}, e, 128).rows, 16);
  EXPECT_EQ(filled({1, 8192, 8192, 4096}, e, 128).rows, 128);
}

TEST(Tiling, FetchingFavoursLargeTiles) {
  const Engine e = engine(64, 16, 16, 1);
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
    const Engine e = engine(static_cast<Size>(1 + random.below(120)), 1 << random.below(7), 1 << random.below(7),
                            1 << random.below(5));
    const auto size = [&] { return static_cast<double>(1 + random.below(1u << random.below(12))); };
    const Product small{size(), size(), size(), size()};
    Product large = small;
    (trial % 4 == 0   ? large.count
     : trial % 4 == 1 ? large.rows
     : trial % 4 == 2 ? large.columns
                      : large.inner) += static_cast<double>(1 + random.below(64));
    const double q = random.uniform();
    const Tiling tiled = tile(small, {}, e, q, 128);
    EXPECT_LE(shape(small, tiled), 1);
    EXPECT_GT(shape(small, tiled), 0);
    EXPECT_LE(tiled.slots, tile(large, {}, e, q, 128).slots * (1 + 1e-12));
  }
}

TEST(RowSlots, LanesAlongColumnsUnitsOverRows) {
  const Engine e = engine(4, 1, 8, 1);
  EXPECT_DOUBLE_EQ(row_slots(4, 8, e, 1), 32);
  EXPECT_DOUBLE_EQ(row_slots(4, 9, e, 1), 64);
  EXPECT_DOUBLE_EQ(row_slots(1, 8, e, 1), 32) << "three units idle";
  EXPECT_DOUBLE_EQ(row_slots(5, 8, e, 1), 64);
  EXPECT_DOUBLE_EQ(row_slots(5, 8, e, 0), 40);
}

TEST(ElementSlots, WholeChunks) {
  const Engine e = engine(4, 1, 8, 1);
  EXPECT_DOUBLE_EQ(element_slots(32, e, 1), 32);
  EXPECT_DOUBLE_EQ(element_slots(33, e, 1), 64);
  EXPECT_DOUBLE_EQ(element_slots(1, e, 1), 32);
}

}  // namespace
}  // namespace ridgeline
