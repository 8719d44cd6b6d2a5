// What scores of trained models say of models that nobody has trained, and whether they say anything at all.
//
// Three laws, from nothing to little, each with an intercept a_r for every recipe and slopes that recipes share:
//   constant    score = a_r
//   parameters  score = a_r + b ln(parameters)                                          (least squares)
//   shape       score = a_r + b·(ln parameters, 1/encoder layers, 1/decoder layers, ln mean width)      (ridge)
// Features of `shape` are taken from their recipe's mean and scaled to deviation 1 over all models; the ridge is the
// one of kRidges that does best when models are held out once more.
//
// A law is judged on held-out models: leave one out, and with it every other model that the law's features cannot
// tell from it. `shape` beats another law where the squared errors it saves are more than their standard error (the
// rule of Breiman et al. 1984, section 3.4.3, for trees). It is supported for a recipe where it beats both others
// there; of fewer than kFewest models nothing is said: with 5, even winning every time has a chance of 1/32.
//
// What it leaves out: everything that the counts do not see (kinds of heads, initialisation, luck of a training run).
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "search/accuracy_scores.hpp"

namespace ridgeline {

enum class Law { constant, parameters, shape };
inline constexpr std::array kLaws{Law::constant, Law::parameters, Law::shape};
inline constexpr std::array kRidges{0.001, 0.01, 0.1, 1.0};  ///< per model
inline constexpr std::size_t kFewest = 5;

std::string_view name(Law law);

/// ln(parameters), 1/encoder layers, 1/decoder layers (0 without the stack), ln(mean width of the layers).
using ShapeFeatures = std::array<double, 4>;
ShapeFeatures shape_features(const Architecture& architecture);

class AccuracyLaw {
 public:
  /// Error for no models.
  AccuracyLaw(Law law, std::span<const ScoredModel> models);
  /// Error for a recipe that none of the models has.
  double predict(const Architecture& architecture, const std::string& recipe) const;
  double predict(const ShapeFeatures& features, const std::string& recipe) const;
  /// Slopes of the features; 0 where the law does not have them.
  const ShapeFeatures& slopes() const { return slopes_; }

 private:
  std::vector<std::string> recipes_;
  std::vector<double> intercepts_;  ///< parallel to recipes_
  ShapeFeatures slopes_{};
};

/// What the laws say of the models of one recipe when they are held out.
struct LeaveOneOut {
  std::vector<std::size_t> models;               ///< of the recipe, in their order
  std::vector<std::array<double, 3>> predicted;  ///< parallel, by law
  std::size_t folds = 0;                         ///< models that leave together count once
  std::array<double, 3> mean_error{};            ///< mean of |predicted - score|, by law
  std::array<double, 3> root_mean_square{};      ///< by law
  bool beats_constant = false, beats_parameters = false;
  bool supported() const { return beats_constant && beats_parameters; }
  Law best = Law::constant;  ///< of the least root mean square
};

/// Error for an unknown recipe and for one with a single model to leave out.
LeaveOneOut leave_one_out(std::span<const ScoredModel> models, const std::string& recipe);

/// "supported: ...", "unsupported: ..." as one sentence with the figures.
std::string verdict(const LeaveOneOut& result, std::string_view metric);

/// The recipe with most models of a family ("flexibert", "hat", ...). InputError naming the families that there are.
std::string recipe_of_family(const TrainedScores& scores, const std::string& family);

}  // namespace ridgeline
