#include "calib/fit.hpp"

#include <Eigen/Cholesky>
#include <fmt/format.h>
#include <nlopt.hpp>

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/statistics.hpp"
#include "calib/fit_objective.hpp"
#include "calib/linear_start.hpp"
#include "calib/newton.hpp"

namespace ridgeline {
namespace {

constexpr int kReconsidered = 10;
constexpr double kFarOff = 1.5;   // deviations from the prior's mean that ask for another explanation
constexpr double kBetter = 0.01;  // of ln posterior

struct Bounds {
  Eigen::VectorXd lower, upper;

  explicit Bounds(const FitProblem& problem) {
    const Eigen::Index n = problem.space().size(), all = n + static_cast<Eigen::Index>(problem.channels().size());
    lower = Eigen::VectorXd::Constant(all, std::log(1e-4));
    upper = Eigen::VectorXd::Constant(all, std::log(10.0));
    for (Eigen::Index j = 0; j < n; ++j) {
      lower[j] = problem.space().parameters()[static_cast<std::size_t>(j)].lower;
      upper[j] = problem.space().parameters()[static_cast<std::size_t>(j)].upper;
    }
  }
  Eigen::VectorXd clamp(const Eigen::VectorXd& x) const { return x.cwiseMax(lower).cwiseMin(upper); }
};

std::vector<double> as_list(const Eigen::VectorXd& x) { return {x.data(), x.data() + x.size()}; }
Eigen::VectorXd to_eigen(const std::vector<double>& x) {
  return Eigen::Map<const Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
}

/// NLopt is C below: what the objective throws is carried around it.
struct Minimiser {
  const FitObjective& objective;
  std::exception_ptr thrown = nullptr;
  int evaluations = 0;

  static double call(const std::vector<double>& x, std::vector<double>& gradient, void* self) {
    auto& me = *static_cast<Minimiser*>(self);
    ++me.evaluations;
    try {
      if (gradient.empty()) return me.objective.value(to_eigen(x));
      const FitObjective::Point point = me.objective.at(to_eigen(x));
      gradient = as_list(point.gradient);
      return point.value;
    } catch (...) {
      me.thrown = std::current_exception();
      throw nlopt::forced_stop();
    }
  }
};

Eigen::VectorXd minimise(Minimiser& minimiser, const Bounds& bounds, const Eigen::VectorXd& from,
                         const FitOptions& options) {
  nlopt::opt optimiser(nlopt::LD_SLSQP, static_cast<unsigned>(from.size()));
  optimiser.set_lower_bounds(as_list(bounds.lower));
  optimiser.set_upper_bounds(as_list(bounds.upper));
  optimiser.set_min_objective(&Minimiser::call, &minimiser);
  optimiser.set_maxeval(options.evaluations);
  optimiser.set_ftol_rel(options.tolerance);
  std::vector<double> x = as_list(from);
  double value = 0;
  try {
    optimiser.optimize(x, value);
  } catch (const std::exception&) {
    // Rounding may end it; what was found so far is a start like any other.
    if (minimiser.thrown) std::rethrow_exception(minimiser.thrown);
  }
  return bounds.clamp(to_eigen(x));
}

/// theta with scales where its residuals are: a fit that begins far away otherwise takes every row for an outlier.
Eigen::VectorXd with_scales(const FitProblem& problem, const std::vector<std::size_t>& rows,
                            const FitOptions& options, const Eigen::VectorXd& theta) {
  const auto channels = static_cast<Eigen::Index>(problem.channels().size());
  Eigen::VectorXd x(theta.size() + channels);
  x << theta, Eigen::VectorXd::Constant(channels, std::log(options.usual_sigma));
  x = Bounds(problem).clamp(x);
  const auto predictions = problem.predict(x.head(theta.size()), rows);
  for (Eigen::Index c = 0; c < channels; ++c) {
    std::vector<double> sizes;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double measured = problem.target(rows[i]).measured[static_cast<std::size_t>(c)];
      const double offset = c < options.offsets.cols() ? options.offsets(static_cast<Eigen::Index>(rows[i]), c) : 0;
      if (!std::isnan(measured)) sizes.push_back(std::abs(std::log(measured / predictions[i].values[c]) - offset));
    }
    if (!sizes.empty()) x[theta.size() + c] = std::log(std::clamp(1.5 * median(sizes), 1e-3, 10.0));
  }
  return x;
}

Eigen::VectorXd start_point(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                            const FitOptions& options, int number) {
  if (number == 0) return options.start.size() > 0 ? options.start : prior.mean;
  if (number == 1) return linear_start(problem, rows, prior.mean);
  if (number == 2) return sparse_start(problem, rows, prior, prior.mean);
  Random random(options.seed + static_cast<std::uint64_t>(number));
  Eigen::VectorXd begin = prior.mean;
  for (Eigen::Index j = 0; j < begin.size(); ++j) begin[j] += 0.5 * prior.deviation[j] * random.normal();
  return begin;
}

/// The best optimum so far.
class Best {
 public:
  Best(const FitProblem& problem, const FitObjective& objective, const Bounds& bounds, const FitOptions& options)
      : problem_(problem), objective_(objective), bounds_(bounds), options_(options) {}

