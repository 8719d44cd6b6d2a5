#include <unistd.h>

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "app/run.hpp"

namespace {

/// Ctrl-C and kill: 128 + signal, as shells count. Nothing needs cleaning: files appear by renaming only.
extern "C" void stop(int signal) { _exit(128 + signal); }

}  // namespace

int main(int count, char** words) {
  std::ios::sync_with_stdio(false);
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  return ridgeline::run({words + 1, words + count}, ridgeline::stdout_style(), std::cout, std::cerr);
}
