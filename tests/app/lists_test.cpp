// devices, runtimes, models and probe.
#include <gtest/gtest.h>

#include <set>

#include "hwdesc/device_file.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

std::vector<std::string> names_in(const Json& list) {
  std::vector<std::string> names;
  for (const auto& entry : list) names.push_back(entry.at("name"));
  return names;
}

TEST(Lists, ShowEverything) {
  EXPECT_EQ(names_in(json_of("devices").at("devices")), device_names());
  EXPECT_EQ(names_in(json_of("runtimes").at("runtimes")), runtime_names());
  EXPECT_EQ(names_in(json_of("models").at("models")), zoo_names());
  const std::string devices = run_line("devices").out, runtimes = run_line("runtimes").out,
                    models = run_line("models").out;
  for (const std::string& name : device_names())
    EXPECT_NE(devices.find("\n" + name + "  "), std::string::npos) << name;
  for (const std::string& name : runtime_names())
    EXPECT_NE(runtimes.find("\n" + name + "  "), std::string::npos) << name;
  for (const std::string& name : zoo_names()) EXPECT_NE(models.find("\n" + name + "  "), std::string::npos) << name;
}

TEST(Lists, EveryNumberOfADeviceHasItsSource) {
  for (const std::string& name : device_names()) {
    const Json json = json_of("devices " + name);
    ASSERT_FALSE(json.at("facts").empty()) << name;
    for (const auto& fact : json.at("facts")) EXPECT_FALSE(fact.at("source").get<std::string>().empty()) << fact;
    const std::string text = run_line("devices " + name).out;
    for (const auto& [id, source] : json.at("sources").items()) EXPECT_NE(text.find(id), std::string::npos) << id;
    for (const auto& [part, reason] : json.at("not_published").items())
      EXPECT_NE(text.find(reason.get<std::string>().substr(0, 20)), std::string::npos) << name << ": " << part;
  }
}

TEST(Lists, ListsFitTheScreen) {
  for (const std::string line : {"devices", "runtimes", "models", "devices a100-pcie-40gb", "models bert-base"}) {
    std::istringstream lines(run_line(line).out);
    for (std::string row; std::getline(lines, row);) {
      std::size_t characters = 0;
      for (const char c : row) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      EXPECT_LE(characters, 100u) << line << ": " << row;
    }
  }
}

TEST(Lists, AModelShowsItsWorkByKind) {
  const Json json = json_of("models bert-base");
  double flops = 0, bytes = 0;
  for (const auto& kind : json.at("operator_kinds")) {
    flops += kind.at("work").at("flops").at("value").get<double>();
    bytes += kind.at("work").at("bytes").at("value").get<double>();
  }
  EXPECT_NEAR(flops, json.at("work").at("flops").at("value").get<double>(), 1);
  EXPECT_NEAR(bytes, json.at("work").at("bytes").at("value").get<double>(), 1);
  EXPECT_EQ(json.at("parameters"), json.at("published_parameters"));
}

TEST(Lists, TheSurveysCountingIsThatOfItsTable3) {
  const Json survey = json_of("models bert-base --length 512 --counting survey").at("survey");
  EXPECT_NEAR(survey.back().at("flops").at("value").get<double>(), 97.02e9, 0.005e9);
  EXPECT_NEAR(survey.back().at("arithmetic_intensity").at("value").get<double>(), 231.0, 0.7);
}

TEST(Lists, AModelWrittenOutReadsBackEqual) {
  const TemporaryFolder folder;
  for (const char* name : {"bert-base", "gpt2", "t5-small"}) {
    const std::string file = (folder / "model.yaml").string();
    const RunResult result = run_line(std::string("models ") + name + " --yaml --out '" + file + "'");
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, "");
    Architecture read = load_model(file);
    const Architecture written = load_model(name);
    read.name = written.name;
    EXPECT_EQ(read, written) << name;
  }
}

TEST(Lists, ADescriptionOfThisMachineCanBeEstimated) {
  const TemporaryFolder folder;
  const std::string file = (folder / "bench.yaml").string();
  ASSERT_EQ(run_line("probe --name bench --out '" + file + "'").exit_code, 0);
  const Json json = json_of("estimate bert-base --device '" + file + "'");
  EXPECT_EQ(json.at("device").at("name"), "bench");
  EXPECT_GT(json.at("latency").at("value").get<double>(), 0);
}

}  // namespace
}  // namespace ridgeline
