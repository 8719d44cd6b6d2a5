#include "hwdesc/device.hpp"

namespace ridgeline {

std::string_view name(DeviceKind kind) {
  constexpr std::array<std::string_view, 3> names{"cpu", "gpu", "npu"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name(Arithmetic kind) {
  constexpr std::array<std::string_view, kArithmeticCount> names{"matrix", "vector", "transcendental"};
  return names[index(kind)];
}

std::string why_missing(const Device& device, std::string_view part) {
  for (const Fact& fact : device.not_published)
    if (fact.path == part) return fact.source;
  return {};
}

}  // namespace ridgeline
