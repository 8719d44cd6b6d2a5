// Physical quantities whose dimensions the compiler checks: W·s is J, and s + J does not compile.
//
// A Quantity holds one double in SI units (bytes and FLOP count as units of their own), so it costs exactly what a
// double costs. Unit strings such as "25.6 GB/s" exist only at input and output: see base/units.hpp.
#pragma once

#include <compare>
#include <concepts>

namespace ridgeline {

/// Exponents of the units that Ridgeline computes with. Power is joule/second; a rate is 1/second.
struct Dimension {
  int second = 0;
  int joule = 0;
  int byte = 0;
  int flop = 0;
  int kelvin = 0;
  int volt = 0;

  friend constexpr bool operator==(const Dimension&, const Dimension&) = default;
  friend constexpr Dimension operator+(Dimension a, Dimension b) {
    return {a.second + b.second, a.joule + b.joule,   a.byte + b.byte,
            a.flop + b.flop,     a.kelvin + b.kelvin, a.volt + b.volt};
  }
  friend constexpr Dimension operator-(Dimension a, Dimension b) {
    return {a.second - b.second, a.joule - b.joule,   a.byte - b.byte,
            a.flop - b.flop,     a.kelvin - b.kelvin, a.volt - b.volt};
  }
};

/// A value in SI units of dimension D. Dimensionless results (s/s) convert to double by themselves.
template <Dimension D>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit(D != Dimension{}) Quantity(double si) : si_(si) {}

  /// The plain number in SI units; for the edges to Eigen, NLopt, HDF5 and printing.
  constexpr double si() const { return si_; }
  constexpr operator double() const requires(D == Dimension{}) { return si_; }

  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.si_ + b.si_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.si_ - b.si_); }
  friend constexpr Quantity operator*(Quantity a, double b) { return Quantity(a.si_ * b); }
  friend constexpr Quantity operator*(double a, Quantity b) { return Quantity(a * b.si_); }
  friend constexpr Quantity operator/(Quantity a, double b) { return Quantity(a.si_ / b); }
  constexpr Quantity& operator+=(Quantity b) { return si_ += b.si_, *this; }
  constexpr Quantity& operator-=(Quantity b) { return si_ -= b.si_, *this; }
  constexpr Quantity& operator*=(double b) { return si_ *= b, *this; }

 private:
  double si_ = 0;
};

template <Dimension A, Dimension B>
constexpr Quantity<A + B> operator*(Quantity<A> a, Quantity<B> b) {
  return Quantity<A + B>(a.si() * b.si());
}
template <Dimension A, Dimension B>
constexpr Quantity<A - B> operator/(Quantity<A> a, Quantity<B> b) {
  return Quantity<A - B>(a.si() / b.si());
}

using Seconds = Quantity<Dimension{.second = 1}>;
using Hertz = Quantity<Dimension{.second = -1}>;
using Joules = Quantity<Dimension{.joule = 1}>;
using Watts = Quantity<Dimension{.second = -1, .joule = 1}>;
using Bytes = Quantity<Dimension{.byte = 1}>;
using BytesPerSecond = Quantity<Dimension{.second = -1, .byte = 1}>;
using Flops = Quantity<Dimension{.flop = 1}>;
using FlopsPerSecond = Quantity<Dimension{.second = -1, .flop = 1}>;
using FlopsPerByte = Quantity<Dimension{.byte = -1, .flop = 1}>;
using JoulesPerFlop = Quantity<Dimension{.joule = 1, .flop = -1}>;
using JoulesPerByte = Quantity<Dimension{.joule = 1, .byte = -1}>;
using JouleSeconds = Quantity<Dimension{.second = 1, .joule = 1}>;
using Volts = Quantity<Dimension{.volt = 1}>;
using Kelvin = Quantity<Dimension{.kelvin = 1}>;
using KelvinPerWatt = Quantity<Dimension{.second = 1, .joule = -1, .kelvin = 1}>;
using JoulesPerKelvin = Quantity<Dimension{.joule = 1, .kelvin = -1}>;

}  // namespace ridgeline
