// ridgeline search and explain, as people use them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <thread>

#include "app/front.hpp"
#include "app/search_moves.hpp"
#include "base/random.hpp"
#include "tests/app/measured.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

const std::string kQuick = "search --space bert-grid --devices raspberry-pi-4,jetson-nano-gpu --evaluations 3000 ";

std::string complaint_of(const std::string& line) {
  const RunResult result = run_line(line);
  EXPECT_EQ(result.exit_code, 2) << line;
  EXPECT_EQ(result.out, "");
  const std::size_t at = result.err.find("error: ");
  return at == std::string::npos ? result.err : result.err.substr(at);
}

/// What does not depend on how fast the machine is.
Json answer(Json json) {
  json.erase("seconds");
  json.erase("out");
  return json;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The front of a file, without how it came to be.
std::vector<double> content_of(const std::filesystem::path& file) {
  const Front front = read_front(file.string());
  std::vector<double> content{static_cast<double>(front.evaluations), front.hypervolume};
  for (const FrontDesign& design : front.designs) {
    content.insert(content.end(), design.genome.begin(), design.genome.end());
    content.insert(content.end(), design.objectives.begin(), design.objectives.end());
  }
  return content;
}

TEST(Search, FindsDesignsThatNoOtherBeats) {
  const Json json = json_of(kQuick + "--objective latency,energy,capacity");
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

constexpr const char* kOneDesign = R"(ridgeline: space
name: one
title: One encoder
source: made up
family: bert
workload: {task: encode, length: 128}
choices:
  layers: {one_of: [6]}
  width: {one_of: [384]}
  head_size: {one_of: [64]}
  hidden_ratio: {one_of: [4]}
deployments:
  - {devices: [jetson-nano-gpu], vary: {clock: x0.2..x1}}
)";

TEST(Search, MovesAClockBetweenItsOperatingPoints) {
  const TemporaryFolder folder;
  const std::string how = " --calibration none --optimiser exhaustive --objective peak_power ";
  std::string fixed = kOneDesign;
  const std::string vary = ", vary: {clock: x0.2..x1}";
  fixed.erase(fixed.find(vary), vary.size());
  // What every operating point takes; the limit lies between two of them.
  const Json points =
      json_of("search --space " + folder.write("fixed.yaml", fixed) + how + "--clock all --objective latency");
  std::vector<double> latencies, peaks;
  for (const Json& design : points.at("designs")) {
    latencies.push_back(design.at("latency").at("value"));
    peaks.push_back(design.at("peak_power").at("value"));
  }
  ASSERT_GE(latencies.size(), 3u);
  const double limit = 0.5 * (latencies[1] + latencies[2]);
  double best_point = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < latencies.size(); ++i)
    if (latencies[i] <= limit) best_point = std::min(best_point, peaks[i]);

  const std::string words = "search --space " + folder.write("one.yaml", kOneDesign) + how;
  const std::string front = (folder / "front.h5").string();
  const std::string moving = words + fmt::format("--constraint latency<={:.9f}s --threads ", limit);
  const Json json = json_of(moving + "1");
  ASSERT_EQ(json.at("designs").size(), 1u);
  const Json& design = json.at("designs").at(0);
  EXPECT_EQ(design.at("settings").get<std::string>().substr(0, 7), "clock=x") << design;
  EXPECT_LE(design.at("latency").at("value").get<double>(), limit * (1 + 1e-8));
  EXPECT_LT(design.at("peak_power").at("value").get<double>(), 0.999 * best_point);
  EXPECT_EQ(answer(json), answer(json_of(moving + "2")));

  // It can be kept, explained, and is what the same clock gives where it is asked for.
  ASSERT_EQ(run_line(moving + "1 --out " + front).exit_code, 0);
  const Json explained = json_of("explain " + front);
  EXPECT_EQ(explained.at("changed_since"), false);
  EXPECT_EQ(explained.at("objectives").at(0).at("value"), design.at("objectives").at(0));
  const std::string clock = design.at("settings").get<std::string>().substr(6);
  const Json alike = json_of("search --space " + (folder / "fixed.yaml").string() + how + "--clock " + clock);
  EXPECT_NEAR(alike.at("designs").at(0).at("peak_power").at("value").get<double>(),
              design.at("peak_power").at("value").get<double>(), 1e-9);
  const std::string text = run_line(moving + "1").out;
  EXPECT_NE(text.find("1 of them by moving clock freely"), std::string::npos) << text;
}

