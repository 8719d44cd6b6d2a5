#include "base/quantity.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace ridgeline {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};

static_assert(std::is_same_v<decltype(Watts(1) * Seconds(1)), Joules>);
static_assert(std::is_same_v<decltype(Seconds(1) * Watts(1)), Joules>);
static_assert(std::is_same_v<decltype(Joules(1) / Seconds(1)), Watts>);
static_assert(std::is_same_v<decltype(Flops(1) / FlopsPerSecond(1)), Seconds>);
static_assert(std::is_same_v<decltype(Flops(1) / Bytes(1)), FlopsPerByte>);
static_assert(std::is_same_v<decltype(FlopsPerByte(1) * BytesPerSecond(1)), FlopsPerSecond>);
static_assert(std::is_same_v<decltype(JoulesPerFlop(1) * FlopsPerSecond(1)), Watts>);
static_assert(std::is_same_v<decltype(KelvinPerWatt(1) * JoulesPerKelvin(1)), Seconds>);

static_assert(Addable<Seconds, Seconds>);
static_assert(!Addable<Seconds, Joules>);
static_assert(!Addable<Seconds, double>);
static_assert(!Addable<Flops, Bytes>);
static_assert(!Comparable<Seconds, Hertz>);
static_assert(!std::is_convertible_v<double, Seconds>);
static_assert(!std::is_convertible_v<Seconds, double>);
static_assert(std::is_convertible_v<decltype(Seconds(1) / Seconds(1)), double>);
static_assert(sizeof(Watts) == sizeof(double) && std::is_trivially_copyable_v<Watts>);

TEST(Quantity, ComputesInSiUnits) {
  EXPECT_EQ((Watts(5) * Seconds(3)).si(), 15);
  EXPECT_EQ((Joules(15) / Watts(5)).si(), 3);
  EXPECT_EQ((Seconds(1) + Seconds(2) - Seconds(0.5)).si(), 2.5);
  EXPECT_EQ((2 * Seconds(3) * 4 / 8).si(), 3);
  const double ratio = Seconds(3) / Seconds(2);
  EXPECT_EQ(ratio, 1.5);
  Seconds total;
  total += Seconds(3);
  total -= Seconds(1);
  total *= 4;
  EXPECT_EQ(total, Seconds(8));
  EXPECT_LT(Seconds(1), Seconds(2));
}

}  // namespace
}  // namespace ridgeline
