#include "calib/conformal.hpp"

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/statistics.hpp"
#include "calib/cross_validation.hpp"
#include "calib/scores.hpp"

namespace ridgeline {
namespace {

constexpr double kConformalTails = 4;         // degrees of freedom: as the fit's errors
constexpr double kRowsForTails = 20;          // a tail of 5 % has one row of 20
constexpr double kSmallest = 1e-6;            // scale of errors: equal rows must not make it zero
constexpr double kStandardErrors = 1.645;     // by which a varying scale must win: 95 % sure
constexpr Eigen::Index kRowsForFeature = 25;  // fewer choose among features by chance
constexpr std::array kRidges{3.0, 30.0};      // in rows: a weight of 1 costs as much as so many rows
constexpr std::size_t kFolds = 10;
constexpr std::uint64_t kSeed = 0;

using Rows = std::vector<Eigen::Index>;

/// Rank probability·(n + 1), interpolated; an exponential tail of mean `tail` beyond the last.
double order_statistic(std::vector<double> values, double probability, double tail) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const double rank = probability * (n + 1);
  if (rank > n) return values.back() + tail * std::log(1 / ((n + 1) * (1 - probability)));
  if (rank < 1) return values.front() - tail * std::log(1 / ((n + 1) * probability));
  const auto below = static_cast<std::size_t>(rank) - 1;
  const double part = rank - std::floor(rank);
  return part == 0 ? values[below] : values[below] + part * (values[below + 1] - values[below]);
}

void set_tails(ConformalIntervals& intervals, const std::vector<double>& scores) {
  std::vector<double> sizes;
  for (const double u : scores) sizes.push_back(std::abs(u));
  const auto n = static_cast<double>(scores.size());
  const double c = intervals.coverage, w = n / (n + kRowsForTails), usual = mean(sizes);
  const double symmetric = order_statistic(sizes, c, usual);
  intervals.low = std::min(0.0, -(1 - w) * symmetric + w * order_statistic(scores, (1 - c) / 2, usual));
  intervals.high = std::max(0.0, (1 - w) * symmetric + w * order_statistic(scores, (1 + c) / 2, usual));
}

/// b_0 and b for some rows, by Fisher scoring.
Eigen::VectorXd scale_weights(const Eigen::VectorXd& ratios, const Eigen::MatrixXd& z, const Rows& rows,
                              double ridge) {
  const Eigen::Index k = z.cols();
  Eigen::VectorXd b = Eigen::VectorXd::Zero(k + 1);
  std::vector<double> sizes;
  for (const Eigen::Index i : rows) sizes.push_back(std::abs(ratios[i]));
  b[0] = std::log(std::max(kSmallest, 1.5 * median(sizes)));
  for (int round = 0; round < 50; ++round) {
    Eigen::MatrixXd curvature = Eigen::MatrixXd::Zero(k + 1, k + 1);
    curvature.diagonal().tail(k).setConstant(ridge);
    Eigen::VectorXd slope = Eigen::VectorXd::Zero(k + 1);
    slope.tail(k) = ridge * b.tail(k);
    for (const Eigen::Index i : rows) {
      Eigen::VectorXd x(k + 1);
      x << 1, z.row(i).transpose();
      const double r2 = ratios[i] * ratios[i], s2 = std::exp(2 * x.dot(b));
      slope += (1 - (kConformalTails + 1) * r2 / (kConformalTails * s2 + r2)) * x;
      curvature += 2 * kConformalTails / (kConformalTails + 3) * x * x.transpose();
    }
    const Eigen::VectorXd step = curvature.ldlt().solve(slope).cwiseMax(-1.0).cwiseMin(1.0);
    b -= step;
    b[0] = std::max(b[0], std::log(kSmallest));
    if (step.cwiseAbs().maxCoeff() < 1e-6) break;
  }
  return b;
}

double score_of(const Eigen::VectorXd& ratios, const Eigen::MatrixXd& z, const Eigen::VectorXd& b, Eigen::Index i) {
  return ratios[i] / std::exp(b[0] + z.row(i).dot(b.tail(z.cols())));
}

Rows all_but(const Rows& rows, const std::vector<std::size_t>& fold, std::size_t left_out) {
  Rows rest;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (fold[i] != left_out) rest.push_back(rows[i]);
  return rest;
}

struct Candidate {
  Eigen::Index features = 0;
  double ridge = 0;
};

/// Weights for the first features of `z` and tails, from some rows.
ConformalIntervals fit_intervals(const Eigen::VectorXd& ratios, const Eigen::MatrixXd& z, const Rows& rows,
                                 const Candidate& candidate, double coverage) {
  ConformalIntervals intervals;
  intervals.coverage = coverage;
  intervals.rows = rows.size();
  intervals.weights = Eigen::VectorXd::Zero(z.cols());
  std::vector<double> scores;
  if (candidate.features == 0) {
    for (const Eigen::Index i : rows) scores.push_back(ratios[i]);
    set_tails(intervals, scores);
    return intervals;
  }
  const Eigen::MatrixXd used = z.leftCols(candidate.features);
  const auto fold = deal_folds(rows.size(), kFolds, kSeed);
  std::vector<Eigen::VectorXd> without;
  for (std::size_t k = 0; k < std::min(kFolds, rows.size()); ++k)
    without.push_back(scale_weights(ratios, used, all_but(rows, fold, k), candidate.ridge));
  for (std::size_t i = 0; i < rows.size(); ++i) scores.push_back(score_of(ratios, used, without[fold[i]], rows[i]));
  const Eigen::VectorXd b = scale_weights(ratios, used, rows, candidate.ridge);
  intervals.log_scale = b[0];
  intervals.weights.head(candidate.features) = b.tail(candidate.features);
  set_tails(intervals, scores);
  return intervals;
}

/// Interval score of each row by intervals made without its fold.
std::vector<double> held_out_scores(const Eigen::VectorXd& ratios, const Eigen::MatrixXd& z,
                                    const Candidate& candidate, double coverage) {
  Rows rows(static_cast<std::size_t>(ratios.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<Eigen::Index>(i);
  const auto fold = deal_folds(rows.size(), kFolds, kSeed + 1);
  std::vector<ConformalIntervals> without;
  for (std::size_t k = 0; k < std::min(kFolds, rows.size()); ++k)
    without.push_back(fit_intervals(ratios, z, all_but(rows, fold, k), candidate, coverage));
  std::vector<double> scores;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ConformalIntervals& c = without[fold[i]];
    const double s = std::exp(c.log_scale + z.row(rows[i]).dot(c.weights));
    scores.push_back(interval_score(s * c.low, s * c.high, ratios[rows[i]], coverage));
  }
  return scores;
}

/// How much lower the second's scores are, cautiously.
double gain(const std::vector<double>& constant, const std::vector<double>& varying) {
  const Eigen::Map<const Eigen::ArrayXd> a(constant.data(), static_cast<Eigen::Index>(constant.size()));
  const Eigen::Map<const Eigen::ArrayXd> b(varying.data(), static_cast<Eigen::Index>(varying.size()));
  const Eigen::ArrayXd difference = a - b;
  const auto n = static_cast<double>(constant.size());
  const double deviation = std::sqrt((difference - difference.mean()).square().mean());
  return difference.mean() - kStandardErrors * deviation / std::sqrt(n);
}

}  // namespace

Spread ConformalIntervals::factors(const Eigen::VectorXd& features) const {
  if (features.size() != weights.size())
    throw Error(fmt::format("intervals of {} features got {}", weights.size(), features.size()));
  double scale = log_scale;
  for (Eigen::Index j = 0; j < features.size(); ++j)
    scale += weights[j] * std::clamp((features[j] - centre[j]) / deviation[j], lowest[j], highest[j]);
  return {std::exp(std::exp(scale) * low), std::exp(std::exp(scale) * high)};
}

ConformalIntervals conformal_intervals(std::span<const double> log_ratios, const Eigen::MatrixXd& features,
                                       double coverage) {
  if (!(coverage > 0 && coverage < 1)) throw Error(fmt::format("coverage must be between 0 and 1, got {}", coverage));
  if (features.rows() != static_cast<Eigen::Index>(log_ratios.size()))
    throw Error(fmt::format("intervals of {} rows got features of {}", log_ratios.size(), features.rows()));
  std::vector<Eigen::Index> present;
  for (std::size_t i = 0; i < log_ratios.size(); ++i)
    if (!std::isnan(log_ratios[i])) present.push_back(static_cast<Eigen::Index>(i));
  const auto n = static_cast<Eigen::Index>(present.size());
  if (n < 2) throw Error(fmt::format("intervals need at least 2 rows that were measured, got {}", n));
  Eigen::VectorXd ratios(n);
  Eigen::MatrixXd z(n, features.cols());
  for (Eigen::Index i = 0; i < n; ++i) {
    const Eigen::Index from = present[static_cast<std::size_t>(i)];
    ratios[i] = log_ratios[static_cast<std::size_t>(from)];
    z.row(i) = features.row(from);
  }
  if (!z.allFinite() || !ratios.allFinite()) throw Error("intervals need finite ratios and features");
  const Eigen::VectorXd centre = z.colwise().mean().transpose();
  z.rowwise() -= centre.transpose();
  const Eigen::VectorXd deviation =
      (z.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose().unaryExpr([](double d) {
        return d > kSmallest ? d : 1;
      });
  for (Eigen::Index j = 0; j < z.cols(); ++j) z.col(j) /= deviation[j];

  const std::vector<double> constant = held_out_scores(ratios, z, {}, coverage);
  Candidate best;
  double best_gain = 0;
  for (Eigen::Index k = 1; k <= std::min(z.cols(), n / kRowsForFeature); ++k)
    for (const double ridge : kRidges) {
      const double by = gain(constant, held_out_scores(ratios, z, {k, ridge}, coverage));
      if (by > best_gain) best_gain = by, best = {k, ridge};
    }
  Rows rows(present.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<Eigen::Index>(i);
  ConformalIntervals result = fit_intervals(ratios, z, rows, best, coverage);
  result.centre = centre;
  result.deviation = deviation;
  result.lowest = z.colwise().minCoeff().transpose();
  result.highest = z.colwise().maxCoeff().transpose();
  return result;
}

ConformalIntervals constant_intervals(std::span<const double> log_ratios, double coverage) {
  return conformal_intervals(log_ratios, Eigen::MatrixXd(static_cast<Eigen::Index>(log_ratios.size()), 0), coverage);
}

}  // namespace ridgeline
