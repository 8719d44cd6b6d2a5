// Summary statistics and error measures between predictions and measurements. All inputs are equally long and finite;
// shorter than needed, of unequal length, or where the measure is undefined (a correlation of a constant, a relative
// error against 0) throws Error.
#pragma once

#include <span>
#include <vector>

namespace ridgeline {

double mean(std::span<const double> values);
double median(std::span<const double> values);
/// Linear interpolation between order statistics (Hyndman & Fan 1996, type 7); 0 <= probability <= 1.
double quantile(std::span<const double> values, double probability);

/// Ranks from 1; ties share their mean rank.
std::vector<double> ranks(std::span<const double> values);
double pearson(std::span<const double> a, std::span<const double> b);
double spearman(std::span<const double> a, std::span<const double> b);
/// Kendall's tau-b, O(n log n) (Knight 1966).
double kendall(std::span<const double> a, std::span<const double> b);

/// Mean of |predicted/measured - 1|, as a fraction.
double mape(std::span<const double> predicted, std::span<const double> measured);
double median_ape(std::span<const double> predicted, std::span<const double> measured);
double rmse(std::span<const double> predicted, std::span<const double> measured);
/// Coefficient of determination, 1 - sum (measured - predicted)² / sum (measured - mean)²; negative when worse than
/// predicting the mean.
double r2(std::span<const double> predicted, std::span<const double> measured);

}  // namespace ridgeline
