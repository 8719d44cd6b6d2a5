#include "search/accuracy_law.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace ridgeline {
namespace {

constexpr int kShapeFeatures = 4;
using FeatureRow = Eigen::Matrix<double, kShapeFeatures, 1>;
using FeatureSquare = Eigen::Matrix<double, kShapeFeatures, kShapeFeatures>;

/// A model as laws see it.
struct ScoreSample {
  FeatureRow features;
  double score = 0;
  std::size_t recipe = 0;
  std::size_t fold = 0;  ///< equal for models of equal features
};

struct ScoreSamples {
  std::vector<ScoreSample> rows;
  std::vector<std::string> recipes;
  std::size_t folds = 0;
};

struct LawFit {
  std::vector<double> intercepts;  ///< of each recipe; NaN for one without rows
  FeatureRow slopes = FeatureRow::Zero();
  double predict(const ScoreSample& s) const { return intercepts[s.recipe] + slopes.dot(s.features); }
};

ScoreSamples samples_of(std::span<const ScoredModel> models) {
  ScoreSamples samples;
  for (const ScoredModel& model : models) {
    const ShapeFeatures features = shape_features(model.architecture);
    ScoreSample sample{FeatureRow(features.data()), model.score, 0, samples.folds};
    const auto found = std::ranges::find(samples.recipes, model.recipe);
    sample.recipe = static_cast<std::size_t>(found - samples.recipes.begin());
    if (found == samples.recipes.end()) samples.recipes.push_back(model.recipe);
    for (const ScoreSample& other : samples.rows)
      if (other.features == sample.features && other.recipe == sample.recipe) sample.fold = other.fold;
    if (sample.fold == samples.folds) ++samples.folds;
    samples.rows.push_back(sample);
  }
  return samples;
}

/// Means of each recipe's features and score.
struct Centres {
  std::vector<FeatureRow> features;
  std::vector<double> scores;
};

Centres centres_of(const std::vector<ScoreSample>& rows, std::size_t recipes) {
  Centres c{std::vector<FeatureRow>(recipes, FeatureRow::Zero()), std::vector<double>(recipes, 0)};
  std::vector<double> counts(recipes, 0);
  for (const ScoreSample& s : rows) {
    c.features[s.recipe] += s.features;
    c.scores[s.recipe] += s.score;
    counts[s.recipe] += 1;
  }
  for (std::size_t r = 0; r < recipes; ++r) {
    c.features[r] /= counts[r];
    c.scores[r] /= counts[r];
  }
  return c;
}

LawFit fit_law(const std::vector<ScoreSample>& rows, std::size_t recipes, Law law, double ridge) {
  const Centres centres = centres_of(rows, recipes);
  const auto n = static_cast<double>(rows.size());
  FeatureSquare normal = FeatureSquare::Zero();
  FeatureRow right = FeatureRow::Zero();
  for (const ScoreSample& s : rows) {
    const FeatureRow x = s.features - centres.features[s.recipe];
    normal += x * x.transpose();
    right += x * (s.score - centres.scores[s.recipe]);
  }
  LawFit result;
  if (law == Law::parameters && normal(0, 0) > 0) result.slopes[0] = right[0] / normal(0, 0);
  if (law == Law::shape) {
    // A feature that no recipe varies keeps the slope 0.
    FeatureRow scale = (normal.diagonal() / n).cwiseSqrt();
    for (int j = 0; j < kShapeFeatures; ++j)
      if (!(scale[j] > 1e-12)) scale[j] = std::numeric_limits<double>::infinity();
    const FeatureRow inverse = scale.cwiseInverse();
    FeatureSquare scaled = inverse.asDiagonal() * normal * inverse.asDiagonal();
    scaled.diagonal().array() += n * ridge;
    result.slopes = inverse.asDiagonal() * scaled.ldlt().solve(inverse.asDiagonal() * right);
  }
  for (std::size_t r = 0; r < recipes; ++r)
    result.intercepts.push_back(centres.scores[r] - result.slopes.dot(centres.features[r]));
  return result;
}

std::vector<ScoreSample> without(const std::vector<ScoreSample>& rows, std::size_t fold) {
  std::vector<ScoreSample> rest;
  std::ranges::copy_if(rows, std::back_inserter(rest), [&](const ScoreSample& s) { return s.fold != fold; });
  return rest;
}

/// The ridge that does best on models held out of `rows`.
double choose_ridge(const std::vector<ScoreSample>& rows, std::size_t recipes) {
  std::set<std::size_t> folds;
  for (const ScoreSample& s : rows) folds.insert(s.fold);
  double best = kRidges.back(), least = std::numeric_limits<double>::infinity();
  for (const double ridge : kRidges) {
    double sum = 0;
    for (const std::size_t fold : folds) {
      const LawFit f = fit_law(without(rows, fold), recipes, Law::shape, ridge);
      for (const ScoreSample& s : rows)
        if (s.fold == fold && std::isfinite(f.intercepts[s.recipe])) sum += std::pow(f.predict(s) - s.score, 2);
    }
    if (sum < least) least = sum, best = ridge;
  }
  return best;
}

LawFit fit_law(const std::vector<ScoreSample>& rows, std::size_t recipes, Law law) {
  return fit_law(rows, recipes, law, law == Law::shape ? choose_ridge(rows, recipes) : 0);
}

/// Whether what `saved` tells of each fold is above zero by more than its standard error.
bool clearly_positive(const std::vector<double>& saved) {
  if (saved.size() < kFewest) return false;
  const double centre = mean(saved);
  double squares = 0;
  for (const double value : saved) squares += (value - centre) * (value - centre);
  const auto n = static_cast<double>(saved.size());
  return centre > std::sqrt(squares / (n - 1) / n);
}

}  // namespace

