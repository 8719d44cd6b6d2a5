// The laws that every optimiser keeps, over all of them.
#include "search/optimiser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "search/archive.hpp"
#include "search/exhaustive_search.hpp"
#include "search/nsga2.hpp"
#include "search/random_search.hpp"
#include "search/regularised_evolution.hpp"
#include "search/sobol_search.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// Twelve digits; how many are 9, and how many are equal to the one before.
Space digits() {
  std::vector<Choice> choices;
  for (int i = 0; i < 6; ++i)
    choices.push_back(
        {"digit" + std::to_string(i), Domain(OneOf{{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, true})});
  return Space("digits", std::move(choices));
}

void evaluate_digits(Population& designs) {
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const auto genome = designs.genome(i);
    double nines = 0, zeros = 0;
    for (const Gene gene : genome) nines += 9 - gene, zeros += gene;
    designs.objectives[2 * i] = nines;
    designs.objectives[2 * i + 1] = zeros + (genome[0] % 2);
    designs.violations[i] = genome[1] == 3 ? 1 : 0;
  }
}

using Make = std::function<AnyOptimiser(const Space&, int threads)>;
std::map<std::string, Make> optimisers() {
  return {
      {"nsga2",
       [](const Space& s, int t) { return AnyOptimiser(Nsga2(s, 2, {.population = 64, .seed = 5, .threads = t})); }},
      {"random", [](const Space& s,
                    int t) { return AnyOptimiser(RandomSearch(s, 2, {.batch = 64, .seed = 5, .threads = t})); }},
      {"sobol", [](const Space& s, int) { return AnyOptimiser(SobolSearch(s, 2, 64)); }},
      {"regularised evolution",
       [](const Space& s, int t) {
         return AnyOptimiser(
             RegularisedEvolution(s, 2, {.population = 80, .sample = 10, .batch = 64, .seed = 5, .threads = t}));
       }},
      {"exhaustive", [](const Space& s, int t) { return AnyOptimiser(ExhaustiveSearch(s, 2, 64, t)); }},
  };
}

/// All genomes asked for, in order.
std::vector<Gene> log_of(AnyOptimiser& optimiser, std::uint64_t evaluations) {
  std::vector<Gene> log;
  run_search(optimiser, evaluate_digits, evaluations, [&](const Population& designs, const AnyOptimiser&) {
    log.insert(log.end(), designs.genes.begin(), designs.genes.end());
    return true;
  });
  return log;
}

TEST(Optimisers, AskForDesignsOfTheSpaceWithinTheBudget) {
  const Space space = digits();
  for (const auto& [name, make] : optimisers()) {
    SCOPED_TRACE(name);
    AnyOptimiser optimiser = make(space, 1);
    std::uint64_t seen = 0;
    const auto done =
        run_search(optimiser, evaluate_digits, 1000, [&](const Population& designs, const AnyOptimiser&) {
          seen += designs.size();
          for (std::size_t i = 0; i < designs.size(); ++i) EXPECT_TRUE(space.valid(designs.genome(i)));
          return true;
        });
    EXPECT_EQ(done, 1000u);
    EXPECT_EQ(seen, 1000u);
  }
}

TEST(Optimisers, DoNotDependOnTheNumberOfThreads) {
  const Space space = digits();
  for (const auto& [name, make] : optimisers()) {
    AnyOptimiser one = make(space, 1), three = make(space, 3);
    EXPECT_EQ(log_of(one, 2000), log_of(three, 2000)) << name;
  }
}

TEST(Optimisers, GoOnFromAStateAsIfNothingHadHappened) {
  const Space space = digits();
  for (const auto& [name, make] : optimisers()) {
    AnyOptimiser whole = make(space, 1), first = make(space, 1), second = make(space, 1);
    const std::vector<Gene> expected = log_of(whole, 80 + 20 * 64);
    std::vector<Gene> found = log_of(first, name == "regularised evolution" ? 80 + 7 * 64 : 10 * 64);
    second.restore(first.state());
    const std::vector<Gene> rest = log_of(second, 2000);
    found.insert(found.end(), rest.begin(), rest.end());
    found.resize(expected.size());
    EXPECT_EQ(found, expected) << name;
  }
}

