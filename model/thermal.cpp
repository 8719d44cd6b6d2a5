#include "model/thermal.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr double kLowestFactor = 0.1;

}  // namespace

Sustained sustained(const Program& program, const CostParameters& parameters, const Thermal& thermal,
                    Seconds window) {
  if (!parameters.has_power) throw Error("no sustained figures without power data");
  const Watts allowed = (thermal.throttle - thermal.ambient) / thermal.resistance;
  const auto steady = [&](Watts power) { return thermal.ambient + power * thermal.resistance; };

  Sustained result{estimate(program, parameters, window), 1, {}, Seconds(std::numeric_limits<double>::infinity())};
  const Watts cold = *result.estimate.average_power;
  result.temperature = steady(cold);
  if (cold <= allowed) return result;

  result.full_clock = thermal.resistance * thermal.capacitance * -std::log1p(-(allowed / cold));
  double low = kLowestFactor, high = 1;
  const auto at = [&](double factor) { return estimate(program, at_clock_factor(parameters, factor), window); };
  result.estimate = at(low);
  result.clock_factor = low;
  result.reaches = *result.estimate.average_power <= allowed;
  if (result.reaches) {
    // Average power rises with the clock; 40 halvings leave 1e-12 of the range.
    for (int step = 0; step < 40; ++step) {
      const double middle = 0.5 * (low + high);
      const Estimate tried = at(middle);
      if (*tried.average_power <= allowed) {
        low = middle;
        result.estimate = tried;
        result.clock_factor = middle;
      } else {
        high = middle;
      }
    }
  }
  result.temperature = steady(*result.estimate.average_power);
  return result;
}

}  // namespace ridgeline
