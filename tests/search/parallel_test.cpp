#include "search/parallel.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// How often each number was handed out.
std::vector<int> visits(std::size_t count, int threads, std::size_t least = 1) {
  std::vector<int> visits(count, 0);
  parallel_for(
      count, threads,
      [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) ++visits[i];
      },
      least);
  return visits;
}

TEST(Parallel, HandsOutEverythingOnce) {
  for (int repeat = 0; repeat < 200; ++repeat)
    for (const int threads : {0, 1, 2, 3, 7})
      for (const std::size_t count : {0u, 1u, 5u, 100u})
        ASSERT_EQ(visits(count, threads), std::vector<int>(count, 1)) << count << " on " << threads;
}

TEST(Parallel, WorksForSeveralCallersAndInsideItself) {
  std::atomic<int> wrong = 0;
  const auto check = [&] {
    for (int repeat = 0; repeat < 200; ++repeat) wrong += visits(64, 3) != std::vector<int>(64, 1);
  };
  {
    std::jthread a(check), b(check);
    parallel_for(
        4, 2, [&](std::size_t, std::size_t) { check(); }, 1);
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Parallel, DoesBothBesideEachOther) {
  for (const int threads : {1, 2, 5}) {
    std::thread::id main, beside;
    parallel_both(
        threads, [&] { main = std::this_thread::get_id(); }, [&] { beside = std::this_thread::get_id(); });
    EXPECT_EQ(main, std::this_thread::get_id());
    EXPECT_EQ(beside == main, threads == 1);
  }
}

TEST(Parallel, PassesErrorsOn) {
  for (const std::size_t failing : {0u, 500u})
    EXPECT_EQ(error_of([&] {
                parallel_for(1000, 2, [&](std::size_t first, std::size_t last) {
                  if (first <= failing && failing < last) throw Error("no such design");
                });
              }),
              "no such design");
}

TEST(Parallel, WorksInACopyOfTheProcess) {
  visits(100, 3);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(visits(100, 3) == std::vector<int>(100, 1) ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ridgeline
