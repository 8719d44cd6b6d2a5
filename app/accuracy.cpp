// ridgeline accuracy: what scores of trained models say of others, judged on models that are held out.
#include "app/accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/csv.hpp"
#include "app/format.hpp"
#include "app/json.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/error.hpp"
#include "model/readers.hpp"
#include "search/accuracy.hpp"

namespace ridgeline {
namespace {

struct RecipeResult {
  std::string recipe;
  LeaveOneOut held_out;
};

struct Prediction {
  std::string model, recipe;
  double score = 0;
  bool supported = false;
};

struct AccuracyResult {
  TrainedScores scores;
  std::vector<RecipeResult> recipes;
  std::vector<std::string> single;  ///< recipes with nothing left when a model is held out
  std::vector<Prediction> predictions;
};

AccuracyResult judge(const AccuracyCommandOptions& options) {
  AccuracyResult result{read_scores_of(options.source), {}, {}, {}};
  const std::vector<ScoredModel>& models = result.scores.models;
  std::vector<std::string> recipes;
  for (const ScoredModel& model : models)
    if (std::ranges::find(recipes, model.recipe) == recipes.end()) recipes.push_back(model.recipe);
  if (!options.recipe.empty()) {
    if (std::ranges::find(recipes, options.recipe) == recipes.end())
      throw_unknown_name({"--recipe", 0, 0, ""}, "recipe", options.recipe, recipes);
    recipes = {options.recipe};
  }
  for (const std::string& recipe : recipes) {
    try {
      result.recipes.push_back({recipe, leave_one_out(models, recipe)});
    } catch (const InputError&) {
      throw;
    } catch (const Error&) {
      result.single.push_back(recipe);
    }
  }
  if (options.models.empty()) return result;
  const AccuracyLaw law(Law::shape, models);
  for (const std::string& name : options.models) {
    const Architecture architecture = load_model(name);
    const std::string recipe =
        options.recipe.empty() ? recipe_of_family(result.scores, architecture.family) : options.recipe;
    const auto judged = std::ranges::find(result.recipes, recipe, &RecipeResult::recipe);
    result.predictions.push_back({name, recipe, law.predict(architecture, recipe),
                                  judged != result.recipes.end() && judged->held_out.supported()});
  }
  return result;
}

std::string score_text(double score) { return fmt::format("{:.2f}", 100 * score); }

std::string recipe_text(const AccuracyResult& result, const RecipeResult& one, const Style& style) {
  const LeaveOneOut& r = one.held_out;
  std::string text = "\n";
  if (!one.recipe.empty()) text += styled(style, Emphasis::bold, one.recipe) + "\n";
  Table table{2,
              {{}, {.right = true}, {.right = true}, {.right = true}, {.right = true}, {.right = true}},
              {{"model", "parameters", "trained", "constant", "parameters", "shape"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (std::size_t k = 0; k < r.models.size(); ++k) {
    const ScoredModel& model = result.scores.models[r.models[k]];
    table.rows.push_back({model.architecture.name, format_count(parameter_count(model.architecture)),
                          score_text(model.score), score_text(r.predicted[k][0]), score_text(r.predicted[k][1]),
                          score_text(r.predicted[k][2])});
  }
  const auto errors = [&](const char* what, const std::array<double, 3>& error) {
    table.rows.push_back(
        {{what, Emphasis::dim}, "", "", score_text(error[0]), score_text(error[1]), score_text(error[2])});
  };
  errors("mean error", r.mean_error);
  errors("root mean square", r.root_mean_square);
  text += render(table, style);
  text += paragraph(verdict(r, result.scores.metric), 2, style);
  return text;
}

std::string accuracy_text(const AccuracyResult& result, const Style& style) {
  std::string text = paragraph(
      fmt::format(
          "{} of {} trained models, in points of 100. The last three columns predict each from models other than "
          "it, by a constant, by parameters and by shape (search/accuracy_law.hpp).",
          result.scores.metric, result.scores.models.size()),
      0, style);
  for (const RecipeResult& one : result.recipes) text += recipe_text(result, one, style);
  for (const std::string& recipe : result.single)
    text += paragraph(fmt::format("{}: a single model, so there is nothing to hold out", recipe), 0, style);
  if (!result.predictions.empty()) text += "\n";
  for (const Prediction& p : result.predictions)
    text += paragraph(fmt::format("{}: predicted {} {}, trained as {} ({}; nobody trained it for this figure)",
                                  p.model, result.scores.metric, score_text(p.score),
                                  p.recipe.empty() ? "these" : p.recipe, p.supported ? "supported" : "unsupported"),
                      0, style);
  return text;
}

Json by_law(const std::array<double, 3>& values) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kLaws.size(); ++i) json[std::string(name(kLaws[i]))] = values[i];
  return json;
}

std::string accuracy_json(const AccuracyResult& result, const AccuracyCommandOptions& options) {
  Json json = json_document("accuracy");
  json["source"] = options.source;
  json["metric"] = result.scores.metric;
  json["recipes"] = Json::array();
  for (const RecipeResult& one : result.recipes) {
    const LeaveOneOut& r = one.held_out;
    Json models = Json::array();
    for (std::size_t k = 0; k < r.models.size(); ++k) {
      const ScoredModel& model = result.scores.models[r.models[k]];
      models.push_back({{"model", model.architecture.name},
                        {"parameters", parameter_count(model.architecture)},
                        {"score", model.score},
                        {"source", model.source},
                        {"held_out", by_law(r.predicted[k])}});
    }
    json["recipes"].push_back({{"recipe", one.recipe},
                               {"models", models},
                               {"folds", r.folds},
                               {"mean_error", by_law(r.mean_error)},
                               {"root_mean_square_error", by_law(r.root_mean_square)},
                               {"beats_constant", r.beats_constant},
                               {"beats_parameters", r.beats_parameters},
                               {"supported", r.supported()},
                               {"verdict", verdict(r, result.scores.metric)}});
  }
  json["single"] = result.single;
  json["predictions"] = Json::array();
  for (const Prediction& p : result.predictions)
    json["predictions"].push_back({{"model", p.model},
                                   {"recipe", p.recipe},
                                   {"score", p.score},
                                   {"origin", "predicted"},
                                   {"supported", p.supported}});
  return dump(json);
}

std::string accuracy_csv(const AccuracyResult& result) {
  std::string text = "recipe,model,parameters,score,held_out_constant,held_out_parameters,held_out_shape,source\n";
  for (const RecipeResult& one : result.recipes)
    for (std::size_t k = 0; k < one.held_out.models.size(); ++k) {
      const ScoredModel& model = result.scores.models[one.held_out.models[k]];
      CsvLine line;
      line.add(one.recipe).add(model.architecture.name).add(static_cast<long>(parameter_count(model.architecture)));
      line.add(model.score);
      for (const double predicted : one.held_out.predicted[k]) line.add(predicted);
      text += line.add(model.source).text();
    }
  return text;
}

Outcome run_accuracy(const AccuracyCommandOptions& options, const Session& session) {
  const AccuracyResult result = judge(options);
  if (options.output == Output::json) return {accuracy_json(result, options)};
  if (options.output == Output::csv) return {accuracy_csv(result)};
  return {accuracy_text(result, session.style)};
}

constexpr std::array kAccuracyExamples{
    Example{"ridgeline accuracy glue", "How far do published GLUE scores carry to models that nobody trained?"},
    Example{"ridgeline accuracy glue --recipe bert --model bert-l6-h256", "... and what they say of one of them."},
    Example{"ridgeline accuracy glue --json", "The same for scripts."}};

constexpr CommandHelp kAccuracyHelp{
    "accuracy", "ridgeline accuracy SOURCE [OPTIONS]", "what scores of trained models say of others",
    "Holds each trained model out, predicts its score from the others by three laws (a constant, parameters alone, "
    "the model's shape) and says whether the source can be believed: one that does not beat both a constant and a "
    "law of parameters is unsupported. SOURCE is glue (published scores), glue:FILE (with EdgeTran's "
    "glue_measured.json), bleu:FOLDER (HAT's published sub-transformers) or csv:FILE (your own): "
    "docs/accuracy_sources.md.",
    kAccuracyExamples};

void declare_accuracy(OptionSet& set, AccuracyCommandOptions& o) {
  set.word("SOURCE", o.source);
  set.value("Scores", "--recipe", "NAME", "models trained in one way only; default: each way in turn", o.recipe);
  set.repeatable("Scores", "--model", "MODEL", "predict this one too; repeatable",
                 [&o](const Words& words) { o.models = words; });
  add_output(set, o.output);
  set.check([&o](const CommonOptions&) {
    if (o.source.empty())
      refuse("accuracy", "missing SOURCE", fmt::format("accuracy takes: {}", kAccuracyHelp.usage));
  });
}

}  // namespace

Command accuracy_command() { return make_command(kAccuracyHelp, declare_accuracy, run_accuracy); }

}  // namespace ridgeline