TEST(Search, MovesWhatTheCommandLineNames) {
  const std::string words =
      "search --space bert-grid --devices jetson-nano-gpu,ncs2 --objective latency,capacity "
      "--evaluations 400 --seed 5 ";
  const Json fixed = json_of(words), moved = json_of(words + "--vary dram.bandwidth=x0.5..x2");
  const auto fastest = [](const Json& json) {
    double best = std::numeric_limits<double>::infinity();
    for (const Json& design : json.at("designs"))
      best = std::min(best, design.at("latency").at("value").get<double>());
    return best;
  };
  EXPECT_LT(fastest(moved), fastest(fixed)) << "twice the bandwidth is faster";
  bool at_most = false;
  for (const Json& design : moved.at("designs")) at_most = at_most || design.at("settings") == "dram.bandwidth=x2";
  EXPECT_TRUE(at_most);
  EXPECT_EQ(complaint_of(words + "--vary dram.bandwidth"),
            "error: --vary: 'dram.bandwidth' is no variable: expected KEY=xFROM..xTO with 0 < FROM < TO, for example "
            "clock=x0.5..x1\n");
}

TEST(Search, KeepsTheCorrectionOfACalibrationAtOtherClocks) {
  const std::string one =
      "search --space bert-grid --devices raspberry-pi-4:pytorch-no-blas --optimiser exhaustive "
      "--evaluations 100000 --objective latency,capacity --clock ";
  const Json described = json_of(one + "nominal"), near = json_of(one + "x0.9999");
  ASSERT_EQ(described.at("designs").size(), near.at("designs").size());
  for (std::size_t i = 0; i < described.at("designs").size(); ++i) {
    const Json &a = described.at("designs").at(i), &b = near.at("designs").at(i);
    for (const char* figure : {"latency", "energy", "peak_power"})
      EXPECT_NEAR(b.at(figure).at("value").get<double>() / a.at(figure).at("value").get<double>(), 1, 1e-3) << figure;
    EXPECT_EQ(a.at("latency").at("origin"), "calibrated");
    EXPECT_EQ(b.at("latency").at("origin"), "extrapolated");
    EXPECT_TRUE(b.at("latency").at("low").is_null());
  }
  const std::string rests = near.at("deployments").at(0).at("rests_on");
  EXPECT_NE(rests.find(", on a changed description, with the corrections of the described one"), std::string::npos)
      << rests;
  std::string moved =
      run_line(
          "search --space bert-grid --devices raspberry-pi-4:pytorch-no-blas --objective latency,capacity "
          "--evaluations 300 --vary dram.bandwidth=x0.5..x2")
          .out;
  std::ranges::replace(moved, '\n', ' ');
  EXPECT_NE(moved.find("keep the correction that they have on the device as it is described"), std::string::npos)
      << moved;
}

TEST(Search, MovesADeviceOfOnesOwnFile) {
  const TemporaryFolder folder;
  std::ifstream shipped(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "hwdesc/devices/jetson-nano-gpu.yaml");
  std::string text{std::istreambuf_iterator<char>(shipped), {}};
  const std::size_t name = text.find("name: jetson-nano-gpu");
  ASSERT_NE(name, std::string::npos);
  text.replace(name, std::string("name: jetson-nano-gpu").size(), "name: my-board");
  const std::string board = folder.write("board.yaml", text), front = (folder / "front.h5").string();
  const Json json = json_of("search --space bert-grid --evaluations 200 --objective latency,capacity --devices " +
                            board + " --vary dram.bandwidth=x1..x2");
  EXPECT_GT(json.at("moves").at("points"), 0);
  EXPECT_EQ(json.at("deployments").back().at("device"), "my-board");
  EXPECT_EQ(json.at("deployments").back().at("settings"), "dram.bandwidth=x2");
  ASSERT_EQ(run_line("search --space bert-grid --evaluations 200 --objective latency,capacity --devices " + board +
                     " --vary dram.bandwidth=x1..x2 --out " + front)
                .exit_code,
            0);
  EXPECT_EQ(json_of("explain " + front).at("changed_since"), false);
}

TEST(Search, EndsMovingWhenItIsToldTo) {
  SearchWords words;
  words.space = "bert-grid";
  words.devices = {"jetson-nano-gpu"};
  words.objectives = {"latency", "capacity"};
  words.variables = {parse_variable("clock=x0.5..x1")};
  const auto setup = make_search_setup(words, 1);
  Population designs = drawn_designs(*setup, 200);
  evaluate_of(setup->problem)(designs);
  ParetoArchive archive(setup->space->genome_length(), 2);
  archive.add(designs);
  ASSERT_TRUE(can_move(*setup));
  const Moves all = move_freely(*setup, words, archive, 2, [] { return true; });
  EXPECT_EQ(all.designs, all.of);
  ASSERT_GT(all.of, 1u);
  std::atomic<int> asked = 0;
  const Moves some = move_freely(*setup, words, archive, 1, [&] { return ++asked < 100; });
  EXPECT_LT(some.designs, some.of);
  EXPECT_GT(some.points, 0u);
  EXPECT_LT(some.points, all.points);
  const Moves none = move_freely(*setup, words, archive, 1, [] { return false; });
  EXPECT_EQ(none.designs, 0u);
  EXPECT_TRUE(none.found.empty());
}

