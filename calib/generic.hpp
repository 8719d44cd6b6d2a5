// What other devices teach about one that has not been measured: the prior of its fit.
//
// Each set s was fitted from the data sheet's prior; u_sj in [0, 1] is how much its rows said of parameter j,
//   u = 1 - (posterior deviation / prior deviation)²
// and devices of a kind share the weighted mean, in which the data sheet counts as one set that is sure of itself:
//   mean_j = Σ_s u_sj·theta_sj / (1 + Σ_s u_sj)
// The deviations stay those of data_sheet_prior(): what sets agree on is not known well enough from so few to narrow
// them. Weighing with whole matrices of information, or dividing the prior out of each posterior, extrapolates where
// a fit stands on a bound; both were tried and were worse on devices left out (docs/accuracy.md).
#pragma once

#include <Eigen/Core>

#include <string>
#include <vector>

#include "calib/fit.hpp"
#include "data/array_group.hpp"
#include "hwdesc/device.hpp"

namespace ridgeline {

/// One fitted set, as far as others learn from it.
struct Lesson {
  std::string set;     ///< "wmt14ende_cpu_xeon", "edgetran/a100"
  std::string origin;  ///< the file or folder of its first row, as its id names it: "dataset.json"
  std::string device;
  std::string source;  ///< citation with licence
  DeviceKind kind = DeviceKind::cpu;
  std::vector<std::string> parameters;
  Eigen::VectorXd determined;  ///< 1 - (posterior deviation / prior deviation)², in [0, 1]
  Eigen::VectorXd value;       ///< ln(value / data sheet)
};

Lesson lesson_of(const MeasurementSet& set, DeviceKind kind, const ParameterSpace& space, const FitSummary& summary);

/// The prior for a device of that kind; data_sheet_prior() where no lesson is of it.
Prior generic_prior(const ParameterSpace& space, DeviceKind kind, const std::vector<Lesson>& lessons);

/// Lessons that know neither the device nor the file of `set`.
std::vector<Lesson> lessons_from_elsewhere(std::vector<Lesson> lessons, const MeasurementSet& set);
/// File or folder of a row: its id up to ':' or '/'.
std::string origin_of(const MeasurementSet& set);

ArrayGroup to_arrays(const std::vector<Lesson>& lessons);
std::vector<Lesson> lessons_of(const StoredGroup& group);

}  // namespace ridgeline
