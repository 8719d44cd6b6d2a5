#include "search/accuracy_scores.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

class ScoreFiles : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string complaint(const std::string& whole) const {  // without the folder's name
    const std::string prefix = folder_.path().string() + "/";
    return whole.starts_with(prefix) ? whole.substr(prefix.size()) : whole;
  }
  TemporaryFolder folder_;
};

constexpr const char* kModelDict =
    R"({"l": 2, "h": [128, 256], "o": [["sa_sdp_64", "c_5_64"], ["l_dct_128", "l_dft_128"]],
                                      "f": [[256], [512, 512]]})";

TEST(PublishedGlue, EveryScoreHasARecipeAndASource) {
  const TrainedScores scores = published_glue();
  EXPECT_EQ(scores.metric, "GLUE");
  EXPECT_GE(scores.models.size(), 10u);
  std::set<std::string> names;
  for (const ScoredModel& model : scores.models) {
    EXPECT_TRUE(names.insert(model.architecture.name).second) << model.architecture.name;
    EXPECT_GT(model.score, 0.5);
    EXPECT_LT(model.score, 1);
    EXPECT_FALSE(model.recipe.empty());
    EXPECT_FALSE(model.source.empty());
  }
}

TEST_F(ScoreFiles, GlueOfTrainedModelsComesBesideThePublishedOnes) {
  const std::string text = std::string(R"({"0123456789abcdef": {"model_dict": )") + kModelDict +
                           R"(, "glue": " 0.7125 "}, "fedcba9876543210": {"model_dict": )" + kModelDict +
                           R"(, "glue": null}})";
  const TrainedScores scores = read_glue(write("glue.json", text));
  ASSERT_EQ(scores.models.size(), published_glue().models.size() + 1);
  const ScoredModel& own = scores.models.back();
  EXPECT_EQ(own.architecture.name, "01234567");
  EXPECT_EQ(own.architecture.encoder.layers.size(), 2u);
  EXPECT_EQ(own.score, 0.7125);
  EXPECT_EQ(own.recipe, "flexibert");
}

TEST_F(ScoreFiles, APredictorsOutputIsRefusedAsALabel) {
  const std::string text =
      std::string(R"({"0123_a100": {"model_dict": )") + kModelDict + R"(, "performance": {"glue": 0.81}}})";
  EXPECT_EQ(complaint(error_of([&] { read_glue(write("dataset.json", text)); })),
            "dataset.json:1:15: 0123_a100: this file's GLUE scores are a predictor's output, not scores of trained "
            "models; name EdgeTran's glue_measured.json");
}

TEST_F(ScoreFiles, GlueScoresAreFractions) {
  const std::string text =
      std::string(R"({"0123456789abcdef": {"model_dict": )") + kModelDict + R"(, "glue": "71.2"}})";
  const std::string error = error_of([&] { read_glue(write("glue.json", text)); });
  EXPECT_NE(error.find("glue: expected a score from 0 to 1, found '71.2'"), std::string::npos) << error;
  const std::string none =
      std::string(R"({"0123456789abcdef": {"model_dict": )") + kModelDict + R"(, "glue": null}})";
  EXPECT_NE(error_of([&] { read_glue(write("none.json", none)); }).find("no model with a GLUE score"),
            std::string::npos);
}

constexpr const char* kSubTransformer = R"(encoder-embed-dim-subtransformer: 512
decoder-embed-dim-subtransformer: 512
encoder-ffn-embed-dim-all-subtransformer: [1024, 2048]
decoder-ffn-embed-dim-all-subtransformer: [1024]
encoder-layer-num-subtransformer: 2
decoder-layer-num-subtransformer: 1
encoder-self-attention-heads-all-subtransformer: [4, 8]
decoder-self-attention-heads-all-subtransformer: [8]
decoder-ende-attention-heads-all-subtransformer: [8]
decoder-arbitrary-ende-attn-all-subtransformer: [-1]
)";