TEST(Optimisers, GoOnWhereObjectivesAreNotNumbers) {
  const Space space = digits();
  for (const auto& [name, make] : optimisers()) {
    SCOPED_TRACE(name);
    AnyOptimiser optimiser = make(space, 1);
    ParetoArchive archive(6, 2);
    const auto evaluate = [](Population& designs) {
      evaluate_digits(designs);
      for (std::size_t i = 0; i < designs.size(); ++i)
        if (designs.genome(i)[2] % 3 == 1) designs.objectives[2 * i + i % 2] = NAN;
    };
    EXPECT_EQ(run_search(optimiser, evaluate, 3000,
                         [&](const Population& designs, const AnyOptimiser&) { return archive.add(designs), true; }),
              3000u);
    const Population& members = optimiser.state().members;
    for (std::size_t i = 0; name == "nsga2" && i < members.size(); ++i) EXPECT_TRUE(members.is_known(i));
    for (std::size_t i = 0; i < archive.members().size(); ++i) EXPECT_NE(archive.members().genome(i)[2] % 3, 1);
    EXPECT_GT(archive.members().size(), 0u);
  }
}

TEST(Optimisers, ExhaustiveVisitsEveryDesignOnceAndStops) {
  const Space space("small",
                    {{"a", Domain(OneOf{{"1", "2", "3"}})}, {"b", Domain(OneOf{{"1", "2", "3", "4", "5"}})}});
  AnyOptimiser optimiser(ExhaustiveSearch(space, 1, 4));
  std::set<Genome> seen;
  const auto evaluate = [&](Population& designs) {
    for (std::size_t i = 0; i < designs.size(); ++i)
      seen.insert({designs.genome(i).begin(), designs.genome(i).end()});
  };
  EXPECT_EQ(run_search(optimiser, evaluate, 1000), 15u);
  EXPECT_EQ(seen.size(), 15u);
}

TEST(Optimisers, RegularisedEvolutionFindsTheBestOfOneObjective) {
  const Space space = digits();
  AnyOptimiser optimiser(RegularisedEvolution(space, 1, {.seed = 3}));
  double best = 1e9;
  run_search(
      optimiser,
      [&](Population& designs) {
        for (std::size_t i = 0; i < designs.size(); ++i) {
          double sum = 0;
          for (const Gene gene : designs.genome(i)) sum += 9 - gene;
          designs.objectives[i] = sum;
          best = std::min(best, sum);
        }
      },
      5000);
  EXPECT_EQ(best, 0);  // one design in a million
}

TEST(Optimisers, SobolIsMoreEvenThanRandom) {
  // Cells of a 10 × 10 grid that 100 designs leave empty: none of the Sobol sequence's would be too much to ask for.
  const auto empty_cells = [](AnyOptimiser optimiser) {
    Population designs;
    optimiser.ask(designs);
    std::set<std::pair<Gene, Gene>> cells;
    for (std::size_t i = 0; i < designs.size(); ++i) cells.insert({designs.genome(i)[0], designs.genome(i)[1]});
    return 100 - cells.size();
  };
  const Space space = digits();
  EXPECT_LT(empty_cells(SobolSearch(space, 1, 100)), empty_cells(RandomSearch(space, 1, {.batch = 100})));
}

TEST(Optimisers, StreamsAreApart) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (std::uint64_t round = 0; round < 10; ++round)
      for (std::uint64_t child = 0; child < 10; ++child) first.insert(stream(seed, round, child)());
  EXPECT_EQ(first.size(), 1000u);
}

TEST(Optimisers, RefuseWhatTheyCannotDo) {
  const Space space = digits();
  EXPECT_EQ(error_of([&] { Nsga2(space, 2, {.population = 3}); }), "NSGA-II needs a population of at least 4");
  EXPECT_EQ(error_of([&] {
              Nsga2(space, 2, {.first = {{1, 2}}});
            }),
            "a first design is not one of the space 'digits'");
  std::vector<Choice> choices;
  for (int i = 0; i < 4; ++i) choices.push_back({"x" + std::to_string(i), Domain(Steps{0, 1, 65536})});
  const Space big("big", std::move(choices));
  EXPECT_EQ(error_of([&] { ExhaustiveSearch(big, 2); }),
            "the space 'big' has 10^19.3 designs: too many for an exhaustive search (10^10)");
}

}  // namespace
}  // namespace ridgeline
