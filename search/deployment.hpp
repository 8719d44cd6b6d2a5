// Where and how a model runs: device × clock × precision × batch, with everything that a predictor needs of them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "calib/calibration.hpp"
#include "model/cost_parameters.hpp"
#include "model/workload.hpp"
#include "search/continuous.hpp"
#include "search/domain.hpp"

namespace ridgeline {

/// What a calibration says of runs beyond its parameters: the residual, and peaks as its sensor sees them.
struct DeployedCalibration {
  std::shared_ptr<const Calibration> calibration;
  CostParameters data_sheet;                ///< of its device
  bool energy = false, peak_power = false;  ///< whether its measurements say anything of them
  /// The deployment's parameters are of a changed description: figures under them are multiplied by what the same
  /// model is corrected by on the device as it is described.
  bool changed = false;
};

struct Deployment {
  std::string device;
  std::string clock = "nominal";
  std::string precision;
  CostParameters parameters;  ///< of a data sheet or a calibration
  std::optional<DeployedCalibration> calibration = {};
  Workload workload;          ///< with batch and precisions
  Bytes capacity;             ///< of the device's memory; 0: not to be looked at
  Seconds sensor_window;      ///< of the device's usual power sensor; 0: instantaneous
  std::string settings = {};  ///< what was changed of the description: "clock=x0.73 dram.bandwidth=x1.5"
  std::vector<ContinuousVariable> variables = {};  ///< what may be moved freely, as factors on the description
};

/// The choice "deployment" of a space: columns device, clock, precision, batch, and settings where there are any.
inline Rows rows_of(std::span<const Deployment> deployments) {
  Rows rows{{"device", "clock", "precision", "batch"}, {}};
  bool settings = false;
  for (const Deployment& d : deployments) {
    rows.rows.push_back({d.device, d.clock, d.precision, std::to_string(d.workload.batch)});
    settings = settings || !d.settings.empty();
  }
  if (!settings) return rows;
  rows.columns.emplace_back("settings");
  for (std::size_t i = 0; i < deployments.size(); ++i) rows.rows[i].push_back(deployments[i].settings);
  return rows;
}

}  // namespace ridgeline
