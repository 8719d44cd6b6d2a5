// The state of a board along a measuring campaign, estimated together with the parameters.
//
//   ln measured_ci = ln predicted_ci(theta) + o_ci + noise        c: parts of the latency, i: rows in measuring order
//
// Boards heat up, throttle and change clocks: o follows calib/levels.hpp, constant between jumps and drifting slowly,
// for each part by itself, since what slows a board down (a cold cache, memory that swaps) need not slow all of its
// work alike. The fit takes o as known, o is estimated from the fit's residuals, and both alternate. Nominal is the
// median state: the median of o over all rows is 0; it is 0 all along for a part that fewer than two rows have.
// Energy and peak power are left as they are.
#pragma once

#include "calib/fit.hpp"

namespace ridgeline {

/// Rows in one state, apart from nominal.
struct Stretch {
  std::size_t first = 0, last = 0;  ///< rows of the problem, both inside
  double slowdown = 0;              ///< latency / nominal - 1: 0.18 is 18 % slower
};

struct CampaignState {
  Eigen::MatrixXd offsets;            ///< o: rows of the problem × parts; FitOptions::offsets
  Eigen::VectorXd slowdown;           ///< by row: latency in this state / nominal - 1
  std::vector<Stretch> stretches;     ///< between jumps of the whole latency, where it is 1 % or more from nominal
  std::vector<std::size_t> outliers;  ///< known rows beyond 5 sigma of the state: cold caches, interruptions
};

inline constexpr std::size_t kRowsForState = 100;

/// The state along all rows of the problem, which are in measuring order, from the `known` ones: what it says of any
/// other row is the state of its neighbours. Error with fewer than kRowsForState known rows.
CampaignState campaign_state(const FitProblem& problem, const Eigen::VectorXd& theta,
                             const std::vector<std::size_t>& known);

struct CampaignFit {
  FitSummary fit;  ///< nominal
  CampaignState state;
  int rounds = 0;
};
/// Parameters and state together, until parameters stop moving or `rounds` fits were made.
CampaignFit fit_campaign(const FitProblem& problem, const std::vector<std::size_t>& known, const Prior& prior,
                         const FitOptions& options = {}, int rounds = 4);

/// Latency of a row in its state: the sum of its own parts, each times exp(o).
double latency_in_state(const FitProblem::Prediction& prediction, const CampaignState& state, std::size_t row);

}  // namespace ridgeline
