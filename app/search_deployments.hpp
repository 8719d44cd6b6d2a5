// The deployments of a search: where designs may run, and what the figures there rest on.
//
// The parameters of a deployment are those of the data sheet, or of a calibration that is of its device, runtime,
// precision and work. A calibration also has a residual, which corrects the figures of each model. At another clock
// than the described one, or with values of the description changed, nobody has measured anything: the calibrated
// factors are then applied to the changed description, and the correction is the one that the same model has on the
// device as it is described. So designs of one device differ by what was changed and not by whether a correction
// happens to apply; such figures are extrapolated and have no intervals.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/calibrated.hpp"
#include "hwdesc/device_file.hpp"
#include "model/figures.hpp"
#include "search/family.hpp"
#include "search/measure.hpp"
#include "search/space_file.hpp"

namespace ridgeline {

/// What is asked for; empty lists: the space's own.
struct DeploymentWords {
  std::vector<std::string> devices, clocks, precisions;
  std::vector<Size> batches;
  std::string runtime;  ///< of all devices that name none themselves ("NAME:RUNTIME"); empty: chosen to suit
  /// Files, each for the device that it is of; "none": no calibrations; empty: shipped ones where they fit.
  std::vector<std::string> calibrations;
  std::vector<ContinuousVariable> variables;  ///< moved after the search, on every device
};

/// A deployment that differs from the descriptions in values that were moved freely.
struct MovedDeployment {
  std::string device, clock, precision;
  Size batch = 1;
  std::vector<Override> settings;
  friend bool operator==(const MovedDeployment& a, const MovedDeployment& b) {
    const auto same = [](const Override& x, const Override& y) { return x.key == y.key && x.value == y.value; };
    return a.device == b.device && a.clock == b.clock && a.precision == b.precision && a.batch == b.batch &&
           std::ranges::equal(a.settings, b.settings, same);
  }
};

/// "clock=x0.73 dram.bandwidth=x1.5"
std::string settings_text(const std::vector<Override>& settings);

/// What the figures of a deployment rest on. Energy stands for average power and energy-delay product too.
struct DeploymentBasis {
  std::string rests_on;  ///< "data sheets alone (...)", "16 measured rows of ..."
  Origin latency = Origin::data_sheet, energy = Origin::data_sheet, peak_power = Origin::data_sheet;
  /// Factors on the figures: intervals, where there are any. Of a calibration the widest among some designs.
  std::optional<Spread> latency_spread, energy_spread, peak_power_spread;
  /// What a robust search multiplies by: the upper ends, of a changed description those of the device as described.
  MeasureFactors upper = kNoFactors;
};

struct MadeDeployment {
  Deployment deployment;
  DeploymentBasis basis;
};

/// What deployments of one device × runtime × precision × batch are made of. Files are read once, when it is made, so
/// that the same can be had at many clocks and settings.
class DeploymentSource {
 public:
  /// "nominal", "600MHz" or "x0.5", and keys of --set. Error for what the descriptions do not allow.
  MadeDeployment make(const std::string& clock, const std::vector<Override>& settings = {}) const;
  /// The factor of such a clock on the described one.
  double clock_factor(const std::string& clock) const;

 private:
  friend class DeploymentMaker;
  Node device_, runtime_;            ///< descriptions
  WhatIfOptions words_;              ///< without clock and settings
  MadeDeployment described_;         ///< with nothing changed
  std::optional<Calibration> used_;  ///< its calibration
};

struct ExcludedDeployment {
  std::string device;
  std::string reason;
};

struct DeploymentList {
  std::vector<Deployment> deployments;
  std::vector<DeploymentBasis> basis;  ///< parallel
  std::vector<std::string> asked;      ///< parallel: the device as it was asked for, a name or a file
  std::vector<ExcludedDeployment> excluded;
};

class DeploymentMaker {
 public:
  /// Refers to both. `power`: devices without power data are left out. InputError for calibrations that contradict
  /// one another.
  DeploymentMaker(const DeploymentWords& words, const SpaceDescription& description, bool power);

  /// Every combination of what the words say, or else the space; devices on which one of them is not possible are
  /// excluded with the reason. InputError for unknown names.
  void add(const DeploymentRequest& own, DeploymentList& list) const;
  /// Those that were moved, behind all others.
  void add(const MovedDeployment& moved, DeploymentList& list) const;
  /// `device` may name its runtime; `precision` may be "default".
  DeploymentSource source(const std::string& device, const std::string& precision, Size batch) const;

 private:
  struct Asked {
    std::string file;
    Precision precision;
  };
  void add_device(const std::string& device, const DeploymentRequest& own, DeploymentList& list) const;
  DeploymentBasis rest(DeploymentSource& source, const Device& device, const Runtime& runtime,
                       const CostParameters& data_sheet) const;

  const DeploymentWords& words_;
  const SpaceDescription& description_;
  bool power_;
  std::map<std::string, Asked> calibrations_;  ///< asked for, by device
  std::string others_ = "shipped";             ///< on other devices
  Space models_;                               ///< architectures alone
  Family family_;
  DataSheetSpread spread_;
};

}  // namespace ridgeline
