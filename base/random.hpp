// Seeded random numbers that give the same sequence on every platform (the standard library's distributions do not).
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace ridgeline {

/// xoshiro256++ (Blackman & Vigna 2021), seeded through splitmix64; satisfies UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint64_t;
  explicit Random(std::uint64_t seed);
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  double uniform();                          ///< in [0, 1)
  std::uint64_t below(std::uint64_t bound);  ///< in [0, bound), unbiased (Lemire 2019); bound >= 1
  double normal();                           ///< mean 0, standard deviation 1
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace ridgeline
