// What the benchmarks run on: shipped devices of both kinds of queue, at their usual precision and runtime.
#pragma once

#include <string>

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "model/cost_parameters.hpp"
#include "model/workload.hpp"

namespace ridgeline::bench {

/// A device whose host waits for every operator, and one whose host runs ahead.
inline constexpr const char* kDevices[] = {"raspberry-pi-4", "a100-pcie-40gb"};

struct Scenario {
  CostParameters parameters;
  Workload workload;
  Seconds window;
};

inline Scenario scenario(const std::string& device_name) {
  const Device device = load_device(device_name);
  const Runtime runtime = load_runtime("pytorch-eager");
  const Numerics numerics = uniform_numerics(default_precision(device));
  return {.parameters = data_sheet_parameters(device, runtime, numerics),
          .workload = {.numerics = numerics, .fusion = runtime.fusion, .views = runtime.runs_views},
          .window = device.sensor ? device.sensor->window : Seconds(0)};
}

}  // namespace ridgeline::bench
