#include "search/accuracy_command.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

class AccuracyOfCommands : public testing::Test {
 protected:
  CommandAccuracy source(const std::string& command, Seconds timeout = Seconds(60)) const {
    return {command, folder_ / "cache", timeout};
  }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }
  std::string script(const std::string& body) const {
    std::ofstream(folder_ / "score.sh") << body;
    return "sh " + (folder_ / "score.sh").string();
  }
  std::size_t answers() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_ / "cache"), {}));
  }
  const Architecture tiny_ = load_model("bert-tiny"), mini_ = load_model("bert-mini");
  TemporaryFolder folder_;  // tests run side by side
};

TEST_F(AccuracyOfCommands, TheCommandSeesTheModelAndItsLastLineCounts) {
  const CommandAccuracy own =
      source(script("cp \"$1\" " + (folder_ / "seen.yaml").string() + "\necho training\necho 0.75\n"));
  EXPECT_EQ(own.accuracy(tiny_), 0.75);
  Architecture seen = load_model((folder_ / "seen.yaml").string());
  seen.name = tiny_.name;
  EXPECT_EQ(seen, tiny_);
  EXPECT_FALSE(own.info().predicted);
}

TEST_F(AccuracyOfCommands, EachModelIsAskedForOnceEver) {
  const std::string command = script("echo asked >> " + (folder_ / "log").string() + "\necho 0.5\n");
  EXPECT_EQ(source(command).accuracy(tiny_), 0.5);
  EXPECT_EQ(source(command).accuracy(tiny_), 0.5);  // another run of the program
  Architecture renamed = tiny_;
  renamed.name = "another name";
  EXPECT_EQ(source(command).accuracy(renamed), 0.5);
  EXPECT_EQ(content("log"), "asked\n");
  EXPECT_EQ(source(command).accuracy(mini_), 0.5);
  EXPECT_EQ(content("log"), "asked\nasked\n");
  EXPECT_EQ(answers(), 2u);
}

TEST_F(AccuracyOfCommands, OfAnotherCommandNothingIsKnown) {
  EXPECT_EQ(source("echo 0.25 #").accuracy(tiny_), 0.25);
  EXPECT_EQ(source("echo 0.5 #").accuracy(tiny_), 0.5);
}

TEST_F(AccuracyOfCommands, FailuresAreToldAndNotKept) {
  EXPECT_EQ(error_of([&] { source("echo no GPU >&2; exit 7 #").accuracy(tiny_); }),
            "accuracy command 'echo no GPU >&2; exit 7 #' failed with exit code 7: no GPU");
  EXPECT_EQ(error_of([&] { source("kill -9 $$ #").accuracy(tiny_); }),
            "accuracy command 'kill -9 $$ #' was ended by signal 9");
  EXPECT_EQ(error_of([&] { source("echo 75% #").accuracy(tiny_); }),
            "accuracy command 'echo 75% #' must print an accuracy from 0 to 1 on its last line, not '75%'");
  EXPECT_EQ(error_of([&] { source("echo 1.5 #").accuracy(tiny_); }),
            "accuracy command 'echo 1.5 #' must print an accuracy from 0 to 1 on its last line, not '1.5'");
  EXPECT_EQ(error_of([&] { source("true").accuracy(tiny_); }),
            "accuracy command 'true' must print an accuracy from 0 to 1 on its last line, not ''");
  EXPECT_EQ(answers(), 0u);
}

TEST_F(AccuracyOfCommands, WhatTakesTooLongIsEndedWithAllThatItStarted) {
  // The command waits for a child of its own that would never end.
  const std::string command = script("tail -f /dev/null & echo $! > " + (folder_ / "child").string() + "\nwait\n");
  EXPECT_EQ(error_of([&] { source(command, Seconds(0.5)).accuracy(tiny_); }),
            "accuracy command '" + command + "' took longer than 500 ms");
  EXPECT_EQ(answers(), 0u);
  const std::string child = content("child");
  if (child.empty()) return;  // it was ended before it had started any
  const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(child), 0));
  if (handle < 0) return;  // gone
  pollfd watched{handle, POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 60'000), 1) << "still running";
  ::close(handle);
}

TEST_F(AccuracyOfCommands, ADamagedAnswerIsNamed) {
  const CommandAccuracy own = source("echo 0.5 #");
  own.accuracy(tiny_);
  const fs::path file = fs::directory_iterator(folder_ / "cache")->path();
  const std::string whole = content("cache/" + file.filename().string());
  std::ofstream(file) << "half" << whole.substr(whole.find('\n'));
  EXPECT_EQ(error_of([&] { own.accuracy(tiny_); }),
            file.string() + ": expected an accuracy on its first line; remove the file to ask again");
}

TEST_F(AccuracyOfCommands, TheFolderMustBeWritable) {
  std::ofstream(folder_ / "cache") << "a file";
  EXPECT_TRUE(error_of([&] { source("echo 0.5"); }).starts_with("cannot create the folder "));
}

TEST(AccuracySources, UnknownWordsAreRefused) {
  EXPECT_EQ(error_of([] { make_accuracy_source("blue:x", "hat"); }),
            "unknown source of accuracy 'blue:x'; sources are glue (published scores), glue:FILE (with EdgeTran's "
            "glue_measured.json), bleu:FOLDER (HAT's sub-transformers), csv:FILE and command:CMD");
  EXPECT_TRUE(error_of([] { make_accuracy_source("csv:", "hat"); }).starts_with("unknown source of accuracy 'csv:'"));
  EXPECT_TRUE(
      error_of([] { read_scores_of("command:x"); }).starts_with("a command has no scores of its own to judge"));
}

TEST(AccuracySources, PublishedScoresPredictInsideTheirRange) {
  const AnyAccuracySource source = make_accuracy_source("glue", "bert");
  const double small = source.accuracy(load_model("bert-l2-h256")), large = source.accuracy(load_model("bert-base"));
  EXPECT_TRUE(source.info().predicted);
  EXPECT_LT(small, large);
  EXPECT_GT(small, 0.55);
  EXPECT_LT(large, 0.85);
  EXPECT_EQ(error_of([] { make_accuracy_source("glue", "hat"); }),
            "no scores of trained hat models among these; they are of the families bert, electra");
}

}  // namespace
}  // namespace ridgeline
