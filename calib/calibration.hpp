// A calibration: what was learnt of one device × runtime × precision × power mode, and how sure it is.
//
// It holds factors on the data sheet's parameters, the intervals that held-out rows support and, where it earned its
// place, the residual surrogate. Applied to the data sheet of any other device, runtime or precision it would be a
// guess, so that is refused. Stored with data/store.hpp as kind "calibration".
#pragma once

#include <Eigen/Core>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "calib/conformal.hpp"
#include "calib/cross_validation.hpp"
#include "calib/fit.hpp"
#include "calib/residual.hpp"
#include "data/store.hpp"

namespace ridgeline {

/// What a calibration belongs to.
struct CalibrationKey {
  std::string device;   ///< name of the description
  std::string runtime;  ///< name of the description
  Precision precision = Precision::fp32;
  std::string power_mode;  ///< empty: the default
  Protocol protocol = Protocol::warm;
  friend bool operator==(const CalibrationKey&, const CalibrationKey&) = default;
};
CalibrationKey key_of(const MeasurementSet& set);
/// "raspberry-pi-4, pytorch-eager, fp32", with the power mode and "whole processes" where they matter.
std::string describe(const CalibrationKey& key);

/// The workloads that were measured. Outside them a calibration is the best guess there is, and an extrapolation.
struct MeasuredWorkloads {
  std::vector<std::string> tasks;
  Size smallest_batch = 0, largest_batch = 0;
  Size shortest = 0, longest = 0;  ///< length
  friend bool operator==(const MeasuredWorkloads&, const MeasuredWorkloads&) = default;
};
MeasuredWorkloads workloads_of(const MeasurementSet& set);
/// "generate, batch 1, length 30"
std::string describe(const MeasuredWorkloads& workloads);
/// Of a task that was measured, with batch and length at most twice outside the measured ones.
bool covers(const MeasuredWorkloads& workloads, const Workload& workload);

struct Calibration {
  CalibrationKey key;
  MeasuredWorkloads workloads;
  std::string set;       ///< name of the measurement set
  std::string source;    ///< its citation with licence
  std::size_t rows = 0;  ///< that were fitted
  std::uint64_t seed = 0;

  std::vector<std::string> parameters;
  Eigen::VectorXd reference;   ///< the data sheet's values, in each parameter's unit
  Eigen::VectorXd theta;       ///< ln(value / reference), see calib/parameters.hpp
  Eigen::MatrixXd covariance;  ///< of theta
  std::vector<std::string> channels;
  std::vector<double> sigma;  ///< scale of ln(measured / predicted), by channel

  /// By FittedMetric; empty where it was not measured, or on too few rows.
  std::array<std::optional<ConformalIntervals>, kMetrics> intervals;
  std::optional<Residual> residual;
};

/// The space that calibrations of that key live in.
ParameterSpace parameter_space(const CostParameters& data_sheet, Protocol protocol);

/// InputError when the calibration is of another device, runtime, precision or power mode than asked for (the
/// protocol may differ: it says how was measured, not what).
void require_key(const Calibration& calibration, const CalibrationKey& wanted, const std::string& file);

/// The calibrated model: the calibration's factors on `data_sheet`. Error when the parameters' references are not
/// those of the calibration, as after a correction of the device's description, unless `changed` says that it is a
/// what-if.
DeviceModel calibrated_model(const Calibration& calibration, const CostParameters& data_sheet, bool changed = false);

/// The calibration for a problem of these channels: each has its own scale; a latency that was calibrated in other
/// parts has their mean.
Calibration on_channels(Calibration calibration, const std::vector<std::string>& channels);

/// What a calibration says of one row: a sequence's latency (s) and energy (J), peak power (W), with 90 % intervals.
struct CalibratedFigure {
  double value = 0;
  double low = 0, high = 0;  ///< equal to `value` without an interval
  bool has_interval = false;
};
using CalibratedFigures = std::array<CalibratedFigure, kMetrics>;  ///< by FittedMetric; NaN without power data

/// `problem` holds the rows under the data sheet's parameters. Error when they were timed in other parts, or when the
/// calibration has other parameters than this version of Ridgeline.
std::vector<CalibratedFigures> predict(const Calibration& calibration, const FitProblem& problem,
                                       const std::vector<std::size_t>& rows);

/// What the width of an interval may depend on: ln of the fit's own spread, ln of the predicted figure. Rows × 2.
Eigen::MatrixXd interval_features(const RowFigures& figures, Eigen::Index metric);

ArrayGroup to_arrays(const Calibration& calibration);
/// InputError naming file and path for what is missing or out of range.
Calibration calibration_from(const Store& store);
void write_calibration(const std::filesystem::path& file, const Calibration& calibration,
                       const Provenance& provenance);
Calibration read_calibration(const std::filesystem::path& file);

}  // namespace ridgeline