std::string_view name(Law law) {
  return law == Law::constant ? "constant" : law == Law::parameters ? "parameters" : "shape";
}

ShapeFeatures shape_features(const Architecture& architecture) {
  double width = 0, layers = 0;
  for (const Stack* stack : {&architecture.encoder, &architecture.decoder})
    for (const Layer& layer : stack->layers) width += static_cast<double>(layer.width), layers += 1;
  const auto depth = [](const Stack& stack) {
    return stack.layers.empty() ? 0.0 : 1 / static_cast<double>(stack.layers.size());
  };
  return {std::log(static_cast<double>(parameter_count(architecture))), depth(architecture.encoder),
          depth(architecture.decoder), std::log(width / layers)};
}

AccuracyLaw::AccuracyLaw(Law law, std::span<const ScoredModel> models) {
  if (models.empty()) throw Error("no scores of trained models");
  const ScoreSamples samples = samples_of(models);
  const LawFit f = fit_law(samples.rows, samples.recipes.size(), law);
  recipes_ = samples.recipes;
  intercepts_ = f.intercepts;
  std::ranges::copy(f.slopes, slopes_.begin());
}

double AccuracyLaw::predict(const ShapeFeatures& features, const std::string& recipe) const {
  const auto found = std::ranges::find(recipes_, recipe);
  if (found == recipes_.end()) throw_unknown_name({}, "recipe", recipe, recipes_);
  double score = intercepts_[static_cast<std::size_t>(found - recipes_.begin())];
  for (std::size_t j = 0; j < features.size(); ++j) score += slopes_[j] * features[j];
  return std::clamp(score, 0.0, 1.0);
}

double AccuracyLaw::predict(const Architecture& architecture, const std::string& recipe) const {
  return predict(shape_features(architecture), recipe);
}

