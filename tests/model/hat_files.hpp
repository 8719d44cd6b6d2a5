// The rows of HAT's public latency files, for tests that run over all of them.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "model/hat_row.hpp"
#include "tests/support.hpp"

namespace ridgeline {

inline std::vector<HatRow> measured_hat_rows() {
  std::vector<HatRow> rows;
  for (const auto& file : std::filesystem::directory_iterator(shared_data() / "hat")) {
    if (file.path().extension() != ".csv") continue;
    std::ifstream stream(file.path());
    std::string line;
    std::getline(stream, line);  // names
    while (std::getline(stream, line)) {
      std::istringstream cells(line);
      std::array<double, 10> v{};
      for (double& number : v) {
        std::string cell;
        std::getline(cells, cell, ',');
        number = std::stod(cell);
      }
      rows.push_back({v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]});
    }
  }
  return rows;
}

}  // namespace ridgeline
