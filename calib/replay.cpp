#include "calib/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "calib/refit.hpp"
#include "calib/residual_rows.hpp"
#include "calib/validation.hpp"

namespace ridgeline {
namespace {

ErrorByMetric errors_of(const FitProblem& problem, const Eigen::VectorXd& theta,
                        const std::vector<std::size_t>& rows) {
  ErrorByMetric sums{}, counts{};
  const auto predictions = problem.predict(theta, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto ratios = log_ratios(problem.target(rows[i]), predictions[i].values, problem.latency_channels());
    for (std::size_t m = 0; m < kMetrics; ++m)
      if (std::isfinite(ratios[m])) sums[m] += std::abs(std::expm1(-ratios[m])), counts[m] += 1;
  }
  for (std::size_t m = 0; m < kMetrics; ++m) sums[m] = counts[m] > 0 ? sums[m] / counts[m] : kMissing;
  return sums;
}

double pooled(const ErrorByMetric& mape) {
  double sum = 0, count = 0;
  for (const double error : mape)
    if (!std::isnan(error)) sum += std::log(error), count += 1;
  return std::exp(sum / count);
}

/// One set, one split.
class Player {
 public:
  Player(const FitProblem& problem, const Prior& prior, const ReplayOptions& options, const Eigen::MatrixXd& features,
         Split split, std::uint64_t seed)
      : problem_(problem),
        prior_(prior),
        options_(options),
        features_(features),
        split_(std::move(split)),
        seed_(seed) {
    // Several starts are for when rows are few: more of them agree on one optimum.
    const auto part =
        split_.fitted.begin() + static_cast<std::ptrdiff_t>(std::min(split_.fitted.size(), kRowsThatDecide));
    const FitSummary begun = fit(problem_, {split_.fitted.begin(), part}, prior_, options_.fit);
    all_ = scored(split_.fitted, refitted(split_.fitted, begun));
  }

  ReplayRun play(ChoiceRule rule) const {
    ReplayRun run{rule, seed_, {}, all_, 0};
    std::vector<std::size_t> chosen;
    FitSummary fitted = prior_alone(problem_, prior_, options_.fit);
    std::size_t fitted_rows = 0;
    for (const std::size_t size : options_.sizes) {
      if (size > split_.fitted.size()) break;
      while (chosen.size() < size) {
        if (fitted_rows < chosen.size()) fitted = refitted(chosen, fitted), fitted_rows = chosen.size();
        const std::vector<double> seconds = expected_seconds(problem_, fitted.theta, split_.fitted, options_.repeats);
        const Choosing known{problem_, prior_,       features_, split_.fitted, chosen,
                             fitted,   options_.fit, seconds,   seed_};
        const std::vector<std::size_t> next = choose(rule, known, size - chosen.size());
        chosen.insert(chosen.end(), next.begin(), next.end());
      }
      fitted = refitted(chosen, fitted);
      fitted_rows = chosen.size();
      run.points.push_back(scored(chosen, fitted));
    }
    run.area = excess_area(run.points, run.all.error);
    return run;
  }

 private:
  FitSummary refitted(const std::vector<std::size_t>& rows, const FitSummary& last) const {
    return refit(problem_, rows, prior_, options_.fit, last);
  }
  ReplayPoint scored(const std::vector<std::size_t>& rows, const FitSummary& fitted) const {
    ReplayPoint point;
    point.rows = rows.size();
    for (const std::size_t row : rows)
      point.seconds += seconds_to_measure(problem_, row, problem_.target(row).measured, options_.repeats);
    point.mape = errors_of(problem_, fitted.theta, split_.held_out);
    point.error = pooled(point.mape);
    return point;
  }

  const FitProblem& problem_;
  const Prior& prior_;
  const ReplayOptions& options_;
  const Eigen::MatrixXd& features_;
  Split split_;
  std::uint64_t seed_;
  ReplayPoint all_;
};

}  // namespace

double excess_area(const std::vector<ReplayPoint>& points, double all) {
  double area = 0;
  for (std::size_t i = 1; i < points.size(); ++i)
    area += 0.5 * (points[i].error + points[i - 1].error - 2 * all) *
            std::log(static_cast<double>(points[i].rows) / static_cast<double>(points[i - 1].rows));
  return area;
}

Replay replay(const FitProblem& problem, const Prior& prior, const ReplayOptions& options) {
  const double pool = (1 - options.held_out) * static_cast<double>(problem.size());
  if (options.sizes.size() < 2 || static_cast<double>(options.sizes[1]) > pool)
    throw Error(fmt::format("a learning curve needs two sizes within the {:.0f} rows that may be chosen", pool));
  std::vector<std::size_t> all(problem.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const Eigen::MatrixXd features = residual_features(problem, prior.mean, all);
  Replay result;
  result.rows = problem.size();
  for (std::size_t s = 0; s < options.seeds; ++s) {
    const std::uint64_t seed = options.first_seed + s;
    Split split = split_rows(problem.size(), std::floor(pool), seed);
    result.held_out = split.held_out.size();
    const Player player(problem, prior, options, features, std::move(split), seed);
    for (std::size_t r = 0; r < options.rules.size(); ++r) {
      if (options.progress)
        options.progress(fmt::format("seed {}, {}", seed, name(options.rules[r])),
                         static_cast<double>(s * options.rules.size() + r) /
                             static_cast<double>(options.seeds * options.rules.size()));
      result.runs.push_back(player.play(options.rules[r]));
    }
  }
  if (options.progress) options.progress("done", 1);
  return result;
}

}  // namespace ridgeline
