// Rates of the machine at hand: what must hold wherever the tests run.
#include "calib/live/rates.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ridgeline {
namespace {

TEST(Rates, MemoryIsReadInAnyAmountByAnyNumberOfThreads) {
  for (const std::int64_t bytes :
       {std::int64_t{1}, std::int64_t{32 * 1024}, std::int64_t{100'001}, std::int64_t{8} << 20})
    for (const int threads : {1, 2, 3}) {
      const double rate = read_rate(bytes, threads, 0.001);
      EXPECT_TRUE(std::isfinite(rate) && rate > 0) << bytes << " bytes, " << threads << " threads: " << rate;
    }
}

TEST(Rates, ProductsOfTheFormatsThatLibtorchHas) {
  EXPECT_GT(product_rate(Precision::fp32, 0.001).value(), 0);
  EXPECT_FALSE(product_rate(Precision::int4, 0.001));
}

}  // namespace
}  // namespace ridgeline