TEST_F(ScoreFiles, BleuIsInTheNamesOfSubTransformers) {
  write("HAT_board@1.0s_bleu@20.5.yml", kSubTransformer);
  write("HAT_board@2.0s_bleu@21.yml", kSubTransformer);
  write("notes.txt", "no model");
  const TrainedScores scores = read_bleu(folder_.path());
  ASSERT_EQ(scores.models.size(), 2u);
  EXPECT_EQ(scores.metric, "BLEU");
  EXPECT_DOUBLE_EQ(scores.models[0].score, 0.205);
  EXPECT_DOUBLE_EQ(scores.models[1].score, 0.21);
  EXPECT_EQ(scores.models[0].architecture.encoder.layers.size(), 2u);
}

TEST_F(ScoreFiles, SubTransformersWithoutAScoreAreRefused) {
  EXPECT_EQ(error_of([&] { read_bleu(folder_.path()); }),
            folder_.path().string() + ": no sub-transformers (*.yml) in this folder");
  EXPECT_TRUE(
      error_of([&] { read_bleu(folder_ / "gone"); }).starts_with((folder_ / "gone").string() + ": no such folder"));
  write("HAT_board@1.0s.yml", kSubTransformer);
  EXPECT_EQ(complaint(error_of([&] { read_bleu(folder_.path()); })),
            "HAT_board@1.0s.yml: the name of a published sub-transformer ends in its BLEU score; such as "
            "HAT_wmt14ende_raspberrypi@6.9s_bleu@28.4.yml");
}

TEST_F(ScoreFiles, ATableNamesModelsOfTheZooAndFilesBesideIt) {
  write("mine.json", kModelDict);
  const TrainedScores scores =
      read_scores(write("scores.csv", "model,accuracy_percent,recipe\nbert-tiny,61.5,a\nmine.json,70,b\n"));
  ASSERT_EQ(scores.models.size(), 2u);
  EXPECT_EQ(scores.models[0].architecture, load_model("bert-tiny"));
  EXPECT_DOUBLE_EQ(scores.models[0].score, 0.615);
  EXPECT_EQ(scores.models[0].recipe, "a");
  EXPECT_EQ(scores.models[1].architecture.family, "flexibert");
  EXPECT_DOUBLE_EQ(scores.models[1].score, 0.7);
  EXPECT_EQ(read_scores(write("plain.csv", "accuracy,model\n0.5,bert-mini\n")).models[0].score, 0.5);
}

TEST_F(ScoreFiles, ComplaintsAboutATableNameLineAndColumn) {
  const auto error = [&](const std::string& text) {
    return complaint(error_of([&] { read_scores(write("scores.csv", text)); }));
  };
  EXPECT_TRUE(error("model,score\nbert-tiny,0.5\n").starts_with("scores.csv:1: missing column 'accuracy'"))
      << error("model,score\nbert-tiny,0.5\n");
  EXPECT_TRUE(
      error("model,accuracy\nbert-tiny,61.5\n").ends_with("accuracy: expected a score from 0 to 1, found '61.5'"))
      << error("model,accuracy\nbert-tiny,61.5\n");
  EXPECT_TRUE(error("model,accuracy\nbert-tiny,0.5\nbert-tinny,0.5\n").starts_with("scores.csv:3:"));
  EXPECT_NE(error("model,accuracy\nbert-tinny,0.5\n").find("did you mean 'bert-tiny'?"), std::string::npos);
  EXPECT_EQ(error("model,accuracy,accuracy_percent\nbert-tiny,0.5,50\n"),
            "scores.csv:1: both accuracy and accuracy_percent; one of them is enough");
}

TEST(EdgeTranGlue, ThirteenModelsWereTrained) {
  RIDGELINE_NEEDS_DATA("edgetran/glue_measured.json");
  const TrainedScores scores = read_glue(shared_data() / "edgetran/glue_measured.json");
  EXPECT_EQ(std::ranges::count(scores.models, "flexibert", &ScoredModel::recipe), 13);
}

TEST(EdgeTranGlue, ItsDataSetIsNoSourceOfLabels) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  const std::string error = error_of([] { read_glue(shared_data() / "edgetran/dataset.json"); });
  EXPECT_NE(error.find("a predictor's output"), std::string::npos) << error;
}

}  // namespace
}  // namespace ridgeline
