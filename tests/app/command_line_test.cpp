#include "app/command_line.hpp"

#include <gtest/gtest.h>

#include "app/commands.hpp"
#include "app/compare.hpp"
#include "app/estimate.hpp"
#include "app/help.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

template <class Options>
Options parse(const Words& words) {
  const Invocation invocation = parse_command_line(words);
  return *std::any_cast<std::shared_ptr<const Options>>(invocation.action.options);
}

std::string complaint(const Words& words) {
  return error_of([&] { parse_command_line(words); });
}

std::string estimate_complaint(Words words) {
  words.insert(words.begin(), {"estimate", "bert-base", "--device", "raspberry-pi-4"});
  return complaint(words);
}

TEST(CommandLine, ReadsAnEstimate) {
  const auto options = parse<EstimateOptions>({"estimate",
                                               "bert-base",
                                               "--device",
                                               "t4",
                                               "--batch",
                                               "8",
                                               "--length=384",
                                               "--precision",
                                               "fp16",
                                               "--weights-precision",
                                               "int8",
                                               "--fusion",
                                               "flash-attention",
                                               "--runtime",
                                               "tensorrt",
                                               "--set",
                                               "dram.bandwidth=x2",
                                               "--set",
                                               "units=10",
                                               "--max-latency",
                                               "500ms",
                                               "--max-memory",
                                               "2GiB",
                                               "--gate",
                                               "upper",
                                               "--ops",
                                               "--json"});
  EXPECT_EQ(options.model, "bert-base");
  EXPECT_EQ(options.device, "t4");
  EXPECT_EQ(options.workload.batch, 8);
  EXPECT_EQ(options.workload.length, 384);
  EXPECT_EQ(options.workload.precision, Precision::fp16);
  EXPECT_EQ(options.workload.weights_precision, Precision::int8);
  EXPECT_EQ(options.workload.fusion, Fusion::flash_attention);
  EXPECT_EQ(options.what_if.runtime, "tensorrt");
  ASSERT_EQ(options.what_if.overrides.size(), 2u);
  EXPECT_EQ(options.what_if.overrides[1].key, "units");
  EXPECT_EQ(options.what_if.overrides[1].value, "10");
  EXPECT_EQ(options.gates.latency, Seconds(0.5));
  EXPECT_EQ(options.gates.memory, Bytes(2147483648.0));
  EXPECT_TRUE(options.gates.upper);
  EXPECT_TRUE(options.operators);
  EXPECT_EQ(options.output, Output::json);
}

TEST(CommandLine, WhatIsNotSaidIsLeftOpen) {
  const auto options = parse<EstimateOptions>({"estimate", "m", "--device", "d"});
  EXPECT_FALSE(options.workload.task || options.workload.length || options.workload.precision);
  EXPECT_FALSE(options.workload.batch);
  EXPECT_FALSE(options.gates.any());
  EXPECT_EQ(options.what_if.calibration, "shipped");
}

TEST(CommandLine, ComparesManyWithCommasOrRepeats) {
  const auto options =
      parse<CompareOptions>({"compare", "a", "b,c", "--device", "x,y", "--device", "z", "--sort", "edp"});
  EXPECT_EQ(options.models, (Words{"a", "b", "c"}));
  EXPECT_EQ(options.devices, (Words{"x", "y", "z"}));
  EXPECT_EQ(options.sort, SortKey::energy_delay_product);
}

TEST(CommandLine, UnknownWordsNameTheNearest) {
  EXPECT_EQ(
      complaint({"estimte"}),
      "unknown command 'estimte'; did you mean 'estimate'? the commands are: estimate, compare, devices, "
      "runtimes, convert, models, space, accuracy, search, explain, probe, measure, import, calibrate, validate, "
      "replay, selftest, "
      "completion, help");
  EXPECT_EQ(estimate_complaint({"--lenght", "64"}), "unknown option '--lenght'; did you mean '--length'?");
  EXPECT_EQ(estimate_complaint({"--lenght=64"}), "unknown option '--lenght'; did you mean '--length'?");
  EXPECT_EQ(estimate_complaint({"-x"}), "unknown option '-x'; `ridgeline help estimate` lists them");
  EXPECT_EQ(complaint({"--verison"}), "unknown option '--verison'; did you mean '--version'?");
  EXPECT_EQ(complaint({"help", "compre"}).substr(0, 50), "unknown command 'compre'; did you mean 'compare'? ");
  EXPECT_EQ(estimate_complaint({"--precision", "fp61"}),
            "--precision: unknown precision 'fp61'; did you mean 'fp16'? the precisions are: fp32, tf32, fp16, bf16, "
            "int8, int4");
  EXPECT_EQ(
      estimate_complaint({"--task", "encoder"}),
      "--task: unknown task 'encoder'; did you mean 'encode'? the tasks are: encode, prefill, decode, generate, "
      "train");
  EXPECT_EQ(estimate_complaint({"--fusion", "flash"}),
            "--fusion: unknown fusion 'flash'; did you mean 'flash-attention'? the fusions are: none, typical, "
            "flash-attention");
  EXPECT_EQ(estimate_complaint({"--gate", "uper"}),
            "--gate: unknown gate 'uper'; did you mean 'upper'? the gates are: point, upper");
  EXPECT_EQ(
      complaint({"compare", "a", "--device", "b", "--sort", "speed"}),
      "--sort: unknown sort key 'speed'; the sort keys are: none, latency, throughput, energy, peak-power, memory, "
      "edp");
}

