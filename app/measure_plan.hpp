// The models that are measured on this machine, and the machine as it is described.
#pragma once

#include <string>
#include <vector>

#include "app/measure_options.hpp"
#include "calib/measuring/plan.hpp"
#include "hwdesc/device.hpp"
#include "hwdesc/runtime.hpp"
#include "model/cost_parameters.hpp"

namespace ridgeline {

/// Whose name goes with the rows, and how many threads run.
struct MeasuringTarget {
  std::string device_name, runtime_name;
  Device device;
  Runtime runtime;
  CostParameters data_sheet;
};
/// InputError when the runtime is not one that libtorch's operators can stand for.
MeasuringTarget measuring_target(const MeasureCommandOptions& options);

/// The first `count` points of a space, without those that the data sheet says take longer than `longest` a run.
std::vector<PlannedModel> quick_models(const std::string& space, std::size_t count, std::uint64_t seed,
                                       MeasureLevel level, double longest, const MeasuringTarget& target);

/// The rows of the table or points of the space of --models; what is chosen from, where there is a choice.
/// InputError when it is neither.
std::vector<PlannedModel> models_to_measure(const MeasureCommandOptions& options, const MeasuringTarget& target);

/// `id`, `task`, `batch`, `length`, `new_tokens`, `beams`
std::string plan_csv(const std::vector<PlannedModel>& plan);

}  // namespace ridgeline
