#include "calib/calibration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "calib/cross_validation.hpp"
#include "calib/residual_rows.hpp"

namespace ridgeline {
namespace {

FitSummary summary_of(const Calibration& calibration) {
  FitSummary summary;
  summary.theta = calibration.theta;
  summary.covariance = calibration.covariance;
  summary.sigma = calibration.sigma;
  return summary;
}

/// Of the work at the data sheet's rates, without dispatch and start-up: what no correction may undercut.
Eigen::VectorXd fastest(const FitProblem& problem, const std::vector<std::size_t>& rows) {
  DeviceModel ideal = problem.space().data_sheet();
  for (ArithmeticParameters& engine : ideal.cost.arithmetic) engine.utilisation = 1;
  for (MemoryParameters& level : ideal.cost.memory) level.utilisation = 1;
  const Roofline roofline(ideal.cost);
  Eigen::VectorXd seconds = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CondensedRow& row = problem.row(rows[i]);
    for (const CondensedPart& part : row.parts) {
      for (std::size_t u = 0; u < part.operators.size(); ++u) {
        const Operator& op = problem.condenser().operators()[part.operators[u]];
        const OperatorBounds terms =
            roofline.rescaled(problem.condenser().bounds()[part.operators[u]], problem.condenser().reference());
        double bound = 0;
        for (const Seconds t : terms.compute) bound = std::max(bound, t.si());
        for (const Seconds t : terms.memory) bound = std::max(bound, t.si());
        if (!std::holds_alternative<View>(op))
          seconds[static_cast<Eigen::Index>(i)] += part.times[u] * bound / row.sequences;
      }
    }
  }
  return seconds;
}

}  // namespace

CalibrationKey key_of(const MeasurementSet& set) {
  return {set.device, set.runtime, set.precision, set.power_mode, set.protocol};
}

std::string describe(const CalibrationKey& key) {
  std::string text = fmt::format("{}, {}, {}", key.device, key.runtime, name(key.precision));
  if (!key.power_mode.empty()) text += ", " + key.power_mode;
  if (key.protocol == Protocol::whole_process) text += ", whole processes";
  return text;
}

MeasuredWorkloads workloads_of(const MeasurementSet& set) {
  MeasuredWorkloads all;
  for (const Measurement& row : set.rows) {
    const Workload& w = row.workload;
    const std::string task(name(w.task));
    if (std::find(all.tasks.begin(), all.tasks.end(), task) == all.tasks.end()) all.tasks.push_back(task);
    const bool first = &row == &set.rows.front();
    all.smallest_batch = first ? w.batch : std::min(all.smallest_batch, w.batch);
    all.largest_batch = std::max(all.largest_batch, w.batch);
    all.shortest = first ? w.length : std::min(all.shortest, w.length);
    all.longest = std::max(all.longest, w.length);
  }
  return all;
}

std::string describe(const MeasuredWorkloads& workloads) {
  const auto range = [](Size low, Size high) {
    return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
  };
  return fmt::format("{}, batch {}, length {}", fmt::join(workloads.tasks, " and "),
                     range(workloads.smallest_batch, workloads.largest_batch),
                     range(workloads.shortest, workloads.longest));
}

bool covers(const MeasuredWorkloads& workloads, const Workload& workload) {
  const auto near = [](Size value, Size low, Size high) { return 2 * value >= low && value <= 2 * high; };
  return std::find(workloads.tasks.begin(), workloads.tasks.end(), name(workload.task)) != workloads.tasks.end() &&
         near(workload.batch, workloads.smallest_batch, workloads.largest_batch) &&
         near(workload.length, workloads.shortest, workloads.longest);
}

ParameterSpace parameter_space(const CostParameters& data_sheet, Protocol protocol) {
  return ParameterSpace(data_sheet_model(data_sheet, protocol), protocol == Protocol::whole_process,
                        data_sheet.has_power);
}

void require_key(const Calibration& calibration, const CalibrationKey& wanted, const std::string& file) {
  CalibrationKey same = wanted;
  same.protocol = calibration.key.protocol;
  if (same == calibration.key) return;
  throw InputError({file, 0, 0, {}},
                   fmt::format("this calibration is of {}, not of {}", describe(calibration.key), describe(same)),
                   "no figure is carried from one device, runtime, precision or power mode to another");
}

