// The calibrations and lessons that ship with Ridgeline, in data/calibrations/ of the source tree or the installed
// data.
//
// One file a key, named DEVICE.RUNTIME.PRECISION[.POWER-MODE][.whole-process].h5, and generic.h5 with the lessons of
// all public sets. `ridgeline calibrate --ship FILE... --out-folder FOLDER` writes them anew.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "calib/calibration.hpp"
#include "calib/generic.hpp"

namespace ridgeline {

/// Name of the file that ships for a key.
std::string calibration_file_name(const CalibrationKey& key);

/// The shipped calibration of exactly that key with a warm protocol, else the one with whole processes; empty when
/// there is none.
std::optional<std::filesystem::path> shipped_calibration(CalibrationKey key);

/// Lessons of the public sets; empty when the file is not there.
std::vector<Lesson> shipped_lessons();

void write_lessons(const std::filesystem::path& file, const std::vector<Lesson>& lessons,
                   const Provenance& provenance);
std::vector<Lesson> read_lessons(const std::filesystem::path& file);

}  // namespace ridgeline
