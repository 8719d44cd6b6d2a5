#include <map>

#include "data/import.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

TEST(ImportEdgetran, SortsRowsByDevice) {
  const std::vector<MeasurementSet> sets = import_edgetran(made("edgetran.json"));
  ASSERT_EQ(sets.size(), 3u);

  const MeasurementSet& pi = sets[0];
  EXPECT_EQ(pi.name, "edgetran/cpu_rpi");
  EXPECT_EQ(pi.device, "raspberry-pi-4");
  EXPECT_EQ(pi.runtime, "pytorch-no-blas");
  EXPECT_EQ(pi.protocol, Protocol::whole_process);
  EXPECT_TRUE(pi.ordered);
  ASSERT_EQ(pi.rows.size(), 2u);
  EXPECT_EQ(pi.rows[0].id, "edgetran.json: aaaa_cpu_rpi");
  EXPECT_EQ(pi.rows[0].model, "aaaa");
  EXPECT_EQ(architecture_of(pi.rows[0].definition).name, "aaaa");
  EXPECT_EQ(pi.rows[0].latency.value().value, 7.5);
  EXPECT_EQ(pi.rows[0].energy.value().value, 30);
  EXPECT_EQ(pi.rows[0].peak_power.value().value, 4.5);
  EXPECT_EQ(pi.rows[0].workload.batch, 1);
  EXPECT_EQ(pi.rows[0].workload.length, 128);
  EXPECT_EQ(pi.rows[0].order, 0);
  EXPECT_EQ(pi.rows[1].model, "cccc");
  EXPECT_EQ(pi.rows[1].order, 2);  // the place of the excluded row stays empty
  ASSERT_EQ(pi.excluded.size(), 1u);
  EXPECT_EQ(pi.excluded[0].id, "edgetran.json: bbbb_cpu_rpi");
  EXPECT_EQ(pi.excluded[0].reason, "energy is not positive: 0 J");

  EXPECT_EQ(sets[1].device, "a100-sxm-40gb");
  EXPECT_EQ(sets[1].runtime, "pytorch-eager");
  EXPECT_EQ(sets[1].rows[0].workload.batch, 128);

  const MeasurementSet& stick = sets[2];
  EXPECT_EQ(stick.device, "ncs2");
  EXPECT_EQ(stick.precision, Precision::fp16);
  EXPECT_EQ(stick.rows[0].workload.numerics, uniform_numerics(Precision::fp16));
  EXPECT_EQ(stick.rows[0].workload.fusion, Fusion::typical);
  EXPECT_FALSE(stick.rows[0].workload.views);
  EXPECT_FALSE(stick.rows[0].energy);
}

TEST(ImportEdgetran, WrongRowsAreNamedWithTheirPlace) {
  const Folder folder;
  const auto complaint = [&](const std::string& text) {
    const std::filesystem::path file = folder.write("d.json", text);
    return error_of([&] { import_edgetran(file); }).substr(file.string().size());
  };
  EXPECT_EQ(complaint(R"({"aa_a100": {"model_dict": {"l": 1, "o": [["sa_sdp_64"]], "h": [64], "f": [[64]]}}})"),
            ":1:13: aa_a100: missing key 'performance'; the keys here are: model_dict");
  EXPECT_EQ(complaint(R"({"aa_a100": {
      "model_dict": {"l": 2, "o": [["sa_sdp_64"]], "h": [64], "f": [[64]]}, "performance": {"latency": 1}}})"),
            ":2:35: aa_a100.model_dict.o: 1 entries for 2 layers; l is the number of layers");
  EXPECT_EQ(complaint(R"({"aa_a100": {
      "model_dict": {"l": 1, "o": [["sa_sdp_64"]], "h": [64], "f": [[64]]}, "performance": {"latency": "x"}}})")
                .substr(0, 40),
            ":2:104: aa_a100.performance.latency: exp");
  EXPECT_EQ(complaint(R"({"aa_gpu_a10": {"model_dict": {}}})").substr(0, 57),
            ":1:16: aa_gpu_a10: unknown EdgeTran device 'gpu_a10'; the");
  EXPECT_EQ(complaint(R"({"version": 3})"),
            ":1:13: version: this is no row of EdgeTran; rows are \"HASH_DEVICE\": {\"model_dict\": ..., "
            "\"performance\": ...}");
  EXPECT_EQ(complaint(R"({"aa_a100": {}, "aa_a100": {}})"),
            ":1:17: duplicate key 'aa_a100'; it stands first on line 1");
}

TEST(ImportEdgetran, PublicFileIsReadWhole) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  std::map<std::string, std::size_t> rows;
  std::size_t excluded = 0;
  for (const MeasurementSet& set : import_edgetran(shared_data() / "edgetran/dataset.json")) {
    rows[set.name] = set.rows.size();
    excluded += set.excluded.size();
    for (const Measurement& row : set.rows) {
      EXPECT_TRUE(row.latency && row.energy && row.peak_power) << row.id;
      EXPECT_GT(row.latency->value * row.energy->value * row.peak_power->value, 0) << row.id;
    }
  }
  const std::map<std::string, std::size_t> expected{
      {"edgetran/a100", 179},          {"edgetran/cpu_jetson-nano", 167}, {"edgetran/cpu_m1-pro", 78},
      {"edgetran/gpu_m1-pro", 69},     {"edgetran/cpu_rpi", 61},          {"edgetran/npu_ncs", 16},
      {"edgetran/gpu_jetson-nano", 16}};
  EXPECT_EQ(rows, expected);
  EXPECT_EQ(excluded, 0u);
}

}  // namespace
}  // namespace ridgeline
