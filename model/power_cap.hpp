// The clock at which a kernel draws no more than it may.
#pragma once

namespace ridgeline {

/// A kernel at `x` times the clock in force: what scales with the clock, and what does not.
///   time    t(x) = floor + (on_chip_sum / x^p + off_chip_sum)^(1/p) / share
///   energy  E(x) = on_chip_joules·V² + off_chip_joules + busy_watts·x·V²·t(x),   V = 1 - slope + slope·x
struct ClockedKernel {
  double on_chip_joules = 0, off_chip_joules = 0, busy_watts = 0;
  double on_chip_sum = 0, off_chip_sum = 0;  ///< of the p-th powers of the roofline's bounds, in s^p
  double share = 1, floor = 0, slope = 0;
  double overlap = 4;  ///< p

  double seconds(double x) const;
  double joules(double x) const;
};

/// The x in (0, 1] at which the kernel draws `watts` above static power, given that it draws more at x = 1. Power
/// rises with x from nothing, so Newton's steps inside a bracket find it: about five of them, to thirteen digits.
double capped_clock(const ClockedKernel& kernel, double watts);

}  // namespace ridgeline
