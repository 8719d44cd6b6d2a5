#include "calib/ship.hpp"

#include <algorithm>
#include <numeric>

#include "calib/library.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

/// Enough for parameters; more rows cost time and add little.
constexpr std::size_t kMostRows = 200;

std::vector<std::size_t> spread_rows(std::size_t rows) {
  const std::size_t step = std::max<std::size_t>(1, rows / kMostRows);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < rows && chosen.size() < kMostRows; i += step) chosen.push_back(i);
  return chosen;
}

struct Prepared {
  const MeasurementSet* set;
  DeviceKind kind;
  std::vector<std::size_t> rows;
  FitProblem problem;
};

Prepared prepare(const MeasurementSet& set) {
  const Device device = load_device(set.device);
  const CostParameters sheet =
      data_sheet_parameters(device, load_runtime(set.runtime), set.rows.front().workload.numerics);
  // Only the rows that are fitted: a set of 2,000 has ten times as many operators.
  MeasurementSet some = set;
  some.rows.clear();
  for (const std::size_t row : spread_rows(set.rows.size())) some.rows.push_back(set.rows[row]);
  std::vector<std::size_t> rows(some.rows.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return {&set, device.kind, std::move(rows), FitProblem(parameter_space(sheet, set.protocol), some)};
}

}  // namespace

Shipped make_shipped(const std::vector<MeasurementSet>& sets, const CalibrateOptions& options) {
  std::vector<Prepared> prepared;
  for (const MeasurementSet& set : sets)
    if (!set.rows.empty()) prepared.push_back(prepare(set));
  const auto say = [&](const std::string& what, std::size_t done) {
    if (options.progress)
      options.progress(what, static_cast<double>(done) / static_cast<double>(2 * prepared.size()));
  };
  Shipped shipped;
  for (const Prepared& p : prepared) {
    say("learning from " + p.set->name, shipped.lessons.size());
    FitOptions fit_options = options.fit;
    fit_options.seed = options.seed;
    const FitSummary summary = fit(p.problem, p.rows, data_sheet_prior(p.problem.space()), fit_options);
    shipped.lessons.push_back(lesson_of(*p.set, p.kind, p.problem.space(), summary));
  }
  CalibrateOptions quiet = options;
  quiet.progress = nullptr;
  std::vector<CalibrationKey> done;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    const Prepared& p = prepared[i];
    const CalibrationKey key = key_of(*p.set);
    if (p.rows.size() < kFewestToShip || std::find(done.begin(), done.end(), key) != done.end()) continue;
    say("calibrating " + p.set->name, prepared.size() + i);
    done.push_back(key);
    shipped.calibrations.push_back(
        calibrate(*p.set, p.problem, p.rows, lessons_from_elsewhere(shipped.lessons, *p.set), p.kind, quiet));
  }
  return shipped;
}

void write_shipped(const Shipped& shipped, const std::filesystem::path& folder, const Provenance& provenance) {
  std::filesystem::create_directories(folder);
  write_lessons(folder / "generic.h5", shipped.lessons, provenance);
  for (const Calibrated& c : shipped.calibrations)
    write_calibration(folder / calibration_file_name(c.calibration.key), c.calibration, provenance);
}

}  // namespace ridgeline
