#include "search/dominance.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ridgeline {
namespace {

TEST(Dominance, IsNowhereWorseAndSomewhereBetter) {
  const auto beats = [](std::vector<double> a, std::vector<double> b) { return pareto_dominates(a, b); };
  EXPECT_TRUE(beats({1, 2}, {1, 3}));
  EXPECT_TRUE(beats({0, 2}, {1, 3}));
  EXPECT_FALSE(beats({1, 2}, {1, 2}));
  EXPECT_FALSE(beats({0, 4}, {1, 3}));
}

TEST(Dominance, PutsConstraintsFirst) {
  const std::vector<double> good{0, 0}, bad{1, 1};
  EXPECT_TRUE(dominates(bad, 0, good, 0.1));
  EXPECT_FALSE(dominates(good, 0.1, bad, 0));
  EXPECT_TRUE(dominates(bad, 0.1, good, 0.2));
  EXPECT_FALSE(dominates(good, 0.2, bad, 0.2));
  EXPECT_TRUE(dominates(good, 0, bad, 0));
}

TEST(Dominance, PutsWhatIsNotANumberBehindEverything) {
  const std::vector<double> good{0, 0}, bad{1, INFINITY}, unknown{0, NAN};
  EXPECT_TRUE(dominates(bad, 0, unknown, 0));
  EXPECT_TRUE(dominates(bad, 1e9, unknown, 0));
  EXPECT_TRUE(dominates(bad, 1e9, good, NAN));
  EXPECT_FALSE(dominates(unknown, 0, bad, 1e9));
  EXPECT_FALSE(dominates(good, NAN, bad, 1e9));
  EXPECT_FALSE(dominates(unknown, 0, unknown, 1));
}

TEST(Population, CopiesMembers) {
  Population a{.genome_length = 2, .objective_count = 2};
  a.resize(2);
  a.genes = {1, 2, 3, 4}, a.objectives = {5, 6, 7, 8}, a.violations = {9, 10};
  Population b = a;
  b.assign(0, a, 1);
  EXPECT_EQ(b.genes, (std::vector<Gene>{3, 4, 3, 4}));
  EXPECT_EQ(b.objectives, (std::vector<double>{7, 8, 7, 8}));
  EXPECT_EQ(b.violations, (std::vector<double>{10, 10}));
}

}  // namespace
}  // namespace ridgeline
