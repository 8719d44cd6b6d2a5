#include "calib/linear_posterior.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/statistics.hpp"
#include "calib/residual.hpp"

namespace ridgeline {
namespace {

/// Log figures that are measured one by one: a row's channels.
struct Observations {
  std::vector<std::size_t> row;  ///< positions in the list of rows
  std::vector<std::size_t> channel;
  Eigen::MatrixXd gradient;  ///< d ln predicted / d theta
  Eigen::VectorXd value;     ///< predicted, SI
  Eigen::VectorXd residual;  ///< ln(measured / predicted); NaN: not measured

  Eigen::Index size() const { return value.size(); }
};

Observations observations(const FitProblem& problem, const Eigen::VectorXd& theta,
                          const std::vector<std::size_t>& rows, const std::vector<bool>& wanted, bool measured) {
  Observations result;
  const auto predictions = problem.predict(theta, rows, true);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t c = 0; c < wanted.size(); ++c)
      if (wanted[c] && !std::isnan(predictions[i].values[static_cast<Eigen::Index>(c)]) &&
          !(measured && std::isnan(problem.target(rows[i]).measured[c])))
        result.row.push_back(i), result.channel.push_back(c);
  const auto n = static_cast<Eigen::Index>(result.row.size());
  result.gradient.resize(n, theta.size());
  result.value.resize(n);
  result.residual.resize(n);
  for (Eigen::Index k = 0; k < n; ++k) {
    const std::size_t i = result.row[static_cast<std::size_t>(k)], c = result.channel[static_cast<std::size_t>(k)];
    const FitProblem::Prediction& prediction = predictions[i];
    result.value[k] = prediction.values[static_cast<Eigen::Index>(c)];
    result.gradient.row(k) = prediction.gradient.row(static_cast<Eigen::Index>(c)) / result.value[k];
    result.residual[k] = std::log(problem.target(rows[i]).measured[c] / result.value[k]);
  }
  return result;
}

/// Latency, and the others where a measured row has them.
std::vector<bool> channels_in(const FitProblem& problem, const std::vector<std::size_t>& measured) {
  std::vector<bool> wanted(problem.channels().size(), false);
  std::fill_n(wanted.begin(), problem.latency_channels(), true);
  for (const std::size_t row : measured)
    for (std::size_t c = 0; c < wanted.size(); ++c)
      if (!std::isnan(problem.target(row).measured[c])) wanted[c] = true;
  return wanted;
}

Eigen::MatrixXd columns(const Eigen::MatrixXd& features, const std::vector<std::size_t>& rows) {
  Eigen::MatrixXd result(features.rows(), static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    result.col(static_cast<Eigen::Index>(i)) = features.col(static_cast<Eigen::Index>(rows[i]));
  return result;
}

Eigen::MatrixXd squared_distances(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  Eigen::MatrixXd d = -2 * a.transpose() * b;
  d.colwise() += a.colwise().squaredNorm().transpose();
  d.rowwise() += b.colwise().squaredNorm();
  return d.cwiseMax(0);
}

double median_squared_distance(const Eigen::MatrixXd& x) {
  const Eigen::MatrixXd d = squared_distances(x, x);
  std::vector<double> distances;
  for (Eigen::Index i = 0; i < d.rows(); ++i)
    for (Eigen::Index j = 0; j < i; ++j) distances.push_back(d(i, j));
  const double middle = distances.empty() ? 0 : median(distances);
  return middle > 0 ? middle : 1;
}

/// Covariance of d between observations, for s = 1; `kernel` is between their rows.
Eigen::MatrixXd alike(const Observations& a, const Observations& b, const Eigen::MatrixXd& kernel,
                      const std::vector<double>& sigma) {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(a.size(), b.size());
  for (Eigen::Index i = 0; i < a.size(); ++i)
    for (Eigen::Index j = 0; j < b.size(); ++j) {
      const auto k = static_cast<std::size_t>(i), l = static_cast<std::size_t>(j);
      if (a.channel[k] == b.channel[l])
        result(i, j) = sigma[a.channel[k]] * sigma[a.channel[k]] *
                       kernel(static_cast<Eigen::Index>(a.row[k]), static_cast<Eigen::Index>(b.row[l]));
    }
  return result;
}

/// Mean of s over its likelihood, on a grid, all values being as likely beforehand. `model` is the covariance that
/// theta causes, `shared` that of d with s = 1, `noise` the variances with s = 0; `off` is residual less its mean.
double likely_share(const Eigen::MatrixXd& model, const Eigen::MatrixXd& shared, const Eigen::VectorXd& noise,
                    const Eigen::VectorXd& off) {
  constexpr std::array<double, 10> kShares{0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
  std::array<double, kShares.size()> log_likelihood{};
  for (std::size_t k = 0; k < kShares.size(); ++k) {
    Eigen::MatrixXd covariance = model + kShares[k] * shared;
    covariance.diagonal() += (1 - kShares[k]) * noise;
    const Eigen::LLT<Eigen::MatrixXd> factor(covariance);
    const Eigen::VectorXd white = factor.matrixL().solve(off);
    log_likelihood[k] = -0.5 * white.squaredNorm() - factor.matrixLLT().diagonal().array().log().sum();
  }
  const double highest = *std::max_element(log_likelihood.begin(), log_likelihood.end());
  double sum = 0, weights = 0;
  for (std::size_t k = 0; k < kShares.size(); ++k) {
    const double weight = std::exp(log_likelihood[k] - highest);
    sum += weight * kShares[k];
    weights += weight;
  }
  return sum / weights;
}

}  // namespace

LinearPosterior::LinearPosterior(const FitProblem& problem, const Prior& prior, const FitSummary& fit,
                                 const FitOptions& options, const std::vector<std::size_t>& measured,
                                 const std::vector<std::size_t>& rows, const Eigen::MatrixXd& features) {
  const std::vector<bool> wanted = channels_in(problem, measured);
  const Observations known = observations(problem, fit.theta, measured, wanted, true);
  const Observations asked = observations(problem, fit.theta, rows, wanted, false);
  const double k = options.prior_degrees_of_freedom, nu = options.degrees_of_freedom;
  const Eigen::ArrayXd away = (prior.mean - fit.theta).array(), tau = prior.deviation.array();
  const Eigen::VectorXd variances = (k * tau.square() + away.square()) / (k + 1);  // of theta: P⁻¹
  const FeatureScaling scaling = FeatureScaling::of(columns(features, rows));
  const auto x_asked = scaling.standardised(columns(features, rows));
  const auto x_known = scaling.standardised(columns(features, measured));
  const double length = median_squared_distance(x_asked);
  const auto kernel = [&](const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) -> Eigen::MatrixXd {
    return (-0.5 / length * squared_distances(a, b)).array().exp();
  };
  const auto by_theta = [&](const Observations& a, const Observations& b) -> Eigen::MatrixXd {
    return a.gradient * variances.asDiagonal() * b.gradient.transpose();
  };

  Eigen::VectorXd seen_noise(known.size());
  for (Eigen::Index i = 0; i < known.size(); ++i) {
    const double sigma = fit.sigma[known.channel[static_cast<std::size_t>(i)]], r = known.residual[i];
    seen_noise[i] = (nu * sigma * sigma + r * r) / (nu + 1);
  }
  Eigen::MatrixXd seen = by_theta(known, known);
  const Eigen::MatrixXd seen_shared = alike(known, known, kernel(x_known, x_known), fit.sigma);
  shared_ = likely_share(seen, seen_shared, seen_noise, known.residual - known.gradient * away.matrix());
  seen += shared_ * seen_shared;
  seen.diagonal() += (1 - shared_) * seen_noise;

  among_ = by_theta(asked, asked) + shared_ * alike(asked, asked, kernel(x_asked, x_asked), fit.sigma);
  if (known.size() > 0) {
    const Eigen::MatrixXd cross =
        by_theta(known, asked) + shared_ * alike(known, asked, kernel(x_known, x_asked), fit.sigma);
    const Eigen::MatrixXd white = seen.llt().matrixL().solve(cross);
    among_ -= white.transpose() * white;
  }

  noise_.resize(asked.size());
  for (Eigen::Index i = 0; i < asked.size(); ++i) {
    const double sigma = fit.sigma[asked.channel[static_cast<std::size_t>(i)]];
    noise_[i] = (1 - shared_) * sigma * sigma * (nu + 3) / (nu + 1);
  }
  Eigen::Index next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    first_.push_back(next);
    Figure latency{{}, 0};
    double whole = 0;
    for (; next < asked.size() && asked.row[static_cast<std::size_t>(next)] == i; ++next) {
      const std::size_t c = asked.channel[static_cast<std::size_t>(next)];
      if (c >= problem.latency_channels()) {
        figures_.push_back({{{next, 1.0}}, (1 - shared_) * fit.sigma[c] * fit.sigma[c]});
        continue;
      }
      latency.parts.emplace_back(next, asked.value[next]);
      latency.noise += asked.value[next] * fit.sigma[c];
      whole += asked.value[next];
    }
    if (latency.parts.empty()) continue;
    for (auto& [part, share] : latency.parts) share /= whole;
    // Errors of parts rise and fall together, as in calib/cross_validation.hpp.
    latency.noise = (1 - shared_) * (latency.noise / whole) * (latency.noise / whole);
    figures_.push_back(std::move(latency));
  }
  first_.push_back(next);
  const auto figures = static_cast<Eigen::Index>(figures_.size());
  between_ = Eigen::MatrixXd::Zero(figures, asked.size());
  variance_.resize(figures);
  for (Eigen::Index f = 0; f < figures; ++f) {
    const Figure& figure = figures_[static_cast<std::size_t>(f)];
    for (const auto& [part, share] : figure.parts) between_.row(f) += share * among_.row(part);
    variance_[f] = figure.noise;
    for (const auto& [part, share] : figure.parts) variance_[f] += share * between_(f, part);
  }
}

double LinearPosterior::mean_deviation() const { return variance_.cwiseMax(0).cwiseSqrt().mean(); }

namespace {

/// `cross`·L⁻ᵀ with L·Lᵀ the covariance of what one row says: its outer product is what the row takes.
Eigen::MatrixXd taken(const Eigen::MatrixXd& cross, const Eigen::MatrixXd& among, const Eigen::VectorXd& noise) {
  Eigen::MatrixXd covariance = among;
  covariance.diagonal() += noise;
  return covariance.llt().matrixL().solve(cross.transpose()).transpose();
}

}  // namespace

double LinearPosterior::gain(std::size_t i) const {
  const Eigen::Index first = first_[i], count = first_[i + 1] - first;
  const Eigen::VectorXd less =
      taken(between_.middleCols(first, count), among_.block(first, first, count, count), noise_.segment(first, count))
          .rowwise()
          .squaredNorm();
  return mean_deviation() - (variance_ - less).cwiseMax(0).cwiseSqrt().mean();
}

void LinearPosterior::condition(std::size_t i) {
  const Eigen::Index first = first_[i], count = first_[i + 1] - first;
  const Eigen::MatrixXd own = among_.block(first, first, count, count);
  const Eigen::VectorXd noise = noise_.segment(first, count);
  const Eigen::MatrixXd of_figures = taken(between_.middleCols(first, count), own, noise);
  const Eigen::MatrixXd of_all = taken(among_.middleCols(first, count), own, noise);
  between_ -= of_figures * of_all.transpose();
  among_ -= of_all * of_all.transpose();
  variance_ -= of_figures.rowwise().squaredNorm();
}

}  // namespace ridgeline
