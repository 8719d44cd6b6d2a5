#include "search/journal.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

const SearchIdentity kIdentity{{"the space", "digits"}, {"the seed", "7"}};

class JournalFile : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& content) const { std::ofstream(file_, std::ios::binary) << content; }
  void write_rounds(int count) const {
    Journal journal = Journal::create(file_, kIdentity);
    for (int i = 0; i < count; ++i) journal.append(round(i));
  }
  static JournaledRound round(int i) {
    JournaledRound round{.genomes = 1000u + static_cast<std::uint64_t>(i), .asked = 4};
    for (int k = 0; k < 3 * i; ++k) round.values.push_back(i + k / 7.0);
    return round;
  }
  /// How many of the rounds can be read; they must be the first ones.
  int rounds() const {
    Journal journal = Journal::resume(file_, kIdentity);
    JournaledRound found;
    int count = 0;
    while (journal.read(found)) {
      EXPECT_EQ(found.genomes, round(count).genomes);
      EXPECT_EQ(found.values, round(count).values);
      ++count;
    }
    return count;
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "run.journal";
};

TEST_F(JournalFile, GivesBackWhatWasAppended) {
  write_rounds(5);
  EXPECT_EQ(rounds(), 5);
  Journal journal = Journal::resume(file_, kIdentity);
  JournaledRound found;
  while (journal.read(found)) {
  }
  journal.append(round(5));
  EXPECT_EQ(error_of([&] { rounds(); }), file_.string() + ": another search is writing it");
}

TEST_F(JournalFile, EndsWithTheLastWholeRecordWhereverItIsCut) {
  write_rounds(4);
  const std::string whole = content();
  int last = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    write(whole.substr(0, size));
    const std::string error = error_of([&] {
      const int count = rounds();
      EXPECT_GE(count, last);
      last = count;
    });
    EXPECT_EQ(error, last == 0 && error != "(no error)" ? file_.string() + ": is not the journal of a search"
                                                        : "(no error)");
    // What cannot be read is gone, so that the next record can follow.
    if (error == "(no error)") {
      EXPECT_EQ(content(), whole.substr(0, content().size()));
    }
  }
  EXPECT_EQ(last, 4);
}

TEST_F(JournalFile, DoesNotBelieveDamagedRecords) {
  write_rounds(4);
  std::string damaged = content();
  damaged[damaged.size() - 3] ^= 1;
  write(damaged);
  EXPECT_EQ(rounds(), 3);
}

TEST_F(JournalFile, RefusesOtherSearchesAndForeignFiles) {
  write_rounds(1);
  EXPECT_EQ(error_of([&] {
              Journal::resume(file_, {{"the space", "letters"}, {"the seed", "7"}});
            }),
            file_.string() + ": is the journal of another search: the space is 'digits' there and 'letters' here");
  EXPECT_EQ(error_of([&] {
              Journal::resume(file_, {{"the space", "digits"}, {"the depth", "7"}});
            }),
            file_.string() + ": is a journal of another version of Ridgeline");
  EXPECT_EQ(error_of([&] { Journal::create(file_, kIdentity); }),
            file_.string() + ": is there already, of an unfinished search; go on with it, or remove it");
  write("latency,energy\n1,2\n");
  EXPECT_EQ(error_of([&] { Journal::resume(file_, kIdentity); }),
            file_.string() + ": is not the journal of a search");
  EXPECT_EQ(content(), "latency,energy\n1,2\n");
}

TEST_F(JournalFile, StartsAgainFromACheckpoint) {
  Checkpoint checkpoint{.evaluations = 1234, .resolution = 0.5};
  checkpoint.optimiser.round = 9;
  checkpoint.optimiser.members = {.genome_length = 2,
                                  .objective_count = 1,
                                  .genes = {1, 2, 3, 4},
                                  .objectives = {0.1, 0.2},
                                  .violations = {0, 3}};
  checkpoint.archive = {
      .genome_length = 2, .objective_count = 1, .genes = {5, 6}, .objectives = {0.3}, .violations = {0}};
  {
    Journal journal = Journal::create(file_, kIdentity);
    journal.append(round(3));
    journal.restart(checkpoint);
    journal.append(round(0));
  }
  Journal journal = Journal::resume(file_, kIdentity);
  ASSERT_TRUE(journal.checkpoint());
  EXPECT_EQ(journal.checkpoint()->evaluations, 1234u);
  EXPECT_EQ(journal.checkpoint()->resolution, 0.5);
  EXPECT_EQ(journal.checkpoint()->optimiser.round, 9u);
  EXPECT_EQ(journal.checkpoint()->optimiser.members.genes, checkpoint.optimiser.members.genes);
  EXPECT_EQ(journal.checkpoint()->optimiser.members.violations, checkpoint.optimiser.members.violations);
  EXPECT_EQ(journal.checkpoint()->archive.genes, checkpoint.archive.genes);
  JournaledRound found;
  ASSERT_TRUE(journal.read(found));
  EXPECT_EQ(found.genomes, round(0).genomes);
  EXPECT_FALSE(journal.read(found));
}

TEST_F(JournalFile, KeepsEverythingWhenTheDiskIsFull) {
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes stands for a full disk
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 2000;
  int written = 0;
  std::string error;
  {
    Journal journal = Journal::create(file_, kIdentity);
    setrlimit(RLIMIT_FSIZE, &small);
    error = error_of([&] {
      for (;; ++written) journal.append(round(written));
    });
    setrlimit(RLIMIT_FSIZE, &before);
  }
  signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error, file_.string() + ": cannot be written: File too large; what was evaluated before is kept in it");
  EXPECT_GT(written, 3);
  EXPECT_EQ(rounds(), written);
}

}  // namespace
}  // namespace ridgeline
