#include "app/calibrate_output.hpp"
#include "app/csv.hpp"
#include "app/json.hpp"

namespace ridgeline {
namespace {

Json calibration_json(const CalibrateResult& result) {
  const Calibration& c = result.calibrated.calibration;
  return {{"device", c.key.device},
          {"runtime", c.key.runtime},
          {"precision", name(c.key.precision)},
          {"power_mode", c.key.power_mode.empty() ? Json() : Json(c.key.power_mode)},
          {"protocol", name(c.key.protocol)},
          {"set", c.set},
          {"source", c.source},
          {"predictor", name(result.level)},
          {"rows", c.rows},
          {"rows_in_set", result.rows},
          {"seed", c.seed}};
}

Json held_out_json(const CalibrationReport& report) {
  Json errors = Json::object();
  for (std::size_t m = 0; m < kMetrics; ++m)
    errors[kMetricKeys[m]] = {{"datasheet", report.data_sheet_mape[m]},
                              {"analytic", report.analytic_mape[m]},
                              {"residual", report.residual_mape[m]}};
  return errors;
}

Json intervals_json(const Calibration& calibration) {
  Json all = Json::object();
  for (std::size_t m = 0; m < kMetrics; ++m) {
    all[kMetricKeys[m]] = nullptr;
    if (!calibration.intervals[m]) continue;
    const ConformalIntervals& intervals = *calibration.intervals[m];
    const Spread usual = intervals.factors(intervals.centre);
    all[kMetricKeys[m]] = {
        {"coverage", intervals.coverage}, {"rows", intervals.rows}, {"low", usual.low}, {"high", usual.high}};
  }
  return all;
}

Json parameters_json(const std::vector<CalibrationReport::Fitted>& parameters) {
  Json list = Json::array();
  for (const CalibrationReport::Fitted& p : parameters)
    list.push_back({{"parameter", p.parameter},
                    {"unit", p.unit},
                    {"data_sheet", p.data_sheet},
                    {"generic", p.generic},
                    {"value", p.value},
                    {"log_deviation", p.deviation},
                    {"determined", p.determined},
                    {"at_bound", p.at_bound}});
  return list;
}

Json worst_json(const std::vector<WorstRow>& worst) {
  Json list = Json::array();
  for (const WorstRow& row : worst)
    list.push_back({{"id", row.id},
                    {"metric", kMetricKeys[static_cast<std::size_t>(row.metric)]},
                    {"measured_over_predicted", std::exp(row.log_ratio)}});
  return list;
}

Json curve_json(const std::vector<LearningPoint>& curve) {
  Json points = Json::array();
  for (const LearningPoint& point : curve) {
    Json one = {{"rows", point.rows}};
    for (std::size_t m = 0; m < kMetrics; ++m) one[std::string(kMetricKeys[m])] = point.mape[m];
    points.push_back(std::move(one));
  }
  return points;
}

Json stretches_json(const std::optional<std::vector<NamedStretch>>& stretches) {
  if (!stretches) return nullptr;
  Json list = Json::array();
  for (const NamedStretch& stretch : *stretches)
    list.push_back({{"first", stretch.first},
                    {"last", stretch.last},
                    {"first_id", stretch.first_id},
                    {"last_id", stretch.last_id},
                    {"slowdown", stretch.slowdown}});
  return list;
}

}  // namespace

std::string calibrate_json(const CalibrateResult& result) {
  const CalibrationReport& report = result.calibrated.report;
  Json json = json_document("calibrate");
  json["out"] = result.out.empty() ? Json() : Json(result.out);
  json["calibration"] = calibration_json(result);
  json["excluded"] = Json::array();
  for (const Exclusion& exclusion : result.excluded)
    json["excluded"].push_back({{"id", exclusion.id}, {"reason", exclusion.reason}});
  json["held_out_mape"] = held_out_json(report);
  json["intervals"] = intervals_json(result.calibrated.calibration);
  json["parameters"] = parameters_json(report.parameters);
  json["worst"] = worst_json(report.worst);
  json["learning_curve"] = curve_json(result.curve);
  json["measure_next"] = Json::array();
  for (const NamedTellingRow& row : result.next)
    json["measure_next"].push_back({{"id", row.id}, {"model", row.model}, {"narrower", row.narrower}});
  json["stretches"] = stretches_json(result.stretches);
  json["fit"] = {{"converged", report.fit.converged},
                 {"evaluations", report.fit.evaluations},
                 {"unsettled_folds", report.unsettled_folds}};
  return dump(json);
}

std::string calibrate_csv(const CalibrateResult& result) {
  std::string text = "parameter,unit,data_sheet,generic,value,log_deviation,determined,at_bound\n";
  for (const CalibrationReport::Fitted& p : result.calibrated.report.parameters)
    text += CsvLine()
                .add(p.parameter)
                .add(p.unit)
                .add(p.data_sheet)
                .add(p.generic)
                .add(p.value)
                .add(p.deviation)
                .add(p.determined)
                .add(p.at_bound)
                .text();
  return text;
}

}  // namespace ridgeline