TEST(Search, SeedsReproduceWhateverTheThreads) {
  const Json one = json_of(kQuick + "--seed 7 --threads 1");
  EXPECT_EQ(answer(one), answer(json_of(kQuick + "--seed 7 --threads 3")));
  EXPECT_NE(answer(one), answer(json_of(kQuick + "--seed 8 --threads 1")));
}

TEST(Search, MeetsConstraints) {
  const Json json =
      json_of(kQuick + "--objective energy,capacity --constraint latency<=200ms --constraint parameters>=20M");
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
  const RunResult result = run_line(kQuick + "--objective latency,parameters");
  EXPECT_NE(result.out.find("No design of raspberry-pi-4 is on the front: all that were met are dominated."),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("4.09 M (#1)"), std::string::npos) << result.out;
}

TEST(Search, RobustLooksAtTheUpperEndsOfIntervals) {
  const Json json = json_of(kQuick + "--objective latency,capacity --robust");
  for (const Json& design : json.at("designs"))
    EXPECT_NEAR(design.at("objectives").at(0).get<double>() / design.at("latency").at("high").get<double>(), 1, 1e-9);
}

TEST(Search, WithoutAccuracySpeaksOfCapacity) {
  const RunResult result = run_line(kQuick + "--objective edgetran --json");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.err.starts_with("warning: nothing here knows how accurate designs are: the terms"))
      << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json.at("objectives").at(1).at("name"), "capacity");
}

TEST(Search, ExplainsWhyNothingMeetsTheConstraints) {
  const std::string fast = complaint_of(kQuick + "--constraint latency<=1us");
  EXPECT_TRUE(
      fast.starts_with("error: --constraint: 'latency <= 1.00 µs' cannot be met: the lowest latency found is "))
      << fast;
  const std::string large = complaint_of(kQuick + "--constraint parameters>=2G");
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
      complaint_of(kQuick + "--objective latencies"),
      "error: --objective: unknown objective 'latencies'; did you mean 'latency'? the objectives are: accuracy, "
      "latency, latency_per_sequence, energy, energy_per_sequence, peak_power, average_power, edp, memory, "
      "parameters, capacity, edgetran\n");
  EXPECT_EQ(complaint_of(kQuick + "--objective latency,energy,latency"),
            "error: --objective: 'latency' is given twice; each objective once; weights belong into a sum\n");
  EXPECT_EQ(
      complaint_of(kQuick + "--precision fp17"),
      "error: --precision: unknown precision 'fp17'; did you mean 'fp16'? the precisions are: fp32, tf32, fp16, "
      "bf16, int8, int4\n");
  EXPECT_EQ(complaint_of(kQuick + "--constraint latency<=50W"),
            "error: --constraint: latency: expected a positive amount in s, found '50W'\n");
  EXPECT_EQ(complaint_of(kQuick + "--constraint memory=2GB"),
            "error: --constraint: expected MEASURE<=LIMIT or MEASURE>=LIMIT, found 'memory=2GB'\n");
  EXPECT_EQ(complaint_of(kQuick + "--constraint accuracy>=0.8"),
            "error: --constraint: nothing here knows how accurate designs are; ask for a capacity instead, such as "
            "parameters>=30M\n");
  EXPECT_EQ(complaint_of("search --space bert-gird"),
            "error: unknown space 'bert-gird'; did you mean 'bert-grid'? the spaces are: flexibert2, hat, bert-grid, "
            "gpt2\n");
  EXPECT_EQ(complaint_of("search"), "error: search: missing --space; `ridgeline space` lists them\n");
  EXPECT_EQ(complaint_of(kQuick + "--optimiser nsga3"),
            "error: --optimiser: unknown optimiser 'nsga3'; did you mean 'nsga2'? the optimisers are: nsga2, "
            "regularised-evolution, random, sobol, exhaustive\n");
  EXPECT_EQ(complaint_of(kQuick + "--resume"),
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

TEST(Search, KeepsItsFrontAndExplainsIt) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  const RunResult found = run_line(kQuick + "--out " + front);
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_NE(found.out.find("Front written to " + front), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(front + ".journal"));
  const std::size_t count = read_front(front).designs.size();

  const Json json = json_of("explain " + front + " --design 3");
  EXPECT_EQ(json.at("schema"), "ridgeline.explain/1");
  EXPECT_EQ(json.at("design"), 3);
  EXPECT_EQ(json.at("of"), count);
  EXPECT_EQ(json.at("changed_since"), false);
  std::set<std::string> genes;
  for (const Json& change : json.at("changes")) {
    genes.insert(change.at("choice"));
    EXPECT_EQ(change.at("ratios").size(), 3u);
  }
  EXPECT_EQ(genes, (std::set<std::string>{"deployment", "layers", "width", "head_size", "hidden_ratio"}));
  for (const Json& next : json.at("neighbours")) EXPECT_FALSE(next.at("differences").empty());
  const std::string text = run_line("explain " + front).out;
  EXPECT_NE(text.find("One change for a better latency\n"), std::string::npos) << text;
  EXPECT_NE(text.find("The next designs of the front\n"), std::string::npos) << text;

  EXPECT_EQ(complaint_of("explain " + front + " --design 100000"),
            "error: --design: " + front + " has designs 1 to " + std::to_string(count) + ", not 100000\n");
  EXPECT_EQ(complaint_of("explain"),
            "error: explain: missing FRONT.h5; `ridgeline search --out FRONT.h5` writes one\n");
  EXPECT_EQ(
      complaint_of("explain " + folder.write("other.h5", "text")).find("error: " + (folder / "other.h5").string()),
      0u);
}