TEST(CommandLine, NumbersAreWholePositiveAndOfThisWorld) {
  EXPECT_EQ(estimate_complaint({"--length", "0"}), "--length: expected a whole number from 1 to 1000000, found '0'");
  EXPECT_EQ(estimate_complaint({"--length", "1000000000000"}),
            "--length: expected a whole number from 1 to 1000000, found '1000000000000'");
  EXPECT_EQ(estimate_complaint({"--length", "99999999999999999999999"}),
            "--length: expected a whole number from 1 to 1000000, found '99999999999999999999999'");
  EXPECT_EQ(estimate_complaint({"--length", "-5"}),
            "--length: expected a whole number from 1 to 1000000, found '-5'");
  EXPECT_EQ(estimate_complaint({"--batch", "2.5"}),
            "--batch: expected a whole number from 1 to 1000000, found '2.5'");
  EXPECT_EQ(estimate_complaint({"--batch", ""}), "--batch: expected a whole number from 1 to 1000000, found ''");
  EXPECT_EQ(estimate_complaint({"--beams", "65"}), "--beams: expected a whole number from 1 to 64, found '65'");
  EXPECT_EQ(estimate_complaint({"--new-tokens", "x"}),
            "--new-tokens: expected a whole number from 1 to 1000000, found 'x'");
}

TEST(CommandLine, QuantitiesHaveTheRightUnit) {
  EXPECT_EQ(estimate_complaint({"--max-latency", "500"}), "--max-latency: missing unit: expected s, found '500'");
  EXPECT_EQ(estimate_complaint({"--max-latency", "5 W"}), "--max-latency: wrong unit: expected s, found '5 W' (W)");
  EXPECT_EQ(estimate_complaint({"--max-energy", "-2 J"}), "--max-energy: expected a positive quantity, found '-2 J'");
  EXPECT_EQ(estimate_complaint({"--max-power", "much"}),
            "--max-power: expected a number and a unit (W), found 'much'");
  EXPECT_EQ(estimate_complaint({"--max-memory", "nan B"}),
            "--max-memory: expected a number and a unit (B), found 'nan B'");
}

TEST(CommandLine, WhatIsMissingIsNamed) {
  EXPECT_EQ(complaint({}), "missing command; `ridgeline help` lists them");
  EXPECT_EQ(complaint({"estimate"}), "estimate: missing MODEL; `ridgeline models` lists them");
  EXPECT_EQ(complaint({"estimate", "bert-base"}), "estimate: missing --device; `ridgeline devices` lists them");
  EXPECT_EQ(complaint({"compare", "bert-base"}), "compare: missing --device; `ridgeline devices` lists them");
  EXPECT_EQ(complaint({"compare", "a,", "--device", "d"}), "MODEL: an empty name");
  EXPECT_EQ(estimate_complaint({"--set", "dram.bandwidth"}),
            "--set: expected KEY=VALUE, found 'dram.bandwidth'; for example dram.bandwidth=x2");
}

TEST(CommandLine, WordsTooManyAreRefused) {
  EXPECT_EQ(estimate_complaint({"roberta-base"}),
            "unexpected argument 'roberta-base'; estimate takes: ridgeline estimate MODEL --device NAME [OPTIONS]");
  EXPECT_EQ(estimate_complaint({"--device", "t4"}), "--device: given 2 times");
  EXPECT_EQ(complaint({"estimate", "bert-base", "--device"}), "--device: 1 required NAME missing");
}

TEST(CommandLine, HelpAndVersionArePrinted) {
  EXPECT_EQ(run_words({"--version"}).out, version_line() + "\n");
  const std::string page = run_words({"estimate", "--help"}).out;
  EXPECT_EQ(page, help_for("estimate"));
  EXPECT_EQ(run_words({"help", "estimate"}).out, page);
  EXPECT_EQ(run_words({"estimate", "-h"}).out, page);
  EXPECT_EQ(run_words({"--help"}).out, help_for(""));
  EXPECT_EQ(run_words({"help"}).out, help_for(""));
}

TEST(CommandLine, EveryHelpPageFitsTheScreenAndHasExamples) {
  std::vector<CommandHelp> helps{program_help()};
  for (const Command& command : commands()) helps.push_back(command.help);
  for (const CommandHelp& help : helps) {
    const std::string page = help_for(std::string(help.name));
    EXPECT_NE(page.find("\nExamples:\n"), std::string::npos) << help.name;
    EXPECT_FALSE(help.examples.empty()) << help.name;
    std::size_t start = 0;
    for (std::size_t end; (end = page.find('\n', start)) != std::string::npos; start = end + 1) {
      const std::string line = page.substr(start, end - start);
      EXPECT_TRUE(line.size() <= 100 || line.starts_with("  ridgeline")) << help.name << ": " << line;
    }
  }
}

}  // namespace
}  // namespace ridgeline
