#include "search/space_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

constexpr const char* kSmall = R"(ridgeline: space
name: small
title: Two depths
source: made up
family: bert
workload: {task: encode, length: 16}
choices:
  layers: {one_of: [1, 2]}
  width: {one_of: [64, 128]}
  head_size: {one_of: [32, 64]}
  hidden_ratio: {one_of: [2, 4], when: {layers: 2}}
deployments:
  - {devices: [raspberry-pi-4], clocks: [all], precisions: [fp32, int8], batches: [1, 8]}
)";

std::string complaint(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return error_of([&] { parse_space(parse_document(text, "s.yaml")); });
}

TEST(SpaceFile, ReadsChoicesConditionsAndDeployments) {
  const SpaceDescription description = parse_space(parse_document(kSmall, "s.yaml"));
  EXPECT_EQ(description.workload.length, 16);
  ASSERT_EQ(description.deployments.size(), 1u);
  EXPECT_EQ(description.deployments[0].precisions, (std::vector<std::string>{"fp32", "int8"}));
  EXPECT_EQ(description.deployments[0].batches, (std::vector<Size>{1, 8}));
  const Space space = make_space(description);
  EXPECT_EQ(space.size(), 4 * (1 + 2));
  EXPECT_TRUE(std::get<OneOf>(space.domain(0).kind()).ordered);
  const Space both = make_space(description, {{"device"}, {{"a"}, {"b"}, {"c"}}});
  EXPECT_EQ(both.size(), 3 * 12);
  EXPECT_EQ(both.gene("deployment"), 0u);
}

TEST(SpaceFile, ReadsWhatMayBeMovedFreely) {
  std::string text = kSmall;
  const std::string before = "batches: [1, 8]";
  text.replace(text.find(before), before.size(), "vary: {clock: x0.5..x1, dram.bandwidth: x1..x2}");
  const SpaceDescription space = parse_space(parse_document(text, "s.yaml"));
  const auto& variables = space.deployments.at(0).variables;
  ASSERT_EQ(variables.size(), 2u);
  EXPECT_EQ(to_text(variables[0]), "clock=x0.5..x1");
  EXPECT_EQ(to_text(variables[1]), "dram.bandwidth=x1..x2");
  const std::string wrong = complaint(kSmall, before, "vary: {clock: 600MHz}");
  EXPECT_NE(wrong.find("s.yaml:13"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("'clock=600MHz' is no variable"), std::string::npos) << wrong;
}

TEST(SpaceFile, ReadsTheExampleOfTheDocumentation) {
  std::ifstream file(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "docs" / "search.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string fence = "```yaml\n";
  const std::size_t begin = text.find(fence) + fence.size();
  const SpaceDescription space =
      parse_space(parse_document(text.substr(begin, text.find("```", begin) - begin), "doc"));
  EXPECT_EQ(space.name, "mine");
  // 2 widths × (6 + 15) heads × (3 + 9) stacks, on two or four layers
  EXPECT_EQ(make_space(space).size(), ExactCount(504) * 504 + boost::multiprecision::pow(ExactCount(504), 4));
}

TEST(SpaceFile, ShippedSpacesHaveThePublishedSizes) {
  EXPECT_EQ(space_names(), (std::vector<std::string>{"flexibert2", "hat", "bert-grid", "gpt2"}));
  // 1.69e88: ProTran, report, table I.
  EXPECT_NEAR(std::pow(10, make_space(load_space("flexibert2")).log10_size() - 88), 1.69, 0.005);
  // 2 · 2 widths; (3 · 2)^6 encoders; the sum over 1 to 6 decoder layers of (3 · 2 · 2 · 3)^n. HAT calls it 10^15.
  ExactCount decoders = 0;
  for (unsigned n = 1; n <= 6; ++n) decoders += boost::multiprecision::pow(ExactCount(36), n);
  EXPECT_EQ(make_space(load_space("hat")).size(), 4 * 46656 * decoders);
  EXPECT_EQ(make_space(load_space("bert-grid")).size(), 12 * 11 * 2 * 4);
  EXPECT_EQ(make_space(load_space("gpt2")).size(), 12 * 8 * 2 * 3);
}

TEST(SpaceFile, ComplainsWithPlaceAndRemedy) {
  EXPECT_EQ(complaint(kSmall, "family: bert", "family: bret"),
            "s.yaml:1:1: unknown family 'bret'; did you mean 'bert'? the families are: flexibert, hat, bert, gpt2");
  EXPECT_EQ(complaint(kSmall, "one_of: [64, 128]", "any_of: [64, 128]"),
            "s.yaml:9:11: choices.width: unknown key 'any_of'; did you mean 'one_of'? the keys are: one_of, "
            "multiset_of, sequence_of, count, when");
  EXPECT_EQ(complaint(kSmall, "one_of: [64, 128]", "one_of: []"),
            "s.yaml:9:10: choices.width: a choice without values");
  EXPECT_EQ(
      complaint(kSmall, "when: {layers: 2}", "when: {layers: 3}"),
      "s.yaml:11:49: choices.hidden_ratio.when.layers: unknown value '3'; did you mean '1'? the values are: 1, 2");
  EXPECT_EQ(complaint(kSmall, "when: {layers: 2}", "when: {depth: 3}"),
            "s.yaml:11:40: choices.hidden_ratio.when: there is no choice 'depth' before this one");
  EXPECT_EQ(complaint(kSmall, "task: encode", "task: generate"),
            "s.yaml:6:11: workload: new_tokens goes with the task generate, and with no other");
  EXPECT_EQ(complaint(kSmall, "head_size: {one_of: [32, 64]}", "head_size: {one_of: [48]}"),
            "s.yaml:1:1: head_size: 48 does not divide the width 64");
  EXPECT_EQ(error_of([] { load_space("flexibert"); }),
            "unknown space 'flexibert'; did you mean 'flexibert2'? the spaces are: flexibert2, hat, bert-grid, gpt2");
}

}  // namespace
}  // namespace ridgeline
