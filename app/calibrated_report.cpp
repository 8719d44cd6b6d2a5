#include "app/calibrated_report.hpp"

namespace ridgeline {
namespace {

constexpr const char* kFewRows = "too few measured rows for an interval";
constexpr const char* kChanged = "what was learnt of the device stands on a changed description";
Figure figure_of(double value, const char* unit, const CalibrationInUse& used, const std::optional<Spread>& spread,
                 const char* why_none) {
  Figure figure;
  figure.value = value;
  figure.unit = unit;
  const bool measured = !used.changed && used.outside.empty();
  figure.origin = measured ? Origin::calibrated : Origin::extrapolated;
  if (spread) {
    figure.low = value * spread->low;
    figure.high = value * spread->high;
  } else {
    figure.reason = used.changed           ? kChanged
                    : used.outside.empty() ? std::string(why_none)
                                           : "measured was other work: " + used.outside;
  }
  return figure;
}

/// A sequence's part of starting a process, in s.
double startup(const Scenario& scenario, const CalibrationInUse& used) {
  return startup(used.observation, scenario.program.weights).si();
}

/// With calibrated time, but the data sheet's watts.
void say_that_power_is_not_calibrated(Figure& figure) {
  figure.reason = "time is calibrated, power is not: the measurements say nothing of it";
}

void calibrate_power(Report& report, const CalibrationInUse& used, const Estimate& total, double latency) {
  const double energy = total.energy->si() * used.energy.value;
  if (used.knows[1]) {
    report.energy = figure_of(energy, "J", used, used.energy.spread, kFewRows);
    report.average_power = figure_of(energy / latency, "W", used, {}, kNoSpread);
    report.energy_delay_product = figure_of(energy * latency, "J·s", used, {}, kNoSpread);
  } else {
    report.average_power.value = energy / latency;
    report.energy_delay_product.value = energy * latency;
    for (Figure* figure : {&report.energy, &report.average_power, &report.energy_delay_product}) {
      figure->low = figure->high = std::nullopt;
      say_that_power_is_not_calibrated(*figure);
    }
  }
  if (!used.knows[2]) {
    report.peak_power.low = report.peak_power.high = std::nullopt;  // of data sheets alone
    return say_that_power_is_not_calibrated(report.peak_power);
  }
  std::optional<Spread> spread;
  double peak = total.peak_power->si();
  if (used.peak_power) {
    const CalibratedFigure& figure = *used.peak_power;
    peak = figure.value;
    if (figure.has_interval) spread = Spread{figure.low / figure.value, figure.high / figure.value};
  }
  report.peak_power = figure_of(peak, "W", used, spread, kFewRows);
}

}  // namespace

std::optional<CalibrationNote> calibration_note(const CalibrationChoice& choice) {
  if (!choice.used) return std::nullopt;
  const CalibrationInUse& used = *choice.used;
  const Calibration& c = used.calibration;
  return CalibrationNote{used.file, used.shipped, used.changed, c.key.protocol,
                         c.set,     c.source,     c.rows,       c.residual && !c.residual->empty()};
}

void calibrate_figures(Report& report, const Scenario& scenario, const Estimate& total) {
  const CalibrationInUse& used = *scenario.calibration.used;
  const double latency = total.latency.si() * used.latency.value;
  report.latency = figure_of(latency, "s", used, used.latency.spread, kFewRows);
  if (used.calibration.key.protocol == Protocol::whole_process) {
    report.startup =
        figure_of(startup(scenario, used) * used.latency.value, "s", used, used.latency.spread, kFewRows);
    if (!used.changed) report.startup.reason = "a sequence's part of the whole processes that were measured";
  }
  report.coverage = used.latency.spread ? used.calibration.intervals.front()->coverage : 0;
  if (total.energy) calibrate_power(report, used, total, latency);
}

Figure calibrated_sustained(const SustainedFigures& sustained, const CalibrationInUse& calibration) {
  return figure_of(*sustained.latency.value * calibration.latency.value, "s", calibration, {}, kNoSpread);
}

}  // namespace ridgeline
