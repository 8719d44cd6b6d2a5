#include "calib/measuring/nvml.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <memory>

namespace ridgeline {
namespace {

constexpr double kNvmlUpdate = 0.1;  // s; cards of the last ten years take 15 to 100 ms for a new value
constexpr int kSuccess = 0;

using NvmlDevice = void*;

/// The library, initialised; shut down and closed with the last sensor.
class Nvml {
 public:
  explicit Nvml(void* library) : library_(library) {}
  ~Nvml() {
    if (initialised_) call<int()>("nvmlShutdown");
    ::dlclose(library_);
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  /// Empty, or what it complains of.
  std::string initialise() {
    const int failed = call<int()>("nvmlInit_v2");
    initialised_ = failed == kSuccess;
    return initialised_ ? std::string() : explained(failed);
  }

  template <class Function, class... Arguments>
  int call(const char* name, Arguments... arguments) const {
    auto* function = reinterpret_cast<Function*>(::dlsym(library_, name));
    return function != nullptr ? function(arguments...) : kMissing;
  }

  std::string explained(int failed) const {
    auto* words = reinterpret_cast<const char* (*)(int)>(::dlsym(library_, "nvmlErrorString"));
    if (failed == kMissing || words == nullptr) return fmt::format("error {}", failed);
    return words(failed);
  }

 private:
  static constexpr int kMissing = -1;  // no error of NVML is negative

  void* library_;
  bool initialised_ = false;
};

std::optional<double> milli(const Nvml& nvml, const char* name, NvmlDevice card) {
  unsigned value = 0;
  if (nvml.call<int(NvmlDevice, unsigned*)>(name, card, &value) != kSuccess) return std::nullopt;
  return 1e-3 * value;
}

std::optional<double> joules(const Nvml& nvml, NvmlDevice card) {
  unsigned long long value = 0;
  if (nvml.call<int(NvmlDevice, unsigned long long*)>("nvmlDeviceGetTotalEnergyConsumption", card, &value) !=
      kSuccess)
    return std::nullopt;
  return 1e-3 * static_cast<double>(value);
}

}  // namespace

FoundSensors find_nvml(const std::string& library) {
  FoundSensors found;
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return found;
  const auto nvml = std::make_shared<Nvml>(handle);
  if (const std::string problem = nvml->initialise(); !problem.empty()) {
    found.problems.push_back(fmt::format("{}: {}", library, problem));
    return found;
  }
  unsigned count = 0;
  nvml->call<int(unsigned*)>("nvmlDeviceGetCount_v2", &count);
  for (unsigned i = 0; i < count; ++i) {
    NvmlDevice card = nullptr;
    if (const int failed = nvml->call<int(unsigned, NvmlDevice*)>("nvmlDeviceGetHandleByIndex_v2", i, &card);
        failed != kSuccess) {
      found.problems.push_back(fmt::format("{}, card {}: {}", library, i, nvml->explained(failed)));
      continue;
    }
    std::array<char, 96> title{};
    nvml->call<int(NvmlDevice, char*, unsigned)>("nvmlDeviceGetName", card, title.data(),
                                                 static_cast<unsigned>(title.size()));
    if (!milli(*nvml, "nvmlDeviceGetPowerUsage", card)) {
      found.problems.push_back(fmt::format("{}, card {} ({}): tells no power", library, i, title.data()));
      continue;
    }
    PowerSensor sensor;
    sensor.name = fmt::format("NVML {} ({})", i, title.data());
    sensor.update = kNvmlUpdate;
    sensor.of_card = true;
    sensor.watts = [nvml, card] { return milli(*nvml, "nvmlDeviceGetPowerUsage", card); };
    if (joules(*nvml, card)) sensor.joules = [nvml, card] { return joules(*nvml, card); };
    found.sensors.push_back(std::move(sensor));
  }
  return found;
}

}  // namespace ridgeline
