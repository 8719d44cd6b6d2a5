#include "calib/calibrate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "calib/campaign.hpp"
#include "calib/cross_validation.hpp"
#include "calib/refit.hpp"
#include "calib/residual_rows.hpp"
#include "calib/train.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kFewestForIntervals = 10;  // of symmetric 90 % intervals, with one to spare

void say(const CalibrateOptions& options, std::string_view what, double share) {
  if (options.progress) options.progress(what, share);
}

/// Mean of |predicted / measured - 1| by metric.
std::array<double, kMetrics> errors(const RowFigures& figures) {
  std::array<double, kMetrics> result;
  for (std::size_t m = 0; m < kMetrics; ++m) {
    const auto column = static_cast<Eigen::Index>(m);
    double sum = 0, rows = 0;
    for (Eigen::Index i = 0; i < figures.measured.rows(); ++i) {
      if (std::isnan(figures.measured(i, column))) continue;
      sum += std::abs(figures.predicted(i, column) / figures.measured(i, column) - 1);
      ++rows;
    }
    result[m] = rows > 0 ? sum / rows : kMissing;
  }
  return result;
}

bool measures_power(const FitProblem& problem, const std::vector<std::size_t>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](std::size_t row) {
    const std::vector<double>& measured = problem.target(row).measured;
    return !std::isnan(measured[problem.latency_channels()]) || !std::isnan(measured[problem.latency_channels() + 1]);
  });
}

std::vector<CalibrationReport::Fitted> fitted_parameters(const ParameterSpace& space, const Prior& prior,
                                                         const FitSummary& fit) {
  constexpr double kDetermined = 0.7, kTouching = 1e-6;
  std::vector<CalibrationReport::Fitted> fitted;
  for (std::size_t j = 0; j < space.parameters().size(); ++j) {
    const Parameter& p = space.parameters()[j];
    const auto i = static_cast<Eigen::Index>(j);
    const double deviation = std::sqrt(fit.covariance(i, i));
    fitted.push_back({p.name, p.unit, p.reference, p.reference * std::exp(prior.mean[i]),
                      p.reference * std::exp(fit.theta[i]), deviation, deviation < kDetermined * prior.deviation[i],
                      fit.theta[i] < p.lower + kTouching || fit.theta[i] > p.upper - kTouching});
  }
  return fitted;
}

std::vector<WorstRow> worst_rows(const MeasurementSet& set, const RowFigures& figures) {
  constexpr std::size_t kShown = 10;
  const Eigen::MatrixXd ratios = figures.log_ratios();
  std::vector<WorstRow> worst;
  for (Eigen::Index i = 0; i < ratios.rows(); ++i)
    for (std::size_t m = 0; m < kMetrics; ++m)
      if (const double r = ratios(i, static_cast<Eigen::Index>(m)); std::isfinite(r))
        worst.push_back({set.rows[figures.rows[static_cast<std::size_t>(i)]].id, static_cast<FittedMetric>(m), r});
  std::sort(worst.begin(), worst.end(),
            [](const WorstRow& a, const WorstRow& b) { return std::abs(a.log_ratio) > std::abs(b.log_ratio); });
  if (worst.size() > kShown) worst.resize(kShown);
  return worst;
}

void add_intervals(const RowFigures& figures, const Eigen::MatrixXd& log_ratios, Calibrated& result) {
  for (std::size_t m = 0; m < kMetrics; ++m) {
    const auto column = static_cast<Eigen::Index>(m);
    std::vector<double> known;
    std::vector<Eigen::Index> which;
    for (Eigen::Index i = 0; i < log_ratios.rows(); ++i)
      if (std::isfinite(log_ratios(i, column))) known.push_back(log_ratios(i, column)), which.push_back(i);
    if (known.size() < kFewestForIntervals) continue;
    const Eigen::MatrixXd features = interval_features(figures, column);
    result.calibration.intervals[m] = conformal_intervals(known, features(which, Eigen::all));
    result.report.constant_intervals[m] = constant_intervals(known);
  }
}

}  // namespace

std::string_view name(PredictorLevel level) {
  constexpr std::array<std::string_view, 3> names{"datasheet", "analytic", "residual"};
  return names[static_cast<std::size_t>(level)];
}

