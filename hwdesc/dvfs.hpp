// Dynamic voltage and frequency scaling: rates follow f, dynamic energy follows V², dynamic power f·V².
#pragma once

#include "hwdesc/device.hpp"

namespace ridgeline {

/// Supply voltage at `clock`, linear between operating points; empty when the device has no voltage table.
std::optional<Volts> voltage_at(const Device& device, Hertz clock);

/// Dynamic energy per operation at `clock` relative to nominal: (V/V0)². Without a voltage table the usual
/// approximation V ∝ 0.6·V0 + 0.4·V0·f/f0 is used: near threshold the voltage no longer follows the clock.
double dynamic_energy_scale(const Device& device, Hertz clock);

}  // namespace ridgeline
