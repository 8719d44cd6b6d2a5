// Models given by their operators on the command line, and ONNX and TorchScript files that become such.
#include <gtest/gtest.h>

#include <filesystem>

#include "app/unknown_operators.hpp"
#include "base/document.hpp"
#include "data/store.hpp"
#include "model/lowering.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

constexpr const char* kGraph = R"(ridgeline: graph
name: small
batch: 2
length: 16
inputs: [{name: x, elements: 2048}]
operators:
  - {name: product, kind: matmul, rows: 32, columns: 256, inner: 64, inputs: [x]}
  - {name: odd, kind: unknown, operator: com.example.Mystery, read: 8192, written: 8192, inputs: [product]}
  - {name: other, kind: unknown, operator: com.example.Mystery, read: 8192, written: 8192, inputs: [odd]}
  - {name: softmax, kind: softmax, rows: 32, columns: 256, inputs: [other]}
)";

class GraphCommands : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string graph_ = folder_.write("small.yaml", kGraph);
  std::string refused(const std::string& options) {
    const RunResult result = run_line("estimate " + graph_ + " --device t4 " + options);
    EXPECT_EQ(result.exit_code, 2) << options;
    return result.err;
  }
};

TEST_F(GraphCommands, AreEstimatedWithTheUnknownNamed) {
  const nlohmann::json json = json_of("estimate " + graph_ + " --device raspberry-pi-4 --ops");
  EXPECT_EQ(json["model"]["family"], "graph");
  EXPECT_EQ(json["model"]["parameters"], 64 * 256 + 256);
  EXPECT_EQ(json["assumptions"]["batch"], 2);
  EXPECT_EQ(json["assumptions"]["length"], 16);
  EXPECT_EQ(json["operators"].size(), 5u);
  EXPECT_EQ(json["operators"][2]["kind"], "unknown");
  EXPECT_EQ(json["operators"][2]["label"], "odd");
  ASSERT_EQ(json["unknown_operators"].size(), 1u);
  EXPECT_EQ(json["unknown_operators"][0]["operator"], "com.example.Mystery");
  EXPECT_EQ(json["unknown_operators"][0]["operators"], 2);
  EXPECT_EQ(json["unknown_operators"][0]["bytes"]["value"], 2 * 4 * 16384);
  const std::string text = run_line("estimate " + graph_ + " --device raspberry-pi-4").out;
  EXPECT_NE(text.find("not known, and costed by the bytes that they read and write: 2 × com.example.Mystery ("),
            std::string::npos)
      << text;
}

TEST_F(GraphCommands, RefuseWhatWouldChangeThem) {
  const std::string why =
      "small is given by its operators, which are those of one workload: encode, batch 2, length 16; leave the "
      "option "
      "out, or convert the model for other dimensions\n";
  for (const std::string option :
       {"--batch 1", "--length 32", "--task train", "--new-tokens 4", "--beams 2", "--cache-precision fp16"})
    EXPECT_EQ(refused(option), "error: " + option.substr(0, option.find(' ')) + ": " + why);
  EXPECT_EQ(run_line("estimate " + graph_ + " --device t4 --batch 2 --length 16 --precision fp16").exit_code, 0);
  EXPECT_EQ(run_line("models " + graph_ + " --counting survey").err,
            "error: --counting: the survey counts architectures, and this model is given by its operators\n");
}

TEST_F(GraphCommands, ArePlannedToBeMeasured) {
  const auto plan = [&](const std::string& models, const std::string& options = "") {
    return run_line("measure --device raspberry-pi-4 --plan-only --models " + models + options);
  };
  const std::string header = "id,task,batch,length,new_tokens,beams\n";
  for (const std::string level : {"", " --level op"})
    EXPECT_EQ(plan(graph_, level).out, header + "\"small, encode, batch 2, length 16\",encode,2,16,0,1\n");
  const std::string table = folder_.write("plan.csv", "model,batch,length\nsmall.yaml,,\nbert-tiny,2,16\n");
  EXPECT_EQ(plan(table).out, header +
                                 "\"small.yaml, encode, batch 2, length 16\",encode,2,16,0,1\n"
                                 "\"bert-tiny, encode, batch 2, length 16\",encode,2,16,0,1\n");
  EXPECT_EQ(
      plan(graph_, " --level block").err,
      "error: --level: small is given by its operators, and nobody says which of them are a block; take --level "
      "model or op\n");
  folder_.write("other.csv", "model,batch,length\nsmall.yaml,1,16\n");
  EXPECT_EQ(
      plan((folder_ / "other.csv").string()).err,
      "error: " + (folder_ / "other.csv").string() +
          ":2: batch: small.yaml is given by operators of batch 2, found '1'; leave it out, or convert the model "
          "for other dimensions\n");
  const std::string half = folder_.write("half.yaml", std::string("precision: fp16\n") + kGraph);
  EXPECT_EQ(plan(half).err,
            "error: " + half +
                ": precision: small is not in fp32, which models are run in: with `precision: fp32` in its "
                "file the same operators are measured\n");
  EXPECT_EQ(plan(graph_, " --precision bf16").exit_code, 0);
  const std::string model = folder_.write("model.yaml", run_line("models bert-tiny --yaml").out);
  EXPECT_EQ(plan(model).err, "error: " + model +
                                 ": one model, where a table of models is expected; name it in a .csv file with a "
                                 "column 'model' (docs/data.md)\n");
}

