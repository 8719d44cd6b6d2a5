#include <algorithm>

#include "data/import.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(ImportTable, ReadsCsv) {
  const std::vector<MeasurementSet> sets = import_table(made("table/table.csv"));
  ASSERT_EQ(sets.size(), 1u);
  const MeasurementSet& set = sets[0];
  EXPECT_EQ(set.name, "table");
  EXPECT_EQ(set.device, "raspberry-pi-4");
  EXPECT_EQ(set.runtime, "pytorch-eager");
  EXPECT_EQ(set.precision, Precision::fp32);
  EXPECT_EQ(set.protocol, Protocol::warm);
  EXPECT_EQ(set.source, "table.csv");
  EXPECT_TRUE(set.ordered);
  ASSERT_EQ(set.rows.size(), 2u);

  const Measurement& first = set.rows[0];
  EXPECT_EQ(first.id, "table.csv:3") << "rows are in measuring order";
  EXPECT_EQ(first.order, 0);
  EXPECT_EQ(architecture_of(first.definition).name, "tiny") << "a file beside the table";
  EXPECT_EQ(first.workload.task, Task::encode);
  EXPECT_EQ(first.workload.batch, 4);
  EXPECT_EQ(first.workload.length, 64);
  EXPECT_DOUBLE_EQ(first.latency.value().value, 1.5e-3) << "of one sequence";
  EXPECT_FALSE(first.latency->standard_deviation);
  EXPECT_FALSE(first.energy);
  EXPECT_EQ(first.conditions.at("ambient"), "21 degC");
  EXPECT_EQ(first.conditions.at("note"), "after a pause, cold");

  const Measurement& second = set.rows[1];
  EXPECT_EQ(second.model, "bert-tiny");
  EXPECT_DOUBLE_EQ(second.latency.value().value, 8e-3);
  EXPECT_DOUBLE_EQ(second.latency->standard_deviation.value(), 0.2e-3);
  EXPECT_DOUBLE_EQ(second.energy.value().value, 0.03);
  EXPECT_DOUBLE_EQ(second.peak_power.value().value, 5.1);
  EXPECT_EQ(second.conditions.count("note"), 0u);

  ASSERT_EQ(set.excluded.size(), 1u);
  EXPECT_EQ(set.excluded[0].id, "table.csv:4");
  EXPECT_EQ(set.excluded[0].reason, "latency is not a number");
}

TEST(ImportTable, ReadsJson) {
  std::vector<MeasurementSet> sets = import_table(made("table/table.json"));
  ASSERT_EQ(sets.size(), 2u);
  const MeasurementSet& fp32 = sets[0];
  EXPECT_EQ(fp32.name, "table/fp32/warm") << "what tells the sets of a file apart";
  EXPECT_EQ(fp32.source, "invented");
  EXPECT_FALSE(fp32.ordered);
  ASSERT_EQ(fp32.rows.size(), 2u);
  EXPECT_EQ(fp32.rows[0].id, "table.json: row 1");
  EXPECT_EQ(fp32.rows[0].workload.length, 32);
  EXPECT_EQ(fp32.rows[0].conditions.at("governor"), "performance");
  const Measurement& generated = fp32.rows[1];
  EXPECT_EQ(generated.workload.task, Task::generate);
  EXPECT_EQ(generated.workload.new_tokens, 8);
  EXPECT_EQ(generated.workload.beams, 2);
  EXPECT_TRUE(architecture_of(generated.definition).decoder_only());
  EXPECT_DOUBLE_EQ(generated.energy.value().standard_deviation.value(), 0.001);

  const MeasurementSet& fp16 = sets[1];
  EXPECT_EQ(fp16.name, "table/fp16/whole-process");
  EXPECT_EQ(fp16.precision, Precision::fp16);
  EXPECT_EQ(fp16.protocol, Protocol::whole_process);
  ASSERT_EQ(fp16.rows.size(), 2u);
  EXPECT_EQ(fp16.rows[0].workload.numerics, uniform_numerics(Precision::fp16));
  EXPECT_DOUBLE_EQ(fp16.rows[1].latency.value().value, 5.5e-3);
}

