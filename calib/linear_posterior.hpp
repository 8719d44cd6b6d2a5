// What measured rows leave unknown of others: the posterior of log figures, linearised around a fit.
//
//   ln measured_ic = ln predicted_ic(theta*) + g_ic·(theta - theta*) + d_c(x_i) + e_ic        i: rows, c: channels
//
//   theta  N(mu, P⁻¹), P the prior's curvature at the fit's optimum theta* (Laplace's approximation)
//   d_c    what physics leaves over, the same for rows that are alike (Kennedy & O'Hagan 2001): a Gaussian process of
//          variance s·sigma_c² and kernel exp(-|x - x'|²/2l²), x the standardised features of calib/work_sums.hpp,
//          l their median distance
//   e_ic   (1 - s)·sigma_c², by the weights of Student's t for rows that were measured and by its information,
//          (nu + 3)/(nu + 1), for those that will be
//
// The share s is averaged over its likelihood given the measured rows' residuals. Without d a fit is sure of itself
// after a few rows and asks for the same extreme ones over and over; with it a row says little that a similar one has
// said already, and much of a crowd of rows like it. The covariance depends on which rows are measured, not on what
// they say, so that rows can be chosen one after another without a fit between them.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <vector>

#include "calib/fit.hpp"

namespace ridgeline {

class LinearPosterior {
 public:
  /// Of `rows` of the problem, given that the fit's rows `measured` are known (none, or some of `rows`, or others).
  /// `features` has a column for every row of the problem. Figures are latency, and energy and peak power where a
  /// measured row has them.
  LinearPosterior(const FitProblem& problem, const Prior& prior, const FitSummary& fit, const FitOptions& options,
                  const std::vector<std::size_t>& measured, const std::vector<std::size_t>& rows,
                  const Eigen::MatrixXd& features);

  /// Mean over rows and their figures of the standard deviation of a new measurement's logarithm: a 90 % interval is
  /// 3.3 times as wide.
  double mean_deviation() const;
  /// How much measuring row number `i` (position in `rows`) takes from mean_deviation(); >= 0.
  double gain(std::size_t i) const;
  /// Row number `i` has been measured, whatever it says.
  void condition(std::size_t i);
  /// s: the share of the residuals' variance that is the same for rows that are alike.
  double shared() const { return shared_; }

 private:
  struct Figure {
    std::vector<std::pair<Eigen::Index, double>> parts;  ///< what it is the sum of: observations, with their shares
    double noise;                                        ///< variance
  };
  Eigen::MatrixXd reduction(std::size_t i) const;

  std::vector<Eigen::Index> first_;  ///< observations of row i: [first_[i], first_[i + 1])
  Eigen::VectorXd noise_;            ///< by observation
  std::vector<Figure> figures_;
  Eigen::MatrixXd among_;     ///< covariance of what is observed, without noise
  Eigen::MatrixXd between_;   ///< of figures (rows) and what is observed (columns)
  Eigen::VectorXd variance_;  ///< of figures, noise included
  double shared_ = 0;
};

}  // namespace ridgeline
