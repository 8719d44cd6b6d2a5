#include "calib/live/rates.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace ridgeline {
namespace {

constexpr std::int64_t kEdge = 1024;    // of a product: more than fits into a core's cache, less than a second
constexpr double kLeastSeconds = 2e-3;  // of one round: enough for the clock, and for threads to start together
constexpr std::int64_t kLeastBytes = 16 * 1024;  // of a thread's part

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// As wide as registers are: sums that are wider live in memory, which then is all that is measured.
#if defined(__x86_64__)
constexpr std::size_t kLaneBytes = 32;
#else
constexpr std::size_t kLaneBytes = 16;
#endif
using Lanes = std::uint64_t __attribute__((vector_size(kLaneBytes)));
/// The clones below count on more alignment than new gives the vector alone.
struct alignas(kLaneBytes) Aligned {
  Lanes lanes;
};
constexpr std::size_t kSums = 8;  // no addition waits for the one before

/// Adds everything up `times` times.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
std::uint64_t
read_all(const Aligned* from, std::size_t count, std::int64_t times) {
  Lanes sums[kSums] = {};
  for (std::int64_t t = 0; t < times; ++t) {
    for (std::size_t i = 0; i + kSums <= count; i += kSums)
      for (std::size_t k = 0; k < kSums; ++k) sums[k] += from[i + k].lanes;
    asm volatile("" : : "r"(from) : "memory");  // the next round reads again
  }
  Lanes all = {};
  for (const Lanes& sum : sums) all += sum;
  return all[0] + all[1];
}

std::optional<at::ScalarType> type_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return at::kFloat;
    case Precision::bf16:
      return at::kBFloat16;
    case Precision::fp16:
      return at::kHalf;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<double> product_rate(Precision precision, double seconds) {
  const auto type = type_of(precision);
  if (!type) return std::nullopt;
  const at::NoGradGuard no_gradients;
  try {
    const at::Tensor a = at::ones({kEdge, kEdge}, *type), b = at::ones({kEdge, kEdge}, *type);
    at::mm(a, b);
    double fastest = 0;
    const double began = seconds_now();
    do {
      const double before = seconds_now();
      at::mm(a, b);
      fastest = std::max(fastest, 2.0 * kEdge * kEdge * kEdge / (seconds_now() - before));
    } while (seconds_now() - began < seconds);
    return fastest;
  } catch (const c10::Error&) {
    return std::nullopt;
  }
}

double read_rate(std::int64_t bytes, int threads, double seconds) {
  const std::int64_t part = std::max(bytes / threads, kLeastBytes);
  const std::size_t count = static_cast<std::size_t>(part) / sizeof(Aligned);
  std::vector<std::vector<Aligned>> parts(static_cast<std::size_t>(threads));
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(threads));
  std::int64_t times = 1;
  double fastest = 0, round = 0;
  const auto next_round = [&] {
    std::barrier together(threads);
    std::vector<double> began(static_cast<std::size_t>(threads)), ended(began);
    const auto work = [&](std::size_t t) {
      if (parts[t].empty()) parts[t].assign(count, Aligned{Lanes{1}});  // touched by who reads it
      sums[t] += read_all(parts[t].data(), count, 1);
      together.arrive_and_wait();
      began[t] = seconds_now();
      sums[t] += read_all(parts[t].data(), count, times);
      ended[t] = seconds_now();
    };
    std::vector<std::thread> others;
    for (std::size_t t = 1; t < parts.size(); ++t) others.emplace_back(work, t);
    work(0);
    for (std::thread& other : others) other.join();
    return *std::max_element(ended.begin(), ended.end()) - *std::min_element(began.begin(), began.end());
  };
  const double until = seconds_now() + seconds;
  do {
    round = next_round();
    if (round < kLeastSeconds) {
      times *= 2;
      continue;
    }
    const double read = static_cast<double>(count * sizeof(Aligned)) * threads * static_cast<double>(times);
    fastest = std::max(fastest, read / round);
  } while (seconds_now() < until || fastest == 0);
  volatile std::uint64_t used = sums[0];  // the sums are wanted
  static_cast<void>(used);
  return fastest;
}

}  // namespace ridgeline
