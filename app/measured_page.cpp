#include "app/measured_page.hpp"

#include "app/page.hpp"

namespace ridgeline {
namespace {

/// Columns of scored rows; by figure what was measured, predicted, and the interval. `fitted`: empty, or by row of
/// the set.
Json rows_json(const MeasurementSet& set, const Validation& validation, const std::vector<bool>& fitted) {
  Json ids = Json::array(), orders = Json::array(), seen = Json::array();
  std::array<std::array<Json, 4>, kMetrics> figures;
  for (auto& columns : figures) columns.fill(Json::array());
  for (std::size_t i = 0; i < validation.numbers.size(); ++i) {
    const std::size_t number = validation.numbers[i];
    const Measurement& row = set.rows[number];
    ids.push_back(row.id);
    orders.push_back(row.order);
    seen.push_back(!fitted.empty() && fitted[number]);
    const std::array measured{row.latency, row.energy, row.peak_power};
    for (std::size_t m = 0; m < kMetrics; ++m) {
      const CalibratedFigure& figure = validation.predicted[i][m];
      figures[m][0].push_back(measured[m] ? chart_number(measured[m]->value) : Json());
      figures[m][1].push_back(chart_number(figure.value));
      figures[m][2].push_back(figure.has_interval ? chart_number(figure.low) : Json());
      figures[m][3].push_back(figure.has_interval ? chart_number(figure.high) : Json());
    }
  }
  Json json = {{"id", ids}, {"order", orders}, {"fitted", seen}, {"ordered", set.ordered}};
  constexpr std::array keys{"latency_s", "energy_J", "peak_power_W"};
  for (std::size_t m = 0; m < kMetrics; ++m)
    json[keys[m]] = {
        {"measured", figures[m][0]}, {"predicted", figures[m][1]}, {"low", figures[m][2]}, {"high", figures[m][3]}};
  return json;
}

}  // namespace

std::string calibrate_page(const CalibrateResult& result) {
  const CalibratePicture& picture = result.picture.value();
  Json learning = Json::array();
  for (const LearningPoint& point : result.curve)
    learning.push_back({{"rows", point.rows}, {"mape", chart_number(point.mape.front())}});
  const Json details = {{"rows", rows_json(picture.set, picture.validation, picture.fitted)}, {"learning", learning}};
  return html_page("Calibration of " + result.calibrated.calibration.key.device, Json::parse(calibrate_json(result)),
                   details);
}

std::string validate_page(const ValidateResult& result) {
  Json details = Json::object();
  details["rows"] = rows_json(result.set, result.validation, {});
  return html_page("Validation on " + result.set.name, Json::parse(validate_json(result)), details);
}

}  // namespace ridgeline
