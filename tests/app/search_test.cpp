// ridgeline search, as people use it.
#include <gtest/gtest.h>

#include <filesystem>

#include "search/dominance.hpp"
#include "tests/app/measured.hpp"
#include "tests/app/search_support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

TEST(Search, FindsDesignsThatNoOtherBeats) {
  const Json json = json_of(kQuickSearch + "--objective latency,energy,capacity");
  EXPECT_EQ(json.at("schema"), "ridgeline.search/1");
  EXPECT_EQ(json.at("evaluations"), 3000);
  const Json& designs = json.at("designs");
  ASSERT_GT(designs.size(), 20u);
  for (std::size_t a = 0; a < designs.size(); ++a) {
    const auto x = designs[a].at("objectives").get<std::vector<double>>();
    EXPECT_DOUBLE_EQ(x[0], designs[a].at("latency").at("value"));
    EXPECT_DOUBLE_EQ(1 / x[2], designs[a].at("parameters"));
    for (std::size_t b = 0; b < designs.size(); ++b) {
      const auto y = designs[b].at("objectives").get<std::vector<double>>();
      EXPECT_FALSE(a != b && pareto_dominates(y, x)) << a << " " << b;
    }
  }
  EXPECT_EQ(json.at("deployments").size(), 2u);
}

TEST(Search, SaysWhatEstimateSaysOfTheSameDesign) {
  // The largest BERT of the grid that is one by name.
  const Json json =
      json_of("search --space bert-grid --devices raspberry-pi-4 --objective capacity,latency --evaluations 4000");
  const Json estimate = json_of("estimate bert-base --device raspberry-pi-4");
  bool found = false;
  for (const Json& design : json.at("designs")) {
    const Json& choices = design.at("choices");
    if (choices.at("layers") != "12" || choices.at("width") != "768" || choices.at("head_size") != "64" ||
        choices.at("hidden_ratio") != "4")
      continue;
    found = true;
    for (const char* figure : {"latency", "energy", "peak_power", "memory"}) {
      const double expected = estimate.at(figure).at("value");
      EXPECT_NEAR(design.at(figure).at("value").get<double>() / expected, 1, 1e-9) << figure;
      EXPECT_EQ(design.at(figure).at("origin"), estimate.at(figure).at("origin")) << figure;
      const Json& low = estimate.at(figure).at("low");
      ASSERT_EQ(design.at(figure).at("low").is_null(), low.is_null()) << figure;
      if (!low.is_null()) {
        EXPECT_NEAR(design.at(figure).at("low").get<double>() / low.get<double>(), 1, 1e-9) << figure;
      }
    }
  }
  EXPECT_TRUE(found);
}

TEST(Search, SaysWhatEstimateSaysOfACalibratedDesign) {
  const std::string board = "raspberry-pi-4", runtime = "pytorch-no-blas";
  const Json estimate = json_of("estimate bert-base --length 128 --device " + board + " --runtime " + runtime);
  ASSERT_TRUE(estimate.at("assumptions").at("calibration").at("residual")) << "the comparison says nothing of it";
  const Json json =
      json_of("search --space bert-grid --objective capacity,latency,peak_power --evaluations 4000 --devices " +
              board + ":" + runtime);
  bool found = false;
  for (const Json& design : json.at("designs")) {
    const Json& choices = design.at("choices");
    if (choices.at("layers") != "12" || choices.at("width") != "768" || choices.at("head_size") != "64" ||
        choices.at("hidden_ratio") != "4")
      continue;
    found = true;
    for (const char* figure : {"latency", "energy", "peak_power", "memory"}) {
      const double tilings = 0.01;  // chosen anew under calibrated rates: calib/calibrated_batch.hpp
      EXPECT_NEAR(design.at(figure).at("value").get<double>() / estimate.at(figure).at("value").get<double>(), 1,
                  tilings)
          << figure;
      EXPECT_EQ(design.at(figure).at("origin"), estimate.at(figure).at("origin")) << figure;
      EXPECT_EQ(design.at(figure).at("low").is_null(), estimate.at(figure).at("low").is_null()) << figure;
    }
  }
  EXPECT_TRUE(found);
}

