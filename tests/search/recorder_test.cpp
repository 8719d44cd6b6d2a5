// A search that was stopped anywhere goes on as if it had not been.
#include "search/recorder.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <set>

#include "search/optimisers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Space letters() {
  std::vector<Choice> choices;
  for (int i = 0; i < 5; ++i)
    choices.push_back({"letter" + std::to_string(i), Domain(OneOf{{"a", "b", "c", "d", "e", "f", "g"}, true})});
  return Space("letters", std::move(choices));
}

struct Counted {
  std::uint64_t designs = 0;
  std::multiset<Genome> genomes;

  void evaluate(Population& p) {
    for (std::size_t i = 0; i < p.size(); ++i) {
      const auto g = p.genome(i);
      p.objectives[2 * i] = 1 + g[0] + 3.0 * g[1] / (1 + g[2]);
      p.objectives[2 * i + 1] = 7 - g[0] + g[3] * 0.7 + g[4] * g[2] / 3.0;
      p.violations[i] = g[3] == 6 ? 1 : 0;
      genomes.emplace(g.begin(), g.end());
    }
    designs += p.size();
  }
};

struct Found {
  std::uint64_t done = 0, evaluated = 0, repeats = 0;
  std::vector<Gene> genes;
  std::vector<double> values;
  bool operator==(const Found& other) const {
    return done == other.done && genes == other.genes && values == other.values;
  }
};

class Recording : public testing::TestWithParam<std::string> {
 protected:
  Recording() : space_(letters()) {}

  /// Stops after so many rounds, as a killed process does.
  Found run(std::uint64_t budget, bool journalled, int rounds = 1 << 30, int threads = 1,
            RecorderOptions options = {.places = 256, .journal_bytes = 4000}) {
    AnyOptimiser optimiser = make_optimiser(GetParam(), space_, 2, {.population = 40, .seed = 3, .threads = threads});
    ParetoArchive archive(space_.genome_length(), 2, 8);
    Counted counted;
    std::optional<Journal> journal;
    const SearchIdentity identity{{"the optimiser", GetParam()}};
    if (journalled)
      journal = std::filesystem::exists(file_) ? Journal::resume(file_, identity) : Journal::create(file_, identity);
    Recorder recorder([&](Population& p) { counted.evaluate(p); }, std::move(journal), options);
    Found found;
    found.done = recorder.restore(optimiser, archive);
    run_search(
        optimiser, [&](Population& p) { recorder.evaluate(p); }, budget - found.done,
        [&](const Population& designs, const AnyOptimiser& told) {
          found.done += designs.size();
          if (found.done < budget) recorder.settle(found.done, told, archive);
          return --rounds > 0;
        },
        {[&](const Population& designs) {
           recorder.record(designs);
           archive.add(designs);
         },
         threads});
    for (const std::uint32_t i : archive.sorted()) {
      found.genes.insert(found.genes.end(), archive.members().genome(i).begin(), archive.members().genome(i).end());
      found.values.insert(found.values.end(), archive.members().values(i).begin(), archive.members().values(i).end());
    }
    found.evaluated = counted.designs;
    found.repeats = recorder.repeats();
    return found;
  }

  Space space_;
  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "run.journal";
};

TEST_P(Recording, AJournalChangesNothing) { EXPECT_EQ(run(1990, true), run(1990, false)); }

TEST_P(Recording, ASearchThatWasCutAnywhereEndsInTheSameArchive) {
  const Found whole = run(1990, false);
  Random random(5);
  for (int trial = 0; trial < 12; ++trial) {
    std::filesystem::remove(file_);
    // Killed several times, once in the middle of a record.
    for (int kill = 0; kill < 3; ++kill) run(1990, true, 1 + static_cast<int>(random.below(25)));
    const std::uintmax_t size = std::filesystem::file_size(file_);
    std::filesystem::resize_file(file_, size - random.below(std::min<std::uint64_t>(size - 100, 400)));
    EXPECT_EQ(run(1990, true), whole) << "trial " << trial;
  }
}

TEST_P(Recording, GoingOnEvaluatesNothingTwice) {
  const RecorderOptions all{.places = 1u << 16};
  const Found whole = run(1990, false, 1 << 30, 1, all);
  const Found first = run(1990, true, 20, 1, all), rest = run(1990, true, 1 << 30, 1, all);
  EXPECT_EQ(rest, whole);
  EXPECT_EQ(first.evaluated + rest.evaluated, whole.evaluated);
  EXPECT_LT(rest.evaluated, whole.evaluated);
}

TEST_P(Recording, AFinishedSearchCanBeMadeLonger) {
  run(777, true);
  EXPECT_EQ(run(1990, true), run(1990, false));
  std::filesystem::remove(file_);
  run(1990, true, 1 << 30, 1, {});
  EXPECT_EQ(run(777, true, 1 << 30, 1, {}), run(777, false));  // or shorter
}

TEST_P(Recording, ThreadsChangeNothing) { EXPECT_EQ(run(1990, false, 1 << 30, 3), run(1990, false, 1 << 30, 1)); }

INSTANTIATE_TEST_SUITE_P(Optimisers, Recording, testing::ValuesIn(optimiser_names()), [](const auto& which) {
  std::string name = which.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Recorder, RemembersWhatItMet) {
  const Space space = letters();
  Counted counted;
  Recorder recorder([&](Population& p) { counted.evaluate(p); }, std::nullopt, {.places = 1u << 16});
  Random random(1);
  Population designs{.genome_length = space.genome_length(), .objective_count = 2};
  for (int round = 0; round < 400; ++round) {
    designs.resize(100);
    for (std::size_t i = 0; i < designs.size(); ++i) space.sample_uniform(random, designs.genome(i));
    Population expected = designs;
    recorder.evaluate(designs);
    recorder.record(designs);
    Counted().evaluate(expected);
    EXPECT_EQ(designs.objectives, expected.objectives);
    EXPECT_EQ(designs.violations, expected.violations);
  }
  // 40,000 draws of 16,807 designs; a place is shared now and then.
  EXPECT_EQ(counted.designs + recorder.repeats(), 40'000u);
  EXPECT_LT(counted.designs, 22'000u);
}

}  // namespace
}  // namespace ridgeline
