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
#include "calib/linear_start.hpp"

namespace ridgeline {
namespace {

double offset(const FitOptions& options, std::size_t row, std::size_t channel) {
  const auto i = static_cast<Eigen::Index>(row), c = static_cast<Eigen::Index>(channel);
  return c < options.offsets.cols() ? options.offsets(i, c) : 0;
}

/// The objective of one fit; variables are theta, then ln sigma by channel.
class Objective {
 public:
  Objective(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
            const FitOptions& options)
      : problem_(problem), rows_(rows), prior_(prior), options_(options) {}

  Eigen::Index parameters() const { return problem_.space().size(); }
  Eigen::Index size() const { return parameters() + static_cast<Eigen::Index>(problem_.channels().size()); }

  double operator()(const Eigen::VectorXd& x, Eigen::VectorXd* gradient) const {
    const Eigen::Index n = parameters();
    const Eigen::VectorXd theta = x.head(n);
    if (gradient != nullptr) *gradient = Eigen::VectorXd::Zero(size());
    double sum = 0;
    const auto predictions = problem_.predict(theta, rows_, gradient != nullptr);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Target& target = problem_.target(rows_[i]);
      for (std::size_t c = 0; c < target.measured.size(); ++c) {
        if (std::isnan(target.measured[c])) continue;
        const auto channel = static_cast<Eigen::Index>(c);
        const double r =
            std::log(target.measured[c] / predictions[i].values[channel]) - offset(options_, rows_[i], c);
        sum += add(r, x[n + channel], predictions[i], channel, gradient);
      }
    }
    for (Eigen::Index j = 0; j < n; ++j) {
      const double d = theta[j] - prior_.mean[j], nu = options_.prior_degrees_of_freedom;
      const double scale = nu * prior_.deviation[j] * prior_.deviation[j];
      sum += 0.5 * (nu + 1) * std::log1p(d * d / scale);
      if (gradient != nullptr) (*gradient)[j] += (nu + 1) * d / (scale + d * d);
    }
    for (Eigen::Index c = n; c < size(); ++c) {
      const double z = x[c] - std::log(options_.usual_sigma);
      sum += 0.5 * z * z;
      if (gradient != nullptr) (*gradient)[c] += z;
    }
    return sum;
  }

  /// Gauss-Newton curvature of the rows' part with the weights of the t distribution, and its gradient.
  void information(const Eigen::VectorXd& theta, const std::vector<double>& sigma, Eigen::MatrixXd& curvature,
                   Eigen::VectorXd& gradient) const {
    curvature = Eigen::MatrixXd::Zero(parameters(), parameters());
    gradient = Eigen::VectorXd::Zero(parameters());
    const auto predictions = problem_.predict(theta, rows_, true);
    const double nu = options_.degrees_of_freedom;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Target& target = problem_.target(rows_[i]);
      for (std::size_t c = 0; c < target.measured.size(); ++c) {
        if (std::isnan(target.measured[c])) continue;
        const auto channel = static_cast<Eigen::Index>(c);
        const double value = predictions[i].values[channel];
        const double r = std::log(target.measured[c] / value) - offset(options_, rows_[i], c);
        const Eigen::VectorXd g = predictions[i].gradient.row(channel).transpose() / value;
        const double weight = (nu + 1) / (nu * sigma[c] * sigma[c] + r * r);
        curvature += weight * g * g.transpose();
        gradient -= weight * r * g;
      }
    }
  }
  Eigen::VectorXd prior_precision(const Eigen::VectorXd& theta) const {
    const double nu = options_.prior_degrees_of_freedom;
    const Eigen::ArrayXd away = (theta - prior_.mean).array();
    return (nu + 1) / (nu * prior_.deviation.array().square() + away.square());
  }

 private:
  double add(double r, double log_sigma, const FitProblem::Prediction& prediction, Eigen::Index channel,
             Eigen::VectorXd* gradient) const {
    const double nu = options_.degrees_of_freedom, sigma2 = std::exp(2 * log_sigma);
    if (gradient != nullptr) {
      const double by_r = (nu + 1) * r / (nu * sigma2 + r * r);
      gradient->head(parameters()) -=
          by_r / prediction.values[channel] * prediction.gradient.row(channel).transpose();
      (*gradient)[parameters() + channel] += 1 - by_r * r;
    }
    return log_sigma + 0.5 * (nu + 1) * std::log1p(r * r / (nu * sigma2));
  }

  const FitProblem& problem_;
  const std::vector<std::size_t>& rows_;
  const Prior& prior_;
  const FitOptions& options_;
};

/// NLopt is C below: what the objective throws is carried around it.
struct Minimiser {
  const Objective& objective;
  std::exception_ptr thrown = nullptr;
  int evaluations = 0;