TEST(Search, TakesTheCalibrationsThatItIsGiven) {
  const TemporaryFolder folder;
  const std::string words =
      "search --space bert-grid --objective latency,capacity --evaluations 500 --devices "
      "raspberry-pi-4:pytorch-no-blas,jetson-nano-gpu --seed 3 ";
  const auto rests_on = [](const Json& json) {
    std::vector<std::string> texts;
    for (const Json& deployment : json.at("deployments")) texts.push_back(deployment.at("rests_on"));
    return texts;
  };
  const std::vector<std::string> none = rests_on(json_of(words + "--calibration none"));
  for (const std::string& text : none) EXPECT_EQ(text, "data sheets alone (--calibration none)");
  const std::vector<std::string> shipped = rests_on(json_of(words));
  EXPECT_NE(shipped[0].find("measured rows of"), std::string::npos) << shipped[0];

  // One's own is for its device, with its runtime; other devices keep theirs.
  const std::string file = (folder / "own.h5").string();
  const RunResult made = run_line("calibrate --device raspberry-pi-4 --predictor analytic --data " +
                                  folder.write("own.csv", invented::campaign(30)) + " --out " + file);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json own = json_of(
      "search --space bert-grid --objective latency,capacity --evaluations 500 --devices "
      "raspberry-pi-4,jetson-nano-gpu --calibration " +
      file);
  EXPECT_EQ(rests_on(own)[0].substr(0, 16), "30 measured rows") << rests_on(own)[0];
  EXPECT_EQ(rests_on(own)[1], shipped[1]);
  const std::string missing = (folder / "missing.h5").string();
  EXPECT_EQ(
      complaint_of("search --space bert-grid --evaluations 500 --calibration " + missing).find("error: " + missing),
      0u);
  EXPECT_EQ(complaint_of("search --space bert-grid --evaluations 500 --calibration " + file + " --calibration none"),
            "error: --calibration: 'none' does not go with files\n");
  EXPECT_EQ(
      complaint_of("search --space bert-grid --evaluations 500 --calibration " + file + " --calibration " + file),
      "error: " + file + ": is the second calibration of raspberry-pi-4 that is asked for\n");
}

TEST(Search, SeedsReproduceWhateverTheThreads) {
  const Json one = json_of(kQuickSearch + "--seed 7 --threads 1");
  EXPECT_EQ(answer(one), answer(json_of(kQuickSearch + "--seed 7 --threads 3")));
  EXPECT_NE(answer(one), answer(json_of(kQuickSearch + "--seed 8 --threads 1")));
}

TEST(Search, MeetsConstraints) {
  const Json json =
      json_of(kQuickSearch + "--objective energy,capacity --constraint latency<=200ms --constraint parameters>=20M");
  ASSERT_FALSE(json.at("designs").empty());
  for (const Json& design : json.at("designs")) {
    EXPECT_LE(design.at("latency").at("value").get<double>(), 0.2);
    EXPECT_GE(design.at("parameters").get<double>(), 20e6);
  }
  EXPECT_EQ(json.at("constraints").at(0), "latency <= 200 ms");
}

TEST(Search, LeavesDevicesOutWithTheReason) {
  const std::string both = "search --space bert-grid --devices raspberry-pi-4,ncs2 --evaluations 500 ";
  const Json energy = json_of(both + "--objective energy,capacity");
  ASSERT_EQ(energy.at("excluded").size(), 1u);
  EXPECT_EQ(energy.at("excluded").at(0).at("device"), "ncs2");
  EXPECT_EQ(energy.at("excluded").at(0).at("reason").get<std::string>().substr(0, 43),
            "no power data is published for this device:");
  EXPECT_TRUE(json_of(both + "--objective latency,capacity").at("excluded").empty());
  const std::string text = run_line(both + "--objective energy,capacity").out;
  EXPECT_NE(text.find("Left out\n  ncs2  no power data"), std::string::npos) << text;
}

TEST(Search, SaysWhyADeviceHasNoDesign) {
  const RunResult result = run_line(kQuickSearch + "--objective latency,parameters");
  EXPECT_NE(result.out.find("No design of raspberry-pi-4 is on the front: all that were met are dominated."),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("4.09 M (#1)"), std::string::npos) << result.out;
}

TEST(Search, RobustLooksAtTheUpperEndsOfIntervals) {
  const Json json = json_of(kQuickSearch + "--objective latency,capacity --robust");
  for (const Json& design : json.at("designs"))
    EXPECT_NEAR(design.at("objectives").at(0).get<double>() / design.at("latency").at("high").get<double>(), 1, 1e-9);
}

