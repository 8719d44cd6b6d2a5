#include "model/power_trace.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// Energy from time 0 to `time` when the trace repeats for ever.
double energy_until(const std::vector<PowerSegment>& trace, double time) {
  double length = 0, whole = 0;
  for (const PowerSegment& s : trace) length += s.duration.si(), whole += (s.duration * s.power).si();
  const double repetitions = std::floor(time / length);
  double energy = repetitions * whole, left = time - repetitions * length;
  for (const PowerSegment& s : trace) {
    const double inside = std::min(left, s.duration.si());
    energy += inside * s.power.si();
    left -= inside;
  }
  return energy;
}

/// Tries every start at which either end of the window meets a boundary, and some in between.
double brute_force_peak(const std::vector<PowerSegment>& trace, double window) {
  double length = 0;
  for (const PowerSegment& s : trace) length += s.duration.si();
  std::vector<double> starts;
  double time = 0;
  for (const PowerSegment& s : trace) {
    starts.push_back(time);
    const double back = std::fmod(time - window, length);
    starts.push_back(back < 0 ? back + length : back);
    time += s.duration.si();
  }
  for (int i = 0; i < 100; ++i) starts.push_back(length * i / 100);
  double best = 0;
  for (const double start : starts)
    best = std::max(best, energy_until(trace, start + window) - energy_until(trace, start));
  return best / window;
}

std::vector<PowerSegment> random_trace(Random& random) {
  std::vector<PowerSegment> trace(1 + random.below(30));
  for (PowerSegment& s : trace) {
    s.duration = Seconds(std::exp(5 * random.uniform()));
    s.power = Watts(random.below(4) == 0 ? 10 : 10 + 200 * random.uniform());
  }
  return trace;
}

TEST(PeakPower, EqualsBruteForce) {
  Random random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const auto trace = random_trace(random);
    const double window = std::exp(12 * random.uniform() - 2);
    const double expected = brute_force_peak(trace, window);
    EXPECT_NEAR(peak_power(trace, Seconds(window)).si(), expected, 1e-10 * expected) << "window " << window;
  }
}

TEST(PeakPower, ZeroWindowIsTheHighestSegmentThatLasts) {
  const std::vector<PowerSegment> trace{{Seconds(1), Watts(3)}, {Seconds(0), Watts(99)}, {Seconds(2), Watts(7)}};
  EXPECT_EQ(peak_power(trace, Seconds(0)).si(), 7);
}

TEST(PeakPower, AWindowMayWrapAroundTheEndOfTheTrace) {
  const std::vector<PowerSegment> trace{{Seconds(1), Watts(10)}, {Seconds(8), Watts(1)}, {Seconds(1), Watts(20)}};
  EXPECT_DOUBLE_EQ(peak_power(trace, Seconds(2)).si(), 15);
}

TEST(PeakPower, WholeRepetitionsGiveTheAverage) {
  const std::vector<PowerSegment> trace{{Seconds(1), Watts(10)}, {Seconds(3), Watts(2)}};
  EXPECT_DOUBLE_EQ(average_power(trace).si(), 4);
  EXPECT_DOUBLE_EQ(peak_power(trace, Seconds(4)).si(), 4);
  EXPECT_DOUBLE_EQ(peak_power(trace, Seconds(40)).si(), 4);
  EXPECT_DOUBLE_EQ(peak_power(trace, Seconds(5)).si(), (16 + 10) / 5.0);
}

TEST(PeakPower, LiesBetweenAverageAndHighestAndDoesNotDependOnWhereTheTraceBegins) {
  Random random(2);
  for (int trial = 0; trial < 500; ++trial) {
    auto trace = random_trace(random);
    const Seconds window(std::exp(8 * random.uniform() - 2));
    const Watts peak = peak_power(trace, window);
    EXPECT_GE(peak.si(), average_power(trace).si() * (1 - 1e-12));
    EXPECT_LE(peak.si(), peak_power(trace, Seconds(0)).si() * (1 + 1e-12));
    std::rotate(trace.begin(), trace.begin() + static_cast<std::ptrdiff_t>(random.below(trace.size())), trace.end());
    EXPECT_NEAR(peak_power(trace, window).si(), peak.si(), 1e-11 * peak.si());
  }
}

TEST(PeakPower, RefusesATraceOfNoLength) {
  EXPECT_EQ(error_of([] { peak_power({}, Seconds(1)); }), "a power trace must last some time");
}

}  // namespace
}  // namespace ridgeline
