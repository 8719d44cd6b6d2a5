// Latencies, energies and powers of models on the machine that this runs on.
#pragma once

#include "app/command.hpp"
#include "calib/measuring/plan.hpp"
#include "hwdesc/device.hpp"
#include "hwdesc/runtime.hpp"
#include "model/cost_parameters.hpp"

namespace ridgeline {

/// What is measured of the models of a plan.
enum class MeasureLevel {
  op,     ///< each distinct operator of each distinct layer
  block,  ///< each distinct layer
  model,
};

struct MeasureCommandOptions {
  std::string models;  ///< a table, or the name of a space
  MeasureLevel level = MeasureLevel::model;
  std::string device;
  std::string runtime = "libtorch";
  std::string power_mode;
  Seconds budget{600};
  std::optional<Size> threads;  ///< empty: the device's units
  std::optional<Size> count;    ///< of points drawn from a space; empty: more than the budget lasts for
  Size visits = 1;              ///< of each model
  std::string sensor;           ///< how the name of the power sensor begins; empty: the best one
  std::string power_log;
  bool resume = false;
  bool plan_only = false;
  bool agent_plan = false;  ///< the plan with every call of libtorch, for ridgeline-agent
  std::uint64_t seed = 0;
  std::string out;  ///< as in CommonOptions
};

/// The machine as it is described: whose name goes with the rows, and how many threads run.
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

struct CommandMeasurements {
  MeasureSummary summary;
  MeasurementSet set;
  std::string sensor;                             ///< or why there is none
  std::map<std::string, std::string> conditions;  ///< of all rows
};
/// "3 min 05 s left at most"
std::string minutes_left(double seconds);
/// The session, whose progress also says how much of `budget` (s, from now on) is left.
Session with_time_left(const Session& session, double budget);

/// Measures the plan into the store of --out. What prepares it is part of the budget.
CommandMeasurements measure_plan(const MeasureCommandOptions& options, const MeasuringTarget& target,
                                 const std::vector<PlannedModel>& plan, const MeasureOptions& how,
                                 const Session& session);

Command measure_command();

}  // namespace ridgeline
