// What a campaign is to measure, and which of it comes next.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "data/measurement.hpp"

namespace ridgeline {

struct PlannedModel {
  std::string id;     ///< unique in its plan
  std::string model;  ///< its name, where it has one
  Model definition;   ///< its architecture, or its operators
  Workload workload;
  bool by_operator = false;  ///< a row for each of its different operators, instead of one for all of it
};

struct NextModel {
  std::size_t number = 0;                              ///< in the plan
  std::size_t left = 1;                                ///< models to share the time that is left, this one among them
  double share = 0;                                    ///< of the plan that is done, where that is the aim
  std::string said;                                    ///< where the campaign stands: "3 of 20"
  std::map<std::string, std::string> conditions = {};  ///< of its row, besides the others
};

/// In rows that were predicted before they were measured: by what was known then, "0.0123 s" a sequence.
inline constexpr const char* kPredicted = "predicted";

/// Which model of a plan comes next, given the rows and failures so far; nothing when it is enough. Each at most
/// once.
using ModelChooser = std::function<std::optional<NextModel>(const MeasurementSet& known)>;

}  // namespace ridgeline
