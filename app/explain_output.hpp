// What explain found out about a design, and how it is printed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/front.hpp"
#include "app/session.hpp"

namespace ridgeline {

/// The design with another value of one choice, evaluated.
struct OneChange {
  std::size_t gene = 0;
  std::string from, to;
  std::vector<double> ratios;  ///< of objectives: after / before; NaN where nobody knows the accuracy after it
  bool feasible = true;        ///< of the constraints that are known
  bool better = false;         ///< in no objective worse, in one better
};

/// A design of the front that is next to the explained one in an objective.
struct Neighbour {
  std::size_t design = 0;
  std::size_t objective = 0;  ///< in which it is the next better one
  std::vector<double> ratios;
  std::vector<std::string> differences;
};

struct Explanation {
  std::unique_ptr<SearchSetup> setup;
  Front front;
  std::size_t design = 0;
  bool changed = false;             ///< descriptions, calibrations or the program, since the search
  std::vector<std::size_t> places;  ///< 1 for the best of the front, by objective
  std::vector<OneChange> changes;
  std::vector<Neighbour> neighbours;
};

/// Whether the accuracy of other models is the caller's own, who is not here to be asked.
bool accuracy_is_out_of_reach(const Explanation& explanation);

std::string explain_text(const Explanation& explanation, const Style& style);
std::string explain_json(const Explanation& explanation);
std::string explain_csv(const Explanation& explanation);

}  // namespace ridgeline
