// What products and memory reach on this machine, measured by loops that do nothing else. No libtorch header is
// needed to use this one.
//
//   products   two square matrices of libtorch, the result thrown away: 2·n³ FLOP over the time of the fastest one
//   reading    all threads add up 64-bit numbers of their own part of the bytes, again and again, and start together;
//              bytes over the time until the last is done, the fastest of several rounds
//
// The fastest counts, because whatever else goes on can only take from it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/precision.hpp"

namespace ridgeline {

/// FLOP/s with libtorch's own threads, after `seconds` of trying; empty where the CPU backend has no product in that
/// format.
std::optional<double> product_rate(Precision precision, double seconds);

/// B/s of `bytes` in all, after `seconds` of trying.
double read_rate(std::int64_t bytes, int threads, double seconds);

}  // namespace ridgeline
