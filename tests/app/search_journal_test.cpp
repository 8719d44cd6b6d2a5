// Searches that are killed, interrupted and gone on with.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "app/front.hpp"
#include "base/random.hpp"
#include "tests/app/search_support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The front of a file, without how it came to be.
std::vector<double> content_of(const std::filesystem::path& file) {
  const Front front = read_front(file.string());
  std::vector<double> content{static_cast<double>(front.evaluations), front.hypervolume};
  for (const FrontDesign& design : front.designs) {
    content.insert(content.end(), design.genome.begin(), design.genome.end());
    content.insert(content.end(), design.objectives.begin(), design.objectives.end());
  }
  return content;
}

/// The program itself, in a process of its own.
class Child {
 public:
  Child(const std::vector<std::string>& words, const std::filesystem::path& out) {
    pid_ = fork();
    if (pid_ != 0) return;
    freopen(out.c_str(), "w", stdout);
    freopen("/dev/null", "w", stderr);
    std::vector<char*> pointers{const_cast<char*>(RIDGELINE_PROGRAM)};
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    execv(RIDGELINE_PROGRAM, pointers.data());
    _exit(127);
  }
  void send(int signal) const { kill(pid_, signal); }
  bool ended() {
    if (!status_) {
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    }
    return status_.has_value();
  }
  /// The exit code; minus the signal that ended it.
  int wait() {
    int status = 0;
    if (!status_) waitpid(pid_, &status, 0), status_ = status;
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -WTERMSIG(*status_);
  }

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// Returns when the file is so large, false when the process has ended before.
bool grows_to(const std::filesystem::path& file, std::uintmax_t size, Child& child) {
  while (!child.ended()) {
    std::error_code none;
    const std::uintmax_t now = std::filesystem::file_size(file, none);
    if (!none && now >= size) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(SearchJournal, KilledAtAnyMomentEndsInTheSameFront) {
  const TemporaryFolder folder;
  const std::string line =
      "search --space flexibert2 --devices raspberry-pi-4,jetson-nano-gpu --evaluations 6000 --designs 100 "
      "--seed 5 --threads 1 --out ";
  const std::string whole = (folder / "whole.h5").string(), front = (folder / "front.h5").string();
  ASSERT_EQ(run_line(line + whole).exit_code, 0);
  Random random(11);
  int killed = 0;
  for (int trial = 0; trial < 3; ++trial) {
    std::filesystem::remove(front);
    for (int kill = 0; kill < 3; ++kill) {
      Child child(split_words(line + front + " --resume"), folder / "out");
      const std::uintmax_t size = random.below(180'000);
      if (grows_to(front + ".journal", size, child)) child.send(SIGKILL);
      killed += child.wait() == -SIGKILL;
      if (std::filesystem::exists(front)) break;
    }
    EXPECT_EQ(run_line(line + front + " --resume").exit_code, 0);
    EXPECT_EQ(content_of(front), content_of(whole)) << "trial " << trial;
    EXPECT_FALSE(std::filesystem::exists(front + ".journal"));
  }
  EXPECT_GT(killed, 2);
}

TEST(SearchJournal, CtrlCGivesTheFrontSoFar) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  Child child(split_words("search --space bert-grid --time 100000s --json --out " + front), folder / "out");
  ASSERT_TRUE(grows_to(front + ".journal", 20'000, child));
  child.send(SIGINT);
  EXPECT_EQ(child.wait(), 130);
  const Json json = Json::parse(bytes_of(folder / "out"));
  EXPECT_EQ(json.at("interrupted"), true);
  EXPECT_EQ(read_front(front).designs.size(), json.at("designs").size());
  EXPECT_TRUE(std::filesystem::exists(front + ".journal"));
}

TEST(SearchJournal, RefusesTheJournalOfAnotherSearch) {
  const TemporaryFolder folder;
  const std::string journal = (folder / "a.journal").string();
  EXPECT_EQ(run_line(kQuickSearch + "--journal " + journal).exit_code, 0);
  EXPECT_EQ(complaint_of(kQuickSearch + "--journal " + journal),
            "error: " + journal +
                ": is the journal of an unfinished search; --resume goes on with it; remove it to begin anew\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--seed 2 --resume --journal " + journal),
            "error: " + journal + ": is the journal of another search: the seed is '1' there and '2' here\n");
  EXPECT_EQ(
      complaint_of("search --space gpt2 --devices raspberry-pi-4,jetson-nano-gpu --evaluations 3000 --resume "
                   "--journal " +
                   journal),
      "error: " + journal + ": is the journal of another search: the space is 'bert-grid' there and 'gpt2' here\n");
  const RunResult again = run_line(kQuickSearch + "--resume --journal " + journal);
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_NE(again.out.find("of them met before, 3,000 known from the journal\n"), std::string::npos) << again.out;

  const std::string other = (folder / "b.journal").string();
  EXPECT_EQ(run_line(kQuickSearch + "--constraint latency<=100.1ms --journal " + other).exit_code, 0);
  EXPECT_EQ(complaint_of(kQuickSearch + "--constraint latency<=100.2ms --resume --journal " + other),
            "error: " + other +
                ": is the journal of another search: the constraint is 'latency<=100.1ms' there and "
                "'latency<=100.2ms' here\n");
}

}  // namespace
}  // namespace ridgeline
