// The power of NVIDIA cards, from the library that comes with their driver (NVML: "NVML API Reference Guide",
// NVIDIA).
//
// The library is opened when asked for and no header of it is needed: a machine without a card has none, and one
// program serves all. nvmlDeviceGetPowerUsage is in milliwatts, of the whole card with its memory, and on most cards
// already a mean over a window of the driver's own; nvmlDeviceGetTotalEnergyConsumption counts millijoules since the
// driver was loaded, on Volta and later. Jetson boards have no NVML: their INA3221 is found below /sys.
#pragma once

#include <string>

#include "calib/measuring/power_sensors.hpp"

namespace ridgeline {

/// One sensor a card. No problem is reported where there is no library.
FoundSensors find_nvml(const std::string& library = "libnvidia-ml.so.1");

}  // namespace ridgeline
