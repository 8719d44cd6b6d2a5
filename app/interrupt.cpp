#include "app/interrupt.hpp"

#include <atomic>

namespace ridgeline {
namespace {

// A signal handler can reach nothing else.
std::atomic<bool> interrupt_asked = false;
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void ask_to_stop(int) { interrupt_asked = true; }

}  // namespace

Interrupt::Interrupt() {
  interrupt_asked = false;
  struct sigaction once {};
  once.sa_handler = ask_to_stop;
  once.sa_flags = static_cast<int>(SA_RESETHAND);  // the next one ends the process
  sigaction(SIGINT, &once, &interrupt_);
  sigaction(SIGTERM, &once, &terminate_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGTERM, &terminate_, nullptr);
}

bool Interrupt::asked() const { return interrupt_asked; }

}  // namespace ridgeline
