// ridgeline explain, and the fronts that it reads.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <set>

#include "app/front.hpp"
#include "tests/app/search_support.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::json;

TEST(Explain, KeepsItsFrontAndExplainsIt) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  const RunResult found = run_line(kQuickSearch + "--out " + front);
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_NE(found.out.find("Front written to " + front), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(front + ".journal"));
  const std::size_t count = read_front(front).designs.size();

  const Json json = json_of("explain " + front + " --design 3");
  EXPECT_EQ(json.at("schema"), "ridgeline.explain/1");
  EXPECT_EQ(json.at("design"), 3);
  EXPECT_EQ(json.at("of"), count);
  EXPECT_EQ(json.at("changed_since"), false);
  std::set<std::string> genes;
  for (const Json& change : json.at("changes")) {
    genes.insert(change.at("choice"));
    EXPECT_EQ(change.at("ratios").size(), 3u);
  }
  EXPECT_EQ(genes, (std::set<std::string>{"deployment", "layers", "width", "head_size", "hidden_ratio"}));
  for (const Json& next : json.at("neighbours")) EXPECT_FALSE(next.at("differences").empty());
  const std::string text = run_line("explain " + front).out;
  EXPECT_NE(text.find("One change for a better latency\n"), std::string::npos) << text;
  EXPECT_NE(text.find("The next designs of the front\n"), std::string::npos) << text;

  EXPECT_EQ(complaint_of("explain " + front + " --design 100000"),
            "error: --design: " + front + " has designs 1 to " + std::to_string(count) + ", not 100000\n");
  EXPECT_EQ(complaint_of("explain"),
            "error: explain: missing FRONT.h5; `ridgeline search --out FRONT.h5` writes one\n");
  EXPECT_EQ(
      complaint_of("explain " + folder.write("other.h5", "text")).find("error: " + (folder / "other.h5").string()),
      0u);
}

TEST(Explain, ReadsFrontsThatKnewLess) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string(), older = (folder / "older.h5").string();
  ASSERT_EQ(run_line(kQuickSearch + "--calibration none --out " + front).exit_code, 0);
  Store store = read_store(front);
  for (const char* texts : {"asked_calibrations", "asked_variables", "moved_devices", "moved_clocks",
                            "moved_precisions", "moved_settings", "settings"})
    EXPECT_EQ(store.root.texts.erase(texts), 1u) << texts;
  EXPECT_EQ(store.root.arrays.erase("moved_batches"), 1u);
  EXPECT_EQ(store.root.attributes.erase("accuracy_is_own"), 1u);
  store.root.attributes["predictor"] = "datasheet";
  write_store(older, "front", store.root, store.provenance);
  EXPECT_EQ(read_front(older).words.calibrations, std::vector<std::string>{"none"});
  EXPECT_EQ(json_of("explain " + older), json_of("explain " + front));
  store.root.attributes["predictor"] = "calibrated";
  write_store(older, "front", store.root, store.provenance);
  EXPECT_TRUE(read_front(older).words.calibrations.empty());
  store.root.attributes.erase("predictor");
  write_store(older, "front", store.root, store.provenance);
  const std::string complaint = complaint_of("explain " + older);
  EXPECT_NE(complaint.find("predictor: missing attribute"), std::string::npos) << complaint;
}

TEST(Explain, RefusesFrontsWhoseObjectivesAreNoNumbers) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  ASSERT_EQ(run_line(kQuickSearch + "--out " + front).exit_code, 0);
  Store store = read_store(front);
  store.root.arrays.at("objective_values").values.at(4) = std::numeric_limits<double>::quiet_NaN();
  write_store(front, "front", store.root, store.provenance);
  EXPECT_EQ(complaint_of("explain " + front), "error: " + front + ": objective_values: has what is not a number\n");
}

TEST(Explain, AChangeOfOneChoiceIsEvaluatedAgain) {
  const TemporaryFolder folder;
  const std::string front = (folder / "front.h5").string();
  run_line(
      "search --space bert-grid --devices raspberry-pi-4 --objective latency,capacity --evaluations 4000 --out " +
      front);
  const Json all = json_of(
      "search --space bert-grid --devices raspberry-pi-4 --objective latency,capacity "
      "--optimiser exhaustive --evaluations 100000 --designs 2000");
  const Json json = json_of("explain " + front + " --design 5");
  const Front stored = read_front(front);
  // Fewer layers are faster by what two estimates say.
  for (const Json& change : json.at("changes"))
    if (change.at("choice") == "layers") {
      const double from = std::stod(change.at("from").get<std::string>()),
                   to = std::stod(change.at("to").get<std::string>());
      EXPECT_EQ(change.at("ratios").at(0).get<double>() < 1, to < from);
      EXPECT_EQ(change.at("ratios").at(1).get<double>() < 1, to > from);
    }
  EXPECT_LE(stored.hypervolume, all.at("hypervolume").get<double>() * (1 + 1e-12));
}

}  // namespace
}  // namespace ridgeline
