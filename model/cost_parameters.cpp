#include "model/cost_parameters.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "hwdesc/dvfs.hpp"
#include "hwdesc/energy.hpp"
#include "hwdesc/rates.hpp"

namespace ridgeline {
namespace {

/// Vector and transcendental arithmetic works on activations; only products have a precision of their own.
Precision precision_of(Arithmetic kind, const Numerics& numerics) {
  return kind == Arithmetic::matrix ? numerics.compute : numerics.activations;
}

int units_of(Arithmetic kind, const Device& device, const KernelQuality& quality) {
  if (kind != Arithmetic::matrix) return device.units;
  return std::min(device.units, quality.threads.value_or(device.units));
}

ArithmeticParameters arithmetic(Arithmetic kind, const Device& device, const KernelQuality& quality,
                                const Numerics& numerics) {
  const int units = units_of(kind, device, quality);
  const EffectiveRate effective = effective_rate(device, kind, precision_of(kind, numerics), units);
  ArithmeticParameters result;
  result.peak = effective.peak;
  result.utilisation = kind == Arithmetic::matrix ? quality.matrix : quality.vector;
  result.units = units;
  result.tile_rows = effective.rate.tile_rows;
  result.tile_columns = effective.rate.tile_columns;
  result.tile_depth = effective.rate.tile_depth;
  result.energy = dynamic_energy(device, kind, effective.precision).value_or(JoulesPerFlop(0));
  return result;
}

MemoryParameters memory_level(std::size_t level, const Device& device, const KernelQuality& quality) {
  const MemoryLevel& described = device.memory[level];
  MemoryParameters result;
  result.name = described.name;
  result.size = total_size(device, described);
  result.instances = described.per_unit ? device.units : 1;
  result.shared = !described.per_unit;
  result.bandwidth = total_bandwidth(device, described);
  result.utilisation = achievable_share(device, described) * quality.bandwidth;
  result.follows_clock = described.follows_clock && level + 1 < device.memory.size();
  result.energy = transfer_energy(device, level).value_or(JoulesPerByte(0));
  return result;
}

/// d ln V / d ln clock, as a secant down to 4/5 of the clock: about as far as a power limit lowers it.
double voltage_slope(const Device& device) {
  constexpr double kStep = 0.2;
  const double now = dynamic_energy_scale(device, device.clock);
  const double lower = dynamic_energy_scale(device, device.clock * (1 - kStep));
  return std::clamp((1 - std::sqrt(lower / now)) / kStep, 0.0, 1.0);
}

/// A bare library call against an operator dispatched by a framework; an order of magnitude, for calibration to find.
constexpr double kCallsPerDispatch = 40;

}  // namespace

CostParameters data_sheet_parameters(const Device& device, const Runtime& runtime, const Numerics& numerics) {
  if (device.memory.empty() || device.memory.size() > kMaxMemoryLevels)
    throw InputError({device.name, 0, 0, "memory"}, "a device has 1 to 8 levels of memory");
  const KernelQuality quality = runtime.kernels_on(device);
  CostParameters p;
  p.numerics = numerics;
  for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental})
    p.arithmetic[index(kind)] = arithmetic(kind, device, quality, numerics);
  for (std::size_t level = 0; level < device.memory.size(); ++level)
    p.memory.push_back(memory_level(level, device, quality));
  // Packing and multiplying take turns. The packed blocks are sized to stay in a cache (Goto & van de Geijn 2008), so
  // a data sheet says one pass; a library whose blocks spill passes up to four times (read, write-allocate, write
  // back, read again), which calibration finds.
  if (quality.packs_weights) p.overlap = 1;
  p.clock_scale = device.clock / device.nominal_clock;
  p.asynchronous = device.kind != DeviceKind::cpu;

  p.dispatch.fill(runtime.dispatch_kernel / device.host_speed);
  p.dispatch[Operator(View{}).index()] = runtime.dispatch_view / device.host_speed;
  if (!p.asynchronous) p.batched_call = p.dispatch.front() / kCallsPerDispatch;
  p.launch = device.launch_latency;
  p.kernel_floor = device.kernel_floor;

  if (!device.power) return p;
  p.has_power = true;
  p.static_power = device.power->idle;
  p.busy_power = busy_power(device) * static_cast<double>(units_of(Arithmetic::matrix, device, quality));
  if (!p.asynchronous) p.dispatch_power = busy_power(device);
  if (device.power->capped) p.power_limit = device.power->limit;
  p.voltage_slope = voltage_slope(device);
  return p;
}

CostParameters at_clock_factor(CostParameters parameters, double factor) {
  const double voltage = 1 + parameters.voltage_slope * (factor - 1);
  const double energy = voltage * voltage;
  for (ArithmeticParameters& engine : parameters.arithmetic) {
    engine.peak *= factor;
    engine.energy *= energy;
  }
  for (MemoryParameters& level : parameters.memory) {
    if (!level.follows_clock) continue;
    level.bandwidth *= factor;
    level.energy *= energy;
  }
  if (!parameters.asynchronous)
    for (Seconds& dispatch : parameters.dispatch) dispatch *= 1 / factor;
  parameters.batched_call *= 1 / factor;
  parameters.allocation *= 1 / factor;
  parameters.fresh_memory *= 1 / factor;
  parameters.busy_power *= factor * energy;
  parameters.dispatch_power *= factor * energy;
  parameters.voltage_slope *= factor / voltage;
  parameters.clock_scale *= factor;
  return parameters;
}

}  // namespace ridgeline
