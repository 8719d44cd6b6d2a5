#include "calib/choice.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.hpp"
#include "calib/boosted_trees.hpp"
#include "calib/linear_posterior.hpp"
#include "calib/space_filling.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kLookedAt = 256;  // candidates: enough to see what kinds there are, cheap to weigh
constexpr std::size_t kHandful = 5;     // of a space-filling start
constexpr std::size_t kProtranStart = 16, kProtranCandidates = 64, kProtranTrees = 500;  // Tuli & Jha 2023

/// The parts of a choice that are drawn anew for every number of measured rows.
std::uint64_t seed_now(const Choosing& known) { return known.seed * 1'000'003 + known.measured.size(); }

std::vector<bool> measured_rows(const Choosing& known) {
  std::vector<bool> measured(known.problem.size(), false);
  for (const std::size_t row : known.measured) measured[row] = true;
  return measured;
}

Eigen::MatrixXd features_of(const Choosing& known, const std::vector<std::size_t>& rows) {
  Eigen::MatrixXd result(known.features.rows(), static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    result.col(static_cast<Eigen::Index>(i)) = known.features.col(static_cast<Eigen::Index>(rows[i]));
  return result;
}

std::vector<std::size_t> shuffled(std::vector<std::size_t> rows, std::uint64_t seed) {
  Random(seed).shuffle(std::span<std::size_t>(rows));
  return rows;
}

/// The first `count` rows of the order that are not measured.
std::vector<std::size_t> first_left(const Choosing& known, const std::vector<std::size_t>& order, std::size_t count) {
  std::vector<bool> measured = measured_rows(known);
  std::vector<std::size_t> rows;
  for (const std::size_t row : order)
    if (rows.size() < count && !measured[row]) rows.push_back(row);
  return rows;
}

std::vector<std::size_t> spread(const Choosing& known, std::size_t count) {
  std::vector<std::size_t> order;
  for (const std::size_t i : space_filling(features_of(known, known.pool), count, known.seed))
    order.push_back(known.pool[i]);
  return order;
}

void narrow_to_wide(const Choosing& known, std::span<std::size_t> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::size_t a, std::size_t b) { return known.seconds[a] < known.seconds[b]; });
}

/// The rest of a start that is not measured yet; at most `count`.
std::vector<std::size_t> rest_of_start(const Choosing& known, std::size_t start, std::size_t count) {
  if (known.measured.size() >= start) return {};
  std::vector<std::size_t> rows = spread(known, start);
  narrow_to_wide(known, rows);
  return first_left(known, rows, std::min(count, start - known.measured.size()));
}

std::vector<std::size_t> choose_spread(const Choosing& known, std::size_t count) {
  std::vector<std::size_t> order = spread(known, known.measured.size() + count);
  for (std::size_t i = 0; i < order.size(); i += kHandful)
    narrow_to_wide(known, std::span(order).subspan(i, std::min(kHandful, order.size() - i)));
  return first_left(known, order, count);
}

/// Rows of the pool, the measured ones among them as often as elsewhere, with `count` that are not.
std::vector<std::size_t> looked_at(const Choosing& known, std::size_t count) {
  const std::vector<bool> measured = measured_rows(known);
  std::vector<std::size_t> rows;
  std::size_t left = 0;
  for (const std::size_t row : shuffled(known.pool, seed_now(known))) {
    if (rows.size() >= kLookedAt && left >= count) break;
    rows.push_back(row);
    left += measured[row] ? 0 : 1;
  }
  return rows;
}

std::vector<std::size_t> choose_by_interval(const Choosing& known, std::size_t count) {
  const std::vector<std::size_t> rows = looked_at(known, count);
  LinearPosterior posterior(known.problem, known.prior, known.fit, known.options, known.measured, rows,
                            known.features);
  std::vector<bool> taken = measured_rows(known);
  std::vector<std::size_t> chosen;
  while (chosen.size() < count) {
    std::size_t best = rows.size();
    double most = -1;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (taken[rows[i]]) continue;
      const double worth = posterior.gain(i) / known.seconds[rows[i]];
      if (worth > most) most = worth, best = i;
    }
    if (best == rows.size()) break;
    taken[rows[best]] = true;
    chosen.push_back(rows[best]);
    posterior.condition(best);
  }
  return chosen;
}

