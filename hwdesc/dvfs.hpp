// Dynamic voltage and frequency scaling: rates follow f, dynamic energy follows V², dynamic power f·V² (Weste &
// Harris, CMOS VLSI Design, 4th ed., section 5.2).
#pragma once

#include <string_view>

#include "hwdesc/device.hpp"

namespace ridgeline {

/// Supply voltage at `clock`, linear between operating points; empty when the device has no voltage table.
std::optional<Volts> voltage_at(const Device& device, Hertz clock);

/// Dynamic energy per operation at `clock` relative to nominal: (V/V0)². Without a voltage table the usual
/// approximation V = 0.6·V0 + 0.4·V0·f/f0 is used: near threshold the voltage no longer follows the clock.
double dynamic_energy_scale(const Device& device, Hertz clock);

/// The device at another clock: between two operating points is allowed, outside the table is an InputError that
/// gives the range. Without a table any clock from 1 MHz to 20 GHz is. Idle power follows the table where it lists
/// it, and the host of a CPU is the CPU itself.
Device at_clock(Device device, Hertz clock);

/// The device in one of its power modes; InputError with the known ones.
Device in_power_mode(Device device, std::string_view mode);

}  // namespace ridgeline