TEST(Search, ReadsFrontsThatKnewLess) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string(), older = (folder / "older.h5").string();
  ASSERT_EQ(run_line(kQuick + "--calibration none --out " + front).exit_code, 0);
  Store store = read_store(front);
  for (const char* texts : {"asked_calibrations", "asked_variables", "moved_devices", "moved_clocks",
                            "moved_precisions", "moved_settings", "settings"})
    EXPECT_EQ(store.root.texts.erase(texts), 1u) << texts;
  EXPECT_EQ(store.root.arrays.erase("moved_batches"), 1u);
  EXPECT_EQ(store.root.attributes.erase("accuracy_is_own"), 1u);
  store.root.attributes["predictor"] = "datasheet";
  write_store(older, "front", store.root, store.provenance);
  EXPECT_EQ(read_front(older).words.calibrations, std::vector<std::string>{"none"});
  EXPECT_EQ(json_of("explain " + older), json_of("explain " + front));
  store.root.attributes["predictor"] = "calibrated";
  write_store(older, "front", store.root, store.provenance);
  EXPECT_TRUE(read_front(older).words.calibrations.empty());
  store.root.attributes.erase("predictor");
  write_store(older, "front", store.root, store.provenance);
  const std::string complaint = complaint_of("explain " + older);
  EXPECT_NE(complaint.find("predictor: missing attribute"), std::string::npos) << complaint;
}

TEST(Search, RefusesFrontsWhoseObjectivesAreNoNumbers) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  ASSERT_EQ(run_line(kQuick + "--out " + front).exit_code, 0);
  Store store = read_store(front);
  store.root.arrays.at("objective_values").values.at(4) = std::numeric_limits<double>::quiet_NaN();
  write_store(front, "front", store.root, store.provenance);
  EXPECT_EQ(complaint_of("explain " + front), "error: " + front + ": objective_values: has what is not a number\n");
}

TEST(Search, AChangeOfOneChoiceIsEvaluatedAgain) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  run_line(
      "search --space bert-grid --devices raspberry-pi-4 --objective latency,capacity --evaluations 4000 --out " +
      front);
  const Json all = json_of(
      "search --space bert-grid --devices raspberry-pi-4 --objective latency,capacity "
      "--optimiser exhaustive --evaluations 100000 --designs 2000");
  const Json json = json_of("explain " + front + " --design 5");
  const Front stored = read_front(front);
  // Fewer layers are faster by what two estimates say.
  for (const Json& change : json.at("changes"))
    if (change.at("choice") == "layers") {
      const double from = std::stod(change.at("from").get<std::string>()),
                   to = std::stod(change.at("to").get<std::string>());
      EXPECT_EQ(change.at("ratios").at(0).get<double>() < 1, to < from);
      EXPECT_EQ(change.at("ratios").at(1).get<double>() < 1, to > from);
    }
  EXPECT_LE(stored.hypervolume, all.at("hypervolume").get<double>() * (1 + 1e-12));
}

