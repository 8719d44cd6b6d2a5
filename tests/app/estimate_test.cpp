#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "app/format.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

const std::string kPi = "estimate bert-base --device raspberry-pi-4";

/// Rows of the figures in the text: what stands before two spaces, and the value after it.
std::string row_of(const std::string& text, const std::string& label) {
  const std::size_t start = text.find("\n  " + label + "  ");
  if (start == std::string::npos) return "";
  return text.substr(start + 1, text.find('\n', start + 1) - start - 1);
}

Figure figure_of(const Json& json) {
  Figure figure;
  if (!json.at("value").is_null()) figure.value = json.at("value").get<double>();
  figure.unit = json.at("unit");
  if (!json.at("low").is_null()) figure.low = json.at("low").get<double>();
  if (!json.at("high").is_null()) figure.high = json.at("high").get<double>();
  return figure;
}

const std::map<std::string, std::string> kRows{{"latency", "latency, warm, per batch"},
                                               {"latency_per_sequence", "latency per sequence"},
                                               {"throughput", "throughput"},
                                               {"token_throughput", "throughput in tokens"},
                                               {"energy", "energy per batch"},
                                               {"energy_per_sequence", "energy per sequence"},
                                               {"average_power", "average power"},
                                               {"peak_power", "peak power"},
                                               {"energy_delay_product", "energy-delay product"},
                                               {"memory", "memory"},
                                               {"startup", "process start-up"}};

TEST(Estimate, TextAndJsonAgree) {
  for (const std::string& line :
       {kPi, std::string("estimate gpt2 --device jetson-nano-gpu --task generate --new-tokens 8"),
        std::string("estimate bert-large --device a100-pcie-40gb --batch 32 --precision fp16"),
        std::string("estimate bert-base --device ncs2"),
        std::string("estimate bert-base --device t4 --task train")}) {
    const RunResult text = run_line(line);
    ASSERT_EQ(text.exit_code, 0) << text.err;
    const Json json = json_of(line);
    for (const auto& [key, label] : kRows) {
      const std::string row = row_of(text.out, label);
      const Figure figure = figure_of(json.at(key));
      EXPECT_NE((row + "  ").find("  " + format_value(figure) + "  "), std::string::npos)
          << line << ": " << key << ": " << row;
      if (figure.value) {
        EXPECT_NE(row.find(json.at(key).at("origin").get<std::string>()), std::string::npos) << row;
      }
      if (!json.at(key).at("reason").is_null()) {
        EXPECT_NE(text.out.find(json.at(key).at("reason").get<std::string>().substr(0, 40)), std::string::npos)
            << key;
      }
    }
  }
}

TEST(Estimate, JsonIsVersionedAndEveryFigureIsAnObject) {
  const Json json = json_of(kPi);
  EXPECT_EQ(json.at("schema"), "ridgeline.estimate/1");
  for (const auto& [key, label] : kRows)
    for (const char* member : {"value", "unit", "low", "high", "origin", "reason"})
      EXPECT_TRUE(json.at(key).contains(member)) << key << "." << member;
  EXPECT_EQ(json.at("latency").at("unit"), "s");
  EXPECT_EQ(json.at("energy").at("unit"), "J");
  EXPECT_EQ(json.at("peak_power").at("unit"), "W");
  EXPECT_EQ(json.at("memory").at("unit"), "B");
  EXPECT_EQ(json.at("energy_delay_product").at("unit"), "J·s");
}

TEST(Estimate, StatesWhatItAssumed) {
  const Json assumed = json_of(kPi).at("assumptions");
  EXPECT_EQ(assumed.at("task"), "encode");
  EXPECT_EQ(assumed.at("batch"), 1);
  EXPECT_EQ(assumed.at("length"), 128);
  EXPECT_EQ(assumed.at("precision").at("compute"), "fp32");
  EXPECT_EQ(assumed.at("clock").at("value"), 1.5e9);
  const std::string text = run_line(kPi).out;
  EXPECT_NE(text.find("encode, batch 1, length 128, fp32, "), std::string::npos) << text;
  EXPECT_NE(text.find("1.50 GHz"), std::string::npos) << text;
}

TEST(Estimate, FiguresAreConsistent) {
  const Json json = json_of(kPi + " --batch 4");
  const auto value = [&](const char* key) { return json.at(key).at("value").get<double>(); };
  EXPECT_NEAR(value("latency_per_sequence") * 4, value("latency"), 1e-12 * value("latency"));
  EXPECT_NEAR(value("throughput") * value("latency"), 4, 1e-9);
  EXPECT_NEAR(value("token_throughput") * value("latency"), 4 * 128, 1e-6);
  EXPECT_NEAR(value("average_power") * value("latency"), value("energy"), 1e-9 * value("energy"));
  EXPECT_NEAR(value("energy") * value("latency"), value("energy_delay_product"),
              1e-9 * value("energy_delay_product"));
  EXPECT_GE(value("peak_power"), value("average_power"));
  double parts = 0;
  for (const auto& part : json.at("memory").at("parts")) parts += part.at("value").get<double>();
  EXPECT_DOUBLE_EQ(parts, value("memory"));
  for (const char* list : {"bounds", "operator_kinds"}) {
    double sum = 0;
    for (const auto& entry : json.at(list)) sum += entry.at("share").get<double>();
    EXPECT_NEAR(sum, 1, 1e-9) << list;
  }
}

