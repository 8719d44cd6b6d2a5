#include "search/accuracy_law.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/random.hpp"
#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Architecture encoder(Size layers, Size width) {
  return parse_model(parse_document(fmt::format("{{model_type: bert, hidden_size: {}, num_hidden_layers: {}, "
                                                "num_attention_heads: 4, intermediate_size: {}}}",
                                                width, layers, 4 * width),
                                    "model.yaml"),
                     fmt::format("l{}-h{}", layers, width));
}

/// Models of 2 to 12 layers of three widths, with scores that `score` makes up.
std::vector<ScoredModel> models_with(const std::function<double(const ShapeFeatures&)>& score,
                                     const std::string& recipe = "ours") {
  std::vector<ScoredModel> models;
  for (const Size layers : {2, 4, 6, 8, 12})
    for (const Size width : {128, 256, 512}) {
      ScoredModel model{encoder(layers, width), 0, recipe, "invented"};
      model.score = score(shape_features(model.architecture));
      models.push_back(std::move(model));
    }
  return models;
}

TEST(AccuracyLaw, FeaturesAreParametersDepthsAndWidth) {
  const Architecture model = encoder(4, 256);
  const ShapeFeatures f = shape_features(model);
  EXPECT_DOUBLE_EQ(f[0], std::log(static_cast<double>(parameter_count(model))));
  EXPECT_DOUBLE_EQ(f[1], 0.25);
  EXPECT_DOUBLE_EQ(f[2], 0);
  EXPECT_DOUBLE_EQ(f[3], std::log(256));
}

TEST(AccuracyLaw, ParametersLawRecoversItsSlopeAndEveryRecipesIntercept) {
  std::vector<ScoredModel> models = models_with([](const ShapeFeatures& f) { return 0.02 * f[0]; }, "low");
  for (const ScoredModel& model : models_with([](const ShapeFeatures& f) { return 0.1 + 0.02 * f[0]; }, "high"))
    models.push_back(model);
  const AccuracyLaw law(Law::parameters, models);
  EXPECT_NEAR(law.slopes()[0], 0.02, 1e-12);
  const Architecture unseen = encoder(10, 384);
  EXPECT_NEAR(law.predict(unseen, "low"), 0.02 * shape_features(unseen)[0], 1e-12);
  EXPECT_NEAR(law.predict(unseen, "high"), 0.1 + 0.02 * shape_features(unseen)[0], 1e-12);
}

TEST(AccuracyLaw, PredictionsAreFractions) {
  const std::vector<ScoredModel> models =
      models_with([](const ShapeFeatures& f) { return std::min(1.0, 0.3 * (f[0] - 14)); });
  const AccuracyLaw law(Law::parameters, models);
  EXPECT_EQ(law.predict(encoder(48, 4096), "ours"), 1);
}

TEST(LeaveOneOut, SupportsAShapeThatScoresFollow) {
  Random random(3);
  const auto models = models_with([&](const ShapeFeatures& f) { return 0.9 - 0.3 * f[1] + 0.002 * random.normal(); });
  const LeaveOneOut result = leave_one_out(models, "ours");
  EXPECT_TRUE(result.supported());
  EXPECT_EQ(result.best, Law::shape);
  EXPECT_LT(result.mean_error[2], 0.006);
  EXPECT_GT(result.mean_error[1], 0.02);
  EXPECT_TRUE(verdict(result, "GLUE").starts_with("supported: ")) << verdict(result, "GLUE");
}

TEST(LeaveOneOut, DoesNotSupportNoise) {
  int supported = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    supported +=
        leave_one_out(models_with([&](const ShapeFeatures&) { return 0.8 + 0.03 * random.normal(); }), "ours")
            .supported();
  }
  // The rule of one standard error lets noise pass at most now and then.
  EXPECT_LE(supported, 4);
}

TEST(LeaveOneOut, DoesNotSupportAShapeThatIsOnlySize) {
  Random random(5);
  const auto models = models_with([&](const ShapeFeatures& f) { return 0.03 * f[0] + 0.005 * random.normal(); });
  const LeaveOneOut result = leave_one_out(models, "ours");
  EXPECT_TRUE(result.beats_constant);
  EXPECT_FALSE(result.beats_parameters);
  EXPECT_TRUE(verdict(result, "GLUE").starts_with("unsupported: no clear gain over a law of parameters"))
      << verdict(result, "GLUE");
}

