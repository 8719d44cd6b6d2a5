// The power sensor that a campaign reads.
#pragma once

#include <time.h>

#include <optional>
#include <string>

#include "app/measure_options.hpp"
#include "calib/measuring/power_sensors.hpp"

namespace ridgeline {

/// s
double seconds_of(clockid_t clock);

/// The sensor that is read, and why not where there is none.
struct ChosenSensor {
  std::optional<PowerSensor> sensor;
  std::string said;
};
/// InputError when a sensor or a log is asked for that is not there.
ChosenSensor choose_sensor(const MeasureCommandOptions& options);

/// W with nothing running; a few seconds are spent looking. Nothing where the sensor is a log or says too little.
std::optional<double> idle_power(const PowerSensor& sensor);

}  // namespace ridgeline
