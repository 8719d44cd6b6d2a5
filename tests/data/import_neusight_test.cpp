#include <algorithm>
#include <map>

#include "data/import.hpp"
#include "model/lowering.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> labels(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

const MeasurementSet& set_named(const std::vector<MeasurementSet>& sets, std::string_view name) {
  for (const MeasurementSet& set : sets)
    if (set.name == name) return set;
  throw Error("no set " + std::string(name));
}

const Measurement& row_named(const MeasurementSet& set, std::string_view id) {
  for (const Measurement& row : set.rows)
    if (row.id == id) return row;
  throw Error("no row " + std::string(id));
}

TEST(ImportNeuSight, OneSetAGpuAndOneForCompiledModels) {
  const std::vector<MeasurementSet> sets = import_neusight(labels(made("neusight/label")));
  ASSERT_EQ(sets.size(), 3u);
  const MeasurementSet& t4 = set_named(sets, "neusight/Tesla_T4");
  EXPECT_EQ(t4.device, "t4");
  EXPECT_EQ(t4.runtime, "pytorch-eager");
  EXPECT_EQ(t4.precision, Precision::fp32);
  EXPECT_EQ(t4.protocol, Protocol::warm);
  EXPECT_FALSE(t4.ordered);
  EXPECT_EQ(t4.rows.size(), 4u);

  const MeasurementSet& eager = set_named(sets, "neusight/NVIDIA_A100-PCIE-40GB");
  const MeasurementSet& compiled = set_named(sets, "neusight/NVIDIA_A100-PCIE-40GB-fusion");
  ASSERT_EQ(eager.rows.size(), 1u);
  ASSERT_EQ(compiled.rows.size(), 1u);
  EXPECT_EQ(compiled.device, "a100-pcie-40gb");
  EXPECT_EQ(compiled.runtime, "pytorch-compiled");
  EXPECT_EQ(compiled.rows[0].workload.fusion, Fusion::typical);
  EXPECT_FALSE(compiled.rows[0].workload.views);
  EXPECT_EQ(eager.rows[0].workload.fusion, Fusion::none);
  EXPECT_TRUE(eager.rows[0].workload.views);
}

TEST(ImportNeuSight, LatenciesArePerSequence) {
  const std::vector<MeasurementSet> sets = import_neusight(labels(made("neusight/label")));
  const MeasurementSet& set = set_named(sets, "neusight/Tesla_T4");
  const Measurement& bert = row_named(set, "Tesla_T4/bert_made-inf-128-4.json");
  EXPECT_EQ(bert.model, "bert_made");
  EXPECT_EQ(bert.workload.task, Task::encode);
  EXPECT_EQ(bert.workload.batch, 4);
  EXPECT_EQ(bert.workload.length, 128);
  EXPECT_DOUBLE_EQ(bert.latency.value().value, 2e-3);
  EXPECT_FALSE(bert.latency->standard_deviation);
  EXPECT_TRUE(bert.parts.empty());

  const Measurement& gpt = row_named(set, "Tesla_T4/gpt2_made-inf-256-2.json");
  EXPECT_EQ(gpt.workload.task, Task::prefill);
  EXPECT_DOUBLE_EQ(gpt.latency.value().value, 2.5e-3);
}

TEST(ImportNeuSight, BertHasTheHeadThatWasMeasured) {
  const std::vector<MeasurementSet> sets = import_neusight(labels(made("neusight/label")));
  const MeasurementSet& set = set_named(sets, "neusight/Tesla_T4");
  const OutputHead& labels = architecture_of(row_named(set, "Tesla_T4/bert_made-inf-128-4.json").definition).head;
  EXPECT_TRUE(labels.pooler);
  EXPECT_EQ(labels.classes, 2);
  EXPECT_FALSE(labels.language_model);
  const OutputHead& pretraining =
      architecture_of(row_named(set, "Tesla_T4/bert_made-train-128-2.json").definition).head;
  EXPECT_TRUE(pretraining.language_model);
  EXPECT_TRUE(pretraining.transform);
  EXPECT_EQ(pretraining.classes, 2);
}