TEST(LeaveOneOut, TheConstantIsTheMeanOfTheOthers) {
  const auto models = models_with([](const ShapeFeatures& f) { return f[1]; });
  const LeaveOneOut result = leave_one_out(models, "ours");
  double sum = 0;
  for (const ScoredModel& model : models) sum += model.score;
  for (std::size_t k = 0; k < models.size(); ++k)
    EXPECT_NEAR(result.predicted[k][0], (sum - models[k].score) / 14, 1e-12);
}

TEST(LeaveOneOut, TwinsLeaveTogether) {
  // Every model twice with an equal score that nothing explains: whoever sees the twin would know it.
  Random random(1);
  std::vector<ScoredModel> models = models_with([&](const ShapeFeatures&) { return random.uniform(); });
  const std::size_t half = models.size();
  for (std::size_t i = 0; i < half; ++i) models.push_back(models[i]);
  const LeaveOneOut result = leave_one_out(models, "ours");
  EXPECT_EQ(result.models.size(), 2 * half);
  EXPECT_EQ(result.folds, half);
  for (std::size_t i = 0; i < half; ++i) EXPECT_EQ(result.predicted[i], result.predicted[i + half]);
  EXPECT_FALSE(result.supported());
}

TEST(LeaveOneOut, JudgesOneRecipeAtATime) {
  Random random(9);
  std::vector<ScoredModel> models = models_with([](const ShapeFeatures& f) { return 0.9 - 0.3 * f[1]; }, "orderly");
  for (const ScoredModel& m : models_with([&](const ShapeFeatures&) { return 0.8 + 0.05 * random.normal(); }, "wild"))
    models.push_back(m);
  EXPECT_TRUE(leave_one_out(models, "orderly").supported());
  EXPECT_FALSE(leave_one_out(models, "wild").supported());
}

TEST(LeaveOneOut, OfFewModelsNothingIsSaid) {
  auto models = models_with([](const ShapeFeatures& f) { return 0.9 - 0.3 * f[1]; });
  models.resize(4);
  const LeaveOneOut result = leave_one_out(models, "ours");
  EXPECT_FALSE(result.supported());
  EXPECT_TRUE(verdict(result, "GLUE").starts_with("unsupported: 4 models are too few to tell"));
}

TEST(LeaveOneOut, RefusesWhatItCannotJudge) {
  auto models = models_with([](const ShapeFeatures&) { return 0.5; });
  EXPECT_EQ(error_of([&] { leave_one_out(models, "our"); }),
            "unknown recipe 'our'; did you mean 'ours'? the recipes are: ours");
  models.resize(1);
  EXPECT_EQ(error_of([&] { leave_one_out(models, "ours"); }),
            "recipe 'ours': 1 model, and none is left when it is held out");
  EXPECT_EQ(error_of([&] { AccuracyLaw(Law::shape, {}); }), "no scores of trained models");
}

TEST(RecipeOfFamily, IsTheOneWithMostOfItsModels) {
  TrainedScores scores{"GLUE", models_with([](const ShapeFeatures&) { return 0.5; }, "many")};
  scores.models.push_back({encoder(2, 64), 0.5, "few", ""});
  EXPECT_EQ(recipe_of_family(scores, "bert"), "many");
  EXPECT_EQ(error_of([&] { recipe_of_family(scores, "hat"); }),
            "no scores of trained hat models among these; they are of the families bert");
}

TEST(HatBleu, DependsOnShapeBeyondParameters) {
  RIDGELINE_NEEDS_DATA("hat/subtransformers");
  const TrainedScores scores = read_bleu(shared_data() / "hat/subtransformers");
  ASSERT_EQ(scores.models.size(), 17u);
  const LeaveOneOut result = leave_one_out(scores.models, "hat");
  EXPECT_TRUE(result.supported()) << verdict(result, "BLEU");
  EXPECT_LT(result.mean_error[2], 0.5 * result.mean_error[1]);
}

TEST(FlexiBertGlue, IsNotPredictedByWhatIsPublic) {
  RIDGELINE_NEEDS_DATA("edgetran/glue_measured.json");
  const TrainedScores scores = read_glue(shared_data() / "edgetran/glue_measured.json");
  const LeaveOneOut result = leave_one_out(scores.models, "flexibert");
  EXPECT_EQ(result.models.size(), 13u);
  EXPECT_FALSE(result.supported()) << verdict(result, "GLUE");
}

}  // namespace
}  // namespace ridgeline
