#include "hwdesc/energy.hpp"

#include <algorithm>

#include "hwdesc/dvfs.hpp"
#include "hwdesc/rates.hpp"

namespace ridgeline {
namespace {

constexpr double kArithmeticShare = 0.8;  // of the power left for work, in a matrix product at peak
constexpr double kMemoryShare = 0.5;      // of it, when streaming from DRAM
constexpr double kInnermostPerDram = 1.0 / 128, kCachePerDram = 1.0 / 16;

/// limit - idle - units·busy_unit at nominal clock; a what-if on units or power leaves at least a tenth.
Watts power_for_work(const Device& device) {
  const Watts idle = at_clock(device, device.nominal_clock).power->idle;
  const Watts above_idle = device.power->limit - idle;
  const Watts busy = device.power->busy_unit.value_or(Watts{}) * device.units;
  return std::max(above_idle - busy, above_idle * 0.1);
}

FlopsPerSecond nominal_peak(const Device& device, Arithmetic kind, Precision precision) {
  const ComputeRate& rate = *device.compute[index(kind)][index(precision)];
  return FlopsPerSecond(rate.operations_per_cycle * device.units * device.nominal_clock.si());
}

/// Energy at nominal clock in a precision that the device has natively.
JoulesPerFlop nominal_energy(const Device& device, Arithmetic kind, Precision precision) {
  const auto& given = device.power->energy;
  if (const auto& own = given[index(kind)][index(precision)]) return *own;
  const Precision reference = default_precision(device);
  const FlopsPerSecond reference_peak = nominal_peak(device, Arithmetic::matrix, reference);
  const auto& reference_given = given[index(Arithmetic::matrix)][index(reference)];
  const Watts power = reference_given ? *reference_given * reference_peak : power_for_work(device) * kArithmeticShare;
  return power / nominal_peak(device, kind, precision);
}

JoulesPerByte nominal_transfer(const Device& device, std::size_t level) {
  if (device.memory[level].energy) return *device.memory[level].energy;
  const MemoryLevel& dram = device.memory.back();
  if (level + 1 < device.memory.size())
    return nominal_transfer(device, device.memory.size() - 1) * (level == 0 ? kInnermostPerDram : kCachePerDram);
  const BytesPerSecond stream = dram.bandwidth * achievable_share(device, dram);
  return power_for_work(device) * kMemoryShare / stream;
}

}  // namespace

std::optional<JoulesPerFlop> dynamic_energy(const Device& device, Arithmetic kind, Precision precision) {
  const auto rate = find_rate(device, kind, precision);
  if (!device.power || !rate) return std::nullopt;
  return nominal_energy(device, kind, rate->precision) * dynamic_energy_scale(device, device.clock);
}

std::optional<JoulesPerByte> transfer_energy(const Device& device, std::size_t level) {
  if (!device.power || level >= device.memory.size()) return std::nullopt;
  const bool dram = level + 1 == device.memory.size();
  return nominal_transfer(device, level) * (dram ? 1 : dynamic_energy_scale(device, device.clock));
}

Watts busy_power(const Device& device) {
  if (!device.power || !device.power->busy_unit) return {};
  return *device.power->busy_unit * (device.clock / device.nominal_clock) *
         dynamic_energy_scale(device, device.clock);
}

Device with_energies(Device device) {
  if (!device.power) return device;
  Device full = device;
  for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental})
    for (const Precision precision : kPrecisions)
      if (device.compute[index(kind)][index(precision)])
        full.power->energy[index(kind)][index(precision)] = nominal_energy(device, kind, precision);
  for (std::size_t level = 0; level < device.memory.size(); ++level)
    full.memory[level].energy = nominal_transfer(device, level);
  return full;
}

}  // namespace ridgeline