  /// True when the optimum near `start` is a better one.
  bool offer(const Eigen::VectorXd& start) {
    Polished polished = polish(objective_, start, bounds_.lower, bounds_.upper, options_.evaluations);
    evaluations_ += polished.evaluations;
    if (!polished.converged) {
      Minimiser minimiser{objective_};
      const Eigen::VectorXd moved = minimise(minimiser, bounds_, polished.x, options_);
      polished = polish(objective_, moved, bounds_.lower, bounds_.upper, options_.evaluations);
      evaluations_ += minimiser.evaluations + polished.evaluations;
    }
    if (best_.x.size() > 0 && polished.point.value > best_.point.value - kBetter) return false;
    best_ = std::move(polished);
    return true;
  }
  Eigen::VectorXd theta() const { return best_.x.head(problem_.space().size()); }

  FitSummary summary() const {
    FitSummary summary;
    summary.theta = theta();
    const Eigen::Index n = summary.theta.size();
    for (Eigen::Index c = n; c < best_.x.size(); ++c) summary.sigma.push_back(std::exp(best_.x[c]));
    summary.objective = best_.point.value;
    summary.converged = best_.converged;
    summary.evaluations = evaluations_;
    summary.information = best_.point.information;
    summary.evidence = summary.information * summary.theta - best_.point.pull;
    const Eigen::MatrixXd curvature = best_.point.curvature.topLeftCorner(n, n);
    summary.covariance = curvature.llt().solve(Eigen::MatrixXd::Identity(n, n));
    return summary;
  }

 private:
  const FitProblem& problem_;
  const FitObjective& objective_;
  const Bounds& bounds_;
  const FitOptions& options_;
  Polished best_;
  int evaluations_ = 0;
};

/// Parameters far from the prior, the farthest first, are put back to it, and others may explain instead.
void reconsider(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                const FitOptions& options, Best& best) {
  std::vector<bool> tried(static_cast<std::size_t>(problem.space().size()), false);
  for (int round = 0; round < kReconsidered; ++round) {
    Eigen::VectorXd theta = best.theta();
    const Eigen::ArrayXd away = (theta - prior.mean).array().abs() / prior.deviation.array();
    Eigen::Index farthest = -1;
    for (Eigen::Index j = 0; j < theta.size(); ++j)
      if (!tried[static_cast<std::size_t>(j)] && away[j] > (farthest < 0 ? kFarOff : away[farthest])) farthest = j;
    if (farthest < 0) return;
    tried[static_cast<std::size_t>(farthest)] = true;
    theta[farthest] = prior.mean[farthest];
    theta = sparse_start(problem, rows, prior, theta, farthest);
    if (best.offer(with_scales(problem, rows, options, theta))) tried.assign(tried.size(), false);
  }
}

}  // namespace

Prior data_sheet_prior(const ParameterSpace& space) {
  Prior prior{Eigen::VectorXd::Zero(space.size()), Eigen::VectorXd(space.size())};
  for (Eigen::Index j = 0; j < space.size(); ++j)
    prior.deviation[j] = space.parameters()[static_cast<std::size_t>(j)].prior_deviation;
  return prior;
}

FitSummary fit(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
               const FitOptions& options) {
  const Eigen::MatrixXd& offsets = options.offsets;
  if (offsets.size() > 0 && (offsets.rows() != static_cast<Eigen::Index>(problem.size()) ||
                             offsets.cols() != static_cast<Eigen::Index>(problem.latency_channels())))
    throw Error(fmt::format("a fit to {} rows with {} latencies got offsets for {} × {}", problem.size(),
                            problem.latency_channels(), offsets.rows(), offsets.cols()));
  const FitObjective objective(problem, rows, prior, options);
  const Bounds bounds(problem);
  Best best{problem, objective, bounds, options};
  for (int s = 0; s < std::max(1, options.starts); ++s)
    best.offer(with_scales(problem, rows, options, start_point(problem, rows, prior, options, s)));
  if (options.starts > 1 && rows.size() < kRowsThatDecide) reconsider(problem, rows, prior, options, best);
  return best.summary();
}

}  // namespace ridgeline
