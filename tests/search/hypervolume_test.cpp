#include "search/hypervolume.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

TEST(Hypervolume, OfBoxesByHand) {
  const std::vector<double> two{1, 3, 2, 2, 3, 1}, corner{4, 4};
  EXPECT_NEAR(hypervolume(two, corner), 6, 1e-12);  // 3·1 + 2·1 + 1·1
  const std::vector<double> three{0, 0, 1, 1, 1, 0}, cube{2, 2, 2};
  EXPECT_NEAR(hypervolume(three, cube), 4 + 2 - 1, 1e-12);
}

TEST(Hypervolume, IgnoresPointsBeyondTheReference) {
  const std::vector<double> points{1, 1, 5, 0, 0, 5, 3, 1}, corner{3, 3};
  EXPECT_NEAR(hypervolume(points, corner), 4, 1e-12);
  EXPECT_EQ(hypervolume({}, corner), 0);
  EXPECT_EQ(hypervolume(std::vector<double>{4, 4}, corner), 0);
}

TEST(Hypervolume, OfInfinitiesAndWhatIsNotANumber) {
  for (const std::size_t objectives : {2u, 3u, 4u}) {
    SCOPED_TRACE(objectives);
    const std::vector<double> corner(objectives, 3);
    std::vector<double> points(objectives, 1);
    const double alone = hypervolume(points, corner);
    for (const double odd : {NAN, INFINITY}) {
      points.resize(objectives);
      points.resize(2 * objectives, 0);
      points[objectives] = odd;
      EXPECT_EQ(hypervolume(points, corner), alone);
    }
    points[objectives] = -INFINITY;
    EXPECT_EQ(hypervolume(points, corner), INFINITY);
  }
}

TEST(Hypervolume, IsTheShareOfSamplesThatAreDominated) {
  Random random(1);
  std::vector<double> front;
  for (int i = 0; i < 4 * 12; ++i) front.push_back(random.uniform());
  const std::vector<double> corner{1, 1, 1, 1};
  constexpr int kSamples = 40000;
  int dominated = 0;
  for (int s = 0; s < kSamples; ++s) {
    double x[4];
    for (double& coordinate : x) coordinate = random.uniform();
    bool any = false;
    for (std::size_t i = 0; i < front.size(); i += 4)
      any |= front[i] <= x[0] && front[i + 1] <= x[1] && front[i + 2] <= x[2] && front[i + 3] <= x[3];
    dominated += any;
  }
  EXPECT_NEAR(hypervolume(front, corner), static_cast<double>(dominated) / kSamples, 0.01);
}

TEST(Hypervolume, SaysWhatItCannotDo) {
  EXPECT_EQ(error_of([] { hypervolume({}, std::vector<double>{1}); }), "a hypervolume needs at least two objectives");
  EXPECT_EQ(error_of([] {
              hypervolume({}, std::vector<double>{1, INFINITY});
            }),
            "a hypervolume needs a finite reference point");
}

}  // namespace
}  // namespace ridgeline
