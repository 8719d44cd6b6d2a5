// estimate and compare with calibrations: which one is used, what it changes, and what is refused.
#include "tests/app/measured.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

class CalibratedEstimate : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string few = folder_.write("few.csv", invented::few());
    ASSERT_EQ(run_line("calibrate --device raspberry-pi-4 --data " + few + " --out " + few_).exit_code, 0);
  }
  std::string with_campaign() const {
    const std::string data = folder_.write("campaign.csv", invented::campaign(30));
    const std::string out = (folder_ / "campaign.h5").string();
    EXPECT_EQ(
        run_line("calibrate --device raspberry-pi-4 --predictor analytic --data " + data + " --out " + out).exit_code,
        0);
    return " --calibration " + out;
  }

  TemporaryFolder folder_;
  std::string few_ = (folder_ / "few.h5").string();
  std::string tiny_ = "estimate bert-tiny --device raspberry-pi-4 --length 24";
  std::string mini_ = "estimate bert-mini --device raspberry-pi-4 --length 64";
};

TEST_F(CalibratedEstimate, LatencyIsNearWhatWasMeasuredWithAnInterval) {
  const std::string words = tiny_ + with_campaign();
  const Json json = json_of(words);
  const double measured = 3.44e-3;  // 2 ms and 0.06 ms a token, as invented
  const Json& latency = json.at("latency");
  EXPECT_NEAR(latency.at("value").get<double>() / measured, 1, 0.1);
  EXPECT_EQ(latency.at("origin"), "calibrated");
  EXPECT_LT(latency.at("low").get<double>(), measured);
  EXPECT_GT(latency.at("high").get<double>(), measured);
  EXPECT_GT(latency.at("low").get<double>(), 0.8 * measured);
  EXPECT_EQ(json.at("coverage"), 0.9);
  EXPECT_EQ(json.at("energy").at("origin"), "data sheet") << "nobody measured it";
  EXPECT_EQ(json.at("energy").at("reason"), "time is calibrated, power is not: the measurements say nothing of it");
  const Json& used = json.at("assumptions").at("calibration");
  EXPECT_EQ(used.at("set"), "campaign");
  EXPECT_EQ(used.at("rows"), 30);
  EXPECT_EQ(used.at("shipped"), false);
  const RunResult text = run_line(words);
  EXPECT_NE(text.out.find("30 measured rows of campaign (calibration "), std::string::npos) << text.out;
}

TEST_F(CalibratedEstimate, EnergyAndPeakPowerAreCalibratedWhereTheyWereMeasured) {
  const Json json = json_of(mini_ + " --calibration " + few_);
  EXPECT_NEAR(json.at("latency").at("value").get<double>(), 23.2e-3, 0.1 * 23.2e-3);
  EXPECT_NEAR(json.at("energy").at("value").get<double>(), 0.1096, 0.1 * 0.1096);
  EXPECT_NEAR(json.at("peak_power").at("value").get<double>(), 5.192, 0.1 * 5.192);
  for (const char* figure : {"latency", "energy", "average_power", "peak_power", "energy_delay_product"})
    EXPECT_EQ(json.at(figure).at("origin"), "calibrated") << figure;
  EXPECT_EQ(json.at("latency").at("reason"), "too few measured rows for an interval");
  EXPECT_EQ(json.at("memory").at("origin"), "data sheet");
}

TEST_F(CalibratedEstimate, PhasesStillAddUp) {
  const Json json = json_of(tiny_ + with_campaign());
  double sum = 0;
  for (const Json& phase : json.at("phases")) sum += phase.at("latency").at("value").get<double>();
  EXPECT_NEAR(sum / json.at("latency").at("value").get<double>(), 1, 1e-12);
}

TEST_F(CalibratedEstimate, NoneTurnsCalibrationsOff) {
  const Json json = json_of(mini_ + " --calibration none");
  EXPECT_TRUE(json.at("assumptions").at("calibration").is_null());
  EXPECT_EQ(json.at("latency").at("origin"), "data sheet");
  EXPECT_NE(run_line(mini_ + " --calibration none").out.find("Rests on  data sheets alone (--calibration none)"),
            std::string::npos);
}

TEST_F(CalibratedEstimate, WhatIfsOnTopAreExtrapolatedAndSaidToBe) {
  const Json plain = json_of(mini_ + " --calibration " + few_);
  const Json json = json_of(mini_ + " --clock x0.5 --calibration " + few_);
  EXPECT_EQ(json.at("latency").at("origin"), "extrapolated");
  EXPECT_TRUE(json.at("latency").at("low").is_null());
  EXPECT_GT(json.at("latency").at("value"), plain.at("latency").at("value"));
  bool said = false;
  for (const Json& note : json.at("notes"))
    said = said || note.get<std::string>().find("changed description") != std::string::npos;
  EXPECT_TRUE(said) << json.at("notes");
}

TEST_F(CalibratedEstimate, ACalibrationOfSomethingElseIsRefused) {
  const auto complaint = [](const std::string& line) {
    const RunResult result = run_line(line);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  };
  const std::string refusal = "error: " + few_ + ": this calibration is of raspberry-pi-4, pytorch-eager, fp32, ";
  EXPECT_TRUE(complaint("estimate bert-mini --device t4 --precision fp32 --calibration " + few_)
                  .starts_with(refusal + "not of t4, pytorch-eager, fp32; "));
  EXPECT_TRUE(complaint(mini_ + " --runtime tflite --calibration " + few_)
                  .starts_with(refusal + "not of raspberry-pi-4, tflite, fp32; "));
  EXPECT_TRUE(complaint(mini_ + " --precision int8 --calibration " + few_)
                  .starts_with(refusal + "not of raspberry-pi-4, pytorch-eager, int8; "));
  EXPECT_TRUE(complaint(mini_ + " --weights-precision int8 --calibration " + few_)
                  .starts_with(refusal.substr(0, refusal.size() - 2) + ": weights or cache in another format"));
  EXPECT_EQ(complaint(mini_ + " --calibration none.h5").substr(0, 15), "error: none.h5:");
}

TEST_F(CalibratedEstimate, CompareSaysWhichRowStandsOnWhat) {
  const std::string words = "compare bert-mini --device raspberry-pi-4,t4 --length 64 --calibration " + few_;
  const Json estimates = json_of(words).at("estimates");
  EXPECT_EQ(estimates[0].at("latency").at("origin"), "calibrated");
  EXPECT_NE(estimates[1].at("problem").get<std::string>().find("this calibration is of raspberry-pi-4"),
            std::string::npos);
}

}  // namespace
}  // namespace ridgeline