TEST(Estimate, PhasesSumToTheLatency) {
  const Json json = json_of("estimate t5-small --device raspberry-pi-4 --new-tokens 100");
  const Json phases = json.at("phases");
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases.at(0).at("phase"), "encoder");
  EXPECT_EQ(phases.at(1).at("phase"), "decode");
  EXPECT_EQ(phases.at(1).at("repeats"), 100);
  double sum = 0;
  for (const auto& phase : phases) sum += phase.at("latency").at("value").get<double>();
  EXPECT_NEAR(sum / json.at("latency").at("value").get<double>(), 1, 1e-9);
  EXPECT_NE(run_line("estimate t5-small --device raspberry-pi-4 --new-tokens 100").out.find("  decode, 100 × "),
            std::string::npos);
}

TEST(Estimate, SaysWhatWasTakenForLackOfBetter) {
  EXPECT_EQ(json_of(kPi).at("notes").size(), 0u);
  EXPECT_EQ(json_of(kPi + " --precision tf32").at("notes").at(0),
            "raspberry-pi-4 does not multiply in tf32: products are computed in fp32");
  EXPECT_EQ(
      json_of(kPi + " --runtime tensorrt").at("notes").at(0),
      "the kernels of tensorrt on armv8 are not described (it may not even run there): taken as ideal, so expect "
      "it slower");
  EXPECT_NE(run_line(kPi + " --runtime tensorrt").out.find("\nNote      the kernels of tensorrt"), std::string::npos);
}

TEST(Estimate, AnImageIsAsLongAsItIs) {
  EXPECT_EQ(json_of("estimate vit-base --device t4").at("assumptions").at("length"), 197);
  EXPECT_EQ(run_line("estimate vit-base --device t4 --length 128").err,
            "error: --length: vit-base sees 197 tokens of an image, whatever is asked for\n");
}

TEST(Estimate, ThreeChangesThatWouldHelpMost) {
  const Json changes = json_of(kPi).at("changes");
  ASSERT_EQ(changes.size(), 3u);
  double before = -1e9;
  for (const auto& change : changes) {
    EXPECT_LT(change.at("latency_change").get<double>(), 0) << change;
    EXPECT_GE(change.at("latency_change").get<double>(), before) << "not the strongest first";
    before = change.at("latency_change").get<double>();
  }
}

TEST(Estimate, WhatIfsMoveTheLatencyTheRightWay) {
  const auto latency = [](const std::string& line) { return json_of(line).at("latency").at("value").get<double>(); };
  const double before = latency(kPi);
  EXPECT_GT(latency(kPi + " --clock 600MHz"), before);
  EXPECT_DOUBLE_EQ(latency(kPi + " --clock 600MHz"), latency(kPi + " --set clock=600MHz"));
  EXPECT_DOUBLE_EQ(latency(kPi + " --clock x0.4"), latency(kPi + " --clock 600MHz"));
  EXPECT_LE(latency(kPi + " --set dram.bandwidth=x2"), before);
  EXPECT_LT(latency(kPi + " --set runtime.dispatch.kernel=x0.5"), before);
  EXPECT_GT(latency(kPi + " --length 256"), before);
}

TEST(Estimate, WithoutPowerDataThereAreNoJoules) {
  const Json json = json_of("estimate bert-base --device ncs2");
  for (const char* key : {"energy", "average_power", "peak_power", "energy_delay_product"}) {
    EXPECT_TRUE(json.at(key).at("value").is_null()) << key;
    EXPECT_TRUE(json.at(key).at("origin").is_null()) << key;
    EXPECT_FALSE(json.at(key).at("reason").get<std::string>().empty()) << key;
  }
}

TEST(Estimate, TheEnergyOfTrainingIsMarkedExtrapolated) {
  const Json json = json_of("estimate bert-base --device t4 --task train");
  EXPECT_EQ(json.at("energy").at("origin"), "extrapolated");
  EXPECT_EQ(json.at("latency").at("origin"), "data sheet");
  EXPECT_GT(json.at("memory").at("parts").at("optimiser_state").at("value").get<double>(), 0);
}

TEST(Estimate, WhatDoesNotFitIsSaidFirst) {
  const std::string line = "estimate llama-7b --device raspberry-pi-4";
  const RunResult text = run_line(line);
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.out.substr(0, 12), "DOES NOT FIT");
  EXPECT_FALSE(json_of(line).at("fits").get<bool>());
  EXPECT_TRUE(json_of(kPi).at("fits").get<bool>());
}

TEST(Estimate, IntervalsAreAbsentUntilTheirSpreadIsMeasured) {
  const Json latency = json_of(kPi).at("latency");
  if (!latency.at("low").is_null()) {
    EXPECT_LE(latency.at("low"), latency.at("value"));
    EXPECT_GE(latency.at("high"), latency.at("value"));
  } else {
    EXPECT_TRUE(latency.at("high").is_null());
    EXPECT_EQ(latency.at("reason"), "spread not yet measured");
  }
}

