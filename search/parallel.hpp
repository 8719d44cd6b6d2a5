// Work shared among threads, in pieces as small as a tenth of a millisecond.
//
// Starting a thread takes longer than that, so the threads stay: they look out for work for a moment before they
// sleep. One share runs on the calling thread. While one caller has the threads, others do all of theirs alone.
#pragma once

#include <cstddef>
#include <functional>

namespace ridgeline {

/// Calls work(first, last) on at most that many threads, for pieces of [0, count) of `least` at least, which go to
/// whoever is through with the last one. What work throws is thrown again.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t, std::size_t)>& work,
                  std::size_t least = 32);

/// Calls both, one beside the other where two threads are allowed; `main` on the calling thread.
void parallel_both(int threads, const std::function<void()>& main, const std::function<void()>& beside);

}  // namespace ridgeline