/// The complaint about a small table, without the path of its file.
class ImportTableComplaints : public testing::Test {
 protected:
  std::string complaint(const std::string& header, const std::string& rows) {
    return message(folder_.write("table.csv", header + "\n" + rows));
  }
  std::string json_complaint(const std::string& text) { return message(folder_.write("table.json", text)); }
  /// One figure more for the usual row, named and valued by the caller.
  std::string figure(const std::string& name, const std::string& value) {
    return complaint("model,device,runtime,length,latency [ms]," + name,
                     "bert-tiny,raspberry-pi-4,pytorch-eager,64,5," + value + "\n");
  }
  /// Rows below model, device, runtime, length, latency.
  std::string row(const std::string& rows) { return complaint("model,device,runtime,length,latency [ms]", rows); }

 private:
  static std::string message(const fs::path& file) {
    const std::string text = error_of([&] { import_table(file); });
    if (!text.starts_with(file.string())) return text;
    return text.substr(file.string().size());
  }
  Folder folder_;
};

TEST_F(ImportTableComplaints, Units) {
  EXPECT_EQ(complaint("model,device,runtime,length,latency", "bert-tiny,raspberry-pi-4,pytorch-eager,64,5"),
            ":2: latency: 'latency' does not say its unit; write it into the name, for example 'latency [ms]'");
  EXPECT_EQ(figure("energy [s]", "5"), ":2: energy [s]: 's' is no unit of energy; write for example 'energy [J]'");
  EXPECT_EQ(figure("peak_power [watts]", "5"),
            ":2: peak_power [watts]: 'watts' is no unit of peak_power; write for example 'peak_power [W]'");
  EXPECT_EQ(
      figure("energy_std", "5"),
      ":2: energy_std: 'energy_std' does not say its unit; write it into the name, for example 'energy_std [J]'");
  EXPECT_EQ(figure("latency [s]", "5"), ":2: latency [s]: 'latency' is there twice, with different units");
  EXPECT_EQ(figure("batch [sequences]", "5"), ":2: batch [sequences]: 'batch' takes no unit, found 'sequences'");
}

TEST_F(ImportTableComplaints, Figures) {
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,64,fast"),
            ":2: latency [ms]: expected a number, found 'fast'");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,64,"),
            ":2: nothing was measured; at least one of latency, energy and peak_power is needed");
  EXPECT_EQ(figure("energy_std [J]", "5"), ":2: energy_std [J]: there is no energy that this belongs to");
}

TEST_F(ImportTableComplaints, FiguresThatAreNoneExcludeTheirRow) {
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,64,nan\n"
                "bert-tiny,raspberry-pi-4,pytorch-eager,65,0\n"
                "bert-tiny,raspberry-pi-4,pytorch-eager,66,-1\n"),
            ": set 'table' has no usable row; 3 excluded, the first (table.csv:2): latency is not a number");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,64,0\n"),
            ": set 'table' has no usable row; 1 excluded, the first (table.csv:2): latency is not positive: 0 s");
}

TEST_F(ImportTableComplaints, SetsThatTellNothing) {
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,64,5\n"),
            ": set 'table' has one usable row of 1; two are the least");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,64,5\n"
                "bert-tiny,raspberry-pi-4,pytorch-eager,64,5\n"),
            ": set 'table' has one usable row of 2; two are the least; 1 excluded, the first (table.csv:3): "
            "duplicate of table.csv:2");
  EXPECT_EQ(
      row("bert-tiny,raspberry-pi-4,pytorch-eager,64,5\n"
          "bert-tiny,raspberry-pi-4,pytorch-eager,65,5\n"
          "bert-mini,raspberry-pi-4,pytorch-eager,64,5\n"),
      ": all 3 rows of set 'table' have the same figures; models or workloads differ, so the figures must: were "
      "they copied?");
}

