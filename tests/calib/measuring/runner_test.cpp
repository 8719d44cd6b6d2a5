// The program that runs models, as a shell script that says what is asked of it.
#include "calib/measuring/runner.hpp"

#include <gtest/gtest.h>

#include <iterator>

#include "calib/measuring/plan.hpp"
#include "tests/calib/measuring/recorded_tree.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

fs::path script(const PrivateFolder& folder, const std::string& text) {
  const fs::path file = folder.path() / "ridgeline-run";
  write(file, "#!/bin/sh\n" + text);
  fs::permissions(file, fs::perms::owner_all);
  return file;
}

void load_any(const ModelRunner& runner) {
  const PlannedModel planned = draw_models("bert", 1, 0, "libtorch").front();
  runner.load(planned.definition, planned.workload, 60);
}

TEST(Runner, TakesRunsByPhaseInTheirOrder) {
  const PrivateFolder folder;
  const ModelRunner runner = start_runner(
      {.program =
           script(folder, R"(read -r q; echo '{"start": 1, "end": 4, "runs": [{"prefill": 0.5, "decode": 2.5}]}')")});
  const Runs runs = runner.run(1, 60);
  EXPECT_EQ(runs.end - runs.start, 3);
  ASSERT_EQ(runs.phases.size(), 1u);
  EXPECT_EQ(runs.phases[0][0].first, "prefill");
  EXPECT_EQ(runs.seconds(0), 3);
}

TEST(Runner, IsStartedAgainAfterItDied) {
  const PrivateFolder folder;
  const fs::path program = script(folder, R"(read -r q; echo '{"parameters": 1}')");
  const ModelRunner runner = start_runner({.program = program});
  load_any(runner);
  EXPECT_EQ(error_of([&] { runner.run(1, 60); }), program.string() + " died; out of memory?");
  EXPECT_EQ(runner.process(), 0);
  EXPECT_NO_THROW(load_any(runner));
  EXPECT_GT(runner.process(), 0);
}

TEST(Runner, HandsOnWhatTheProgramComplainsOf) {
  const PrivateFolder folder;
  const ModelRunner runner = start_runner({.program = script(folder, R"(read -r q; echo '{"error": "too large"}')")});
  EXPECT_EQ(error_of([&] { load_any(runner); }), "too large");
}

TEST(Runner, IsReadyWhenTheProgramHasAnswered) {
  const PrivateFolder folder;
  const ModelRunner runner =
      start_runner({.program = script(folder, R"(read -r q; echo '{"libtorch": "1"}'; read -r q)")});
  EXPECT_EQ(runner.process(), 0);
  runner.ready();
  EXPECT_GT(runner.process(), 0);
  runner.ready();  // nothing more is asked
}

TEST(Runner, EndsAProgramThatTakesTooLong) {
  const PrivateFolder folder;
  const ModelRunner runner = start_runner({.program = script(folder, "read -r q; exec sleep 600")});
  EXPECT_THROW(runner.run(1, 0.01), TookTooLong);
  EXPECT_EQ(runner.process(), 0);
}

TEST(Runner, AProgramThatCannotStartLeavesNoFilesOpen) {
  const PrivateFolder folder;
  const ModelRunner runner = start_runner({.program = folder.path() / "missing"});
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_files();
  EXPECT_EQ(error_of([&] { load_any(runner); }),
            "cannot start " + (folder.path() / "missing").string() + ": No such file or directory");
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace ridgeline