LeaveOneOut leave_one_out(std::span<const ScoredModel> models, const std::string& recipe) {
  const ScoreSamples samples = samples_of(models);
  const auto found = std::ranges::find(samples.recipes, recipe);
  if (found == samples.recipes.end()) throw_unknown_name({}, "recipe", recipe, samples.recipes);
  const auto wanted = static_cast<std::size_t>(found - samples.recipes.begin());
  LeaveOneOut result;
  std::vector<std::size_t> folds;  // of the recipe
  for (std::size_t i = 0; i < samples.rows.size(); ++i) {
    if (samples.rows[i].recipe != wanted) continue;
    result.models.push_back(i);
    if (std::ranges::find(folds, samples.rows[i].fold) == folds.end()) folds.push_back(samples.rows[i].fold);
  }
  result.folds = folds.size();
  if (result.folds < 2)
    throw Error(fmt::format("recipe '{}': {} model, and none is left when it is held out", recipe, result.folds));
  result.predicted.resize(result.models.size());
  std::array<std::vector<double>, 3> squares;  // mean squared error of each fold
  for (const std::size_t fold : folds) {
    const std::vector<ScoreSample> rest = without(samples.rows, fold);
    for (const Law law : kLaws) {
      const auto at = static_cast<std::size_t>(law);
      const LawFit f = fit_law(rest, samples.recipes.size(), law);
      double sum = 0, count = 0;
      for (std::size_t k = 0; k < result.models.size(); ++k) {
        const ScoreSample& s = samples.rows[result.models[k]];
        if (s.fold != fold) continue;
        result.predicted[k][at] = f.predict(s);
        sum += std::pow(f.predict(s) - s.score, 2), count += 1;
      }
      squares[at].push_back(sum / count);
    }
  }
  for (std::size_t at = 0; at < kLaws.size(); ++at) {
    for (std::size_t k = 0; k < result.models.size(); ++k)
      result.mean_error[at] += std::abs(result.predicted[k][at] - samples.rows[result.models[k]].score);
    result.mean_error[at] /= static_cast<double>(result.models.size());
    result.root_mean_square[at] = std::sqrt(mean(squares[at]));
    if (result.root_mean_square[at] < result.root_mean_square[static_cast<std::size_t>(result.best)])
      result.best = kLaws[at];
  }
  const auto beats = [&](Law other) {
    std::vector<double> saved;
    for (std::size_t f = 0; f < folds.size(); ++f)
      saved.push_back(squares[static_cast<std::size_t>(other)][f] - squares[static_cast<std::size_t>(Law::shape)][f]);
    return clearly_positive(saved);
  };
  result.beats_constant = beats(Law::constant);
  result.beats_parameters = beats(Law::parameters);
  return result;
}

std::string verdict(const LeaveOneOut& r, std::string_view metric) {
  const auto points = [&](Law law) {
    return fmt::format("{:.2f}", 100 * r.mean_error[static_cast<std::size_t>(law)]);
  };
  const std::string figures = fmt::format(
      "held-out {} is off by {} points on average, against {} of a constant and {} of a law of parameters", metric,
      points(Law::shape), points(Law::constant), points(Law::parameters));
  if (r.folds < kFewest) return fmt::format("unsupported: {} models are too few to tell; {}", r.folds, figures);
  if (r.supported()) return fmt::format("supported: {}", figures);
  const std::string_view against = r.beats_constant     ? "a law of parameters"
                                   : r.beats_parameters ? "a constant"
                                                        : "a constant or a law of parameters";
  return fmt::format("unsupported: no clear gain over {}; {}", against, figures);
}

std::string recipe_of_family(const TrainedScores& scores, const std::string& family) {
  std::vector<std::string> families, recipes;
  std::vector<std::size_t> counts;
  for (const ScoredModel& model : scores.models) {
    if (std::ranges::find(families, model.architecture.family) == families.end())
      families.push_back(model.architecture.family);
    if (model.architecture.family != family) continue;
    const auto at = static_cast<std::size_t>(std::ranges::find(recipes, model.recipe) - recipes.begin());
    if (at == recipes.size()) recipes.push_back(model.recipe), counts.push_back(0);
    ++counts[at];
  }
  if (recipes.empty())
    throw InputError({}, fmt::format("no scores of trained {} models among these", family),
                     fmt::format("they are of the families {}", fmt::join(families, ", ")));
  return recipes[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

}  // namespace ridgeline
