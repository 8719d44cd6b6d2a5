// From the warm run that the model computes to the figures that somebody wrote down.
//
//   latency    = T / n + S          T: warm latency of a batch of n sequences
//   energy     = E / n + P_s·S      E: energy of the batch
//   peak power = P_0 + k·P_d·(1 - exp(-T / w))
//   S          = s + b·W + p·W²     W: bytes of stored weights
//
// S is what a measurement of whole processes adds to every sequence: imports, reading the weights (ProTran and
// EdgeTran divide the wall time of a process by its sequences), and reading some of them again where memory is short:
// of W bytes a part that grows with W itself is paged out while the rest is used. Warm protocols have none of it. P_d
// is the mean dynamic power while the program runs; k > 1 because a peak is more than a mean; a sensor of response
// time w, or polled as rarely, sees only part of a burst that is shorter (first-order low-pass). P_s is drawn while a
// process starts.
#pragma once

#include "base/quantity.hpp"
#include "model/estimate.hpp"

namespace ridgeline {

using SecondsPerByte = Quantity<Dimension{.second = 1, .byte = -1}>;
using SecondsPerByte2 = Quantity<Dimension{.second = 1, .byte = -2}>;

struct ObservationParameters {
  Seconds startup;                  ///< s, per sequence
  SecondsPerByte startup_per_byte;  ///< b, per sequence
  SecondsPerByte2 paging;           ///< p, per sequence
  Watts startup_power;              ///< P_s
  double peak_ratio = 1;            ///< k
  Seconds response;                 ///< w; zero: the sensor sees every burst whole
};
/// S of a program with that many bytes of weights.
Seconds startup(const ObservationParameters& parameters, Bytes weights);

/// What the model says of one warm batch.
struct WarmRun {
  Seconds latency;   ///< T
  Joules dynamic;    ///< E without static power
  double sequences;  ///< n
  Bytes weights;     ///< W
};

struct Observation {
  double latency = 0;     ///< s a sequence
  double energy = 0;      ///< J a sequence
  double peak_power = 0;  ///< W
};

/// Energy and peak power are meaningful only where the device has power data (`static_power` is P_0).
Observation observe(const WarmRun& run, const ObservationParameters& parameters, Watts static_power);

}  // namespace ridgeline
