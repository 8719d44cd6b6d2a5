// Maximum a posteriori fit of a device's parameters to its measurements.
//
//   minimise over theta and ln sigma
//     Σ_c Σ_i [ ln sigma_c + (nu + 1)/2 · ln(1 + r_ci² / (nu·sigma_c²)) ]        r_ci = ln(measured / predicted)
//     + Σ_j (k + 1)/2 · ln(1 + (theta_j - mu_j)² / (k·tau_j²)) + Σ_c (ln sigma_c - ln sigma_0)² / 2
//
// Channels c are the parts of the latency that were timed by themselves, else the latency; energy; peak power.
// Student's t with nu degrees of freedom (Lange, Little & Taylor 1989) lets a cold cache or a swapping row be an
// outlier without being thrown out, and the scale of each channel is learnt with everything else. The priors are t
// distributions too (k degrees of freedom): most data sheets are near, and a kernel that is a hundred times slower
// than its sheet says must still be found. With no rows the result is the prior.
//
// Starts are the prior's mean, least squares around it, few terms that explain most (calib/linear_start.hpp), then
// random draws. From each, damped Newton steps (calib/newton.hpp) lead to an optimum; where they find none, NLopt's
// SLSQP (Kraft 1994) goes on. With fewer than 50 rows parameters that came out far from the prior are put back one by
// one, to see whether others explain as well. The covariance is the inverse of the Gauss-Newton curvature.
#pragma once

#include <Eigen/Core>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "calib/condensed.hpp"

namespace ridgeline {

/// Independent distributions over the parameters of a space, in logarithms: their centres and scales.
struct Prior {
  Eigen::VectorXd mean;
  Eigen::VectorXd deviation;
};
/// The data sheet with the deviations that parameters state.
Prior data_sheet_prior(const ParameterSpace& space);

/// What one row says, aligned with a FitProblem's channels.
struct Target {
  std::vector<double> measured;  ///< by channel, SI; NaN: not measured
};

/// A measurement set ready to be fitted. Rows are condensed once and shared by fits to any choice of them.
class FitProblem {
 public:
  /// Error when the set has no rows.
  FitProblem(ParameterSpace space, const MeasurementSet& set);
  /// One program that nobody has measured, for predictions: its latency in the phases of these names, or as a whole.
  FitProblem(ParameterSpace space, const Program& program, const std::vector<std::string>& parts);

  const ParameterSpace& space() const { return space_; }
  std::size_t size() const { return rows_.size(); }
  /// Parts of the latency, "latency" of whole rows, "operator" of single ones; then "energy", "peak power". A row has
  /// values in its own channels and NaN elsewhere; its latency is the sum over those of the latency.
  const std::vector<std::string>& channels() const { return channels_; }
  std::size_t latency_channels() const { return latency_channels_; }
  const Target& target(std::size_t row) const { return targets_[row]; }
  /// The row has been measured meanwhile. Error when its latency was timed in other parts than the set says.
  void set_target(std::size_t row, const Measurement& measured);
  const CondensedRow& row(std::size_t row) const { return rows_[row]; }
  const Condenser& condenser() const { return *condenser_; }

  /// Predicted figures by channel, and their gradients by parameter where asked for (rows: channels).
  struct Prediction {
    Eigen::VectorXd values;
    Eigen::MatrixXd gradient;
  };
  std::vector<Prediction> predict(const Eigen::VectorXd& theta, const std::vector<std::size_t>& rows,
                                  bool with_gradients = false) const;

 private:
  Prediction predict(std::size_t row, const DeviceModel& model, const OperatorCosts& costs,
                     bool with_gradients) const;

  std::size_t latency_channel(const std::string& name);

  ParameterSpace space_;
  std::unique_ptr<Condenser> condenser_;
  std::vector<CondensedRow> rows_;
  std::vector<Target> targets_;
  std::vector<std::string> channels_;
  std::vector<std::vector<std::size_t>> channels_of_row_;  ///< of the parts of its latency
  std::size_t latency_channels_ = 0;
  std::array<Eigen::Index, 7> observed_;  ///< numbers of the parameters of observation, -1 where there are none
};

/// With fewer, several explanations differ little in probability: fits look for others than the first.
inline constexpr std::size_t kRowsThatDecide = 50;

struct FitOptions {
  double degrees_of_freedom = 4;        ///< nu: heavy tails, finite variance
  double prior_degrees_of_freedom = 2;  ///< k: a data sheet is usually near, and at times far off
  double usual_sigma = 0.05;            ///< sigma_0: repeats of a measurement differ by about this
  int starts = 3;                       ///< of the list above
  int evaluations = 300;                ///< per start and optimiser
  double tolerance = 1e-7;              ///< of the objective, relative, for SLSQP
  std::uint64_t seed = 0;
  Eigen::VectorXd start = {};    ///< empty: the prior's mean; else where the first start begins
  Eigen::MatrixXd offsets = {};  ///< known ln slowdown, rows of the problem × latency channels: what the state
                                 ///< of the board multiplied them by (calib/campaign.hpp); empty: none
};

struct FitSummary {
  Eigen::VectorXd theta;
  Eigen::MatrixXd covariance;
  std::vector<double> sigma;  ///< by channel
  /// What the rows alone say around theta: -ln likelihood = theta'·information·theta/2 - evidence'·theta + constant.
  Eigen::MatrixXd information;
  Eigen::VectorXd evidence;
  double objective = 0;
  int evaluations = 0;
  bool converged = false;
};

FitSummary fit(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
               const FitOptions& options = {});

}  // namespace ridgeline
