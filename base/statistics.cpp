#include "base/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/error.hpp"

namespace ridgeline {
namespace {

using Values = std::span<const double>;

void require_size(Values values, std::size_t least, std::string_view what) {
  if (values.size() < least)
    throw Error(fmt::format("{} needs at least {} values, got {}", what, least, values.size()));
}

void require_pairs(Values a, Values b, std::size_t least, std::string_view what) {
  if (a.size() != b.size())
    throw Error(fmt::format("{} needs equally many values on both sides, got {} and {}", what, a.size(), b.size()));
  require_size(a, least, what);
}

/// |predicted/measured - 1| of each pair.
std::vector<double> absolute_errors(Values predicted, Values measured, std::string_view what) {
  require_pairs(predicted, measured, 1, what);
  std::vector<double> errors(measured.size());
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (measured[i] == 0) throw Error(fmt::format("{} is undefined where a measured value is 0", what));
    errors[i] = std::abs(predicted[i] / measured[i] - 1);
  }
  return errors;
}

double squared_error(Values predicted, Values measured) {
  double sum = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const double difference = predicted[i] - measured[i];
    sum += difference * difference;
  }
  return sum;
}

using Count = std::int64_t;
constexpr Count pairs(Count n) { return n * (n - 1) / 2; }

/// Pairs of equal neighbours among `n` sorted items: the sum of t(t-1)/2 over runs of t equal ones.
template <class Equal>
Count tied_pairs(std::size_t n, Equal equal) {
  Count ties = 0, run = 1;
  for (std::size_t i = 1; i < n; ++i) {
    run = equal(i - 1, i) ? run + 1 : 1;
    ties += run - 1;
  }
  return ties;
}

/// Sorts `values` by merging and counts the exchanges of neighbours that bubble sort would need.
Count merge_exchanges(std::span<double> values, std::span<double> scratch) {
  if (values.size() < 2) return 0;
  const std::size_t half = values.size() / 2;
  Count exchanges = merge_exchanges(values.first(half), scratch.first(half)) +
                    merge_exchanges(values.subspan(half), scratch.subspan(half));
  std::size_t left = 0, right = half;
  for (double& out : scratch) {
    if (right == values.size() || (left < half && values[left] <= values[right])) {
      out = values[left++];
    } else {
      exchanges += static_cast<Count>(half - left);
      out = values[right++];
    }
  }
  std::copy(scratch.begin(), scratch.end(), values.begin());
  return exchanges;
}

}  // namespace

double mean(Values values) {
  require_size(values, 1, "mean");
  const double n = static_cast<double>(values.size());
  const double first = std::accumulate(values.begin(), values.end(), 0.0) / n;
  // A second pass takes back most of the rounding of the first.
  double rest = 0;
  for (const double value : values) rest += value - first;
  return first + rest / n;
}

double median(Values values) {
  require_size(values, 1, "median");
  return quantile(values, 0.5);
}

double quantile(Values values, double probability) {
  require_size(values, 1, "quantile");
  if (!(probability >= 0 && probability <= 1))
    throw Error(fmt::format("quantile needs a probability from 0 to 1, got {}", probability));
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(position);
  if (below + 1 == sorted.size()) return sorted.back();
  return std::lerp(sorted[below], sorted[below + 1], position - static_cast<double>(below));
}

std::vector<double> ranks(Values values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double shared = static_cast<double>(begin + 1 + end) / 2;
    for (std::size_t i = begin; i < end; ++i) result[order[i]] = shared;
    begin = end;
  }
  return result;
}

double pearson(Values a, Values b) {
  require_pairs(a, b, 2, "a correlation");
  const double mean_a = mean(a), mean_b = mean(b);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  if (aa == 0 || bb == 0) throw Error("a correlation with equal values only is undefined");
  return std::clamp(ab / std::sqrt(aa) / std::sqrt(bb), -1.0, 1.0);
}

double spearman(Values a, Values b) {
  require_pairs(a, b, 2, "a correlation");
  return pearson(ranks(a), ranks(b));
}

double kendall(Values a, Values b) {
  require_pairs(a, b, 2, "a correlation");
  const std::size_t n = a.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return a[i] != a[j] ? a[i] < a[j] : b[i] < b[j]; });
  const auto same_a = [&](std::size_t i, std::size_t j) { return a[order[i]] == a[order[j]]; };
  const Count tied_a = tied_pairs(n, same_a);
  const Count tied_both =
      tied_pairs(n, [&](std::size_t i, std::size_t j) { return same_a(i, j) && b[order[i]] == b[order[j]]; });
  std::vector<double> sorted(n), scratch(n);
  for (std::size_t i = 0; i < n; ++i) sorted[i] = b[order[i]];
  const Count exchanges = merge_exchanges(sorted, scratch);
  const Count tied_b = tied_pairs(n, [&](std::size_t i, std::size_t j) { return sorted[i] == sorted[j]; });

  const Count all = pairs(static_cast<Count>(n));
  if (tied_a == all || tied_b == all) throw Error("a correlation with equal values only is undefined");
  const double concordant_minus_discordant = static_cast<double>(all - tied_a - tied_b + tied_both - 2 * exchanges);
  return concordant_minus_discordant / std::sqrt(static_cast<double>(all - tied_a)) /
         std::sqrt(static_cast<double>(all - tied_b));
}

double mape(Values predicted, Values measured) { return mean(absolute_errors(predicted, measured, "MAPE")); }

double median_ape(Values predicted, Values measured) {
  return median(absolute_errors(predicted, measured, "median APE"));
}

double rmse(Values predicted, Values measured) {
  require_pairs(predicted, measured, 1, "RMSE");
  return std::sqrt(squared_error(predicted, measured) / static_cast<double>(measured.size()));
}

double r2(Values predicted, Values measured) {
  require_pairs(predicted, measured, 2, "R\u00b2");
  const std::vector<double> constant(measured.size(), mean(measured));
  const double spread = squared_error(constant, measured);
  if (spread == 0) throw Error("R\u00b2 of equal measured values only is undefined");
  return 1 - squared_error(predicted, measured) / spread;
}

}  // namespace ridgeline
