// How fast a device computes and moves bytes at the clock in force, and in which precision it really computes.
//
// A device that has no path for a precision computes in another one after conversion; tensors keep the size of the
// precision asked for. The fallbacks, first match wins:
//   matrix          fp32: fp32        tf32: tf32, fp32        fp16: fp16, fp32        bf16: bf16, fp32
//                   int8: int8, fp16, fp32                    int4: int4, int8, fp16, fp32
//   vector and      the precision itself, then fp32, then fp16 (networks in integers do their softmax and
//   transcendental  normalisation in floating point); fp32 never falls to fp16
// What is left is an InputError that lists what the device can do.
#pragma once

#include <optional>
#include <vector>

#include "hwdesc/device.hpp"

namespace ridgeline {

struct EffectiveRate {
  Precision precision = Precision::fp32;  ///< in which the arithmetic happens
  ComputeRate rate;
  FlopsPerSecond peak;  ///< operations_per_cycle × units × clock; vector and transcendental operations count as FLOP
};

/// Nothing when the device cannot compute so. `units` = 0: all units.
std::optional<EffectiveRate> find_rate(const Device& device, Arithmetic kind, Precision precision, int units = 0);
/// InputError "unsupported precision" that lists the supported ones.
EffectiveRate effective_rate(const Device& device, Arithmetic kind, Precision precision, int units = 0);

/// Precisions that matrix products can be asked for, natively or by a fallback.
std::vector<Precision> supported_precisions(const Device& device);
/// fp32 where the device has it, else its most precise native one: what an estimate assumes unless told otherwise.
Precision default_precision(const Device& device);

/// Size and data-sheet bandwidth over all instances of a level, at the clock in force.
Bytes total_size(const Device& device, const MemoryLevel& level);
BytesPerSecond total_bandwidth(const Device& device, const MemoryLevel& level);

/// Share of the bandwidth that streaming kernels reach where nobody measured it: the median of the shares that are
/// published for the GPUs described here is 0.83 (FluidX3D, arXiv:1903.07486); caches are given at 1.
double achievable_share(const Device& device, const MemoryLevel& level);

}  // namespace ridgeline
