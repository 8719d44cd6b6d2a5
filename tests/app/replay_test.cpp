// replay: the keys of its JSON, that text and CSV say the same, and what it refuses.
#include "tests/app/measured.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

class ReplayCommand : public ::testing::Test {
 protected:
  std::string complaint(const std::string& words) const {
    const RunResult result = run_line("replay " + words);
    EXPECT_EQ(result.exit_code, 2) << result.out;
    EXPECT_EQ(result.out, "");
    return result.err;
  }

  TemporaryFolder folder_;
  std::string campaign_ = "--device raspberry-pi-4 --data " + folder_.write("campaign.csv", invented::campaign(30));
};

TEST_F(ReplayCommand, EachSeedAndRuleIsARun) {
  const std::string words = "replay " + campaign_ + " --rows 3,6,12 --rule random,active --seed 4 --seeds 2";
  const Json json = json_of(words);
  EXPECT_EQ(json.at("schema"), "ridgeline.replay/1");
  EXPECT_EQ(json.at("set").at("rows"), 30);
  EXPECT_EQ(json.at("pool"), 21);
  EXPECT_EQ(json.at("held_out"), 9);
  ASSERT_EQ(json.at("runs").size(), 4u);
  const std::array<std::string, 4> rules{"random", "active", "random", "active"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Json& run = json.at("runs")[i];
    EXPECT_EQ(run.at("rule"), rules[i]);
    EXPECT_EQ(run.at("seed"), 4 + i / 2);
    EXPECT_EQ(run.at("all").at("rows"), 21);
    ASSERT_EQ(run.at("points").size(), 3u);
    EXPECT_EQ(run.at("points")[2].at("rows"), 12);
    EXPECT_DOUBLE_EQ(run.at("points")[2].at("error"), run.at("points")[2].at("latency"));
    EXPECT_TRUE(run.at("points")[2].at("energy").is_null());
  }
  EXPECT_EQ(json_of(words), json) << "equal seeds give equal curves";
  const RunResult csv = run_line(words + " --csv");
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 13);
  EXPECT_TRUE(csv.out.starts_with("rule,seed,rows,seconds,error,latency_mape,")) << csv.out;
  const RunResult text = run_line(words);
  for (const char* word : {"random", "active", "9 held out, drawn 2 times", "area"})
    EXPECT_NE(text.out.find(word), std::string::npos) << word << "\n" << text.out;
}

TEST_F(ReplayCommand, RefusesWhatMakesNoCurve) {
  EXPECT_EQ(complaint(campaign_ + " --rule activ"),
            "error: --rule: unknown rule 'activ'; did you mean 'active'? the rules are: active, random, "
            "space-filling, protran\n");
  for (const char* rows : {"5", "5,5", "9,3"})
    EXPECT_EQ(complaint(campaign_ + " --rows " + rows),
              "error: --rows: a learning curve takes two numbers of rows or more, rising; for example --rows "
              "5,10,20,40\n");
  EXPECT_EQ(complaint(campaign_ + " --rows 5,22"),
            "error: --rows: 21 of the 30 rows of campaign may be chosen, the others are held out: a curve from 5 to "
            "22 rows needs more\n");
  EXPECT_EQ(complaint("--device raspberry-pi-4").substr(0, 30), "error: replay: missing --data;");
}

}  // namespace
}  // namespace ridgeline
