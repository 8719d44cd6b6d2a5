#include <gtest/gtest.h>

#include "search/space_file.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

TEST(SpaceCommand, ListsTheSpaces) {
  const Json json = json_of("space");
  EXPECT_EQ(json.at("schema"), "ridgeline.spaces/1");
  std::vector<std::string> names;
  for (const auto& entry : json.at("spaces")) names.push_back(entry.at("name"));
  EXPECT_EQ(names, space_names());
  const std::string text = run_line("space").out;
  for (const std::string& name : names) EXPECT_NE(text.find("\n" + name + "  "), std::string::npos) << name;
}

TEST(SpaceCommand, ShowsSizeAndChoices) {
  const std::string text = run_line("space flexibert2").out;
  EXPECT_NE(text.find("1.69 × 10^88 architectures, 37 genes"), std::string::npos) << text;
  EXPECT_NE(text.find("21,805"), std::string::npos);
  const Json json = json_of("space bert-grid");
  EXPECT_EQ(json.at("schema"), "ridgeline.space/1");
  EXPECT_EQ(json.at("size"), "1056");
  EXPECT_EQ(json.at("choices").at(0).at("name"), "layers");
  EXPECT_EQ(json.at("choices").at(0).at("values"), 12);
}

TEST(SpaceCommand, SamplesAreDesignsOfTheSpaceAndReproduce) {
  for (const std::string& name : space_names()) {
    const Space space = make_space(load_space(name));
    const Json json = json_of("space " + name + " --samples 20 --seed 7");
    ASSERT_EQ(json.at("samples").size(), 20u);
    for (const auto& sample : json.at("samples")) EXPECT_TRUE(space.valid(sample.at("genome").get<Genome>()));
    EXPECT_EQ(json, json_of("space " + name + " --samples 20 --seed 7"));
    EXPECT_NE(json.at("samples"), json_of("space " + name + " --samples 20 --seed 8").at("samples"));
  }
}

TEST(SpaceCommand, BalancedSamplesHaveAllDepths) {
  int shallow = 0;
  const Json json = json_of("space flexibert2 --samples 300 --balanced");
  for (const auto& sample : json.at("samples")) shallow += sample.at("choices").at("layers") == "2";
  EXPECT_NEAR(shallow, 50, 25);  // a sixth; uniformly it would be none
}

TEST(SpaceCommand, RefusesUnknownSpacesAndBadFiles) {
  EXPECT_EQ(
      run_line("space flexbert2").err,
      "error: unknown space 'flexbert2'; did you mean 'flexibert2'? the spaces are: flexibert2, hat, bert-grid, "
      "gpt2\n");
  EXPECT_EQ(run_line("space flexbert2").exit_code, 2);
  const RunResult missing = run_line("space ./nowhere.yaml");
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_NE(missing.err.find("nowhere.yaml"), std::string::npos);
}

}  // namespace
}  // namespace ridgeline
