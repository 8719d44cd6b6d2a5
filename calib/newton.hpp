// From near a fit's optimum to the optimum itself, within bounds.
//
// Levenberg (1944) and Marquardt (1963): steps minimise the quadratic model with FitObjective's curvature, damped in
// proportion to its diagonal, inside the bounds (variables that would leave them stop there, and the others are
// solved for again). A dozen steps do what SLSQP, which has to learn the curvature, does in hundreds.
#pragma once

#include "calib/fit_objective.hpp"

namespace ridgeline {

struct Polished {
  Eigen::VectorXd x;
  FitObjective::Point point;  ///< there
  int evaluations = 0;
  /// The model promises less than 1e-4 of ln posterior from any further step: x is within about a hundredth of the
  /// parameters' own uncertainty of the optimum.
  bool converged = false;
};

/// `x` is inside the bounds.
Polished polish(const FitObjective& objective, Eigen::VectorXd x, const Eigen::VectorXd& lower,
                const Eigen::VectorXd& upper, int steps);

}  // namespace ridgeline
