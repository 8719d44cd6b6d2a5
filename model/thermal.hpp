// Sustained figures next to cold ones.
//
// A lumped RC body (hwdesc/device.hpp): C·dT/dt = P - (T - ambient)/R. Run back to back, a program that draws P on
// average settles at ambient + P·R. Where that is above the throttle temperature the clock falls until average power
// is (throttle - ambient)/R; before that, starting cold, the full clock lasts for
//   t = -R·C·ln(1 - (throttle - ambient)/(P·R)).
// Left out: several bodies with time constants of their own, a fan that speeds up, leakage that grows with heat.
#pragma once

#include "model/estimate.hpp"

namespace ridgeline {

struct Sustained {
  Estimate estimate;    ///< at the clock that the temperature allows
  double clock_factor;  ///< that clock ÷ the one asked for, (0, 1]
  Kelvin temperature;   ///< in the steady state, at most the throttle temperature
  Seconds full_clock;   ///< how long the cold device keeps the clock asked for; infinite: it always does
  bool reaches = true;  ///< false: even at a tenth of the clock the device is too hot; the figures are for that clock
};

/// Throws Error without power data.
Sustained sustained(const Program& program, const CostParameters& parameters, const Thermal& thermal, Seconds window);

}  // namespace ridgeline
