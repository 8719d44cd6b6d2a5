// Everything that ships of calibrations, made anew from measurement files: one command, and the only way they are
// made.
//
// First a lesson of every set, fitted from its data sheet alone; then a calibration of every set with at least
// kFewest rows, whose prior are the lessons of other devices and files.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "calib/calibrate.hpp"

namespace ridgeline {

inline constexpr std::size_t kFewestToShip = 15;

struct Shipped {
  std::vector<Lesson> lessons;
  std::vector<Calibrated> calibrations;
};

/// Sets that know their place: of several of one key (HAT's tasks), the first ships. `progress` as in
/// CalibrateOptions.
Shipped make_shipped(const std::vector<MeasurementSet>& sets, const CalibrateOptions& options);

/// Writes DEVICE.RUNTIME.PRECISION....h5 and generic.h5 into `folder`, each atomically.
void write_shipped(const Shipped& shipped, const std::filesystem::path& folder, const Provenance& provenance);

}  // namespace ridgeline
