// import: what it lists, what it writes, and that it writes all or nothing.
#include "data/store.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string made(const std::string& name) {
  return (fs::path(RIDGELINE_SOURCE_DIR) / "tests/data/made" / name).string();
}

std::string bytes(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Import, WritesAStoreAndListsItsSets) {
  const TemporaryFolder folder;
  const std::string out = (folder / "hat.h5").string();
  const RunResult result = run_line("import hat " + made("wmt14ende_cpu_raspberrypi_made.csv") + " --out " + out);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("wmt14ende_cpu_raspberrypi  raspberry-pi-4, pytorch-eager, fp32, in order"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("wmt14ende_cpu_raspberrypi_made.csv:4  encoder latency is not a number"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("Wrote 1 set to " + out), std::string::npos) << result.out;

  const Store store = read_store(out);
  EXPECT_EQ(store.provenance.command,
            "ridgeline import hat " + made("wmt14ende_cpu_raspberrypi_made.csv") + " --out " + out);
  const std::vector<MeasurementSet> sets = measurement_sets(store);
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].rows.size(), 2u);
  EXPECT_EQ(sets[0].excluded.size(), 2u);
}

TEST(Import, EveryFormIsRecognisedAndMayBeNamed) {
  const std::vector<std::pair<std::string, std::string>> files{
      {"edgetran", "edgetran.json"},
      {"hat", "iwslt14deen_gpu_titanxp_made.csv"},
      {"neusight", "neusight/label/Tesla_T4/bert_made-train-128-2.json"},
      {"table", "table/table.csv"},
      {"table", "table/table.json"}};
  for (const auto& [form, file] : files) {
    const Json json = json_of("import " + made(file));
    EXPECT_EQ(json.at("schema"), "ridgeline.import/1");
    EXPECT_TRUE(json.at("out").is_null());
    EXPECT_FALSE(json.at("sets").empty());
    EXPECT_EQ(json_of("import " + form + " " + made(file)), json);
    EXPECT_EQ(json_of("import auto " + made(file)), json);
  }
}

TEST(Import, JsonNamesEverything) {
  const Json set = json_of("import " + made("table/table.csv")).at("sets").at(0);
  EXPECT_EQ(set.at("name"), "table");
  EXPECT_EQ(set.at("device"), "raspberry-pi-4");
  EXPECT_EQ(set.at("precision"), "fp32");
  EXPECT_TRUE(set.at("power_mode").is_null());
  EXPECT_EQ(set.at("protocol"), "warm");
  EXPECT_EQ(set.at("ordered"), true);
  EXPECT_EQ(set.at("rows"), 2);
  EXPECT_EQ(set.at("measured"), (Json{{"latency", 2}, {"energy", 1}, {"peak_power", 1}}));
  EXPECT_EQ(set.at("excluded"), (Json{{{"id", "table.csv:4"}, {"reason", "latency is not a number"}}}));
  EXPECT_EQ(set.at("source"), "table.csv");
}

TEST(Import, CsvHasARowForEachSet) {
  EXPECT_EQ(run_line("import " + made("table/table.csv") + " --csv").out,
            "name,device,runtime,precision,power_mode,protocol,ordered,rows,excluded,source\n"
            "table,raspberry-pi-4,pytorch-eager,fp32,,warm,True,2,1,table.csv\n");
}

TEST(Import, MergesAStoreWithMore) {
  const TemporaryFolder folder;
  const std::string out = (folder / "a.h5").string();
  ASSERT_EQ(run_line("import " + made("table/table.csv") + " --out " + out).exit_code, 0);
  const Json json = json_of("import " + out + " " + made("table/table.csv") + " " + made("table/table.json"));
  ASSERT_EQ(json.at("sets").size(), 3u);
  EXPECT_EQ(json.at("sets").at(0).at("rows"), 2);
  EXPECT_EQ(json.at("sets").at(0).at("excluded").size(), 4u) << "the same rows again, and NaN twice";
  ASSERT_EQ(run_line("import " + out + " " + made("table/table.json") + " --out " + out).exit_code, 0)
      << "a store may be replaced by what was read from it";
  EXPECT_EQ(measurement_sets(read_store(out)).size(), 3u);
}

TEST(Import, AFailureLeavesTheFileAsItWas) {
  const TemporaryFolder folder;
  const std::string out = folder.write("kept.h5", "kept");
  const std::string bad = folder.write("bad.csv", "model,device,runtime,length,latency\nbert-tiny,t4,pytorch,64,5\n");
  const RunResult result = run_line("import " + made("table/table.csv") + " " + bad + " --out " + out);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "error: " + bad +
                            ":2: latency: 'latency' does not say its unit; write it into the name, for example "
                            "'latency [ms]'\n");
  EXPECT_EQ(bytes(out), "kept");
}

TEST(Import, WrongWords) {
  const auto complaint = [](const std::string& line) {
    const RunResult result = run_line(line);
    EXPECT_EQ(result.exit_code, 2);
    return result.err;
  };
  EXPECT_EQ(complaint("import"),
            "error: import: missing FILE; import takes: ridgeline import [FORMAT] FILE... [--out STORE.h5] "
            "[OPTIONS]\n");
  EXPECT_EQ(complaint("import hat").substr(0, 29), "error: import: missing FILE; ");
  EXPECT_EQ(complaint("import edgetrann file.json"),
            "error: unknown format 'edgetrann'; did you mean 'edgetran'? the formats are: "
            "auto, edgetran, hat, neusight, table, store\n");
  EXPECT_EQ(complaint("import ./none.csv"), "error: ./none.csv: cannot open the file: No such file or directory\n");
  const TemporaryFolder folder;
  const std::string header =
      "encoder_embed_dim,encoder_layer_num,encoder_ffn_embed_dim_avg,encoder_self_attention_heads_avg,decoder_embed_"
      "dim,"
      "decoder_layer_num,decoder_ffn_embed_dim_avg,decoder_self_attention_heads_avg,decoder_ende_attention_heads_avg,"
      "decoder_arbitrary_ende_attn_avg,latency_mean_encoder,latency_mean_decoder,latency_std_encoder,"
      "latency_std_decoder\n";
  const std::string file =
      folder.write("wmt14ende_cpu_raspberrypi.csv", header + "512,1,1024,4,512,1,1024,4,4,1,nan,1,0,0\n");
  EXPECT_EQ(complaint("import " + file),
            "error: no row can be used; the first (wmt14ende_cpu_raspberrypi.csv:2): encoder latency is not a "
            "number\n");
}

}  // namespace
}  // namespace ridgeline
