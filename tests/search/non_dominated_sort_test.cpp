#include "search/non_dominated_sort.hpp"

#include <gtest/gtest.h>
#include <pagmo/utils/multi_objective.hpp>

#include <algorithm>
#include <numeric>

#include "tests/search/populations.hpp"

namespace ridgeline {
namespace {

std::vector<pagmo::vector_double> rows(const Population& population) {
  std::vector<pagmo::vector_double> points;
  for (std::size_t i = 0; i < population.size(); ++i) {
    const auto values = population.values(i);
    points.emplace_back(values.begin(), values.end());
  }
  return points;
}

TEST(NonDominatedSort, AgreesWithPagmo) {
  Random random(1);
  NonDominatedSort sort;
  for (const std::size_t size : {2u, 3u, 17u, 64u, 65u, 300u})
    for (const std::size_t objectives : {2u, 3u, 4u, 6u})
      for (const int levels : {0, 2, 5, 20}) {
        const Population population = random_population(random, size, objectives, levels);
        const auto expected = std::get<3>(pagmo::fast_non_dominated_sorting(rows(population)));
        const auto found = sort.rank(population);
        for (std::size_t i = 0; i < size; ++i)
          ASSERT_EQ(found[i], expected[i]) << size << " members, " << objectives << " objectives, levels " << levels;
      }
}

TEST(NonDominatedSort, RanksByConstraintDomination) {
  Random random(2);
  NonDominatedSort sort;
  for (int repeat = 0; repeat < 20; ++repeat) {
    const Population p = random_population(random, 120, 3, repeat % 2 == 0 ? 0 : 4, 0.5);
    const auto rank = sort.rank(p);
    // A rank is one more than the highest of all that dominate, 0 where nobody does.
    std::uint32_t fronts = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      std::uint32_t expected = 0;
      for (std::size_t j = 0; j < p.size(); ++j)
        if (dominates(p.values(j), p.violations[j], p.values(i), p.violations[i]))
          expected = std::max(expected, rank[j] + 1);
      ASSERT_EQ(rank[i], expected);
      fronts = std::max(fronts, rank[i] + 1);
    }
    EXPECT_EQ(sort.front_count(), fronts);
  }
}

TEST(NonDominatedSort, PutsWhatIsNotANumberBehindEverybody) {
  Random random(6);
  NonDominatedSort sort;
  for (const double infeasible : {0.0, 0.4, 1.0}) {
    Population p = random_population(random, 90, 3, 4, infeasible);
    spoil(p, random, NAN, 0.1);
    const auto rank = sort.rank(p);
    for (std::size_t i = 0; i < p.size(); ++i) {
      std::uint32_t expected = 0;
      for (std::size_t j = 0; j < p.size(); ++j)
        if (dominates(p.values(j), p.violations[j], p.values(i), p.violations[i]))
          expected = std::max(expected, rank[j] + 1);
      ASSERT_EQ(rank[i], expected);
      ASSERT_EQ(rank[i] == sort.front_count() - 1, !p.is_known(i));
    }
    for (const double distance : sort.crowding(p)) EXPECT_FALSE(std::isnan(distance));
  }
}

TEST(NonDominatedSort, TakesInfinitiesAsTheLargestAndSmallest) {
  Random random(7);
  NonDominatedSort sort;
  Population p = random_population(random, 200, 3, 5);
  spoil(p, random, INFINITY, 0.1);
  spoil(p, random, -INFINITY, 0.05);
  Population large = p;
  for (double& value : large.objectives) value = std::clamp(value, -1e6, 1e6);
  const auto found = sort.rank(p);
  const std::vector<std::uint32_t> rank(found.begin(), found.end());
  for (const double distance : sort.crowding(p)) EXPECT_FALSE(std::isnan(distance));
  EXPECT_TRUE(std::ranges::equal(rank, sort.rank(large)));
}

TEST(NonDominatedSort, KeepsTheBestAsIfTheyAloneHadBeenRanked) {
  Random random(8);
  NonDominatedSort sort, anew;
  for (const std::size_t left : {1u, 40u, 100u, 150u})
    for (const double infeasible : {0.0, 0.5}) {
      Population all = random_population(random, 150, 3, 6, infeasible);
      spoil(all, random, NAN, 0.05);
      const auto rank = sort.rank(all);
      std::vector<std::uint32_t> best(all.size());
      std::iota(best.begin(), best.end(), 0u);
      std::ranges::stable_sort(best, {}, [&](std::uint32_t i) { return rank[i]; });
      best.resize(left);
      std::ranges::sort(best);
      Population kept = all;
      kept.resize(left);
      for (std::size_t i = 0; i < left; ++i) kept.assign(i, all, best[i]);

      EXPECT_TRUE(std::ranges::equal(sort.keep(best), anew.rank(kept)));
      EXPECT_EQ(sort.front_count(), anew.front_count());
      EXPECT_TRUE(std::ranges::equal(sort.crowding(kept), anew.crowding(kept)));

      Population with_others = all;  // the members kept, and others behind them
      for (std::size_t i = 0; i < left; ++i) with_others.assign(i, kept, i);
      EXPECT_TRUE(std::ranges::equal(sort.rank(with_others, left), anew.rank(with_others)));
      EXPECT_TRUE(std::ranges::equal(sort.crowding(with_others), anew.crowding(with_others)));
    }
}

TEST(NonDominatedSort, HandlesOneAndNobody) {
  NonDominatedSort sort;
  EXPECT_TRUE(sort.rank(Population{.objective_count = 2}).empty());
  EXPECT_EQ(sort.front_count(), 0u);
  Random random(3);
  EXPECT_EQ(sort.rank(random_population(random, 1, 2))[0], 0u);
  const Population infeasible = random_population(random, 9, 2, 0, 1);
  sort.rank(infeasible);
  EXPECT_GT(sort.front_count(), 1u);
  EXPECT_EQ(sort.crowding(infeasible)[0], 0);
}

TEST(NonDominatedSort, CrowdingAgreesWithPagmo) {
  Random random(4);
  NonDominatedSort sort;
  for (const std::size_t objectives : {2u, 3u, 4u}) {
    const Population population = random_population(random, 200, objectives);
    const auto points = rows(population);
    sort.rank(population);
    const auto crowding = sort.crowding(population);
    const auto fronts = std::get<0>(pagmo::fast_non_dominated_sorting(points));
    for (const auto& front : fronts) {
      if (front.size() < 3) continue;
      std::vector<pagmo::vector_double> of_front;
      for (const auto i : front) of_front.push_back(points[i]);
      const pagmo::vector_double expected = pagmo::crowding_distance(of_front);
      for (std::size_t k = 0; k < front.size(); ++k) {
        if (std::isinf(expected[k]))
          EXPECT_EQ(crowding[front[k]], expected[k]);
        else
          EXPECT_NEAR(crowding[front[k]], expected[k], 1e-12);
      }
    }
  }
}

TEST(NonDominatedSort, OfEqualsOneKeepsItsDistance) {
  Population p{.objective_count = 2};
  p.resize(5);
  p.objectives = {0, 3, 1, 1, 1, 1, 1, 1, 3, 0};
  NonDominatedSort sort;
  sort.rank(p);
  const auto crowding = sort.crowding(p);
  EXPECT_TRUE(std::isinf(crowding[0]));
  EXPECT_TRUE(std::isinf(crowding[4]));
  EXPECT_NEAR(crowding[1], 2, 1e-12);
  EXPECT_EQ(crowding[2], 0);
  EXPECT_EQ(crowding[3], 0);
}

}  // namespace
}  // namespace ridgeline