Prior calibration_prior(const FitProblem& problem, const std::vector<std::size_t>& rows, DeviceKind kind,
                        const std::vector<Lesson>& lessons) {
  const ParameterSpace& space = problem.space();
  Prior prior = generic_prior(space, kind, lessons);
  if (measures_power(problem, rows)) return prior;
  for (Eigen::Index j = 0; j < space.size(); ++j)
    if (space.parameters()[static_cast<std::size_t>(j)].of_power) prior.mean[j] = 0;
  return prior;
}

Calibrated calibrate(const MeasurementSet& set, const FitProblem& problem, const std::vector<std::size_t>& rows,
                     const std::vector<Lesson>& lessons, DeviceKind kind, const CalibrateOptions& options) {
  const ParameterSpace& space = problem.space();
  const Prior prior = calibration_prior(problem, rows, kind, lessons);
  Calibrated result;
  Calibration& calibration = result.calibration;
  calibration.key = key_of(set);
  calibration.workloads = workloads_of(set);
  calibration.set = set.name;
  calibration.source = set.source;
  calibration.seed = options.seed;
  calibration.channels = problem.channels();
  calibration.reference = Eigen::VectorXd(space.size());
  for (Eigen::Index j = 0; j < space.size(); ++j) {
    calibration.parameters.push_back(space.parameters()[static_cast<std::size_t>(j)].name);
    calibration.reference[j] = space.parameters()[static_cast<std::size_t>(j)].reference;
  }
  result.report.data_sheet_mape.fill(kMissing);
  result.report.analytic_mape.fill(kMissing);
  result.report.residual_mape.fill(kMissing);

  const bool fits = options.level != PredictorLevel::data_sheet && !rows.empty();
  FitOptions fit_options = options.fit;
  fit_options.seed = options.seed;
  say(options, "fitting parameters", 0);
  FitSummary fitted;
  if (fits && set.ordered && rows.size() >= kRowsForState) {
    CampaignFit campaign = fit_campaign(problem, rows, prior, fit_options);
    fitted = std::move(campaign.fit);
    fit_options.offsets = campaign.state.offsets;
    result.report.state = std::move(campaign.state);
  } else if (fits) {
    fitted = fit(problem, rows, prior, fit_options);
  } else {
    fitted = prior_alone(problem, prior, fit_options);
  }
  calibration.theta = fitted.theta;
  calibration.covariance = fitted.covariance;
  calibration.sigma = fitted.sigma;
  calibration.rows = fits ? rows.size() : 0;
  result.report.fit = fitted;
  result.report.parameters = fitted_parameters(space, prior, fitted);
  if (!fits) return result;

  FitSummary sheet = fitted;
  sheet.theta = data_sheet_prior(space).mean;
  result.report.data_sheet_mape = errors(row_figures(problem, rows, sheet));
  if (rows.size() < 2 || (!options.intervals && options.level != PredictorLevel::residual)) return result;
  say(options, "cross-validating", 0.4);
  FitOptions again = fit_options;
  again.starts = 1;
  again.start = fitted.theta;
  const CrossValidation held_out =
      cross_validated_log_ratios(problem, rows, prior, again, options.folds, options.seed);
  result.report.analytic_mape = errors(held_out.figures);
  result.report.unsettled_folds = static_cast<std::size_t>(
      std::count_if(held_out.fits.begin(), held_out.fits.end(), [](const FitSummary& f) { return !f.converged; }));
  RowFigures corrected = held_out.figures;
  if (options.level == PredictorLevel::residual) {
    say(options, "learning what physics leaves over", 0.6);
    ResidualTrainingOptions training;
    training.program = options.trainer;
    TrainedResidual trained = train_residual(residual_rows(problem, fitted, held_out), training);
    calibration.residual = std::move(trained.residual);
    for (Eigen::Index m = 0; m < static_cast<Eigen::Index>(kMetrics); ++m)
      corrected.predicted.col(m).array() *= trained.held_out.row(m).transpose().array().exp();
    result.report.residual_mape = errors(corrected);
  }
  result.report.worst = worst_rows(set, corrected);
  if (options.intervals) add_intervals(held_out.figures, corrected.log_ratios(), result);
  say(options, "done", 1);
  return result;
}

}  // namespace ridgeline
