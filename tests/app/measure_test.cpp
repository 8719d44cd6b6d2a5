// `ridgeline measure` as far as they go without running a model.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

std::string complaint(const std::string& line) {
  const RunResult result = run_line(line);
  EXPECT_EQ(result.exit_code, 2) << line;
  EXPECT_EQ(result.out, "") << line;
  return result.err;
}

TEST(MeasureCommand, ListsWhatItWouldMeasure) {
  const RunResult result =
      run_line("measure --models mixed --device raspberry-pi-4 --count 8 --budget 1000min --plan-only");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.substr(0, result.out.find('\n')), "id,task,batch,length,new_tokens,beams");
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 9);
  EXPECT_NE(result.out.find(",generate,"), std::string::npos);
}

TEST(MeasureCommand, ListsWhatItWouldChooseFrom) {
  const std::string line =
      "measure --models mixed --device raspberry-pi-4 --budget 1000min --plan-only --choose active";
  const auto lines = [](const RunResult& r) { return std::count(r.out.begin(), r.out.end(), '\n'); };
  EXPECT_EQ(lines(run_line(line)), 257);
  EXPECT_EQ(lines(run_line(line + " --target-error 6% --count 12")), 13);
}

TEST(MeasureCommand, LeavesOutWhatTakesTooMuchOfTheBudget) {
  const auto lines = [](const std::string& budget) {
    const RunResult result =
        run_line("measure --models bert --device raspberry-pi-4 --count 40 --plan-only --budget " + budget);
    return std::count(result.out.begin(), result.out.end(), '\n');
  };
  EXPECT_LT(lines("2min"), lines("60min"));
}

TEST(MeasureCommand, TakesBlocksOfATable) {
  const TemporaryFolder folder;
  folder.write("plan.csv", "model,length,batch\nbert-tiny,64,2\n");
  const std::string line =
      "measure --models '" + (folder / "plan.csv").string() + "' --device raspberry-pi-4 --plan-only";
  EXPECT_NE(run_line(line).out.find("bert-tiny, encode, batch 2, length 64"), std::string::npos);
  for (const char* level : {" --level block", " --level op"})
    EXPECT_NE(run_line(line + level).out.find("bert-tiny block, encode, batch 2, length 64"), std::string::npos);
}

TEST(MeasureCommand, LeavesNothingToResumeWhereItCouldNotBegin) {
  const TemporaryFolder folder;
  folder.write("plan.csv", "model,length\nbert-tiny,32\n");
  const std::string line = "measure --models '" + (folder / "plan.csv").string() +
                           "' --device raspberry-pi-4 --power-log '" + (folder / "missing.csv").string() +
                           "' --out '" + (folder / "run.h5").string() + "'";
  const RunResult result = run_line(line);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.err.find("missing.csv"), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "run.h5.journal"));
}

TEST(MeasureCommand, RefusesASensorThatIsNotThere) {
  const TemporaryFolder folder;
  const std::string line =
      "measure --models mixed --device raspberry-pi-4 --sensor abacus --out '" + (folder / "run.h5").string() + "'";
  EXPECT_TRUE(complaint(line).starts_with("error: --sensor: no power sensor is called abacus; ")) << complaint(line);
  EXPECT_TRUE(folder.empty());
}

TEST(MeasureCommand, SaysWhatIsMissingOrWrong) {
  EXPECT_NE(complaint("measure --device raspberry-pi-4 --out x.h5").find("measure: missing --models"),
            std::string::npos);
  EXPECT_NE(complaint("measure --models mixed --out x.h5").find("measure: missing --device"), std::string::npos);
  EXPECT_NE(complaint("measure --models mixed --device raspberry-pi-4").find("measure: missing --out"),
            std::string::npos);
  EXPECT_NE(complaint("measure --models mixd --device raspberry-pi-4 --plan-only").find("did you mean 'mixed'?"),
            std::string::npos);
  EXPECT_NE(complaint("measure --models mixed --device raspberry-pi-4 --runtime tflite --plan-only")
                .find("--runtime: tflite is not what runs here; models are run eagerly by libtorch: take libtorch"),
            std::string::npos);
  EXPECT_NE(complaint("measure --models mixed --device raspberry-pi-4 --budget 5 --plan-only").find("--budget"),
            std::string::npos);
  EXPECT_EQ(
      complaint("measure --models mixed --device raspberry-pi-4 --precision int8 --plan-only"),
      "error: --precision: libtorch runs no whole models in int8 on a processor; fp32 and bf16 can be measured\n");
  EXPECT_EQ(complaint("measure --models mixed --device raspberry-pi-4 --precision bf16 --agent-plan"),
            "error: --agent-plan: is of calls in fp32; leave --precision out\n");
  EXPECT_NE(complaint("measure --models mixed --device raspberry-pi-4 --level operator --plan-only").find("--level"),
            std::string::npos);
}

TEST(MeasureCommand, SaysHowHeatIsMeasured) {
  const std::string help = run_line("measure --help").out;
  EXPECT_NE(help.find("--heat-soaked"), std::string::npos);
  EXPECT_NE(help.find(" --heat-soaked --budget 10min --out hot.h5"), std::string::npos) << "an example";
  const std::string line = "measure --models mixed --device raspberry-pi-4 --count 8 --budget 1000min";
  EXPECT_EQ(run_line(line + " --plan-only --heat-soaked").out, run_line(line + " --plan-only").out);
  EXPECT_EQ(
      complaint(line + " --agent-plan --heat-soaked"),
      "error: --heat-soaked: is a way of measuring here, and the agent only follows its plan; leave one of them "
      "out\n");
}

TEST(MeasureCommand, RefusesAChoiceThatIsNone) {
  const std::string line = "measure --models mixed --device raspberry-pi-4 --plan-only ";
  EXPECT_NE(complaint(line + "--choose activ").find("did you mean 'active'?"), std::string::npos);
  EXPECT_NE(complaint(line + "--choose active --level op").find("--choose: chooses among whole models or blocks"),
            std::string::npos);
  EXPECT_NE(complaint(line + "--target-error 6%").find("add --choose active"), std::string::npos);
  EXPECT_NE(complaint("measure --models mixed --device raspberry-pi-4 --agent-plan --choose random").find("--choose"),
            std::string::npos);
  for (const char* share : {"6", "0", "%", "six", "100%", "-1%", "nan"})
    EXPECT_NE(complaint(line + "--choose active --target-error " + share)
                  .find("--target-error: expected a share such as 6% or 0.06"),
              std::string::npos)
        << share;
}

}  // namespace
}  // namespace ridgeline
