// What `ridgeline measure` is asked for.
#pragma once

#include <optional>
#include <string>

#include "app/options.hpp"
#include "calib/choice.hpp"

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
  Precision precision = Precision::fp32;  ///< of everything; or bf16
  Seconds budget{600};
  std::optional<Size> threads;         ///< empty: the device's units
  std::optional<Size> count;           ///< of points drawn from a space; empty: enough for what is to be done
  Size visits = 1;                     ///< of each model
  std::optional<ChoiceRule> choose;    ///< empty: in the order of the plan
  std::optional<double> target_error;  ///< of the choice, as a fraction
  bool heat_soaked = false;            ///< warmed up first; else waited for when it is hot
  std::string sensor;                  ///< how the name of the power sensor begins; empty: the best one
  std::string power_log;
  bool resume = false;
  bool plan_only = false;
  bool agent_plan = false;  ///< the plan with every call of libtorch, for ridgeline-agent
  std::uint64_t seed = 0;
  std::string out;  ///< as in CommonOptions
};

}  // namespace ridgeline
