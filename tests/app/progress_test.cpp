#include "app/progress.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace ridgeline {
namespace {

TEST(Progress, IsOneLineAStepWhereThereIsNoTerminal) {
  std::ostringstream err;
  const Progress progress = make_progress(err, false);
  progress("fitting", 0);
  progress("fitting", 0.2);
  progress("checking", 0.5);
  progress("done", 1);
  EXPECT_EQ(err.str(), "  0 %  fitting\n 50 %  checking\n100 %  done\n");
}

TEST(Progress, IsABarOnATerminalThatGoesInTheEnd) {
  std::ostringstream err;
  const Progress progress = make_progress(err, true);
  progress("fitting", 0.5);
  EXPECT_EQ(err.str(), "\r\x1b[K████████████░░░░░░░░░░░░ fitting");
  progress("done", 1);
  EXPECT_TRUE(err.str().ends_with("fitting\r\x1b[K")) << "wiped off";
}

/// So that an error begins on a clean line.
TEST(Progress, TheBarGoesWithTheCommandThatFails) {
  std::ostringstream err;
  { make_progress(err, true)("fitting", 0.5); }
  EXPECT_TRUE(err.str().ends_with("fitting\r\x1b[K"));
}

}  // namespace
}  // namespace ridgeline