TEST(Estimate, OperatorsAreListedWhenAskedFor) {
  EXPECT_FALSE(json_of(kPi).contains("operators"));
  const Json operators = json_of(kPi + " --ops").at("operators");
  EXPECT_GT(operators.size(), 100u);
  double end = 0;
  for (const auto& op : operators) {
    EXPECT_GE(op.at("start").at("value").get<double>(), 0);
    end = std::max(end, op.at("start").at("value").get<double>() + op.at("duration").at("value").get<double>());
  }
  EXPECT_NEAR(end, json_of(kPi).at("latency").at("value").get<double>(), 1e-9);
  EXPECT_GT(run_line(kPi + " --ops").out.size(), run_line(kPi).out.size());
}

std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> result(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      result.emplace_back();
    else
      result.back() += c;
  }
  return result;
}

TEST(Estimate, CsvHasOneHeaderAndTheSameNumbers) {
  const std::string csv = run_line(kPi + " --csv").out;
  std::istringstream lines(csv);
  std::string header, row, more;
  std::getline(lines, header);
  std::getline(lines, row);
  EXPECT_FALSE(std::getline(lines, more));
  const auto names = fields(header), values = fields(row);
  ASSERT_EQ(names.size(), values.size());
  std::map<std::string, std::string> table;
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_TRUE(table.emplace(names[i], values[i]).second) << names[i];
  const Json json = json_of(kPi);
  EXPECT_EQ(std::stod(table.at("latency_s")), json.at("latency").at("value").get<double>());
  EXPECT_EQ(std::stod(table.at("energy_J")), json.at("energy").at("value").get<double>());
  EXPECT_EQ(std::stod(table.at("memory_B")), json.at("memory").at("value").get<double>());
  EXPECT_EQ(table.at("fits"), "True");
  EXPECT_EQ(table.at("latency_s_origin"), "data sheet");
}

TEST(Estimate, GatesGiveExitCodeThree) {
  EXPECT_EQ(run_line(kPi + " --max-latency 1000s --max-memory 3GB").exit_code, 0);
  const RunResult exceeded = run_line(kPi + " --max-latency 1us");
  EXPECT_EQ(exceeded.exit_code, 3);
  EXPECT_FALSE(exceeded.out.empty());
  EXPECT_TRUE(std::regex_match(exceeded.err, std::regex("warning: latency: .* s exceeds 1.00 µs\n"))) << exceeded.err;
  EXPECT_EQ(run_line(kPi + " --max-energy 1nJ").exit_code, 3);
  EXPECT_EQ(run_line(kPi + " --max-power 1mW").exit_code, 3);
  EXPECT_EQ(run_line(kPi + " --max-memory 1MB").exit_code, 3);
  EXPECT_EQ(run_line("estimate llama-7b --device raspberry-pi-4 --max-latency 1000000s").exit_code, 3)
      << "what does not fit exceeds any gate";
  const Json gates = Json::parse(run_line(kPi + " --max-latency 1us --json").out).at("gates");
  EXPECT_EQ(gates.at(0).at("metric"), "latency");
  EXPECT_EQ(gates.at(0).at("exceeded"), true);
  EXPECT_EQ(gates.back().at("metric"), "fits");
}

TEST(Estimate, GatesThatCannotBeAnsweredAreBadInput) {
  const RunResult no_power = run_line("estimate bert-base --device ncs2 --max-energy 1J");
  EXPECT_EQ(no_power.exit_code, 2);
  EXPECT_EQ(no_power.err.substr(0, 74), "error: --max-energy: cannot be answered: no estimate of the energy: no pow");
  if (json_of(kPi).at("latency").at("high").is_null()) {
    EXPECT_EQ(run_line(kPi + " --max-latency 9s --gate upper").err,
              "error: --max-latency: cannot be answered: no interval of the latency: spread not yet measured\n");
  }
}

TEST(Estimate, ColourChangesNothingButColour) {
  Style colour;
  colour.colour = true;
  const std::string coloured = run_words(split_words(kPi), colour).out;
  EXPECT_NE(coloured.find("\x1b["), std::string::npos);
  EXPECT_EQ(std::regex_replace(coloured, std::regex("\x1b\\[[0-9;]*m"), ""), run_line(kPi).out);
  EXPECT_EQ(run_line(kPi).out.find('\x1b'), std::string::npos);
}

TEST(Estimate, LinesFitTheScreen) {
  for (const int width : {80, 100}) {
    Style style;
    style.width = width;
    std::istringstream lines(run_words(split_words(kPi), style).out);
    for (std::string line; std::getline(lines, line);) {
      std::size_t characters = 0;
      for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      EXPECT_LE(characters, static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST(Estimate, IsTheSameEveryTime) { EXPECT_EQ(run_line(kPi + " --ops").out, run_line(kPi + " --ops").out); }

}  // namespace
}  // namespace ridgeline
