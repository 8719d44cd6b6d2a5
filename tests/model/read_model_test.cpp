// Finding models, and input that is broken before any reader sees it.
#include <fstream>

#include "model/readers.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

class ModelFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("ridgeline_models_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::string message(const std::string& name_or_path) const {
    return error_of([&] { load_model(name_or_path); });
  }
  std::filesystem::path folder_;
};

TEST_F(ModelFiles, AreFoundByNamePathAndFolder) {
  const std::string config = R"({"model_type": "bert", "num_hidden_layers": 3})";
  const std::string file = write("tiny.json", config);
  write("my-model/config.json", config);
  EXPECT_EQ(load_model("bert-base").encoder.layers.size(), 12u);
  EXPECT_EQ(load_model(file).encoder.layers.size(), 3u);
  EXPECT_EQ(load_model(file).name, "tiny");
  EXPECT_EQ(load_model((folder_ / "my-model").string()).name, "my-model");
  EXPECT_EQ(load_model((folder_ / "my-model" / "config.json").string()).name, "my-model");
  EXPECT_EQ(load_model((folder_ / "my-model" / "").string()).name, "my-model");
}

TEST_F(ModelFiles, ThatAreMissing) {
  EXPECT_EQ(
      message("bert-bas"),
      "unknown model 'bert-bas'; did you mean 'bert-base'? a model is a name of the zoo (`ridgeline models` lists "
      "them), a file, or a folder with a config.json");
  EXPECT_EQ(
      message("zzzzzzzzzzzz"),
      "unknown model 'zzzzzzzzzzzz'; a model is a name of the zoo (`ridgeline models` lists them), a file, or a "
      "folder with a config.json");
  const std::string path = (folder_ / "none.json").string();
  EXPECT_EQ(message(path), path + ": cannot open the file: No such file or directory");
  EXPECT_EQ(message(folder_.string()), folder_.string() + ": this folder has no config.json");
}

TEST_F(ModelFiles, ThatAreMalformed) {
  const std::string json = write("a.json", "{\"model_type\": \"bert\",\n \"hidden_size\" 768}");
  EXPECT_EQ(message(json), json +
                               ":2:18: malformed JSON: syntax error while parsing object separator - unexpected "
                               "number literal; expected ':'");
  const std::string yaml = write("a.yaml", "ridgeline: model\nencoder: {layers: 2\nhead: [\n");
  EXPECT_EQ(message(yaml), yaml + ":3:5: encoder: malformed YAML: end of map flow not found");
  const std::string empty = write("b.json", "");
  EXPECT_EQ(message(empty), empty + ": the file is empty");
  const std::string list = write("c.json", "[1, 2]");
  EXPECT_EQ(message(list), list + ":1:1: expected a model: a map of keys");
  const std::string twice = write("d.json", "{\"model_type\": \"bert\", \"model_type\": \"gpt2\"}");
  EXPECT_EQ(message(twice), twice + ":1:24: duplicate key 'model_type'; it stands first on line 1");
}

TEST_F(ModelFiles, OfNoKnownFormat) {
  const std::string typo = write("a.json", R"({"model_typ": "bert"})");
  EXPECT_EQ(message(typo), typo + ":1:15: model_typ: unknown key; did you mean 'model_type'?");
  const std::string other = write("b.json", R"({"weights": 3})");
  EXPECT_EQ(message(other),
            other +
                ":1:1: this is no model that Ridgeline knows; known are: Hugging Face config.json (model_type), "
                "FlexiBERT model_dict (l, o, h, f), HAT sub-transformers (encoder-embed-dim-subtransformer, ...), "
                "Ridgeline's YAML (ridgeline: model)");
}

}  // namespace
}  // namespace ridgeline
