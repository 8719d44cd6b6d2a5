// One model on one device under one workload: everything that an estimate needs, with the choices that were left open
// made and stated.
#pragma once

#include <string>
#include <vector>

#include "app/calibrated.hpp"
#include "app/options.hpp"
#include "app/session.hpp"
#include "model/architecture.hpp"
#include "model/cost_parameters.hpp"
#include "model/given_graph.hpp"
#include "model/lowering.hpp"

namespace ridgeline {

struct Scenario {
  Model model;
  Device device;
  Runtime runtime;
  Workload workload;
  std::string power_mode;           ///< empty: none chosen
  std::vector<Override> overrides;  ///< what-ifs in force
  CalibrationChoice calibration;
  CostParameters parameters;  ///< the calibrated ones where there is a calibration
  Program program;
  Seconds sensor_window;           ///< 0: instantaneous
  std::vector<std::string> notes;  ///< what the reader of the figures should know
};

/// What a workload has when nothing is said about it.
struct WorkloadDefaults {
  Precision precision = Precision::fp32;
  Fusion fusion = Fusion::none;
  bool views = true;
};

/// The precision of the calibration asked for, else the device's usual one; what the runtime fuses and dispatches.
WorkloadDefaults usual_workload(const WhatIfOptions& what_if, const Device& device, const Runtime& runtime);

/// Chooses what `options` leave open: the task by the architecture, the length 128 or what the model takes.
Workload choose_workload(const WorkloadOptions& options, const Architecture& architecture,
                         const WorkloadDefaults& defaults = {});
/// The same of a graph, whose operators were made for one workload: what would change it is refused. The formats are
/// the graph's own unless asked for otherwise.
Workload choose_workload(const WorkloadOptions& options, const GivenGraph& graph,
                         const WorkloadDefaults& defaults = {});
Workload choose_workload(const WorkloadOptions& options, const Model& model, const WorkloadDefaults& defaults = {});

/// The device with the what-ifs applied: --set first, then the power mode, then the clock.
Device prepare_device(const std::string& name, const WhatIfOptions& options);
Device prepare_device(const Node& description, const WhatIfOptions& options);
/// The runtime asked for, else that of the calibration asked for, else the usual one for that kind of device.
std::string chosen_runtime(const WhatIfOptions& options, const Device& device);
/// That one with the what-ifs applied.
Runtime prepare_runtime(const WhatIfOptions& options, const Device& device);
Runtime prepare_runtime(const WhatIfOptions& options, const Node& description);

/// Lowers the model and derives the cost parameters. Throws InputError or Error for impossible combinations.
Scenario make_scenario(const Model& model, const Device& device, const Runtime& runtime,
                       const WorkloadOptions& workload, const WhatIfOptions& what_if, const Session& session);

}  // namespace ridgeline
