// Tables of invented measurements, written by the tests that read them.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>

namespace ridgeline::invented {

/// bert-tiny on a Raspberry Pi 4 in measuring order, the next of twenty lengths in each row: about 2 ms and 0.06 ms a
/// token, spread by up to ±0.9 %, times `state` of the row.
inline std::string campaign(
    int rows, const std::function<double(int)>& state = [](int) { return 1.0; },
    const std::string& device = "raspberry-pi-4") {
  std::string table = "model,device,runtime,length,latency [ms],order\n";
  for (int i = 0; i < rows; ++i) {
    const double spread = 1 + 0.003 * ((i * 5) % 7 - 3);
    const int length = 8 * (1 + (i * 7) % 20);
    table += fmt::format("bert-tiny,{},pytorch-eager,{},{:.5f},{}\n", device, length,
                         (2 + 0.06 * length) * spread * state(i), i);
  }
  return table;
}

/// Five rows with energy and peak power.
inline std::string few(const std::string& device = "raspberry-pi-4") {
  std::string table = "model,device,runtime,length,latency [ms],energy [mJ],peak_power [W]\n";
  for (const int length : {16, 48, 64, 96, 128})
    table += fmt::format("bert-mini,{},pytorch-eager,{},{},{},{}\n", device, length, 4 + 0.3 * length,
                         20 + 1.4 * length, 5 + 0.003 * length);
  return table;
}

}  // namespace ridgeline::invented
