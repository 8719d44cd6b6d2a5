#include "model/numerics.hpp"

#include <gtest/gtest.h>

namespace ridgeline {
namespace {

TEST(Numerics, UniformKeepsOnePrecisionForAllTensors) {
  for (const Precision p : {Precision::fp32, Precision::fp16, Precision::bf16, Precision::int8})
    EXPECT_EQ(uniform_numerics(p), (Numerics{p, p, p, p}));
}

TEST(Numerics, Tf32IsARateOfTheMultiplierOnly) {
  EXPECT_EQ(uniform_numerics(Precision::tf32),
            (Numerics{Precision::fp32, Precision::fp32, Precision::fp32, Precision::tf32}));
}

TEST(Numerics, Int4KeepsOnlyWeightsInFourBits) {
  EXPECT_EQ(uniform_numerics(Precision::int4),
            (Numerics{Precision::int4, Precision::fp16, Precision::fp16, Precision::fp16}));
}

}  // namespace
}  // namespace ridgeline
