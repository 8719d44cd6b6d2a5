// What the disk holds of a campaign that was killed, and who may write to it.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/file.hpp"
#include "base/random.hpp"
#include "data/store.hpp"
#include "tests/calib/measuring/fake_machine.hpp"
#include "tests/calib/measuring/recorded_tree.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(MeasuringJournal, ResumesWithNothingLostButTheLineInFlight) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  FakeMachine machine;
  auto plan = plan_of_lengths({32, 64, 96, 128});
  GivenGraph graph{.name = plan[1].model, .inputs = {{"x", 60}}};
  graph.operators.push_back({.name = "softmax", .op = Softmax{6, 10}, .inputs = {"x"}});
  plan[1].definition = graph;
  std::string whole;
  {
    MeasuringJournal journal(store, empty_set(), false);
    measure({plan[0], plan[1]}, journal, machine.tools(), {}, {});
    std::ifstream in(journal_of(store));
    whole.assign(std::istreambuf_iterator<char>(in), {});
  }
  Random random(5);
  for (int kill = 0; kill < 50; ++kill) {  // at every place of the file that a write may have come to
    const std::string left = whole.substr(0, random.below(whole.size() + 1));
    write(journal_of(store), left);
    const auto lines = static_cast<std::size_t>(std::count(left.begin(), left.end(), '\n'));
    MeasuringJournal journal(store, empty_set(), true);
    EXPECT_EQ(journal.set().rows.size(), lines == 0 ? 0 : lines - 1);
    machine.lengths.clear();
    measure(plan, journal, machine.tools(), {}, {});
    EXPECT_EQ(journal.set().rows.size(), 4u);
    EXPECT_EQ(machine.lengths.size(), 4 - (lines == 0 ? 0 : lines - 1));
  }
  MeasuringJournal journal(store, empty_set(), true);
  EXPECT_EQ(journal.set().rows.size(), 4u);
  const std::vector<MeasurementSet> sets{journal.set()};
  const Store stored = parse_image(to_image({.kind = "measurements", .root = to_arrays(sets)}), "run.h5");
  EXPECT_EQ(measurement_sets(stored), sets);
}

TEST(MeasuringJournal, SurvivesAKillAtAnyMoment) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  const auto plan = plan_of_lengths({32, 64, 96, 128});
  const pid_t child = ::fork();
  if (child == 0) {
    FakeMachine machine;
    machine.between_runs = [&] {
      if (machine.lengths.size() == 3) ::raise(SIGKILL);
    };
    MeasuringJournal journal(store, empty_set(), false);
    measure(plan, journal, machine.tools(), {}, {});
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  MeasuringJournal journal(store, empty_set(), true);
  EXPECT_EQ(journal.set().rows.size(), 2u);
}

/// A process is killed wherever it is: in a run, in the journal, in the store. What it said that it had is there.
TEST(MeasuringJournal, LosesNothingToFiftyKillsAtRandomMoments) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  std::vector<Size> lengths;
  for (Size length = 1; length <= 400; ++length) lengths.push_back(length);
  const auto plan = plan_of_lengths(lengths);
  auto* const shared =
      ::mmap(nullptr, sizeof(std::atomic<std::size_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& known = *new (shared) std::atomic<std::size_t>(0);  // rows that a run went on from
  Random random(11);
  int kills = 0;
  std::size_t stores = 0;
  while (kills < 50) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      FakeMachine machine;
      machine.seconds = [](const Workload&) { return 1.0; };  // so that the store is written every other model
      MeasuringJournal journal(store, empty_set(), fs::exists(journal_of(store)));
      MeasuringTools tools = machine.tools();
      tools.runner.load = [&, load = tools.runner.load](const Model& m, const Workload& w, double patience) {
        known = journal.set().rows.size();
        load(m, w, patience);
      };
      tools.checkpoint = [&](const MeasurementSet& set) {
        const std::vector<MeasurementSet> sets{set};
        write_file_atomically(store, to_image({.kind = "measurements", .root = to_arrays(sets)}));
      };
      measure(plan, journal, tools, {}, {});
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(50'000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) {  // through with the plan: begin another run
      fs::remove(journal_of(store));
      known = 0;
    }
    kills += WIFSIGNALED(status);
    if (fs::exists(store)) {
      ++stores;
      EXPECT_EQ(measurement_sets(read_store(store)).size(), 1u);
    }
    if (!fs::exists(journal_of(store))) continue;
    const MeasuringJournal journal(store, empty_set(), true);
    EXPECT_GE(journal.set().rows.size(), known.load());
    EXPECT_LE(journal.set().rows.size(), known.load() + 1);
    known = journal.set().rows.size();
  }
  EXPECT_GT(stores, 0u);
  ::munmap(shared, sizeof known);
}

TEST(MeasuringJournal, RefusesASecondRunAndWhatItWasNotBegunWith) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  const std::string name = journal_of(store).string();
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }),
            name + ": there is no unfinished run to resume");
  {
    const MeasuringJournal first(store, empty_set(), false);
    EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }), name + ": another run is writing to it");
  }
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), false); }),
            name + ": an unfinished run is there already; go on with --resume, or remove it");
  MeasurementSet other = empty_set();
  other.device = "t4";
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, other, true); }),
            name + ":1: its device is \"raspberry-pi-4\", not \"t4\"; resume it with what it was begun with");
  write(journal_of(store), "{}\n");
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }),
            name + ":1: this is no journal of this version of Ridgeline");
}

TEST(MeasuringJournal, SaysWhichLineIsDamaged) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  FakeMachine machine;
  {
    MeasuringJournal journal(store, empty_set(), false);
    measure(plan_of_lengths({32}), journal, machine.tools(), {}, {});
  }
  std::ifstream in(journal_of(store));
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::string task = R"("task":"encode")";
  text.replace(text.find(task), task.size(), R"("task":"embed")");
  write(journal_of(store), text);
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }),
            journal_of(store).string() +
                ":2: unknown task 'embed'; the tasks are: encode, prefill, decode, generate, train");
}

}  // namespace
}  // namespace ridgeline
