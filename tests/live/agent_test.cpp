// The agent for boards that nothing else is built on: it makes the same calls, and its results come in.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "calib/live/execution.hpp"
#include "calib/live/recording.hpp"
#include "data/import.hpp"
#include "model/readers.hpp"
#include "tests/model/given.hpp"
#include "tests/model/models.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

struct AgentModel {
  Model definition;
  Workload workload;
};

Workload agent_workload(Task task, Size batch, Size length, Size new_tokens = 0) {
  Workload w;
  w.task = task, w.batch = batch, w.length = length, w.new_tokens = new_tokens;
  return w;
}

AgentModel given_model() {
  const Workload w = agent_workload(Task::encode, 2, 24);
  return {given(lower(models::bert(64, 2, 128, 2), w).phases.front(), w), w};
}

std::vector<AgentModel> agent_models() {
  return {{models::bert(64, 2, 128, 2), agent_workload(Task::encode, 2, 24)},
          {models::gpt2(64, 2, 2, 64), agent_workload(Task::prefill, 2, 16)},
          {models::gpt2(64, 2, 2, 64), agent_workload(Task::decode_step, 1, 32)},
          {models::t5(64, 2, 32, 128, 2), agent_workload(Task::generate, 2, 8, 4)},
          given_model()};
}

std::string escaped(const std::string& text) {
  std::string all;
  for (const char c : text)
    all += c == '\n' ? std::string("\\n") : c == '"' ? std::string("\\\"") : std::string(1, c);
  return all;
}

void write_plan(const fs::path& file, const std::vector<AgentModel>& all) {
  std::ofstream out(file);
  out << R"({"ridgeline": "agent plan", "device": "raspberry-pi-4", "runtime": "libtorch", "models": [)";
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Workload& w = all[i].workload;
    out << (i > 0 ? "," : "") << R"({"id": "model )" << i << R"(", "model": ")" << escaped(to_yaml(all[i].definition))
        << R"(", "task": ")" << name(w.task) << R"(", "batch": )" << w.batch << R"(, "length": )" << w.length
        << R"(, "new_tokens": )" << w.new_tokens << R"(, "beams": 1, "calls": )"
        << record_calls(all[i].definition, w, 3) << "}";
  }
  out << "]}";
}

std::string output_of(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  std::array<char, 256> buffer{};
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return text;
}

std::string agent() { return "'" RIDGELINE_AGENT_PROGRAM "' "; }

TEST(Agent, GivesTheNumbersOfTheExecutor) {
  const TemporaryFolder folder;
  write_plan(folder / "plan.json", agent_models());
  const std::string text = output_of(agent() + "'" + (folder / "plan.json").string() + "' --result-only 2>/dev/null");
  std::istringstream lines(text);
  for (const AgentModel& model : agent_models()) {
    SCOPED_TRACE(name_of(model.definition) + ", " + std::string(name(model.workload.task)));
    std::string agents, planned;
    ASSERT_TRUE(lines >> agents >> planned) << text;
    Execution execution(model.definition, model.workload, {.seed = 3});
    execution.run();
    execution.run();
    double mean = 0;
    const HostTensor result = execution.result();
    for (const float x : result.values)
      mean += std::abs(static_cast<double>(x)) / static_cast<double>(result.values.size());
    EXPECT_GT(mean, 1e-3);
    EXPECT_NEAR(std::strtod(agents.c_str(), nullptr), mean, 1e-6 * mean);
    EXPECT_NEAR(std::strtod(planned.c_str(), nullptr), mean, 1e-9 * mean);
  }
}

TEST(Agent, WritesWhatImportReadsAndGoesOnWhereItWasInterrupted) {
  const TemporaryFolder folder;
  std::vector<AgentModel> all = agent_models();
  write_plan(folder / "plan.json", all);
  const std::string results = (folder / "results.csv").string(),
                    command = agent() + "'" + (folder / "plan.json").string() + "' '" + results +
                              "' --seconds 0.01 --threads 1 2>&1";
  output_of(command);
  const auto rows = [&] { return import_table(results).at(0).rows; };
  ASSERT_EQ(rows().size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    Workload workload = rows()[i].workload;
    EXPECT_EQ(workload.task, all[i].workload.task);
    EXPECT_EQ(workload.batch, all[i].workload.batch);
    EXPECT_EQ(workload.new_tokens, all[i].workload.new_tokens);
    EXPECT_EQ(rows()[i].definition,
              parse_model_or_graph(parse_document(to_yaml(all[i].definition), "model"), "model"));
    EXPECT_GT(rows()[i].latency->value, 0);
    EXPECT_EQ(rows()[i].conditions.at("result"), "as planned");
  }
  // Cut in the middle of the last line, as by a power cut: only that model is measured again.
  const std::vector<Measurement> before = rows();
  fs::resize_file(results, fs::file_size(results) - 10);
  const std::string said = output_of(command);
  EXPECT_EQ(said.find("1 of 5"), std::string::npos) << said;
  EXPECT_NE(said.find("5 of 5"), std::string::npos) << said;
  ASSERT_EQ(rows().size(), all.size());
  EXPECT_EQ(rows()[0].latency, before[0].latency);
}

TEST(Agent, TrainingIsRefused) {
  EXPECT_EQ(error_of([] { record_calls(models::bert(64, 2, 128, 1), agent_workload(Task::train, 1, 8), 0); }),
            "training cannot be written down as calls");
}

}  // namespace
}  // namespace ridgeline
