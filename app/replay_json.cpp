#include "app/csv.hpp"
#include "app/json.hpp"
#include "app/replay_output.hpp"

namespace ridgeline {
namespace {

Json point_json(const ReplayPoint& point) {
  Json json = {{"rows", point.rows}, {"seconds", point.seconds}, {"error", point.error}};
  for (std::size_t m = 0; m < kMetrics; ++m) json[kMetricKeys[m]] = number_or_null(point.mape[m]);
  return json;
}

}  // namespace

std::string replay_json(const ReplayResult& result) {
  Json json = json_document("replay");
  json["set"] = to_json(result.set);
  json["seed"] = result.options.seed;
  json["seeds"] = result.options.seeds;
  json["pool"] = result.replay.rows - result.replay.held_out;
  json["held_out"] = result.replay.held_out;
  json["runs"] = Json::array();
  for (const ReplayRun& run : result.replay.runs) {
    Json points = Json::array();
    for (const ReplayPoint& point : run.points) points.push_back(point_json(point));
    json["runs"].push_back({{"rule", name(run.rule)},
                            {"seed", run.seed},
                            {"area", run.area},
                            {"all", point_json(run.all)},
                            {"points", points}});
  }
  return dump(json);
}

std::string replay_csv(const ReplayResult& result) {
  std::string text = "rule,seed,rows,seconds,error,latency_mape,energy_mape,peak_power_mape,all_rows_error\n";
  for (const ReplayRun& run : result.replay.runs)
    for (const ReplayPoint& point : run.points) {
      CsvLine line;
      line.add(name(run.rule)).add(static_cast<long>(run.seed)).add(static_cast<long>(point.rows));
      line.add(point.seconds).add(point.error);
      for (const double mape : point.mape) line.add(std::isnan(mape) ? std::nullopt : std::optional(mape));
      text += line.add(run.all.error).text();
    }
  return text;
}

}  // namespace ridgeline
