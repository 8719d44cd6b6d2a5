// What all readers share: the largest sizes, and the end: an architecture that check() accepts, or a complaint that
// names the file.
#pragma once

#include "base/document.hpp"
#include "model/architecture.hpp"

namespace ridgeline {

inline constexpr Size kLargestSize = 9'999'999;  // check() allows sizes below 10^7
inline constexpr Size kMostLayers = 10'000;      // every layer is built
inline constexpr Size kMostSublayers = 64;       // ... and every sublayer of it

inline Architecture checked(const Node& document, Architecture architecture) {
  try {
    check(architecture);
  } catch (const InputError&) {
    throw;
  } catch (const Error& error) {
    document.fail(error.what());
  }
  return architecture;
}

}  // namespace ridgeline