TEST_F(GraphCommands, MeasurementsOfThemAreReadFromTables) {
  const std::string table = folder_.write("measured.csv",
                                          "model,device,runtime,latency [ms]\nsmall.yaml,raspberry-pi-4,libtorch,3\n"
                                          "bert-tiny.yaml,raspberry-pi-4,libtorch,4\n");
  folder_.write("bert-tiny.yaml", run_line("models bert-tiny --yaml").out);
  EXPECT_NE(run_line("import " + table + " --out " + (folder_ / "a.h5").string()).err.find(":3: missing 'length'"),
            std::string::npos);
  folder_.write("measured.csv",
                "model,device,runtime,batch,latency [ms]\nsmall.yaml,raspberry-pi-4,libtorch,,3\n"
                "small.yaml,raspberry-pi-4,libtorch,2,4\n");
  ASSERT_EQ(run_line("import " + table + " --out " + (folder_ / "a.h5").string()).exit_code, 0);
  const MeasurementSet set = measurement_sets(read_store(folder_ / "a.h5")).at(0);
  ASSERT_EQ(set.rows.size(), 2u);
  EXPECT_EQ(set.rows[0].definition, load_model_or_graph(graph_));
  EXPECT_EQ(set.rows[0].workload.batch, 2);
  EXPECT_EQ(set.rows[0].latency->value, 1.5e-3);
}

TEST_F(GraphCommands, AreListedAndCompared) {
  const nlohmann::json model = json_of("models " + graph_);
  EXPECT_EQ(model["operator_kinds"].size(), 3u);
  EXPECT_EQ(model["operator_kinds"][2]["kind"], "unknown");
  EXPECT_EQ(model["operator_kinds"][2]["operators"], 2);
  EXPECT_EQ(run_line("models " + graph_ + " --yaml").out.substr(0, 17), "ridgeline: graph\n");
  const RunResult compared = run_line("compare bert-tiny " + graph_ + " --device t4 --batch 2 --length 16");
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_NE(compared.out.find("small"), std::string::npos);
}

TEST_F(GraphCommands, SayWhenAttentionIsNotRecognised) {
  EXPECT_NE(run_line("estimate " + graph_ + " --device t4 --fusion flash-attention")
                .out.find("attention is not recognised among given operators"),
            std::string::npos);
}

TEST(UnknownOperators, WidenIntervals) {
  Figure figure;
  figure.value = 10, figure.low = 8, figure.high = 12;
  widen(figure, {0.5, 1.5}, {});
  EXPECT_DOUBLE_EQ(*figure.low, 4);
  EXPECT_DOUBLE_EQ(*figure.high, 18);
  EXPECT_NE(figure.reason.find("unknown operators"), std::string::npos);
  Figure without;
  without.value = 10;
  widen(without, {0.5, 1.5}, {});
  EXPECT_FALSE(without.low);
  EXPECT_EQ(without.reason, "");
  widen(figure, {}, {.known = false});
  EXPECT_FALSE(figure.low);
}

/// From nothing to what the known operators take a byte.
TEST(UnknownOperators, AreWorthTheirShare) {
  Scenario scenario;
  scenario.model = parse_given_graph(parse_document(kGraph, "g"), "g");
  scenario.workload = workload_of(std::get<GivenGraph>(scenario.model));
  scenario.program = lower(scenario.model, scenario.workload);
  DetailedEstimate detail;
  detail.total.latency = Seconds(10);
  const auto report = [&](OperatorVertex vertex, double seconds) {
    OperatorReport r{};
    r.phase = 0, r.vertex = vertex;
    r.cost.duration = Seconds(seconds);
    detail.operators.push_back(r);
  };
  report(1, 6), report(2, 1), report(3, 1), report(4, 2);
  const OperatorGraph& graph = scenario.program.phases.front().graph;
  const auto bytes = [&](OperatorVertex v) { return work(graph[v].op, Numerics{}).bytes().si(); };
  const double most = (bytes(2) + bytes(3)) * 8 / (bytes(1) + bytes(4));
  const auto by = widening(scenario, detail);
  ASSERT_TRUE(by);
  EXPECT_DOUBLE_EQ(by->latency.low, 0.8);
  EXPECT_DOUBLE_EQ(by->latency.high, (10 + most - 2) / 10);
  EXPECT_DOUBLE_EQ(unknown_shares(scenario, detail).front().share, 0.2);
}

