#include <gtest/gtest.h>

#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

const std::string kCompare = "compare bert-tiny bert-base --device raspberry-pi-4,t4";

std::vector<double> latencies(const Json& json) {
  std::vector<double> values;
  for (const auto& estimate : json.at("estimates")) values.push_back(estimate.at("latency").at("value"));
  return values;
}

TEST(Compare, HasOneEstimateForEveryPair) {
  const Json json = json_of(kCompare);
  EXPECT_EQ(json.at("schema"), "ridgeline.compare/1");
  ASSERT_EQ(json.at("estimates").size(), 4u);
  EXPECT_EQ(json.at("estimates").at(1).at("model").at("name"), "bert-tiny");
  EXPECT_EQ(json.at("estimates").at(1).at("device").at("name"), "t4");
}

TEST(Compare, AgreesWithEstimate) {
  const Json pair = json_of(kCompare).at("estimates").at(2);
  const Json alone = json_of("estimate bert-base --device raspberry-pi-4");
  for (const char* key : {"latency", "energy", "peak_power", "memory", "assumptions", "changes"})
    EXPECT_EQ(pair.at(key), alone.at(key)) << key;
}

TEST(Compare, Sorts) {
  const auto sorted = latencies(json_of(kCompare + " --sort latency"));
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
  const auto unsorted = latencies(json_of(kCompare));
  EXPECT_FALSE(std::is_sorted(unsorted.begin(), unsorted.end()));
  const auto by_throughput = latencies(json_of(kCompare + " --sort throughput"));
  EXPECT_EQ(by_throughput, sorted);
}

TEST(Compare, PairsThatCannotBeEstimatedStayWithTheReason) {
  const std::string line = "compare bert-base --device ncs2,raspberry-pi-4 --precision fp32 --sort latency";
  const Json estimates = json_of(line).at("estimates");
  ASSERT_EQ(estimates.size(), 2u);
  EXPECT_TRUE(estimates.at(0).at("problem").is_null());
  EXPECT_EQ(estimates.at(1).at("device").at("name"), "ncs2");
  const std::string problem = estimates.at(1).at("problem");
  EXPECT_NE(problem.find("unsupported precision"), std::string::npos);
  const RunResult text = run_line(line);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find(problem.substr(0, 40)), std::string::npos) << text.out;
}

TEST(Compare, MistakesThatConcernEveryPairAreBadInput) {
  const RunResult runtime = run_line("compare bert-base --device t4 --runtime tensort");
  EXPECT_EQ(runtime.exit_code, 2);
  EXPECT_EQ(runtime.out, "");
  EXPECT_EQ(runtime.err.substr(0, 60), "error: unknown runtime 'tensort'; did you mean 'tensorrt'? t");
  EXPECT_EQ(run_line("compare bert-base distilbert --device t4 --length 5000").err,
            "error: bert-base: 5000 positions are more than the model's 512\n");
}

TEST(Compare, FitsTheScreen) {
  for (const int width : {80, 100}) {
    Style style;
    style.width = width;
    std::istringstream lines(
        run_words(split_words("compare bert-base mobilebert gpt2 --device raspberry-pi-4,jetson-nano-gpu,ncs2"),
                  style)
            .out);
    for (std::string line; std::getline(lines, line);) {
      std::size_t characters = 0;
      for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      EXPECT_LE(characters, static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST(Compare, WhatDiffersIsAColumnAndWhatIsCommonIsSaidOnce) {
  const std::string text = run_line("compare bert-base gpt2 --device raspberry-pi-4").out;
  EXPECT_EQ(text.substr(0, 16), "Assumes batch 1,") << text;
  EXPECT_NE(text.find("  task  "), std::string::npos) << text;
  EXPECT_EQ(run_line("compare bert-base --device raspberry-pi-4").out.substr(0, 20), "Assumes task encode,");
}

TEST(Compare, CsvHasTheSameNumberOfFieldsInEveryLine) {
  std::istringstream lines(run_line("compare bert-base --device ncs2,raspberry-pi-4 --precision fp32 --csv").out);
  std::size_t count = 0, expected = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::size_t fields = 1;
    bool quoted = false;
    for (const char c : line) {
      quoted ^= c == '"';
      fields += c == ',' && !quoted;
    }
    if (count == 0) expected = fields;
    EXPECT_EQ(fields, expected) << line;
  }
  EXPECT_EQ(count, 3u);
}

}  // namespace
}  // namespace ridgeline