/// Every part that was timed is a phase of the program that the workload lowers to.
TEST(ImportNeuSight, PartsArePhases) {
  const std::vector<MeasurementSet> sets = import_neusight(labels(made("neusight/label")));
  const MeasurementSet& set = set_named(sets, "neusight/Tesla_T4");
  const Measurement& training = row_named(set, "Tesla_T4/bert_made-train-128-2.json");
  EXPECT_EQ(training.workload.task, Task::train);
  ASSERT_EQ(training.parts.size(), 2u);
  EXPECT_DOUBLE_EQ(training.parts[0].latency.value, 5e-3);
  EXPECT_DOUBLE_EQ(training.parts[1].latency.value, 10e-3);
  EXPECT_DOUBLE_EQ(training.latency.value().value, 15e-3);

  const Measurement& both = row_named(set, "Tesla_T4/switch_made-inf-64-1.json");
  ASSERT_EQ(both.parts.size(), 1u);
  EXPECT_DOUBLE_EQ(both.latency.value().value, 12e-3);
  EXPECT_FALSE(architecture_of(both.definition).dropout);
  for (const Measurement* row : {&training, &both}) {
    const Program program = lower(row->definition, row->workload);
    for (const MeasuredPart& part : row->parts)
      EXPECT_TRUE(std::any_of(program.phases.begin(), program.phases.end(), [&](const Phase& phase) {
        return phase.name == part.phase;
      })) << part.phase;
  }
  // A forward pass that was measured without gradients has no dropout in it.
  const OperatorGraph forward = lower(both.definition, both.workload).phases.front().graph;
  for (OperatorVertex v = 0; v < num_vertices(forward); ++v) {
    const auto* e = std::get_if<Elementwise>(&forward[v].op);
    EXPECT_FALSE(e != nullptr && e->function == Function::dropout) << forward[v].label;
  }
}

TEST(ImportNeuSight, NamesWhatItLeavesOut) {
  const std::vector<MeasurementSet> sets = import_neusight(labels(made("neusight/label")));
  std::map<std::string, std::string> reasons;
  for (const MeasurementSet& set : sets)
    for (const Exclusion& exclusion : set.excluded) reasons[exclusion.id] = exclusion.reason;
  const std::map<std::string, std::string> expected{
      {"Tesla_T4/gpt2_made-inf-64-8.json", "latency is not positive: 0 s"},
      {"Tesla_T4/gpt2_made-train-64-8-dp4.json",
       "option 'dp4' is not supported: several GPUs, or another way to run"}};
  EXPECT_EQ(reasons, expected);
}

TEST(ImportNeuSight, WrongNamesAndFiles) {
  const Folder folder;
  const std::string text = content(made("neusight/label/Tesla_T4/bert_made-inf-128-4.json"));
  const std::string config = content(made("neusight/model_configs/bert_made.json"));
  const auto complaint = [&](const std::string& name, const std::string& row) {
    const fs::path file = folder.write(name, row);
    const std::string message = error_of([&] { import_neusight({file}); });
    EXPECT_TRUE(message.starts_with(file.string())) << message;
    return message.substr(std::min(message.size(), file.string().size()));
  };
  EXPECT_EQ(complaint("label/Tesla_T4/bert_made-128-4.json", text),
            ": 'bert_made-128-4' does not say what was measured; files of NeuSight are named "
            "GPU/MODEL-inf|train-LENGTH-BATCH.json, such as Tesla_T4/bert_large-inf-512-8.json");
  EXPECT_EQ(complaint("label/Tesla_T4/bert_made-inf-128-0.json", text).substr(0, 38),
            ": 'bert_made-inf-128-0' does not say w");
  EXPECT_EQ(complaint("label/Tesla_T5/bert_made-inf-128-4.json", text).substr(0, 55),
            ": unknown device 'Tesla_T5'; did you mean 'Tesla_T4'? t");
  EXPECT_EQ(complaint("label/Tesla_T4/bert_made-inf-128-4.json", text),
            ": the model's description model_configs/bert_made.json is missing; it belongs beside the folder of the "
            "labels, as in NeuSight's data folder");
  folder.write("model_configs/bert_made.json", config);
  EXPECT_EQ(complaint("label/Tesla_T4/bert_made-inf-128-4.json", R"({"fw_latency": 1})").substr(0, 33),
            ":1:1: missing key 'e2e_latency'; ");
}

TEST(ImportNeuSight, PublicFilesAreReadWhole) {
  RIDGELINE_NEEDS_DATA("neusight/label");
  const std::vector<fs::path> files = labels(shared_data() / "neusight" / "label");
  const std::vector<MeasurementSet> sets = import_neusight(files);
  std::size_t rows = 0;
  for (const MeasurementSet& set : sets) {
    EXPECT_TRUE(set.excluded.empty()) << set.excluded.front().id << " " << set.excluded.front().reason;
    for (const Measurement& row : set.rows) {
      EXPECT_NO_THROW(lower(row.definition, row.workload)) << row.id;
      ++rows;
    }
  }
  EXPECT_EQ(rows, files.size());
  EXPECT_EQ(sets.size(), 6u) << "five GPUs, one of them also with compiled models";
}

}  // namespace
}  // namespace ridgeline
