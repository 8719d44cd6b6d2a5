#include "calib/campaign.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "calib/levels.hpp"

namespace ridgeline {
namespace {

constexpr double kNoticeable = 0.01;  // a stretch's distance from nominal
constexpr double kOutlying = 5;       // in sigma
constexpr double kSettled = 1e-3;     // change of a row's nominal latency that ends the alternation

std::vector<double> to_vector(const Eigen::VectorXd& values) {
  return {values.data(), values.data() + values.size()};
}

/// The sum of each row's own parts.
Eigen::VectorXd nominal_latencies(const std::vector<FitProblem::Prediction>& predictions, Eigen::Index parts) {
  Eigen::VectorXd latency = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(predictions.size()));
  for (Eigen::Index i = 0; i < latency.size(); ++i)
    for (Eigen::Index c = 0; c < parts; ++c)
      if (const double part = predictions[static_cast<std::size_t>(i)].values[c]; !std::isnan(part))
        latency[i] += part;
  return latency;
}

std::vector<std::size_t> all_rows(const FitProblem& problem) {
  std::vector<std::size_t> rows(problem.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

/// Stretches between jumps of the latency's ratio to nominal, and rows that are far from the state.
void describe(CampaignState& state, const Eigen::VectorXd& ratio) {
  const Jumps jumps = find_jumps(ratio);
  std::vector<std::size_t> begins{0};
  begins.insert(begins.end(), jumps.places.begin(), jumps.places.end());
  begins.push_back(static_cast<std::size_t>(ratio.size()));
  for (std::size_t k = 0; k + 1 < begins.size(); ++k) {
    std::vector<double> inside;
    for (std::size_t i = begins[k]; i < begins[k + 1]; ++i)
      if (const double r = ratio[static_cast<Eigen::Index>(i)]; !std::isnan(r)) inside.push_back(r);
    const double slowdown = std::expm1(median(inside));
    if (jumps.places.empty() || std::abs(slowdown) < kNoticeable) continue;
    state.stretches.push_back({begins[k], begins[k + 1] - 1, slowdown});
  }
  for (Eigen::Index i = 0; i < ratio.size(); ++i)
    if (std::abs(ratio[i] - std::log1p(state.slowdown[i])) > kOutlying * jumps.sigma)
      state.outliers.push_back(static_cast<std::size_t>(i));
}

}  // namespace

CampaignState campaign_state(const FitProblem& problem, const Eigen::VectorXd& theta,
                             const std::vector<std::size_t>& known) {
  if (known.size() < kRowsForState)
    throw Error(fmt::format("the state of a campaign needs at least {} rows, got {}", kRowsForState, known.size()));
  const auto parts = static_cast<Eigen::Index>(problem.latency_channels());
  const auto n = static_cast<Eigen::Index>(problem.size());
  const auto predictions = problem.predict(theta, all_rows(problem));
  Eigen::MatrixXd residuals = Eigen::MatrixXd::Constant(n, parts, std::numeric_limits<double>::quiet_NaN());
  Eigen::VectorXd ratio = residuals.col(0);
  const Eigen::VectorXd nominal = nominal_latencies(predictions, parts);
  for (const std::size_t row : known) {
    const auto i = static_cast<Eigen::Index>(row);
    double measured = 0;
    for (Eigen::Index c = 0; c < parts; ++c) {
      if (std::isnan(predictions[row].values[c])) continue;  // a part that other rows have
      const double part = problem.target(row).measured[static_cast<std::size_t>(c)];
      residuals(i, c) = std::log(part / predictions[row].values[c]);
      measured += part;
    }
    ratio[i] = std::log(measured / nominal[i]);
  }
  CampaignState state;
  state.offsets.setZero(n, parts);
  for (Eigen::Index c = 0; c < parts; ++c) {
    if ((residuals.col(c).array() == residuals.col(c).array()).count() < 2) continue;  // a level takes two rows
    const Eigen::VectorXd level = estimate_levels(residuals.col(c)).level;
    state.offsets.col(c) = level.array() - median(to_vector(level));
  }
  state.slowdown.resize(n);
  for (Eigen::Index i = 0; i < n; ++i)
    state.slowdown[i] =
        latency_in_state(predictions[static_cast<std::size_t>(i)], state, static_cast<std::size_t>(i)) / nominal[i] -
        1;
  // What the whole campaign is off by is the fit's, not the state's.
  Eigen::VectorXd off = ratio - state.slowdown.array().log1p().matrix();
  std::vector<double> seen;
  for (const std::size_t row : known)
    if (const double o = off[static_cast<Eigen::Index>(row)]; !std::isnan(o)) seen.push_back(o);
  describe(state, ratio.array() - median(seen));
  return state;
}

CampaignFit fit_campaign(const FitProblem& problem, const std::vector<std::size_t>& known, const Prior& prior,
                         const FitOptions& options, int rounds) {
  const auto parts = static_cast<Eigen::Index>(problem.latency_channels());
  CampaignFit result;
  FitOptions now = options;
  Eigen::VectorXd before;
  while (result.rounds < rounds) {
    result.fit = fit(problem, known, prior, now);
    result.state = campaign_state(problem, result.fit.theta, known);
    ++result.rounds;
    const Eigen::VectorXd latency =
        nominal_latencies(problem.predict(result.fit.theta, all_rows(problem)), parts).array().log();
    if (before.size() > 0 && (latency - before).cwiseAbs().maxCoeff() < kSettled) break;
    before = latency;
    now.offsets = result.state.offsets;
    now.start = result.fit.theta;
    now.starts = 1;
  }
  return result;
}

double latency_in_state(const FitProblem::Prediction& prediction, const CampaignState& state, std::size_t row) {
  double latency = 0;
  for (Eigen::Index c = 0; c < state.offsets.cols(); ++c)
    if (!std::isnan(prediction.values[c]))
      latency += prediction.values[c] * std::exp(state.offsets(static_cast<Eigen::Index>(row), c));
  return latency;
}

}  // namespace ridgeline
