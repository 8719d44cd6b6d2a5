// What a fit minimises (calib/fit.hpp), with its slope and curvature.
//
// Variables are theta, then ln sigma by channel. The curvature is that of Gauss and Newton with the weights of the t
// distributions at that point, (nu + 1)/(nu·sigma² + r²) for rows and likewise for the prior: it lies above the true
// one, so that a step to its minimum is a step of iteratively reweighted least squares. Between theta and ln sigma it
// is zero.
#pragma once

#include "calib/fit.hpp"

namespace ridgeline {

class FitObjective {
 public:
  /// Keeps references to all of them.
  FitObjective(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
               const FitOptions& options)
      : problem_(problem), rows_(rows), prior_(prior), options_(options) {}

  Eigen::Index parameters() const { return problem_.space().size(); }
  Eigen::Index size() const { return parameters() + static_cast<Eigen::Index>(problem_.channels().size()); }

  struct Point {
    double value = 0;
    Eigen::VectorXd gradient;
    Eigen::MatrixXd curvature;
    /// The rows' part of the curvature by theta, and of the gradient.
    Eigen::MatrixXd information;
    Eigen::VectorXd pull;
  };
  double value(const Eigen::VectorXd& x) const;
  /// With everything else.
  Point at(const Eigen::VectorXd& x) const;

 private:
  double log_ratio(const Target& target, const FitProblem::Prediction& prediction, std::size_t row,
                   std::size_t channel) const;

  const FitProblem& problem_;
  const std::vector<std::size_t>& rows_;
  const Prior& prior_;
  const FitOptions& options_;
};

}  // namespace ridgeline
