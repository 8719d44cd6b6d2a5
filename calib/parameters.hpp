// The numbers that a calibration learns, as a vector of logarithms.
//
// Element j is ln(value / reference): 0 is the data sheet, or, where data sheets say nothing (start-up, kernel
// floor), a reference written down below. Logarithms keep every number positive and make a prior "within a factor of
// two" a normal distribution; utilisations are bounded above by 1. What is learnt are utilisations, times of dispatch
// and joules: never latency itself.
#pragma once

#include <Eigen/Core>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calib/observation.hpp"
#include "data/measurement.hpp"
#include "model/cost_parameters.hpp"

namespace ridgeline {

/// Cost parameters of a device together with how it was measured.
struct DeviceModel {
  CostParameters cost;
  ObservationParameters observation;
};

/// The data sheet's model for measurements under that protocol.
DeviceModel data_sheet_model(CostParameters cost, Protocol protocol);

struct Parameter {
  std::string name;  ///< "matrix utilisation", "dispatch of softmax", ...; the same for every device
  std::string unit;  ///< "1", "s", "W", "J/FLOP", ...; "1" too for factors on several numbers at once
  double reference;  ///< the data sheet's value in `unit`, or the written-down one
  double lower;      ///< bounds of ln(value / reference)
  double upper;
  double prior_deviation;  ///< of ln(value / reference) where nothing better is known: how far data sheets are off
  bool in_cost = true;     ///< changes costs of operators, not just what is observed of them
  bool of_power = false;   ///< changes watts and joules only
  std::optional<std::size_t> kind = {};  ///< the only kind of operator (index in the variant) whose cost it changes
};

/// The parameters of `model` that measurements of its kind can say something about; the order is fixed, so equal
/// kinds of device and protocol give equal lists.
class ParameterSpace {
 public:
  ParameterSpace(DeviceModel data_sheet, bool whole_process, bool has_power);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  Eigen::Index size() const { return static_cast<Eigen::Index>(parameters_.size()); }
  /// The model at `theta`.
  DeviceModel at(const Eigen::VectorXd& theta) const;
  const DeviceModel& data_sheet() const { return data_sheet_; }
  /// Number of the parameter of that name, -1 when there is none.
  Eigen::Index find(std::string_view name) const;

 private:
  using Apply = void (*)(DeviceModel&, std::size_t which, double factor);
  struct Action {
    Apply apply;
    std::size_t which;
  };
  void add(Parameter parameter, Apply apply, std::size_t which = 0);

  DeviceModel data_sheet_;
  std::vector<Parameter> parameters_;
  std::vector<Action> actions_;
};

}  // namespace ridgeline
