// Ctrl-C as a question instead of an end: for commands that have something to show for what they did so far.
#pragma once

#include <signal.h>

namespace ridgeline {

/// While it lives, the first SIGINT or SIGTERM only makes asked() true; the second one ends the process as usual. One
/// at a time.
class Interrupt {
 public:
  Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();
  bool asked() const;

 private:
  struct sigaction interrupt_, terminate_;  ///< as they were before
};

}  // namespace ridgeline
