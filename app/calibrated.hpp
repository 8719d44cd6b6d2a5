// The calibration that an estimate stands on: which one, and what it says of one program.
//
// It replaces the data sheet's cost parameters, so latency, phases, bounds and advice are those of the calibrated
// model. Latency and energy of a run are then multiplied by what the calibration says of it beyond its parameters
// (the residual), and get its intervals. A calibration of whole processes says s(run) + start-up, one interval for
// the sum; here they are two figures, each with the relative interval of the sum.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "calib/calibration.hpp"
#include "model/lowering.hpp"

namespace ridgeline {

/// What a calibration says of a run beyond the parameters: factors on the calibrated model's figure.
struct CalibratedFactors {
  double value = 1;              ///< the residual's correction
  std::optional<Spread> spread;  ///< measured / corrected; empty: no interval
};

struct CalibrationInUse {
  Calibration calibration;
  std::string file;
  bool shipped = false;
  std::string outside;   ///< what was measured, where that is other work than this; empty: like this
  bool changed = false;  ///< its factors stand on a changed description: what-ifs
  ObservationParameters observation;
  CostParameters cost;
  /// By FittedMetric; empty where the measurements said nothing of it, so that it stays as the data sheet has it.
  std::array<bool, kMetrics> knows{};
  CalibratedFactors latency, energy;
  std::optional<CalibratedFigure> peak_power;
};

struct CalibrationChoice {
  std::optional<CalibrationInUse> used;
  std::string why_none;  ///< as a sentence without its end
};

/// The calibration in the file of --calibration, read once more for each device; empty for "shipped" and "none".
std::optional<Calibration> calibration_asked_for(const WhatIfOptions& options);

/// `data_sheet` holds the parameters with all what-ifs. A calibration asked for by file must match: InputError
/// otherwise. A shipped one that does not is not used.
CalibrationChoice choose_calibration(const WhatIfOptions& options, const Device& device, const Runtime& runtime,
                                     const CostParameters& data_sheet, const Workload& workload,
                                     const Program& program);

/// The same for many models of one workload: the calibrated parameters alone, every factor 1 and no interval.
CalibrationChoice choose_parameters(const WhatIfOptions& options, const Device& device, const Runtime& runtime,
                                    const CostParameters& data_sheet, const Workload& workload);

}  // namespace ridgeline
