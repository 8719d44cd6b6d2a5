#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace ridgeline {
namespace {

static_assert(std::uniform_random_bit_generator<Random>);

// The values that the Rust crate `rand` pins for Xoshiro256PlusPlus::seed_from_u64(0), which seeds through splitmix64
// in the same way (src/rngs/xoshiro256plusplus.rs, test stable_seed_from_u64).
TEST(Random, EqualsThePublishedSequence) {
  constexpr std::array<std::uint64_t, 8> published{5987356902031041503u,  7051070477665621255u, 6633766593972829180u,
                                                   211316841551650330u,   9136120204379184874u, 379361710973160858u,
                                                   15813423377499357806u, 15596884590815070553u};
  Random random(0);
  for (const std::uint64_t value : published) EXPECT_EQ(random(), value);
}

TEST(Random, EqualSeedsGiveEqualSequences) {
  Random a(7), b(7), c(8);
  EXPECT_EQ(a.normal(), b.normal());
  EXPECT_EQ(a.below(1000), b.below(1000));
  EXPECT_EQ(a(), b());
  EXPECT_NE(a(), c());
}

TEST(Random, UniformIsTheTop53Bits) {
  Random bits(3), random(3);
  for (int i = 0; i < 100; ++i) {
    const double value = random.uniform();
    EXPECT_EQ(value, std::ldexp(static_cast<double>(bits() >> 11), -53));
    EXPECT_LT(value, 1);
  }
}

// Chi-squared with 6 degrees of freedom exceeds 22.46 once in a thousand seeds; this seed is fixed.
TEST(Random, BelowIsUniform) {
  Random random(1);
  std::array<int, 7> count{};
  constexpr int draws = 70'000;
  for (int i = 0; i < draws; ++i) ++count.at(random.below(count.size()));
  double chi_squared = 0;
  for (const int n : count) chi_squared += (n - draws / 7.0) * (n - draws / 7.0) / (draws / 7.0);
  EXPECT_LT(chi_squared, 22.46);
}

// Of the products below·2^64 the lowest 2^64 mod bound are rejected: with this bound that is one draw in four.
TEST(Random, BelowStaysInHugeBounds) {
  Random random(2);
  const std::uint64_t bound = 3ull << 62;
  std::uint64_t highest = 0;
  for (int i = 0; i < 1000; ++i) highest = std::max(highest, random.below(bound));
  EXPECT_LT(highest, bound);
  EXPECT_GT(highest, bound / 100 * 99);
  EXPECT_EQ(random.below(1), 0u);
}

// Kolmogorov-Smirnov against the normal distribution: the statistic exceeds 1.95/sqrt(n) once in a thousand seeds.
TEST(Random, NormalIsNormal) {
  Random random(4);
  constexpr int n = 100'000;
  std::vector<double> values(n);
  for (double& value : values) value = random.normal();
  std::sort(values.begin(), values.end());
  double distance = 0;
  for (int i = 0; i < n; ++i) {
    const double expected = std::erfc(-values[static_cast<std::size_t>(i)] / std::sqrt(2.0)) / 2;
    distance = std::max({distance, expected - i / double{n}, (i + 1) / double{n} - expected});
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(n));
}

// 24 permutations of four items, chi-squared with 23 degrees of freedom: 49.73 once in a thousand seeds.
TEST(Random, ShuffleReachesEveryOrderEqually) {
  Random random(5);
  std::array<int, 256> count{};
  constexpr int draws = 24'000;
  for (int i = 0; i < draws; ++i) {
    std::array<int, 4> items{0, 1, 2, 3};
    random.shuffle(std::span<int>(items));
    ++count.at(static_cast<std::size_t>(items[0] * 64 + items[1] * 16 + items[2] * 4 + items[3]));
  }
  EXPECT_EQ(std::count_if(count.begin(), count.end(), [](int n) { return n > 0; }), 24);
  double chi_squared = 0;
  for (const int n : count)
    if (n > 0) chi_squared += (n - 1000.0) * (n - 1000.0) / 1000.0;
  EXPECT_LT(chi_squared, 49.73);
}

}  // namespace
}  // namespace ridgeline
