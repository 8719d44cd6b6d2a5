#include "app/csv.hpp"
#include "app/json.hpp"
#include "app/validate_output.hpp"

namespace ridgeline {
namespace {

/// Every key is there whatever was measured, so that scripts need not ask.
Json metric_json(const std::optional<Validated>& validated, std::string_view unit) {
  Json json = {{"rows", 0}, {"unit", unit}};
  for (const char* key : {"mape", "median_ape", "rmse", "r2", "spearman", "kendall", "coverage", "width",
                          "interval_score", "constant_score", "best_constant_score"})
    json[key] = nullptr;
  if (!validated) return json;
  const Scores& s = validated->scores;
  json["rows"] = s.rows;
  json["mape"] = s.mape;
  json["median_ape"] = s.median_ape;
  json["rmse"] = s.rmse;
  json["r2"] = number_or_null(s.r2);
  json["spearman"] = number_or_null(s.spearman);
  json["kendall"] = number_or_null(s.kendall);
  if (!validated->intervals) return json;
  json["coverage"] = validated->intervals->coverage;
  json["width"] = validated->intervals->mean_width;
  json["interval_score"] = validated->intervals->interval_score;
  json["constant_score"] = number_or_null(validated->constant_score);
  json["best_constant_score"] = validated->intervals->best_constant_score;
  return json;
}

}  // namespace

std::string validate_json(const ValidateResult& result) {
  Json json = json_document("validate");
  json["set"] = to_json(result.set);
  json["predictor"] = name(result.level);
  json["within_campaign"] = result.within_campaign;
  json["calibration"] = result.calibration.empty() ? Json() : Json(result.calibration);
  json["calibrated_on"] = result.validation.fitted;
  json["seed"] = result.seed ? Json(*result.seed) : Json();
  json["converged"] = result.converged ? Json(*result.converged) : Json();
  json["rows"] = result.validation.rows;
  for (std::size_t m = 0; m < kMetrics; ++m)
    json[kMetricKeys[m]] = metric_json(result.validation.by_metric[m], kMetricUnits[m]);
  return dump(json);
}

std::string validate_csv(const ValidateResult& result) {
  std::string text = "id,order";
  for (const std::string_view figure : {"latency_s", "energy_J", "peak_power_W"})
    text += "," + std::string(figure) + "_measured," + std::string(figure) + "," + std::string(figure) + "_low," +
            std::string(figure) + "_high";
  text += "\n";
  const auto measured = [](const std::optional<MeasuredValue>& value) {
    return value ? std::optional(value->value) : std::nullopt;
  };
  for (std::size_t i = 0; i < result.validation.numbers.size(); ++i) {
    const Measurement& row = result.set.rows[result.validation.numbers[i]];
    const std::array<std::optional<double>, kMetrics> truth{measured(row.latency), measured(row.energy),
                                                            measured(row.peak_power)};
    CsvLine line;
    line.add(row.id).add(static_cast<long>(row.order));
    for (std::size_t m = 0; m < kMetrics; ++m) {
      const CalibratedFigure& figure = result.validation.predicted[i][m];
      const auto end = [&](double value) { return figure.has_interval ? std::optional(value) : std::nullopt; };
      line.add(truth[m]).add(figure.value).add(end(figure.low)).add(end(figure.high));
    }
    text += line.text();
  }
  return text;
}

}  // namespace ridgeline
