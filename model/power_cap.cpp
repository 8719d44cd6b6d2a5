#include "model/power_cap.hpp"

#include <cmath>

#include "model/power_mean.hpp"

namespace ridgeline {

double ClockedKernel::seconds(double x) const {
  return floor + root(on_chip_sum / power(x, overlap) + off_chip_sum, overlap) / share;
}

double ClockedKernel::joules(double x) const {
  const double v = 1 - slope + slope * x;
  return on_chip_joules * v * v + off_chip_joules + busy_watts * x * v * v * seconds(x);
}

double capped_clock(const ClockedKernel& k, double watts) {
  double low = 0, high = 1, x = 1;
  for (int step = 0; step < 100; ++step) {
    const double v = 1 - k.slope + k.slope * x;
    const double scaled = k.on_chip_sum / power(x, k.overlap);
    const double sum = scaled + k.off_chip_sum;
    const double bound = root(sum, k.overlap);
    const double inverse = 1 / (k.floor + bound / k.share);
    const double work = k.on_chip_joules * v * v + k.off_chip_joules;
    const double excess = work * inverse + k.busy_watts * x * v * v - watts;
    (excess > 0 ? high : low) = x;
    const double slower = scaled * bound / (sum * x * k.share);  // -t'
    const double derivative = (2 * k.on_chip_joules * v * k.slope + work * slower * inverse) * inverse +
                              k.busy_watts * v * (v + 2 * k.slope * x);
    double next = x - excess / derivative;
    if (std::abs(next - x) <= 1e-13 * x) return next;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    x = next;
  }
  return x;
}

}  // namespace ridgeline
