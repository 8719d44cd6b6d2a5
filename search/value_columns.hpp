// The values of members objective by objective, so that many of them are compared at once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "search/dominance.hpp"

namespace ridgeline {

class ValueColumns {
 public:
  explicit ValueColumns(std::size_t objectives) : objectives_(objectives) {}

  void resize(std::size_t size) {
    if (size > room_) grow(std::max(size, 2 * room_));
    for (std::size_t m = 0; m < objectives_; ++m)
      for (std::size_t i = size; i < size_; ++i) at(m, i) = kNobody;
    size_ = size;
  }
  void assign(std::size_t i, std::span<const double> values) {
    for (std::size_t m = 0; m < objectives_; ++m) at(m, i) = values[m];
  }
  void swap(std::size_t a, std::size_t b) {
    for (std::size_t m = 0; m < objectives_; ++m) std::swap(at(m, a), at(m, b));
  }

  /// Calls found(i) for members of which no value is above its limit, in their order, until it returns true; whether
  /// one did.
  template <class Found>
  bool any_within(std::span<const double> limit, Found&& found) const {
    for (std::size_t first = 0; first < size_; first += kTogether) {
      std::array<std::int64_t, kTogether> within;
      within.fill(-1);
      for (std::size_t m = 0; m < objectives_; ++m) {
        const double* column = values_.data() + m * room_ + first;
        for (std::size_t k = 0; k < kTogether; ++k) within[k] &= -std::int64_t{column[k] <= limit[m]};
      }
      std::int64_t any = 0;
      for (const std::int64_t one : within) any |= one;
      if (any == 0) continue;
      for (std::size_t k = 0; k < kTogether; ++k)
        if (within[k] != 0 && found(first + k)) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kTogether = 16;                                 // some vector registers' worth
  static constexpr double kNobody = std::numeric_limits<double>::quiet_NaN();  // within no limit

  double& at(std::size_t m, std::size_t i) { return values_[m * room_ + i]; }
  void grow(std::size_t size) {
    const std::size_t room = (size + kTogether - 1) / kTogether * kTogether;
    std::vector<double> values(objectives_ * room, kNobody);
    for (std::size_t m = 0; m < objectives_; ++m)
      std::copy_n(values_.data() + m * room_, size_, values.data() + m * room);
    values_ = std::move(values);
    room_ = room;
  }

  std::size_t objectives_, size_ = 0, room_ = 0;
  std::vector<double> values_;  ///< objectives × room_
};

}  // namespace ridgeline
