#include "data/import.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(ReadMeasurements, RecognisesEveryForm) {
  EXPECT_EQ(measurement_format(made("edgetran.json")), "edgetran");
  EXPECT_EQ(measurement_format(made("iwslt14deen_gpu_titanxp_made.csv")), "hat");
  EXPECT_EQ(measurement_format(made("neusight/label/Tesla_T4/bert_made-inf-128-4.json")), "neusight");
  EXPECT_EQ(measurement_format(made("table/table.csv")), "table");
  EXPECT_EQ(measurement_format(made("table/table.json")), "table");
}

TEST(ReadMeasurements, ReadsSeveralFilesOfSeveralForms) {
  const std::vector<MeasurementSet> sets = read_measurements(
      {made("neusight/label/Tesla_T4/bert_made-inf-128-4.json"), made("iwslt14deen_gpu_titanxp_made.csv"),
       made("neusight/label/Tesla_T4/gpt2_made-inf-256-2.json"), made("table/table.csv")});
  std::vector<std::string> names;
  for (const MeasurementSet& set : sets) names.push_back(set.name);
  EXPECT_EQ(names, (std::vector<std::string>{"iwslt14deen_gpu_titanxp", "table", "neusight/Tesla_T4"}));
  EXPECT_EQ(sets[2].rows.size(), 2u);
}

TEST(ReadMeasurements, MergesPartsOfOneSet) {
  const Folder folder;
  const std::string header = "set,model,device,runtime,length,latency [ms],order\n";
  const std::string start = "mine,bert-tiny,raspberry-pi-4,pytorch-eager,";
  const fs::path a = folder.write("a/part.csv", header + start + "64,5,0\n" + start + "32,3,7\n");
  const fs::path b = folder.write("b/part.csv", header + start + "64,5,0\n" + start + "16,2,1\n");
  const std::vector<MeasurementSet> sets = read_measurements({a, b});
  ASSERT_EQ(sets.size(), 1u);
  ASSERT_EQ(sets[0].rows.size(), 3u);
  EXPECT_EQ(sets[0].rows[2].id, "part.csv:3 (2)");
  EXPECT_EQ(sets[0].rows[2].order, 9) << "the second campaign follows the first";
  ASSERT_EQ(sets[0].excluded.size(), 1u);
  EXPECT_EQ(sets[0].excluded[0].reason, "duplicate of part.csv:2");
  EXPECT_EQ(sets[0].source, "part.csv");

  // Each alone would be refused; together they are a set of two.
  const fs::path c = folder.write("c.csv", header + start + "64,5,0\n");
  const fs::path d = folder.write("d.csv", header + start + "32,3,0\n");
  EXPECT_EQ(read_measurements({c, d}).at(0).rows.size(), 2u);
  EXPECT_EQ(read_measurements({c, d}).at(0).source, "c.csv; d.csv");
  EXPECT_EQ(error_of([&] { read_measurements({c}); }),
            c.string() + ": set 'mine' has one usable row of 1; two are the least");
}

TEST(ReadMeasurements, ComplainsAboutWhatItDoesNotKnow) {
  const Folder folder;
  const auto complaint = [&](const std::string& name, const std::string& text) {
    const fs::path file = folder.write(name, text);
    const std::string message = error_of([&] { read_measurements({file}); });
    EXPECT_TRUE(message.starts_with(file.string())) << message;
    return message.substr(std::min(message.size(), file.string().size()));
  };
  EXPECT_EQ(
      complaint("a.json", R"({"latency": 3})").substr(0, 104),
      ": no form of measurements is recognised in this JSON file; known are EdgeTran's and NeuSight's JSON, HAT");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,2\n").substr(0, 61),
            ":1: no form of measurements is recognised in this CSV file; k");
  EXPECT_EQ(
      complaint("bmm.csv", "OPName,Latency\nbmm,2\n"),
      ":1: these are single operators, not models; whole models of NeuSight are the JSON files of its folder label");
  EXPECT_EQ(complaint("empty.csv", ""), ": the file is empty");
  EXPECT_EQ(error_of([] { read_measurements({"/no/such/file.csv"}); }),
            "/no/such/file.csv: cannot open the file: No such file or directory");
  EXPECT_EQ(error_of([] { read_measurements({}); }), "no file with measurements was named");
  EXPECT_EQ(error_of([] { read_measurements({made("edgetran.json")}, "hatt"); }),
            "unknown format 'hatt'; did you mean 'hat'? the formats are: edgetran, hat, neusight, table, store");
  // A form that is forced complains in its own words.
  EXPECT_EQ(
      error_of([] { read_measurements({made("table/table.csv")}, "hat"); }).substr(made("table").string().size()),
      "/table.csv:1: missing column 'encoder_embed_dim'; there are: model, device, runtime, length, batch, latency "
      "[ms], latency_std [ms], energy [mJ], peak_power [W], order, ambient [degC], note");
}

}  // namespace
}  // namespace ridgeline
