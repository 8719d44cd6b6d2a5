#include "app/measured.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "calib/child_process.hpp"
#include "calib/train.hpp"
#include "data/import.hpp"
#include "data/sets.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

/// The values of all sets, each once.
template <class Text>
std::string listed(const std::vector<MeasurementSet>& sets, Text text) {
  std::vector<std::string> values;
  for (const MeasurementSet& set : sets)
    if (std::find(values.begin(), values.end(), text(set)) == values.end()) values.push_back(text(set));
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string mode_text(const std::string& power_mode) { return power_mode.empty() ? "default" : power_mode; }

/// Keeps the sets whose value is the wanted one; InputError when there is none.
template <class Text>
void keep(std::vector<MeasurementSet>& sets, const char* option, const std::string& wanted, const std::string& what,
          Text text) {
  const std::string there = listed(sets, text);
  std::erase_if(sets, [&](const MeasurementSet& set) { return text(set) != wanted; });
  if (sets.empty())
    throw InputError({option, 0, 0, ""}, fmt::format("no measurements with {} '{}' in these files", what, wanted),
                     fmt::format("there: {}", there));
}

std::string described(const MeasurementSet& set) {
  return fmt::format("{} ({}, {} rows)", set.name, describe(key_of(set)), set.rows.size());
}

void narrow(std::vector<MeasurementSet>& sets, const DataOptions& options) {
  const std::string device = device_name(options.device, {"--device", 0, 0, ""});
  keep(sets, "--device", device, "device", [](const MeasurementSet& set) { return set.device; });
  if (!options.runtime.empty())
    keep(sets, "--runtime", runtime_name(options.runtime, {"--runtime", 0, 0, ""}), "runtime",
         [](const MeasurementSet& set) { return set.runtime; });
  if (options.precision)
    keep(sets, "--precision", std::string(name(*options.precision)), "precision",
         [](const MeasurementSet& set) { return std::string(name(set.precision)); });
  if (options.power_mode)
    keep(sets, "--power-mode", mode_text(*options.power_mode), "power mode",
         [](const MeasurementSet& set) { return mode_text(set.power_mode); });
  if (!options.set_name.empty())
    keep(sets, "--set-name", options.set_name, "the name", [](const MeasurementSet& set) { return set.name; });
}

void require_one(const std::vector<MeasurementSet>& sets) {
  if (sets.size() == 1) return;
  std::vector<std::string> candidates;
  for (const MeasurementSet& set : sets) candidates.push_back(described(set));
  throw InputError({"--data", 0, 0, ""},
                   fmt::format("{} sets are of this device: {}", sets.size(), fmt::join(candidates, "; ")),
                   "choose one with --runtime, --precision, --power-mode or --set-name, or give fewer files");
}

void require_rows(const MeasurementSet& set) {
  if (!set.rows.empty()) return;
  const std::string why =
      set.excluded.empty() ? std::string()
                           : fmt::format("the first ({}): {}", set.excluded.front().id, set.excluded.front().reason);
  throw InputError({"--data", 0, 0, ""}, fmt::format("no row of {} can be used", set.name), why);
}

}  // namespace

Measured find_measured(const DataOptions& options) {
  const std::vector<std::filesystem::path> files(options.files.begin(), options.files.end());
  std::vector<MeasurementSet> sets = read_measurements(files);
  narrow(sets, options);
  require_one(sets);
  Measured measured;
  measured.set = std::move(sets.front());
  require_rows(measured.set);
  measured.device = load_device(measured.set.device);
  if (!measured.set.power_mode.empty())
    measured.device = in_power_mode(std::move(measured.device), measured.set.power_mode);
  measured.runtime = load_runtime(measured.set.runtime);
  measured.data_sheet =
      data_sheet_parameters(measured.device, measured.runtime, uniform_numerics(measured.set.precision));
  return measured;
}

CalibrationKey own_key(const Measured& measured) {
  CalibrationKey key = key_of(measured.set);
  key.device = measured.device.name;
  key.runtime = measured.runtime.name;
  return key;
}

PredictorLevel usual_level(std::size_t rows, const Session& session) {
  if (rows < ResidualTrainingOptions{}.fewest_rows) return PredictorLevel::residual;
  try {
    find_program("ridgeline-train");
  } catch (const Error& error) {
    session.log->warn("parameters alone are fitted, what physics leaves over is not learnt: {}", error.what());
    return PredictorLevel::analytic;
  }
  return PredictorLevel::residual;
}

void add_exclusions(Table& table, const std::vector<Exclusion>& excluded, const std::string& of_set) {
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(excluded.size(), kShown); ++i)
    table.rows.push_back({excluded[i].id, excluded[i].reason});
  if (excluded.size() > kShown)
    table.rows.push_back({fmt::format("{} more{}", excluded.size() - kShown, of_set), "listed by --json"});
}

FitProblem make_problem(const Measured& measured) {
  return FitProblem(parameter_space(measured.data_sheet, measured.set.protocol), measured.set);
}

}  // namespace ridgeline
