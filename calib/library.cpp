#include "calib/library.hpp"

#include <fmt/format.h>

#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

std::filesystem::path folder() { return data_folder() / "data" / "calibrations"; }

}  // namespace

std::string calibration_file_name(const CalibrationKey& key) {
  std::string name = fmt::format("{}.{}.{}", key.device, key.runtime, ridgeline::name(key.precision));
  if (!key.power_mode.empty()) name += "." + key.power_mode;
  if (key.protocol == Protocol::whole_process) name += ".whole-process";
  return name + ".h5";
}

std::optional<std::filesystem::path> shipped_calibration(CalibrationKey key) {
  for (const Protocol protocol : {Protocol::warm, Protocol::whole_process}) {
    key.protocol = protocol;
    const std::filesystem::path file = folder() / calibration_file_name(key);
    if (std::filesystem::exists(file)) return file;
  }
  return std::nullopt;
}

std::vector<Lesson> shipped_lessons() {
  const std::filesystem::path file = folder() / "generic.h5";
  if (!std::filesystem::exists(file)) return {};
  return read_lessons(file);
}

void write_lessons(const std::filesystem::path& file, const std::vector<Lesson>& lessons,
                   const Provenance& provenance) {
  write_store(file, "lessons", to_arrays(lessons), provenance);
}

std::vector<Lesson> read_lessons(const std::filesystem::path& file) {
  const Store store = read_store(file);
  return lessons_of(store.content("lessons"));
}

}  // namespace ridgeline