/// Boosted trees for each figure that all measured rows have, relative to its largest.
std::vector<BoostedTrees> protran_predictors(const Choosing& known) {
  std::vector<BoostedTrees> predictors;
  const Eigen::MatrixXd x = features_of(known, known.measured);
  const std::size_t latencies = known.problem.latency_channels();
  for (std::size_t c = latencies; c < known.problem.channels().size() + 1; ++c) {
    Eigen::VectorXd y(static_cast<Eigen::Index>(known.measured.size()));
    for (std::size_t i = 0; i < known.measured.size(); ++i) {
      const std::vector<double>& measured = known.problem.target(known.measured[i]).measured;
      double sum = 0;
      for (std::size_t part = 0; part < latencies; ++part) sum += std::isnan(measured[part]) ? 0 : measured[part];
      y[static_cast<Eigen::Index>(i)] = c < measured.size() ? measured[c] : sum;
    }
    if (y.array().isFinite().all())
      predictors.emplace_back(x, y / y.cwiseAbs().maxCoeff(), kProtranTrees, seed_now(known) + c);
  }
  return predictors;
}

std::vector<std::size_t> choose_most_uncertain(const Choosing& known, std::size_t count) {
  const std::vector<BoostedTrees> predictors = protran_predictors(known);
  std::vector<std::size_t> left = first_left(known, known.pool, known.pool.size()), chosen;
  Random random(seed_now(known));
  while (chosen.size() < count && !left.empty()) {
    random.shuffle(std::span<std::size_t>(left));
    std::size_t best = 0;
    double most = -1;
    for (std::size_t i = 0; i < std::min(kProtranCandidates, left.size()); ++i) {
      double unsure = 0;
      for (const BoostedTrees& p : predictors)
        unsure += p.spread(known.features.col(static_cast<Eigen::Index>(left[i])));
      if (unsure > most) most = unsure, best = i;
    }
    chosen.push_back(left[best]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return chosen;
}

}  // namespace

std::string_view name(ChoiceRule rule) {
  constexpr std::array<std::string_view, 4> kNames{"random", "space-filling", "active", "protran"};
  return kNames[static_cast<std::size_t>(rule)];
}

std::vector<std::size_t> choose(ChoiceRule rule, const Choosing& known, std::size_t count) {
  switch (rule) {
    case ChoiceRule::random:
      return first_left(known, shuffled(known.pool, known.seed), count);
    case ChoiceRule::space_filling:
      return choose_spread(known, count);
    case ChoiceRule::active:
      if (known.measured.size() < kHandful) return rest_of_start(known, kHandful, count);
      return choose_by_interval(known, count);
    case ChoiceRule::protran:
      break;
  }
  if (known.measured.size() < kProtranStart) return rest_of_start(known, kProtranStart, count);
  return choose_most_uncertain(known, count);
}

double seconds_to_measure(const FitProblem& problem, std::size_t row, std::span<const double> parts,
                          const RepeatOptions& repeats) {
  double latency = 0;
  for (const double part : parts.first(problem.latency_channels())) latency += std::isnan(part) ? 0 : part;
  return planned_seconds(repeats, latency * problem.row(row).sequences);
}

std::vector<double> expected_seconds(const FitProblem& problem, const Eigen::VectorXd& theta,
                                     const std::vector<std::size_t>& rows, const RepeatOptions& repeats) {
  std::vector<double> seconds(problem.size(), 0);
  const auto predictions = problem.predict(theta, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Eigen::VectorXd& parts = predictions[i].values;
    seconds[rows[i]] =
        seconds_to_measure(problem, rows[i], {parts.data(), static_cast<std::size_t>(parts.size())}, repeats);
  }
  return seconds;
}

}  // namespace ridgeline
