// Where a fit may begin: multipliers of the data sheet's terms by non-negative least squares.
//
// Latency and energy are nearly linear in how many times slower or costlier each kind of kernel, dispatch, start-up,
// FLOP and byte is, and that problem has one minimum, whereas the logarithms' has many: from a data sheet's start the
// gradient says nothing of a term that is a thousandth of the time now and would be most of it at a hundredth of its
// rate.
//
//   minimise over m >= m_0   Σ_i w_i·((Σ_j x_ij·m_j + rest_i) / measured_i - 1)² + ridge·Σ_j (m_j - 1)²
//
// x_ij is the part of row i's figure that parameter j scales, read off the gradient; w_i are weights of least
// absolute deviations. Solved twice for latency, then for energy, each time around the last solution.
#pragma once

#include "calib/fit.hpp"

namespace ridgeline {

/// `theta` moved to the solution, clamped to the parameters' bounds.
Eigen::VectorXd linear_start(const FitProblem& problem, const std::vector<std::size_t>& rows, Eigen::VectorXd theta);

/// The same with only as many multipliers away from 1 as pay for themselves: t priors are highest where few
/// parameters are far off and the others stay. Parameter `fixed` (-1: none) is left alone.
Eigen::VectorXd sparse_start(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                             Eigen::VectorXd theta, Eigen::Index fixed = -1);

/// argmin |A·x - b|² + ridge·|x - 1|² over x >= lowest, by coordinate descent on the normal equations.
Eigen::VectorXd bounded_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b, double ridge,
                                      double lowest);

}  // namespace ridgeline