TEST(Search, WithoutAccuracySpeaksOfCapacity) {
  const RunResult result = run_line(kQuickSearch + "--objective edgetran --json");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.err.starts_with("warning: nothing here knows how accurate designs are: the terms"))
      << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json.at("objectives").at(1).at("name"), "capacity");
}

TEST(Search, ExplainsWhyNothingMeetsTheConstraints) {
  const std::string fast = complaint_of(kQuickSearch + "--constraint latency<=1us");
  EXPECT_TRUE(
      fast.starts_with("error: --constraint: 'latency <= 1.00 µs' cannot be met: the lowest latency found is "))
      << fast;
  const std::string large = complaint_of(kQuickSearch + "--constraint parameters>=2G");
  EXPECT_TRUE(
      large.starts_with("error: --constraint: 'parameters >= 2.00 G' cannot be met: the highest parameters found is "
                        "1"))
      << large;
  const std::string both = complaint_of(
      "search --space bert-grid --devices raspberry-pi-4 --evaluations 3000 --constraint latency<=20ms "
      "--constraint parameters>=50M");
  EXPECT_TRUE(
      both.starts_with("error: --constraint: each constraint can be met, but no design was found that meets "
                       "all; nearest to it: 'latency <= 20.0 ms' (alone "))
      << both;
  EXPECT_EQ(complaint_of("search --space bert-grid --devices ncs2 --objective energy").substr(0, 81),
            "error: --devices: none is left to search on: ncs2: no power data is published for");
}

TEST(Search, RefusesWhatItCannotUnderstand) {
  EXPECT_EQ(
      complaint_of(kQuickSearch + "--objective latencies"),
      "error: --objective: unknown objective 'latencies'; did you mean 'latency'? the objectives are: accuracy, "
      "latency, latency_per_sequence, energy, energy_per_sequence, peak_power, average_power, edp, memory, "
      "parameters, capacity, edgetran\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--objective latency,energy,latency"),
            "error: --objective: 'latency' is given twice; each objective once; weights belong into a sum\n");
  EXPECT_EQ(
      complaint_of(kQuickSearch + "--precision fp17"),
      "error: --precision: unknown precision 'fp17'; did you mean 'fp16'? the precisions are: fp32, tf32, fp16, "
      "bf16, int8, int4\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--constraint latency<=50W"),
            "error: --constraint: latency: expected a positive amount in s, found '50W'\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--constraint memory=2GB"),
            "error: --constraint: expected MEASURE<=LIMIT or MEASURE>=LIMIT, found 'memory=2GB'\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--constraint accuracy>=0.8"),
            "error: --constraint: nothing here knows how accurate designs are; ask for a capacity instead, such as "
            "parameters>=30M\n");
  EXPECT_EQ(complaint_of("search --space bert-gird"),
            "error: unknown space 'bert-gird'; did you mean 'bert-grid'? the spaces are: flexibert2, hat, bert-grid, "
            "gpt2\n");
  EXPECT_EQ(complaint_of("search"), "error: search: missing --space; `ridgeline space` lists them\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--optimiser nsga3"),
            "error: --optimiser: unknown optimiser 'nsga3'; did you mean 'nsga2'? the optimisers are: nsga2, "
            "regularised-evolution, random, sobol, exhaustive\n");
  EXPECT_EQ(complaint_of(kQuickSearch + "--resume"),
            "error: --resume: there is no journal to go on with; give --out or --journal\n");
  const std::string device = complaint_of("search --space bert-grid --devices raspbery-pi-4");
  EXPECT_TRUE(device.starts_with("error: unknown device 'raspbery-pi-4'; did you mean 'raspberry-pi-4'?")) << device;
}

TEST(Search, RefusesContradictorySpaces) {
  const TemporaryFolder folder;
  const std::string file = folder.write("empty.yaml",
                                        "ridgeline: space\nname: empty\ntitle: t\nsource: s\nfamily: bert\n"
                                        "workload: {task: encode, length: 128}\n"
                                        "choices:\n  layers: {one_of: []}\n  width: {one_of: [128]}\n"
                                        "  head_size: {one_of: [64]}\n  hidden_ratio: {one_of: [4]}\n");
  const std::string empty = complaint_of("search --space " + file);
  EXPECT_EQ(empty.find("error: " + file + ":8"), 0u) << empty;
}

}  // namespace
}  // namespace ridgeline
