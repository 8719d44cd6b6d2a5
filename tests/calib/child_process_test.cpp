#include "calib/child_process.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(ChildProcess, PassesArguments) {
  const PrivateFolder folder;
  const fs::path file = folder.path() / "a file";
  run_program("/bin/sh", {"-c", "printf %s \"$1\" > \"$0\"", file.string(), "with spaces; and $signs"});
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  EXPECT_EQ(text, "with spaces; and $signs");
}

TEST(ChildProcess, ReportsWhatTheProgramSaid) {
  EXPECT_EQ(error_of([] {
              run_program("/bin/sh", {"-c", "echo no such row >&2; exit 3"});
            }),
            "/bin/sh failed with exit code 3: no such row");
  EXPECT_EQ(error_of([] { run_program("/bin/sh", {"-c", "exit 4"}); }), "/bin/sh failed with exit code 4");
  EXPECT_EQ(error_of([] { run_program("/bin/sh", {"-c", "kill -9 $$"}); }), "/bin/sh was ended by signal 9");
}

TEST(ChildProcess, ReportsAProgramThatCannotStart) {
  const PrivateFolder folder;
  const std::string nowhere = (folder.path() / "nowhere").string();
  EXPECT_EQ(error_of([&] { run_program(nowhere, {}); }), "cannot start " + nowhere + ": No such file or directory");
}

TEST(PrivateFolder, IsPrivateAndGoes) {
  fs::path path;
  {
    const PrivateFolder folder;
    path = folder.path();
    std::ofstream(path / "inside") << "text";
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(FindProgram, LooksInTheNamedFoldersFirstAndTellsWhereItLooked) {
  const PrivateFolder folder;
  const fs::path program = folder.path() / "ridgeline-something";
  ::setenv("RIDGELINE_LIBEXEC", folder.path().c_str(), 1);
  const std::string missing = error_of([] { find_program("ridgeline-something"); });
  EXPECT_NE(missing.find("the program ridgeline-something is not there (looked in " + folder.path().string() + ", "),
            std::string::npos)
      << missing;
  EXPECT_NE(missing.find("RIDGELINE_LIBEXEC"), std::string::npos) << missing;
  std::ofstream(program) << "#!/bin/sh\n";
  EXPECT_NE(error_of([] { find_program("ridgeline-something"); }), "(no error)") << "it cannot be executed";
  fs::permissions(program, fs::perms::owner_all);
  EXPECT_EQ(find_program("ridgeline-something"), program);
  ::unsetenv("RIDGELINE_LIBEXEC");
}

}  // namespace
}  // namespace ridgeline