  static double call(const std::vector<double>& x, std::vector<double>& gradient, void* self) {
    auto& me = *static_cast<Minimiser*>(self);
    ++me.evaluations;
    try {
      const Eigen::VectorXd at = Eigen::Map<const Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
      Eigen::VectorXd g;
      const double value = me.objective(at, gradient.empty() ? nullptr : &g);
      if (!gradient.empty()) Eigen::Map<Eigen::VectorXd>(gradient.data(), g.size()) = g;
      return value;
    } catch (...) {
      me.thrown = std::current_exception();
      throw nlopt::forced_stop();
    }
  }
};

struct Bounds {
  std::vector<double> lower, upper;

  explicit Bounds(const FitProblem& problem) {
    for (const Parameter& p : problem.space().parameters()) lower.push_back(p.lower), upper.push_back(p.upper);
    for (std::size_t c = 0; c < problem.channels().size(); ++c)
      lower.push_back(std::log(1e-4)), upper.push_back(std::log(10.0));
  }
  void clamp(std::vector<double>& x) const {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x[i], lower[i], upper[i]);
  }
};

std::vector<double> start_point(const FitProblem& problem, const std::vector<std::size_t>& rows, const Prior& prior,
                                const FitOptions& options, int number) {
  Random random(options.seed + static_cast<std::uint64_t>(number));
  Eigen::VectorXd begin = number == 0 && options.start.size() > 0 ? options.start : prior.mean;
  if (number == 1) begin = linear_start(problem, rows, begin);
  for (Eigen::Index j = 0; j < begin.size() && number > 1; ++j)
    begin[j] += 0.5 * prior.deviation[j] * random.normal();
  std::vector<double> x(begin.data(), begin.data() + begin.size());
  const Bounds bounds(problem);
  std::vector<double> sigma(problem.channels().size(), std::log(options.usual_sigma));
  x.insert(x.end(), sigma.begin(), sigma.end());
  bounds.clamp(x);
  // Scales start where the residuals are: a fit that begins far away otherwise takes every row for an outlier.
  const Eigen::VectorXd theta = Eigen::Map<Eigen::VectorXd>(x.data(), problem.space().size());
  const auto predictions = problem.predict(theta, rows);
  for (std::size_t c = 0; c < sigma.size(); ++c) {
    std::vector<double> sizes;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double measured = problem.target(rows[i]).measured[c];
      if (!std::isnan(measured))
        sizes.push_back(std::abs(std::log(measured / predictions[i].values[static_cast<Eigen::Index>(c)]) -
                                 offset(options, rows[i], c)));
    }
    if (!sizes.empty()) x[x.size() - sigma.size() + c] = std::log(std::max(1.5 * median(sizes), 1e-3));
  }
  bounds.clamp(x);
  return x;
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
  const Objective objective(problem, rows, prior, options);
  const Bounds bounds(problem);
  FitSummary best;
  best.objective = std::numeric_limits<double>::infinity();
  int evaluations = 0;
  for (int s = 0; s < std::max(1, options.starts); ++s) {
    std::vector<double> x = start_point(problem, rows, prior, options, s);
    Minimiser minimiser{objective};
    nlopt::opt optimiser(nlopt::LD_SLSQP, static_cast<unsigned>(x.size()));
    optimiser.set_lower_bounds(bounds.lower);
    optimiser.set_upper_bounds(bounds.upper);
    optimiser.set_min_objective(&Minimiser::call, &minimiser);
    optimiser.set_maxeval(options.evaluations);
    optimiser.set_ftol_rel(options.tolerance);
    double value = 0;
    nlopt::result outcome = nlopt::FAILURE;
    std::string message;
    try {
      outcome = optimiser.optimize(x, value);
    } catch (const nlopt::roundoff_limited&) {
      message = "limited by rounding";
      outcome = nlopt::XTOL_REACHED;
    } catch (const std::exception& error) {
      if (minimiser.thrown) std::rethrow_exception(minimiser.thrown);
      message = error.what();
    }
    evaluations += minimiser.evaluations;
    const Eigen::VectorXd at = Eigen::Map<Eigen::VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
    value = objective(at, nullptr);
    if (!(value < best.objective)) continue;
    best.objective = value;
    best.theta = at.head(problem.space().size());
    best.sigma.clear();
    for (Eigen::Index c = problem.space().size(); c < at.size(); ++c) best.sigma.push_back(std::exp(at[c]));
    best.converged = outcome > 0 && outcome != nlopt::MAXEVAL_REACHED;
    best.message = message;
  }
  best.evaluations = evaluations;
  Eigen::VectorXd gradient;
  objective.information(best.theta, best.sigma, best.information, gradient);
  best.evidence = best.information * best.theta - gradient;
  Eigen::MatrixXd curvature = best.information;
  curvature.diagonal() += objective.prior_precision(best.theta);
  best.covariance = curvature.llt().solve(Eigen::MatrixXd::Identity(curvature.rows(), curvature.cols()));
  return best;
}

}  // namespace ridgeline
