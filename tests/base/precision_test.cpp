#include "base/precision.hpp"

#include <gtest/gtest.h>

namespace ridgeline {
namespace {

TEST(Precision, NamesReadBack) {
  for (const Precision precision : kPrecisions) EXPECT_EQ(parse_precision(name(precision)), precision);
  EXPECT_EQ(name(Precision::bf16), "bf16");
  EXPECT_EQ(parse_precision("fp64"), std::nullopt);
  EXPECT_EQ(parse_precision("FP32"), std::nullopt);
}

TEST(Precision, StorageOfOneElement) {
  EXPECT_EQ(size_of(Precision::fp32), Bytes(4));
  EXPECT_EQ(size_of(Precision::tf32), Bytes(4));  // a multiplier rate; tensors stay fp32
  EXPECT_EQ(size_of(Precision::fp16), Bytes(2));
  EXPECT_EQ(size_of(Precision::bf16), Bytes(2));
  EXPECT_EQ(size_of(Precision::int8), Bytes(1));
  EXPECT_EQ(size_of(Precision::int4), Bytes(0.5));
}

TEST(Precision, IndicesCoverTheTable) {
  for (std::size_t i = 0; i < kPrecisionCount; ++i) EXPECT_EQ(index(kPrecisions[i]), i);
}

}  // namespace
}  // namespace ridgeline
