// The continuous part of a design: a clock between operating points, the bandwidth or rates of a device that nobody
// has built yet.
//
// A discrete search finds the design; this moves what can be moved freely, with the design kept: the objective is
// minimised within bounds and constraints g(x) <= 0 by COBYLA (Powell 1994, in NLopt), which needs no derivatives:
// clocks and bandwidths have kinks where another bound takes over. A round of the best of evenly spread starts goes
// before it, for an objective need not have one valley only. Variables are moved by their logarithm, since a clock of
// twice as much matters alike everywhere.
//
// What it leaves out: it does not prove that no better point exists.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ridgeline {

struct ContinuousVariable {
  std::string name;
  double from = 0, to = 0;  ///< 0 < from < to
};

/// "dram.bandwidth=x0.5..x2": a key of a description, and factors on what stands there. Error for anything else.
ContinuousVariable parse_variable(std::string_view text);
/// The same the other way round.
std::string to_text(const ContinuousVariable& variable);

/// Objective and constraints at a point: minimised, and at most 0 where met. May throw.
struct ContinuousValues {
  double objective = 0;
  std::vector<double> constraints = {};
};
using ContinuousFunction = std::function<ContinuousValues(std::span<const double> point)>;

struct ContinuousOptions {
  int starts = 16;          ///< evenly spread (Sobol); the nearest to feasible and best goes on
  int evaluations = 200;    ///< of COBYLA, at most
  double tolerance = 1e-6;  ///< of the logarithms
  double violation = 1e-9;  ///< of a constraint that still counts as met
};

struct ContinuousOptimum {
  std::vector<double> point;
  ContinuousValues values;
  bool feasible = false;  ///< false: the point nearest to it
  int evaluations = 0;
};

/// The best point seen, `begin` included: never worse than where it starts. Error for bounds that are none, and for a
/// start outside them.
ContinuousOptimum optimise_continuous(std::span<const ContinuousVariable> variables, std::span<const double> begin,
                                      const ContinuousFunction& function, const ContinuousOptions& options = {});

}  // namespace ridgeline
