// calibrate: what it reports, what it writes, that it writes all or nothing, and what it refuses.
#include "calib/calibration.hpp"
#include "tests/app/measured.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

/// Without the line of names.
std::string rows_of(const std::string& table) { return table.substr(table.find('\n') + 1); }

class Calibrate : public ::testing::Test {
 protected:
  std::string table(const std::string& content) const { return folder_.write("table.csv", content); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string complaint(const std::string& words) const {
    const RunResult result = run_line("calibrate " + words);
    EXPECT_EQ(result.exit_code, 2) << result.out;
    EXPECT_EQ(result.out, "");
    return result.err;
  }

  TemporaryFolder folder_;
};

TEST_F(Calibrate, WritesACalibrationThatSaysWhatItIsOf) {
  const std::string data = table(invented::few());
  const RunResult result = run_line("calibrate --device rpi4 --data " + data + " --out " + path("pi.h5"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.out.starts_with("Calibration of raspberry-pi-4, pytorch-eager, fp32\n")) << result.out;
  EXPECT_NE(result.out.find("\nFitted    table: 5 rows\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\nWrote " + path("pi.h5") + "\n"), std::string::npos) << result.out;
  EXPECT_NE(result.err.find("  fitting parameters\n"), std::string::npos) << result.err;

  const Calibration calibration = read_calibration(path("pi.h5"));
  EXPECT_EQ(describe(calibration.key), "raspberry-pi-4, pytorch-eager, fp32");
  EXPECT_EQ(calibration.rows, 5u);
  EXPECT_EQ(calibration.set, "table");
}

TEST_F(Calibrate, TheFittedModelIsNearerThanTheDataSheet) {
  const Json json =
      json_of("calibrate --device raspberry-pi-4 --data " + table(invented::campaign(40)) + " --predictor analytic");
  EXPECT_EQ(json.at("schema"), "ridgeline.calibrate/1");
  EXPECT_TRUE(json.at("out").is_null());
  const Json& errors = json.at("held_out_mape").at("latency");
  EXPECT_LT(errors.at("analytic").get<double>(), 0.5 * errors.at("datasheet").get<double>());
  EXPECT_TRUE(errors.at("residual").is_null());
  EXPECT_TRUE(json.at("held_out_mape").at("energy").at("analytic").is_null()) << "nobody measured it";
  const Json& interval = json.at("intervals").at("latency");
  EXPECT_LT(interval.at("low").get<double>(), 1);
  EXPECT_GT(interval.at("high").get<double>(), 1);
  EXPECT_TRUE(json.at("intervals").at("energy").is_null());
  EXPECT_TRUE(json.at("stretches").is_null()) << "too few rows for the state of the board";
  bool determined = false;
  for (const Json& parameter : json.at("parameters")) determined = determined || parameter.at("determined");
  EXPECT_TRUE(determined);
}

TEST_F(Calibrate, NamesTheStretchesOfACampaign) {
  const auto warm = [](int row) { return row >= 50 && row < 90 ? 1.25 : 1.0; };
  const std::string words =
      "calibrate --device raspberry-pi-4 --predictor analytic --data " + table(invented::campaign(140, warm));
  const Json stretches = json_of(words).at("stretches");
  ASSERT_EQ(stretches.size(), 1u) << stretches;
  EXPECT_NEAR(stretches[0].at("first"), 50, 10);
  EXPECT_NEAR(stretches[0].at("last"), 89, 10);
  EXPECT_NEAR(stretches[0].at("slowdown"), 0.25, 0.03);
  const RunResult text = run_line(words);
  EXPECT_NE(text.out.find("% slower"), std::string::npos) << text.out;
}

TEST_F(Calibrate, ASeedDrawsTheSameRowsEachTime) {
  const std::string words =
      "calibrate --device raspberry-pi-4 --rows 12 --data " + table(invented::campaign(30)) + " --seed ";
  const Json seven = json_of(words + "7");
  EXPECT_EQ(seven.at("calibration").at("rows"), 12);
  EXPECT_EQ(seven.at("calibration").at("rows_in_set"), 30);
  EXPECT_EQ(seven, json_of(words + "7"));
  EXPECT_NE(seven.at("parameters"), json_of(words + "8").at("parameters"));
}

TEST_F(Calibrate, RowsThatCannotBeUsedAreNamed) {
  const std::string data = table(invented::few() + "bert-mini,raspberry-pi-4,pytorch-eager,32,nan,1,5\n");
  const RunResult result = run_line("calibrate --device raspberry-pi-4 --data " + data);
  EXPECT_NE(result.out.find("5 rows; 1 excluded"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\nExcluded\n  table.csv:7  latency is not a number\n"), std::string::npos) << result.out;
}

TEST_F(Calibrate, ShipMakesEverythingThatShips) {
  const std::string pi = folder_.write("pi.csv", invented::campaign(20));
  const std::string jetson = folder_.write("jetson.csv", invented::campaign(
                                                             20, [](int) { return 2.0; }, "jetson-nano-cpu"));
  const std::string words =
      "calibrate --predictor analytic --data " + pi + " " + jetson + " --ship " + path("shipped");
  const Json json = json_of(words);
  EXPECT_EQ(json.at("lessons"), 2);
  ASSERT_EQ(json.at("calibrations").size(), 2u);
  EXPECT_EQ(json.at("calibrations")[0].at("file"), "raspberry-pi-4.pytorch-eager.fp32.h5");
  EXPECT_EQ(read_calibration(path("shipped/jetson-nano-cpu.pytorch-eager.fp32.h5")).rows, 20u);
  EXPECT_TRUE(std::filesystem::exists(path("shipped/generic.h5")));
  EXPECT_EQ(complaint("--device t4 --data " + pi + " --ship " + path("shipped")),
            "error: --ship: takes every set and row, and names its files itself; leave --device, --rows and --out "
            "out\n");
}

TEST_F(Calibrate, AFailureLeavesTheFileAsItWas) {
  const std::string out = folder_.write("pi.h5", "precious");
  complaint("--device t4 --data " + table(invented::few()) + " --out " + out);
  std::ifstream in(out);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "precious");
}

TEST_F(Calibrate, RefusesWhatIsNotInTheData) {
  const std::string data = table(invented::few() + rows_of(invented::few("jetson-nano-cpu")));
  EXPECT_EQ(complaint("--device t4 --data " + data),
            "error: --device: no measurements with device 't4' in these files; there: raspberry-pi-4, "
            "jetson-nano-cpu\n");
  EXPECT_EQ(complaint("--device rasberry-pi-4 --data " + data).substr(0, 75),
            "error: --device: unknown device 'rasberry-pi-4'; did you mean 'raspberry-pi");
  EXPECT_EQ(complaint("--device raspberry-pi-4 --runtime tflite --data " + data),
            "error: --runtime: no measurements with runtime 'tflite' in these files; there: pytorch-eager\n");
  EXPECT_EQ(complaint("--device raspberry-pi-4 --precision fp16 --data " + data),
            "error: --precision: no measurements with precision 'fp16' in these files; there: fp32\n");
}

TEST_F(Calibrate, AsksWhichOfSeveralSetsIsMeant) {
  const std::string one = folder_.write("one.csv", invented::few());
  const std::string two = folder_.write("two.csv", invented::few());
  EXPECT_EQ(complaint("--device raspberry-pi-4 --data " + one + " " + two),
            "error: --data: 2 sets are of this device: one (raspberry-pi-4, pytorch-eager, fp32, 5 rows); two "
            "(raspberry-pi-4, pytorch-eager, fp32, 5 rows); choose one with --runtime, --precision, --power-mode or "
            "--set-name, or give fewer files\n");
  EXPECT_EQ(run_line("calibrate --device raspberry-pi-4 --set-name two --data " + one + " " + two).exit_code, 0);
}

TEST_F(Calibrate, RefusesTooFewAndTooManyRows) {
  const std::string data = table(invented::few());
  EXPECT_EQ(complaint("--device raspberry-pi-4 --rows 6 --data " + data),
            "error: --rows: 6 rows are more than the 5 of table that can be used\n");
  EXPECT_EQ(complaint("--device raspberry-pi-4 --rows 0.2 --data " + data),
            "error: --rows: 0.2 of the 5 rows of table are 1: a calibration takes at least 2\n");
  EXPECT_EQ(complaint("--device raspberry-pi-4 --rows 1 --data " + data),
            "error: --rows: expected a number of rows from 2 on, or a share of them such as 0.8, found '1'\n");
  const std::string content = invented::few();
  const std::string single =
      folder_.write("single.csv", content.substr(0, content.find('\n', content.find('\n') + 1) + 1));
  EXPECT_NE(complaint("--device raspberry-pi-4 --data " + single).find("single"), std::string::npos);
  EXPECT_EQ(complaint("--device raspberry-pi-4 --predictor datasheet --data " + data),
            "error: --predictor: datasheet fits nothing; analytic and residual do\n");
  EXPECT_EQ(complaint("--device raspberry-pi-4"),
            "error: calibrate: missing --data; calibrate takes: ridgeline calibrate --device NAME --data FILE... "
            "[--out CALIBRATION.h5] [OPTIONS]\n");
}

}  // namespace
}  // namespace ridgeline
