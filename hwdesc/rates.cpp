#include "hwdesc/rates.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"

namespace ridgeline {
namespace {

std::vector<Precision> fallbacks(Arithmetic kind, Precision precision) {
  using enum Precision;
  if (kind != Arithmetic::matrix) {
    if (precision == fp32 || precision == tf32) return {precision, fp32};
    return {precision, fp32, fp16};
  }
  switch (precision) {
    case fp32:
      return {fp32};
    case tf32:
      return {tf32, fp32};
    case fp16:
      return {fp16, fp32};
    case bf16:
      return {bf16, fp32};
    case int8:
      return {int8, fp16, fp32};
    case int4:
      return {int4, int8, fp16, fp32};
  }
  return {};
}

}  // namespace

std::optional<EffectiveRate> find_rate(const Device& device, Arithmetic kind, Precision precision, int units) {
  for (const Precision candidate : fallbacks(kind, precision)) {
    const std::optional<ComputeRate>& rate = device.compute[index(kind)][index(candidate)];
    if (!rate) continue;
    const int used = units > 0 ? std::min(units, device.units) : device.units;
    return EffectiveRate{candidate, *rate, FlopsPerSecond(rate->operations_per_cycle * used * device.clock.si())};
  }
  return std::nullopt;
}

EffectiveRate effective_rate(const Device& device, Arithmetic kind, Precision precision, int units) {
  if (const auto rate = find_rate(device, kind, precision, units)) return *rate;
  std::vector<std::string_view> all;
  for (const Precision supported : supported_precisions(device)) all.push_back(name(supported));
  throw InputError({device.name, 0, 0, {}}, fmt::format("unsupported precision '{}'", name(precision)),
                   fmt::format("{} computes in {}", device.name, fmt::join(all, ", ")));
}

std::vector<Precision> supported_precisions(const Device& device) {
  std::vector<Precision> all;
  for (const Precision precision : kPrecisions)
    if (find_rate(device, Arithmetic::matrix, precision)) all.push_back(precision);
  return all;
}

Precision default_precision(const Device& device) {
  using enum Precision;
  for (const Precision precision : {fp32, bf16, fp16, int8, int4, tf32})
    if (device.compute[index(Arithmetic::matrix)][index(precision)]) return precision;
  return fp32;
}

Bytes total_size(const Device& device, const MemoryLevel& level) {
  return level.size * (level.per_unit ? device.units : 1);
}

BytesPerSecond total_bandwidth(const Device& device, const MemoryLevel& level) {
  const double clock = level.follows_clock ? device.clock.si() / device.nominal_clock.si() : 1;
  return level.bandwidth * (level.per_unit ? device.units : 1) * clock;
}

double achievable_share(const Device& device, const MemoryLevel& level) {
  if (level.achievable) return *level.achievable;
  return &level == &device.memory.back() || level.name == "dram" ? 0.83 : 1;
}

}  // namespace ridgeline