DeviceModel calibrated_model(const Calibration& calibration, const CostParameters& data_sheet, bool changed) {
  const ParameterSpace space = parameter_space(data_sheet, calibration.key.protocol);
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(space.size());
  for (const Parameter& p : space.parameters())
    if (!p.of_power && std::find(calibration.parameters.begin(), calibration.parameters.end(), p.name) ==
                           calibration.parameters.end())
      throw Error(fmt::format("the calibration has no parameter '{}': another version of Ridgeline made it", p.name));
  for (std::size_t i = 0; i < calibration.parameters.size(); ++i) {
    const auto number = static_cast<Eigen::Index>(i);
    const Eigen::Index j = space.find(calibration.parameters[i]);
    if (j < 0) throw Error(fmt::format("the calibration has an unknown parameter '{}'", calibration.parameters[i]));
    const Parameter& p = space.parameters()[static_cast<std::size_t>(j)];
    constexpr double kSame = 1e-6;
    if (!changed && std::abs(p.reference / calibration.reference[number] - 1) > kSame)
      throw Error(fmt::format("the calibration was made with another description of {}: {} was {:.6g} {}, now {:.6g}",
                              calibration.key.device, p.name, calibration.reference[number], p.unit, p.reference));
    theta[j] = calibration.theta[number];
  }
  return space.at(theta);
}

Calibration on_channels(Calibration calibration, const std::vector<std::string>& channels) {
  const std::size_t latency_channels = calibration.channels.size() - 2;
  double mean = 0;
  for (std::size_t c = 0; c < latency_channels; ++c)
    mean += calibration.sigma[c] / static_cast<double>(latency_channels);
  std::vector<double> sigma;
  for (const std::string& channel : channels) {
    const auto found = std::find(calibration.channels.begin(), calibration.channels.end(), channel);
    sigma.push_back(found == calibration.channels.end()
                        ? mean
                        : calibration.sigma[static_cast<std::size_t>(found - calibration.channels.begin())]);
  }
  calibration.channels = channels;
  calibration.sigma = std::move(sigma);
  return calibration;
}

std::vector<CalibratedFigures> predict(const Calibration& calibration, const FitProblem& problem,
                                       const std::vector<std::size_t>& rows) {
  if (calibration.channels != problem.channels() || calibration.theta.size() != problem.space().size())
    throw Error(fmt::format("the calibration of {} is of {}, these measurements of {}", calibration.set,
                            fmt::join(calibration.channels, ", "), fmt::join(problem.channels(), ", ")));
  const RowFigures figures = row_figures(problem, rows, summary_of(calibration));
  const bool corrects = calibration.residual && !calibration.residual->empty();
  Eigen::MatrixXd correction = Eigen::MatrixXd::Zero(kMetrics, static_cast<Eigen::Index>(rows.size()));
  Eigen::VectorXd least = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rows.size()));
  if (corrects) {
    correction = corrections(*calibration.residual, residual_features(problem, calibration.theta, rows));
    least = fastest(problem, rows);
  }
  const CostParameters& cost = problem.space().data_sheet().cost;
  const Watts static_power = problem.space().at(calibration.theta).cost.static_power;
  std::vector<CalibratedFigures> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto r = static_cast<Eigen::Index>(i);
    RunFigures run{figures.predicted(r, 0), figures.predicted(r, 1), figures.predicted(r, 2)};
    if (corrects) run = corrected(run, correction.col(r), {least[r], cost.has_power ? static_power.si() : 0});
    const std::array<double, kMetrics> values{run.latency, run.energy, run.peak_power};
    for (std::size_t m = 0; m < kMetrics; ++m) {
      CalibratedFigure& figure = result[i][m];
      const bool basis = m == 0 || cost.has_power;
      figure.value = figure.low = figure.high = basis ? values[m] : kMissing;
      if (!basis || !calibration.intervals[m]) continue;
      const Spread factors = calibration.intervals[m]->factors(
          interval_features(figures, static_cast<Eigen::Index>(m)).row(r).transpose());
      figure.low = figure.value * factors.low;
      figure.high = figure.value * factors.high;
      figure.has_interval = true;
    }
  }
  return result;
}

Eigen::MatrixXd interval_features(const RowFigures& figures, Eigen::Index metric) {
  Eigen::MatrixXd features(figures.predicted.rows(), 2);
  features.col(0) = figures.spread.col(metric).array().log();
  features.col(1) = figures.predicted.col(metric).array().log();
  return features;
}

}  // namespace ridgeline