/// The program itself, in a process of its own.
class Child {
 public:
  Child(const std::vector<std::string>& words, const std::filesystem::path& out) {
    pid_ = fork();
    if (pid_ != 0) return;
    freopen(out.c_str(), "w", stdout);
    freopen("/dev/null", "w", stderr);
    std::vector<char*> pointers{const_cast<char*>(RIDGELINE_PROGRAM)};
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    execv(RIDGELINE_PROGRAM, pointers.data());
    _exit(127);
  }
  void send(int signal) const { kill(pid_, signal); }
  bool ended() {
    if (!status_) {
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    }
    return status_.has_value();
  }
  /// The exit code; minus the signal that ended it.
  int wait() {
    int status = 0;
    if (!status_) waitpid(pid_, &status, 0), status_ = status;
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -WTERMSIG(*status_);
  }

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// Returns when the file is so large, false when the process has ended before.
bool grows_to(const std::filesystem::path& file, std::uintmax_t size, Child& child) {
  while (!child.ended()) {
    std::error_code none;
    const std::uintmax_t now = std::filesystem::file_size(file, none);
    if (!none && now >= size) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(Search, KilledAtAnyMomentEndsInTheSameFront) {
  const TemporaryFolder folder;
  const std::string line =
      "search --space flexibert2 --devices raspberry-pi-4,jetson-nano-gpu --evaluations 6000 --designs 100 "
      "--seed 5 --threads 1 --out ";
  const std::string whole = (folder / "whole.h5").string(), front = (folder / "front.h5").string();
  ASSERT_EQ(run_line(line + whole).exit_code, 0);
  Random random(11);
  int killed = 0;
  for (int trial = 0; trial < 3; ++trial) {
    std::filesystem::remove(front);
    for (int kill = 0; kill < 3; ++kill) {
      Child child(split_words(line + front + " --resume"), folder / "out");
      const std::uintmax_t size = random.below(180'000);
      if (grows_to(front + ".journal", size, child)) child.send(SIGKILL);
      killed += child.wait() == -SIGKILL;
      if (std::filesystem::exists(front)) break;
    }
    EXPECT_EQ(run_line(line + front + " --resume").exit_code, 0);
    EXPECT_EQ(content_of(front), content_of(whole)) << "trial " << trial;
    EXPECT_FALSE(std::filesystem::exists(front + ".journal"));
  }
  EXPECT_GT(killed, 2);
}

TEST(Search, CtrlCGivesTheFrontSoFar) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  Child child(split_words("search --space bert-grid --time 100000s --json --out " + front), folder / "out");
  ASSERT_TRUE(grows_to(front + ".journal", 20'000, child));
  child.send(SIGINT);
  EXPECT_EQ(child.wait(), 130);
  const Json json = Json::parse(bytes_of(folder / "out"));
  EXPECT_EQ(json.at("interrupted"), true);
  EXPECT_EQ(read_front(front).designs.size(), json.at("designs").size());
  EXPECT_TRUE(std::filesystem::exists(front + ".journal"));
}

TEST(Search, RefusesTheJournalOfAnotherSearch) {
  const TemporaryFolder folder;
  const std::string journal = (folder / "a.journal").string();
  EXPECT_EQ(run_line(kQuick + "--journal " + journal).exit_code, 0);
  EXPECT_EQ(complaint_of(kQuick + "--journal " + journal),
            "error: " + journal +
                ": is the journal of an unfinished search; --resume goes on with it; remove it to begin anew\n");
  EXPECT_EQ(complaint_of(kQuick + "--seed 2 --resume --journal " + journal),
            "error: " + journal + ": is the journal of another search: the seed is '1' there and '2' here\n");
  EXPECT_EQ(
      complaint_of("search --space gpt2 --devices raspberry-pi-4,jetson-nano-gpu --evaluations 3000 --resume "
                   "--journal " +
                   journal),
      "error: " + journal + ": is the journal of another search: the space is 'bert-grid' there and 'gpt2' here\n");
  const RunResult again = run_line(kQuick + "--resume --journal " + journal);
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_NE(again.out.find("of them met before, 3,000 known from the journal\n"), std::string::npos) << again.out;

  const std::string other = (folder / "b.journal").string();
  EXPECT_EQ(run_line(kQuick + "--constraint latency<=100.1ms --journal " + other).exit_code, 0);
  EXPECT_EQ(complaint_of(kQuick + "--constraint latency<=100.2ms --resume --journal " + other),
            "error: " + other +
                ": is the journal of another search: the constraint is 'latency<=100.1ms' there and "
                "'latency<=100.2ms' here\n");
}

}  // namespace
}  // namespace ridgeline
