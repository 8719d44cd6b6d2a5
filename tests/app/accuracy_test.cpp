#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "search/accuracy_law.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

/// Scores that follow depth, of models of three widths.
std::string orderly_table() {
  std::string text = "model,accuracy_percent\n";
  for (const int layers : {2, 4, 6, 8, 10, 12})
    for (const int width : {128, 256, 512}) {
      const std::string name = layers == 2 && width == 128   ? "bert-tiny"
                               : layers == 4 && width == 256 ? "bert-mini"
                               : layers == 4 && width == 512 ? "bert-small"
                               : layers == 8 && width == 512 ? "bert-medium"
                                                             : fmt::format("bert-l{}-h{}", layers, width);
      text += fmt::format("{},{}\n", name, 80.0 - 30.0 / layers);
    }
  return text;
}

TEST(AccuracyCommand, JudgesEveryRecipeOfThePublishedScores) {
  const Json json = json_of("accuracy glue");
  EXPECT_EQ(json.at("schema"), "ridgeline.accuracy/1");
  const TrainedScores scores = published_glue();
  std::size_t models = 0;
  for (const Json& recipe : json.at("recipes")) {
    const LeaveOneOut expected = leave_one_out(scores.models, recipe.at("recipe"));
    EXPECT_EQ(recipe.at("supported"), expected.supported());
    EXPECT_DOUBLE_EQ(recipe.at("mean_error").at("shape"), expected.mean_error[2]);
    models += recipe.at("models").size();
    for (const Json& model : recipe.at("models")) EXPECT_NE(model.at("source"), "");
  }
  EXPECT_EQ(models, scores.models.size());
  const std::string text = run_line("accuracy glue").out;
  EXPECT_NE(text.find("unsupported: "), std::string::npos) << text;
}

TEST(AccuracyCommand, ATableOfOnesOwnIsJudgedAndPredicts) {
  const TemporaryFolder folder;
  const std::string table = "csv:" + folder.write("scores.csv", orderly_table());
  const Json json = json_of("accuracy " + table + " --model bert-l6-h768");
  EXPECT_EQ(json.at("recipes").at(0).at("supported"), true) << json.dump(2);
  const Json& predicted = json.at("predictions").at(0);
  EXPECT_EQ(predicted.at("origin"), "predicted");
  EXPECT_NEAR(predicted.at("score"), 0.75, 0.01);
  const std::string text = run_line("accuracy " + table + " --model bert-l6-h768").out;
  EXPECT_NE(text.find("bert-l6-h768: predicted accuracy 7"), std::string::npos) << text;
  EXPECT_EQ(text.find("measured"), std::string::npos) << text;
}

TEST(AccuracyCommand, CsvHasALineForEachTrainedModel) {
  const std::string csv = run_line("accuracy glue --recipe bert --csv").out;
  EXPECT_EQ(std::ranges::count(csv, '\n'), 6);
  EXPECT_TRUE(csv.starts_with("recipe,model,parameters,score,held_out_constant,held_out_parameters,held_out_shape,"));
}

TEST(AccuracyCommand, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(run_line("accuracy").err.find("missing SOURCE"), std::string::npos);
  EXPECT_EQ(run_line("accuracy").exit_code, 2);
  EXPECT_NE(run_line("accuracy glu").err.find("unknown source of accuracy 'glu'"), std::string::npos);
  EXPECT_EQ(run_line("accuracy glue --recipe birt").err,
            "error: --recipe: unknown recipe 'birt'; did you mean 'bert'? the recipes are: bert, electra, minilm, "
            "xtremedistil\n");
  EXPECT_NE(run_line("accuracy csv:nowhere.csv").err.find("nowhere.csv"), std::string::npos);
}

const std::string kSearch = "search --space bert-grid --devices raspberry-pi-4 --objective accuracy,latency ";

TEST(SearchByAccuracy, TradesPredictedAccuracyForLatency) {
  const TemporaryFolder folder;
  const std::string source = "csv:" + folder.write("scores.csv", orderly_table());
  const std::string front = (folder / "front.h5").string();
  const Json json = json_of(kSearch + "--evaluations 2000 --accuracy " + source + " --out " + front);
  EXPECT_EQ(json.at("accuracy_source").at("supported"), true);
  EXPECT_EQ(json.at("accuracy_source").at("predicted"), true);
  ASSERT_GT(json.at("designs").size(), 3u);
  for (const Json& design : json.at("designs")) {
    const double layers = std::stod(design.at("choices").at("layers").get<std::string>());
    EXPECT_NEAR(design.at("accuracy").get<double>(), 0.8 - 0.3 / layers, 0.03) << design.dump();
  }
  const std::string text = run_line(kSearch + "--evaluations 200 --accuracy " + source).out;
  EXPECT_NE(text.find("predicted accuracy"), std::string::npos) << text;
  const RunResult explained = run_line("explain " + front + " --design 1");
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_NE(explained.out.find("accuracy"), std::string::npos) << explained.out;
}

TEST(SearchByAccuracy, AnUnsupportedSourceLeavesAFrontAtEveryCapacity) {
  const Json json = json_of(kSearch + "--evaluations 500 --accuracy glue");
  EXPECT_EQ(json.at("accuracy_source").at("supported"), false);
  EXPECT_NE(json.at("notes").at(0).get<std::string>().find("glue is unsupported: "), std::string::npos);
  EXPECT_EQ(json.at("objectives").at(1).at("name"), "capacity");
  for (const Json& design : json.at("designs")) EXPECT_FALSE(design.contains("accuracy"));
}

TEST(SearchByAccuracy, AsksACommandOnceForEachModel) {
  const TemporaryFolder folder;
  const std::string command = folder.write("train.sh", "#!/bin/sh\necho asked >> \"$(dirname $0)/log\"\necho 0.5\n");
  std::filesystem::permissions(command, std::filesystem::perms::owner_all);
  ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);
  const std::string line = kSearch + "--evaluations 40 --population 10 --seed 3 --accuracy command:" + command;
  const Json json = json_of(line);
  for (const Json& design : json.at("designs")) EXPECT_EQ(design.at("accuracy"), 0.5);
  EXPECT_EQ(json.at("accuracy_source").at("predicted"), false);
  const auto asked = std::filesystem::file_size(folder / "log");
  EXPECT_GT(asked, 0u);
  json_of(line);
  EXPECT_EQ(std::filesystem::file_size(folder / "log"), asked);
  ::unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace ridgeline
