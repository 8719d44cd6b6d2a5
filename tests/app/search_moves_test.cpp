// Continuous variables of a search: clocks between their steps, bandwidths of a device that is not there yet.
#include "app/search_moves.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "tests/app/search_support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

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

TEST(SearchMoves, MovesAClockBetweenItsOperatingPoints) {
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

TEST(SearchMoves, MovesWhatTheCommandLineNames) {
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

TEST(SearchMoves, KeepsTheCorrectionOfACalibrationAtOtherClocks) {
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

TEST(SearchMoves, MovesADeviceOfOnesOwnFile) {
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

TEST(SearchMoves, EndsMovingWhenItIsToldTo) {
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

}  // namespace
}  // namespace ridgeline