TEST_F(ImportTableComplaints, Names) {
  EXPECT_EQ(row("bert-tiny,rasberry-pi-4,pytorch-eager,64,5").substr(0, 77),
            ":2: device: unknown device 'rasberry-pi-4'; did you mean 'raspberry-pi-4'? th");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eger,64,5").substr(0, 76),
            ":2: runtime: unknown runtime 'pytorch-eger'; did you mean 'pytorch-eager'? t");
  EXPECT_EQ(row("bert-tny,raspberry-pi-4,pytorch-eager,64,5").substr(0, 63),
            ":2: model: unknown model 'bert-tny'; did you mean 'bert-tiny'? ");
  EXPECT_EQ(row(",raspberry-pi-4,pytorch-eager,64,5"), ":2: missing 'model'");
  EXPECT_EQ(figure("precision", "fp23").substr(0, 65),
            ":2: precision: unknown precision 'fp23'; did you mean 'fp32'? the");
  EXPECT_EQ(figure("protocol", "cold"),
            ":2: protocol: unknown protocol 'cold'; the protocols are: warm, whole-process");
  EXPECT_EQ(figure("task", "enkode").substr(0, 57), ":2: task: unknown task 'enkode'; did you mean 'encode'? t");
  EXPECT_EQ(figure("power_mode", "turbo"), ":2: power_mode: raspberry-pi-4 has no power modes");
  EXPECT_EQ(figure("bach", "2"),
            ":2: bach: unknown name 'bach'; did you mean 'batch'? a condition of your own needs a name less like it");
}

TEST_F(ImportTableComplaints, Workloads) {
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,0,5"), ":2: length: expected a positive integer, found 0");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,6.4,5"), ":2: length: expected an integer, found '6.4'");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,,5"), ":2: missing 'length'");
  EXPECT_EQ(row("bert-tiny,raspberry-pi-4,pytorch-eager,513,5"),
            ":2: bert-tiny: 513 positions are more than the model's 512");
  EXPECT_EQ(figure("task", "decode"), ":2: bert-tiny: cannot decode: it is an encoder-only model");
  EXPECT_EQ(figure("new_tokens", "8"), ":2: new_tokens: 'new_tokens' goes with the task generate, not with encode");
}

TEST_F(ImportTableComplaints, Order) {
  const std::string header = "model,device,runtime,length,latency [ms],order";
  const std::string start =
      "bert-tiny,raspberry-pi-4,pytorch-eager,64,5,0\nbert-tiny,raspberry-pi-4,pytorch-eager,65,6,";
  EXPECT_EQ(complaint(header, start + "0"), ":3: order: order 0 is there twice");
  EXPECT_EQ(complaint(header, start + "-1"), ":3: order: expected 0 or more, found -1");
  EXPECT_EQ(complaint(header, start), ":3: some rows of this set have an 'order' and others have none");
  EXPECT_EQ(complaint(header,
                      "bert-tiny,raspberry-pi-4,pytorch-eager,64,5,\nbert-tiny,raspberry-pi-4,pytorch-eager,65,6,3"),
            ":3: order: some rows of this set have an 'order' and others have none");
}

TEST_F(ImportTableComplaints, Json) {
  EXPECT_EQ(json_complaint(R"({"rows": []})"), ":1:10: rows: there are no rows");
  EXPECT_EQ(json_complaint(R"({"rows": [3]})"), ":1:11: rows.0: a row is a map of names and values");
  EXPECT_EQ(json_complaint(R"({"rows": [{"device": ["a"]}]})"), ":1:22: rows.0.device: 'device' takes a plain value");
  EXPECT_EQ(json_complaint(R"({"rows": [{"model": {"model_type": "brt"}, "device": "t4", "runtime": "pytorch"}]})")
                .substr(0, 52),
            ":1:36: rows.0.model.model_type: unknown model_type '");
}

}  // namespace
}  // namespace ridgeline
