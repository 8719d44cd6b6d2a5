#include "search/archive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/search/populations.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// Points near a sphere's octant, so that many are non-dominated.
Population sphere(Random& random, std::size_t size, std::size_t objectives) {
  Population p = random_population(random, size, objectives);
  p.genome_length = 1;
  p.genes.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    p.genes[i] = static_cast<Gene>(i);
    double norm = 0;
    for (std::size_t m = 0; m < objectives; ++m) norm += std::pow(p.values(i)[m], 2);
    for (std::size_t m = 0; m < objectives; ++m)
      p.objectives[i * objectives + m] *= -(1 + 0.05 * random.uniform()) / std::sqrt(norm);
    for (std::size_t m = 0; m < objectives; ++m) p.objectives[i * objectives + m] += 1.2;
  }
  return p;
}

TEST(ParetoArchive, HoldsExactlyWhatNobodyDominates) {
  Random random(1);
  for (const std::size_t objectives : {1u, 2u, 4u}) {
    Population designs = sphere(random, 500, objectives);
    for (std::size_t i = 0; i < designs.size(); i += 3) designs.violations[i] = 1;
    ParetoArchive archive(1, objectives, 10'000);
    archive.add(designs);
    std::set<Gene> expected;
    for (std::size_t i = 0; i < designs.size(); ++i) {
      bool dominated = designs.violations[i] > 0;
      for (std::size_t j = 0; j < designs.size(); ++j)
        dominated |= designs.violations[j] == 0 && pareto_dominates(designs.values(j), designs.values(i));
      if (!dominated) expected.insert(designs.genes[i]);
    }
    EXPECT_EQ(std::set<Gene>(archive.members().genes.begin(), archive.members().genes.end()), expected);
    EXPECT_EQ(archive.members().size(), expected.size());
    EXPECT_EQ(archive.resolution(), 0);
  }
}

TEST(ParetoArchive, StaysWithinItsCapacityAndItsPromise) {
  Random random(2);
  constexpr std::size_t kObjectives = 3;
  ParetoArchive archive(1, kObjectives, 60);
  Population all = sphere(random, 5000, kObjectives);
  archive.add(all);
  EXPECT_LE(archive.members().size(), 60u);
  EXPECT_GT(archive.members().size(), 20u);
  EXPECT_GT(archive.resolution(), 0);
  const double slack = std::pow(1 + archive.resolution(), 2);
  std::vector<double> best(kObjectives, 1e9), kept(kObjectives, 1e9);
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool covered = false;
    for (std::size_t j = 0; j < archive.members().size() && !covered; ++j) {
      covered = true;
      for (std::size_t m = 0; m < kObjectives; ++m)
        covered &= archive.members().values(j)[m] <= all.values(i)[m] * slack;
    }
    EXPECT_TRUE(covered) << i;
    for (std::size_t m = 0; m < kObjectives; ++m) best[m] = std::min(best[m], all.values(i)[m]);
  }
  for (std::size_t j = 0; j < archive.members().size(); ++j)
    for (std::size_t m = 0; m < kObjectives; ++m) kept[m] = std::min(kept[m], archive.members().values(j)[m]);
  EXPECT_EQ(kept, best);
}

TEST(ParetoArchive, GoesOnFromWhatWasRestored) {
  Random random(3);
  const Population first = sphere(random, 2000, 3), second = sphere(random, 2000, 3);
  ParetoArchive whole(1, 3, 60), resumed(1, 3, 60);
  whole.add(first);
  resumed.restore(whole.members(), whole.resolution());
  whole.add(second);
  resumed.add(second);
  EXPECT_EQ(whole.members().objectives, resumed.members().objectives);
  EXPECT_EQ(error_of([&] { resumed.restore(Population{.genome_length = 2, .objective_count = 3}, 0); }),
            "an archive of another space or other objectives");
}

TEST(ParetoArchive, StaysWithinItsCapacityBelowZero) {
  Random random(5);
  for (const double shift : {3.0, 0.5}) {
    Population designs = sphere(random, 3000, 3);
    for (double& value : designs.objectives) value = std::min(value - shift, 0.0);
    ParetoArchive archive(1, 3, 60);
    archive.add(designs);
    EXPECT_LE(archive.members().size(), 60u);
    EXPECT_GT(archive.members().size(), 3u);
    for (std::size_t m = 0; m < 3; ++m) {
      double best = 0, kept = 0;
      for (std::size_t i = 0; i < designs.size(); ++i) best = std::min(best, designs.values(i)[m]);
      for (std::size_t i = 0; i < archive.members().size(); ++i)
        kept = std::min(kept, archive.members().values(i)[m]);
      EXPECT_EQ(kept, best);
    }
  }
}

TEST(ParetoArchive, TurnsAwayWhatIsNotANumber) {
  Random random(4);
  Population designs = sphere(random, 300, 3);
  spoil(designs, random, NAN, 0.1);
  spoil(designs, random, INFINITY, 0.1);
  ParetoArchive archive(1, 3, 60);
  archive.add(designs);
  EXPECT_GT(archive.members().size(), 20u);
  for (std::size_t i = 0; i < archive.members().size(); ++i) EXPECT_TRUE(archive.members().is_known(i));
  std::fill(designs.objectives.begin(), designs.objectives.end(), NAN);
  EXPECT_EQ(ParetoArchive(1, 3).add(designs), 0u);
}

TEST(ParetoArchive, SortsByObjective) {
  Population p{.genome_length = 1, .objective_count = 2};
  p.resize(3);
  p.genes = {7, 8, 9}, p.objectives = {2, 2, 1, 3, 3, 1}, p.violations = {0, 0, 0};
  ParetoArchive archive(1, 2);
  EXPECT_EQ(archive.add(p), 3u);
  EXPECT_EQ(archive.sorted(), (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_EQ(archive.add(p), 0u);
}

}  // namespace
}  // namespace ridgeline
