// The two halves of the smooth maximum (Σ x^p)^(1/p).
#pragma once

#include <cmath>

namespace ridgeline {

/// x^p; the two usual exponents without the price of std::pow.
inline double power(double x, double p) {
  if (p == 4) {
    const double square = x * x;
    return square * square;
  }
  return p == 1 ? x : std::pow(x, p);
}

/// x^(1/p)
inline double root(double x, double p) {
  if (p == 4) return std::sqrt(std::sqrt(x));
  return p == 1 ? x : std::pow(x, 1 / p);
}

}  // namespace ridgeline
