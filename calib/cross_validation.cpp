#include "calib/cross_validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "calib/metrics.hpp"

namespace ridgeline {
namespace {

/// The channels whose sum is a column.
std::vector<std::vector<std::size_t>> channels_of_columns(const FitProblem& problem) {
  const std::size_t parts = problem.latency_channels();
  std::vector<std::vector<std::size_t>> columns(3);
  columns[0].resize(parts);
  std::iota(columns[0].begin(), columns[0].end(), std::size_t{0});
  columns[1] = {parts};
  columns[2] = {parts + 1};
  for (std::size_t c = 0; c < parts && parts > 1; ++c) columns.push_back({c});
  return columns;
}

std::vector<std::string> names_of_columns(const FitProblem& problem) {
  std::vector<std::string> names{"latency", "energy", "peak power"};
  const std::size_t parts = problem.latency_channels();
  if (parts > 1)
    names.insert(names.end(), problem.channels().begin(),
                 problem.channels().begin() + static_cast<std::ptrdiff_t>(parts));
  return names;
}

}  // namespace

RowFigures row_figures(const FitProblem& problem, const std::vector<std::size_t>& rows, const FitSummary& fit) {
  const auto columns = channels_of_columns(problem);
  const auto predictions = problem.predict(fit.theta, rows, true);
  RowFigures figures;
  figures.rows = rows;
  figures.columns = names_of_columns(problem);
  figures.measured.setConstant(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns.size()),
                               kMissing);
  figures.predicted = figures.spread = figures.measured;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < columns.size(); ++k) {
      double measured = 0, predicted = 0, sigma = 0;
      bool any = false;
      Eigen::VectorXd gradient = Eigen::VectorXd::Zero(problem.space().size());
      for (const std::size_t channel : columns[k]) {
        const auto c = static_cast<Eigen::Index>(channel);
        if (std::isnan(predictions[i].values[c])) continue;  // phases that other rows of the set have
        any = true;
        measured += problem.target(rows[i]).measured[channel];
        predicted += predictions[i].values[c];
        sigma += fit.sigma[channel] * predictions[i].values[c];
        gradient += predictions[i].gradient.row(c).transpose();
      }
      if (!any) continue;
      const auto row = static_cast<Eigen::Index>(i), column = static_cast<Eigen::Index>(k);
      figures.measured(row, column) = measured;
      figures.predicted(row, column) = predicted;
      figures.spread(row, column) = std::sqrt(gradient.dot(fit.covariance * gradient) + sigma * sigma) / predicted;
    }
  return figures;
}

std::vector<std::size_t> deal_folds(std::size_t rows, std::size_t folds, std::uint64_t seed) {
  if (rows < 2 || folds < 2)
    throw Error(fmt::format("cross-validation needs 2 rows and 2 folds, got {} and {}", rows, folds));
  std::vector<std::size_t> order(rows), fold(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(seed).shuffle(std::span<std::size_t>(order));
  for (std::size_t i = 0; i < rows; ++i) fold[order[i]] = i % std::min(folds, rows);
  return fold;
}

CrossValidation cross_validated_log_ratios(const FitProblem& problem, const std::vector<std::size_t>& rows,
                                           const Prior& prior, const FitOptions& options, std::size_t folds,
                                           std::uint64_t seed) {
  CrossValidation result;
  result.fold = deal_folds(rows.size(), folds, seed);
  RowFigures& all = result.figures;
  all.rows = rows;
  all.columns = names_of_columns(problem);
  all.measured.setConstant(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(all.columns.size()),
                           kMissing);
  all.predicted = all.spread = all.measured;
  for (std::size_t k = 0; k < std::min(folds, rows.size()); ++k) {
    std::vector<std::size_t> training, held_out;
    std::vector<Eigen::Index> place;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      (result.fold[i] == k ? held_out : training).push_back(rows[i]);
      if (result.fold[i] == k) place.push_back(static_cast<Eigen::Index>(i));
    }
    result.fits.push_back(fit(problem, training, prior, options));
    const RowFigures some = row_figures(problem, held_out, result.fits.back());
    for (std::size_t i = 0; i < place.size(); ++i) {
      const auto from = static_cast<Eigen::Index>(i);
      all.measured.row(place[i]) = some.measured.row(from);
      all.predicted.row(place[i]) = some.predicted.row(from);
      all.spread.row(place[i]) = some.spread.row(from);
    }
  }
  return result;
}

}  // namespace ridgeline