/// The program that reads ONNX files stands beside the command line's, not beside the tests'.
class ConvertCommand : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path programs = std::filesystem::path(RIDGELINE_PROGRAM).parent_path();
    if (!std::filesystem::exists(programs / "ridgeline-convert")) GTEST_SKIP() << "ONNX is not installed";
    ::setenv("RIDGELINE_LIBEXEC", programs.c_str(), 1);
  }
  void TearDown() override { ::unsetenv("RIDGELINE_LIBEXEC"); }
  std::string example_ = RIDGELINE_SOURCE_DIR "/examples/bert-tiny.onnx";
  TemporaryFolder folder_;
};

TEST_F(ConvertCommand, MakesAGraphThatIsEstimatedAsTheArchitectureIs) {
  const std::string file = (folder_ / "bert.yaml").string();
  const RunResult made =
      run_line("convert " + example_ + " --dimension batch=1 --dimension sequence=128 --out " + file);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.err, "");
  const nlohmann::json theirs = json_of("estimate " + file + " --device raspberry-pi-4");
  const nlohmann::json ours = json_of("estimate bert-tiny --device raspberry-pi-4 --length 128");
  EXPECT_EQ(theirs["model"]["parameters"], ours["model"]["parameters"]);
  EXPECT_EQ(theirs["model"]["work"]["flops"], ours["model"]["work"]["flops"]);
  EXPECT_NEAR(theirs["latency"]["value"].get<double>() / ours["latency"]["value"].get<double>(), 1, 0.1);
}

/// Beside the architecture that the file is an export of.
TEST_F(ConvertCommand, AGraphIsMeasuredAsTheArchitectureIs) {
  if (!std::filesystem::exists(std::filesystem::path(RIDGELINE_PROGRAM).parent_path() / "ridgeline-run"))
    GTEST_SKIP() << "libtorch is not installed";
  const std::string store = (folder_ / "run.h5").string();
  ASSERT_EQ(run_line("convert " + example_ + " --dimension batch=1 --dimension sequence=128 --out " +
                     (folder_ / "graph.yaml").string())
                .exit_code,
            0);
  const std::string table = folder_.write("plan.csv", "model,length\ngraph.yaml,\nbert-tiny,128\n");
  const RunResult run =
      run_line("measure --device raspberry-pi-4 --threads 1 --models " + table + " --budget 60s --out " + store);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const MeasurementSet set = measurement_sets(read_store(store)).at(0);
  ASSERT_EQ(set.rows.size(), 2u);
  // One that other work disturbed is measured again and comes last.
  const std::size_t first = set.rows[0].model == "graph.yaml" ? 0 : 1;
  const Measurement &graph = set.rows[first], &architecture = set.rows[1 - first];
  EXPECT_EQ(graph.model, "graph.yaml");
  EXPECT_TRUE(std::holds_alternative<GivenGraph>(graph.definition));
  const auto flops = [](const Measurement& row) {
    return total_work(lower(row.definition, row.workload).phases.front().graph, row.workload.numerics).flops().si();
  };
  EXPECT_EQ(flops(graph), flops(architecture));
  EXPECT_GT(graph.latency->value, 0);
  const RunResult calibrated = run_line("calibrate --device raspberry-pi-4 --data " + store + " --out " +
                                        (folder_ / "calibration.h5").string());
  EXPECT_EQ(calibrated.exit_code, 0) << calibrated.err;
}

