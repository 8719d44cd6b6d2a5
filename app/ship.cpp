// calibrate --ship: all that ships of calibrations, made anew.
#include "calib/ship.hpp"

#include <fmt/format.h>

#include "app/calibrate.hpp"
#include "app/json.hpp"
#include "app/table.hpp"
#include "calib/library.hpp"
#include "data/import.hpp"

namespace ridgeline {
namespace {

std::string text_of(const Shipped& shipped, const std::string& folder, const Style& style) {
  Table table{2, {{}, {.right = true}, {}}, {}};
  for (const Calibrated& calibrated : shipped.calibrations)
    table.rows.push_back({calibration_file_name(calibrated.calibration.key),
                          fmt::format("{} rows", calibrated.calibration.rows), calibrated.calibration.set});
  table.rows.push_back({"generic.h5", fmt::format("{} sets", shipped.lessons.size()), "what they teach of others"});
  return fmt::format("Wrote to {}\n", folder) + render(table, style);
}

std::string json_of(const Shipped& shipped, const std::string& folder) {
  Json json = json_document("ship");
  json["folder"] = folder;
  json["lessons"] = shipped.lessons.size();
  json["calibrations"] = Json::array();
  for (const Calibrated& calibrated : shipped.calibrations)
    json["calibrations"].push_back({{"file", calibration_file_name(calibrated.calibration.key)},
                                    {"set", calibrated.calibration.set},
                                    {"rows", calibrated.calibration.rows}});
  return dump(json);
}

}  // namespace

Outcome run_ship(const CalibrateCommandOptions& options, const Session& session) {
  const std::vector<std::filesystem::path> files(options.data.files.begin(), options.data.files.end());
  CalibrateOptions how;
  how.level = options.predictor.value_or(PredictorLevel::residual);
  how.seed = options.seed;
  how.progress = session.progress;
  const Shipped shipped = make_shipped(read_measurements(files), how);
  write_shipped(shipped, options.ship, provenance_of(session.command, RIDGELINE_VERSION));
  return {options.output == Output::json ? json_of(shipped, options.ship)
                                         : text_of(shipped, options.ship, session.style)};
}

}  // namespace ridgeline
