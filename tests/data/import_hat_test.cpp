
#include "data/import.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ImportHat, ReadsRowsOfTwoTimedParts) {
  const MeasurementSet set = import_hat(made("wmt14ende_cpu_raspberrypi_made.csv"));
  EXPECT_EQ(set.name, "wmt14ende_cpu_raspberrypi");
  EXPECT_EQ(set.device, "raspberry-pi-4");
  EXPECT_EQ(set.runtime, "pytorch-eager");
  EXPECT_EQ(set.precision, Precision::fp32);
  EXPECT_EQ(set.protocol, Protocol::warm);
  EXPECT_TRUE(set.ordered);
  ASSERT_EQ(set.rows.size(), 2u);

  const Measurement& row = set.rows[0];
  EXPECT_EQ(row.id, "wmt14ende_cpu_raspberrypi_made.csv:2");
  ASSERT_EQ(row.parts.size(), 2u);
  EXPECT_EQ(row.parts[0].phase, "encoder");
  EXPECT_DOUBLE_EQ(row.parts[0].latency.value, 0.1);
  EXPECT_DOUBLE_EQ(row.parts[0].latency.standard_deviation.value(), 0.003);
  EXPECT_EQ(row.parts[1].phase, "decode");
  EXPECT_DOUBLE_EQ(row.latency.value().value, 0.5);
  EXPECT_DOUBLE_EQ(row.latency->standard_deviation.value(), 0.005);
  EXPECT_FALSE(row.energy);
  EXPECT_EQ(row.workload.task, Task::generate);
  EXPECT_EQ(row.workload.length, 30);
  EXPECT_EQ(row.workload.new_tokens, 30);
  EXPECT_EQ(row.workload.beams, 5);
  EXPECT_FALSE(row.workload.reorder_beams);
  EXPECT_TRUE(row.workload.views);
  EXPECT_EQ(architecture_of(row.definition).decoder.layers.size(), 2u);
  EXPECT_EQ(architecture_of(row.definition).embeddings.vocabulary, 32768);
  EXPECT_FALSE(architecture_of(row.definition).decoder_embeddings);

  EXPECT_EQ(set.rows[1].order, 1);
  EXPECT_EQ(architecture_of(set.rows[1].definition).decoder_embeddings.value().vocabulary, 32768);

  ASSERT_EQ(set.excluded.size(), 2u);
  EXPECT_EQ(set.excluded[0].id, "wmt14ende_cpu_raspberrypi_made.csv:4");
  EXPECT_EQ(set.excluded[0].reason, "encoder latency is not a number");
  EXPECT_EQ(set.excluded[1].reason, "duplicate of wmt14ende_cpu_raspberrypi_made.csv:2");
}

TEST(ImportHat, TasksDifferInLengthAndDictionary) {
  const MeasurementSet set = import_hat(made("iwslt14deen_gpu_titanxp_made.csv"));
  EXPECT_EQ(set.device, "titan-xp");
  ASSERT_EQ(set.rows.size(), 2u);
  EXPECT_EQ(set.rows[0].workload.length, 23);
  EXPECT_EQ(set.rows[0].workload.new_tokens, 23);
  for (const Measurement& row : set.rows) {
    EXPECT_EQ(architecture_of(row.definition).embeddings.vocabulary, 8848);
    ASSERT_TRUE(architecture_of(row.definition).decoder_embeddings);
    EXPECT_EQ(architecture_of(row.definition).decoder_embeddings->vocabulary, 6632);
    EXPECT_FALSE(architecture_of(row.definition).head.tied);
    EXPECT_NO_THROW(check(architecture_of(row.definition)));
  }

  const Folder folder;
  const std::string text = content(made("wmt14ende_cpu_raspberrypi_made.csv"));
  const MeasurementSet french = import_hat(folder.write("wmt14enfr_cpu_xeon_all.csv", text));
  EXPECT_EQ(french.device, "xeon-e5-2640");
  EXPECT_EQ(architecture_of(french.rows[0].definition).embeddings.vocabulary, 44512);
  EXPECT_EQ(french.rows[0].workload.length, 30);
  const MeasurementSet wmt19 = import_hat(folder.write("wmt19ende_gpu_titanxp.csv", text));
  EXPECT_EQ(wmt19.name, "wmt19ende_gpu_titanxp");
  EXPECT_EQ(architecture_of(wmt19.rows[0].definition).embeddings.vocabulary, 49600);
}

TEST(ImportHat, WrongNamesAndRows) {
  const Folder folder;
  const std::string text = content(made("wmt14ende_cpu_raspberrypi_made.csv"));
  const auto complaint = [&](const std::string& name, const std::string& from, const std::string& to) {
    const std::filesystem::path file = folder.write(name, changed(text, from, to));
    const std::string message = error_of([&] { import_hat(file); });
    EXPECT_TRUE(message.starts_with(file.string())) << message;
    return message.substr(std::min(message.size(), file.string().size()));
  };
  EXPECT_EQ(
      complaint("latencies.csv", "512", "512"),
      ": 'latencies' does not say what was measured; files of HAT are named TASK_cpu|gpu_DEVICE_all.csv, such as "
      "wmt14ende_cpu_raspberrypi_all.csv");
  EXPECT_EQ(complaint("wmt14ende_npu_pi_all.csv", "512", "512").substr(0, 20), ": 'wmt14ende_npu_pi_");
  EXPECT_EQ(complaint("wmt14endf_cpu_raspberrypi.csv", "512", "512"),
            ": unknown HAT task 'wmt14endf'; did you mean 'wmt14ende'? the HAT tasks are: wmt14ende, wmt14enfr, "
            "wmt19ende, iwslt14deen");
  EXPECT_EQ(complaint("wmt14ende_cpu_raspberypi.csv", "512", "512").substr(0, 69),
            ": unknown device 'raspberypi'; did you mean 'raspberrypi'? the device");
  const std::string name = "wmt14ende_cpu_raspberrypi.csv";
  EXPECT_EQ(complaint(name, "latency_mean_encoder", "latency").substr(0, 45),
            ":1: missing column 'latency_mean_encoder'; th");
  EXPECT_EQ(complaint(name, "100.0", "fast"), ":2: latency_mean_encoder: expected a number, found 'fast'");
  EXPECT_EQ(complaint(name, "1024.0,8.0", "1024.0,7.0"),
            ":2: decoder_self_attention_heads_avg: no 2 choices have the mean 7");
  EXPECT_EQ(complaint(name, "512,2", "512,2.5"),
            ":2: decoder_layer_num: expected an integer from 1 to 24, found 2.5");
}

TEST(ImportHat, PublicFilesAreReadWhole) {
  RIDGELINE_NEEDS_DATA("hat");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shared_data() / "hat")) {
    if (entry.path().extension() != ".csv") continue;
    ++files;
    const MeasurementSet set = import_hat(entry.path());
    EXPECT_EQ(set.rows.size(), 2000u) << entry.path();
    EXPECT_TRUE(set.excluded.empty()) << set.excluded.front().id << " " << set.excluded.front().reason;
    std::int64_t order = 0;
    for (const Measurement& row : set.rows) {
      EXPECT_EQ(row.order, order++);
      ASSERT_GT(row.latency.value().value, 0.01);
      ASSERT_NEAR(row.latency->value, row.parts[0].latency.value + row.parts[1].latency.value, 1e-12);
    }
  }
  EXPECT_GE(files, 3u);
}

}  // namespace
}  // namespace ridgeline