TEST_F(ConvertCommand, ComplainsOfFilesAndSizes) {
  EXPECT_EQ(run_line("convert " + example_).err,
            "error: " + example_ +
                ": dimensions without a number: batch, sequence; give them: --dimension batch=N "
                "--dimension sequence=N\n");
  const std::string text = folder_.write("text.onnx", "no model\n");
  EXPECT_EQ(run_line("convert " + text).err, "error: " + text + ": this is no ONNX file, or it is damaged\n");
  EXPECT_EQ(run_line("convert").err,
            "error: convert: missing FILE; convert takes: ridgeline convert FILE.onnx or FILE.pt\n");
  EXPECT_EQ(run_line("convert x.onnx --dimension batch").err,
            "error: --dimension: expected NAME=VALUE, found 'batch'\n");
  EXPECT_EQ(run_line("convert x.onnx --task train").err,
            "error: --task: a graph is one pass, so its task is not 'train'; use encode, prefill or decode\n");
  EXPECT_EQ(run_line("estimate " + example_ + " --device t4").err,
            "error: " + example_ + ": ONNX files are converted first; ridgeline convert FILE --out model.yaml\n");
}

/// The same with libtorch's program.
class ConvertTorchScriptCommand : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path programs = std::filesystem::path(RIDGELINE_PROGRAM).parent_path();
    if (!std::filesystem::exists(programs / "ridgeline-convert-torchscript"))
      GTEST_SKIP() << "libtorch is not installed";
    ::setenv("RIDGELINE_LIBEXEC", programs.c_str(), 1);
  }
  void TearDown() override { ::unsetenv("RIDGELINE_LIBEXEC"); }
  std::string example_ = RIDGELINE_SOURCE_DIR "/examples/small-gpt.pt";
  TemporaryFolder folder_;
};

TEST_F(ConvertTorchScriptCommand, MakesAGraphThatIsEstimatedAndMeasured) {
  const std::string graph = (folder_ / "gpt.yaml").string(), store = (folder_ / "run.h5").string();
  const RunResult made = run_line("convert " + example_ + " --input 1x32:int64 --task prefill --out " + graph);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.err, "");
  const nlohmann::json json = json_of("estimate " + graph + " --device raspberry-pi-4");
  EXPECT_EQ(json["assumptions"]["batch"], 1);
  EXPECT_EQ(json["assumptions"]["length"], 32);
  EXPECT_FALSE(json.contains("unknown_operators"));
  if (!std::filesystem::exists(std::filesystem::path(RIDGELINE_PROGRAM).parent_path() / "ridgeline-run")) return;
  const RunResult run =
      run_line("measure --device raspberry-pi-4 --threads 1 --models " + graph + " --budget 60s --out " + store);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const MeasurementSet set = measurement_sets(read_store(store)).at(0);
  ASSERT_EQ(set.rows.size(), 1u);
  EXPECT_EQ(set.rows[0].definition, load_model_or_graph(graph));
  EXPECT_GT(set.rows[0].latency->value, 0);
}

TEST_F(ConvertTorchScriptCommand, ComplainsOfFilesAndInputs) {
  const auto complaint = [](const std::string& words) { return run_line("convert " + words).err; };
  EXPECT_EQ(complaint(example_),
            "error: --input: `forward` takes input_ids; give the shape and type of each, as in --input "
            "1x128:int64,1x128:int64\n");
  EXPECT_EQ(complaint(example_ + " --input 1xy:int64"),
            "error: --input: expected a whole number from 1 to 1000000000, found 'y'\n");
  EXPECT_EQ(complaint(example_ + " --input 1x8:int46"),
            "error: --input: unknown type 'int46'; did you mean 'int64'? the types are: float32, float16, bfloat16, "
            "float64, int64, int32, int16, int8, uint8, bool\n");
  EXPECT_EQ(complaint(example_ + " --dimension batch=1"),
            "error: --dimension: a TorchScript file names no dimensions; use --input 1x128:int64\n");
  EXPECT_EQ(complaint(example_ + " --input 1x8:int64 --as-written"),
            "error: --as-written: a TorchScript file is always taken as it is written; leave it out\n");
  EXPECT_EQ(complaint(RIDGELINE_SOURCE_DIR "/examples/bert-tiny.onnx --input 1x8:int64"),
            "error: --input: an ONNX file says what its inputs are; use --dimension for those of its sizes that are "
            "open\n");
  const std::string pickle = folder_.write("eager.pt", "\x80\x02}q");
  EXPECT_EQ(complaint(pickle + " --input 1x8:int64"),
            "error: " + pickle +
                ": this is a pickle of torch.save, which is Python code, not TorchScript; export the model as "
                "TorchScript: torch.jit.trace(model, example).save(\"model.pt\")\n");
  EXPECT_EQ(run_line("estimate " + example_ + " --device t4").err,
            "error: " + example_ +
                ": TorchScript files are converted first; ridgeline convert FILE --input 1x128:int64 --out "
                "model.yaml\n");
}

}  // namespace
}  // namespace ridgeline
