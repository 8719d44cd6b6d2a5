#include "search/parallel.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace ridgeline {
namespace {

constexpr std::size_t kPieces = 4;  // for each thread: whoever is through sooner takes more of them
constexpr int kLooks = 20'000;      // some 100 µs: about as long as a round does without its helpers

void look_again() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/// Returns when the number is another; sleeps when that takes long.
void await_change(const std::atomic<unsigned>& number, unsigned known) {
  for (int look = 0; look < kLooks; ++look, look_again())
    if (number.load(std::memory_order_acquire) != known) return;
  number.wait(known, std::memory_order_acquire);
}

class Workers {
 public:
  static Workers& all() {
    static Workers workers;
    return workers;
  }
  ~Workers() {
    if (forked()) {
      for (Worker& worker : workers_) worker.thread.detach();
      return;
    }
    stopping_ = true;
    for (Worker& worker : workers_) call(worker);
  }

  /// Calls work(0), ..., work(shares - 1), the first on this thread; they do not throw.
  void run(std::size_t shares, const std::function<void(std::size_t)>& work) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || forked()) {
      for (std::size_t s = 0; s < shares; ++s) work(s);
      return;
    }
    while (workers_.size() + 1 < shares) {
      Worker& worker = workers_.emplace_back();
      worker.thread = std::jthread([this, &worker, share = workers_.size()] { serve(worker, share); });
    }
    work_ = &work;
    left_ = static_cast<unsigned>(shares - 1);
    for (std::size_t s = 1; s < shares; ++s) call(workers_[s - 1]);
    work(0);
    for (unsigned left; (left = left_.load(std::memory_order_acquire)) != 0;) await_change(left_, left);
  }

 private:
  struct alignas(64) Worker {
    std::atomic<unsigned> calls = 0;
    std::jthread thread;
  };

  /// Whether this process is a copy of the one that started the threads, and has none of them.
  bool forked() const { return ::getpid() != process_; }

  static void call(Worker& worker) {
    worker.calls.fetch_add(1, std::memory_order_release);
    worker.calls.notify_one();
  }

  void serve(Worker& worker, std::size_t share) {
    for (unsigned served = 0;; ++served) {
      await_change(worker.calls, served);
      if (stopping_) return;
      (*work_)(share);
      left_.fetch_sub(1, std::memory_order_acq_rel);
      left_.notify_one();
    }
  }

  const pid_t process_ = ::getpid();
  std::mutex mutex_;  ///< held while the threads work for somebody
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::atomic<unsigned> left_ = 0;
  std::atomic<bool> stopping_ = false;
  std::deque<Worker> workers_;
};

/// Calls work(0), ..., work(shares - 1), the first on this thread, and throws again what one of them threw.
void on_threads(std::size_t shares, const std::function<void(std::size_t)>& work) {
  std::vector<std::exception_ptr> errors(shares);
  Workers::all().run(shares, [&](std::size_t s) {
    try {
      work(s);
    } catch (...) {
      errors[s] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t, std::size_t)>& work,
                  std::size_t least) {
  const std::size_t most = count / least;
  const std::size_t shares = std::min<std::size_t>(static_cast<std::size_t>(std::max(threads, 1)), most);
  if (shares <= 1) return work(0, count);
  const std::size_t pieces = std::min(most, shares * kPieces);
  std::atomic<std::size_t> next = 0;
  on_threads(shares, [&](std::size_t) {
    for (std::size_t p; (p = next.fetch_add(1, std::memory_order_relaxed)) < pieces;)
      work(count * p / pieces, count * (p + 1) / pieces);
  });
}

void parallel_both(int threads, const std::function<void()>& main, const std::function<void()>& beside) {
  if (threads > 1) return on_threads(2, [&](std::size_t s) { s == 0 ? main() : beside(); });
  main();
  beside();
}

}  // namespace ridgeline
