#include "data/import.hpp"
#include "data/store.hpp"
#include "tests/data/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

std::vector<MeasurementSet> made_sets() {
  std::vector<MeasurementSet> sets = read_measurements(
      {made("edgetran.json"), made("wmt14ende_cpu_raspberrypi_made.csv"), made("iwslt14deen_gpu_titanxp_made.csv"),
       made("table/table.csv"), made("table/table.json"), made("neusight/label/Tesla_T4/bert_made-train-128-2.json"),
       made("neusight/label/Tesla_T4/gpt2_made-inf-64-8.json"),
       made("neusight/label/NVIDIA_A100-PCIE-40GB/bert_made-inf-128-4-fusion.json")});
  sets.emplace_back().name = "without rows";
  return sets;
}

Store stored(const std::vector<MeasurementSet>& sets) {
  Store store;
  store.kind = "measurements";
  store.root = to_arrays(sets);
  return parse_image(to_image(store), "sets.h5");
}

TEST(MeasurementArrays, SetsOfEveryFormSurvive) {
  const std::vector<MeasurementSet> sets = made_sets();
  const std::vector<MeasurementSet> back = measurement_sets(stored(sets));
  ASSERT_EQ(back.size(), sets.size());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    ASSERT_EQ(back[i].rows.size(), sets[i].rows.size()) << sets[i].name;
    for (std::size_t j = 0; j < sets[i].rows.size(); ++j) EXPECT_EQ(back[i].rows[j], sets[i].rows[j]);
    EXPECT_EQ(back[i], sets[i]) << sets[i].name;
  }
}

TEST(MeasurementArrays, SharedModelsAndWorkloadsAreKeptOnce) {
  std::vector<MeasurementSet> sets = read_measurements({made("table/table.csv")});
  const std::vector<Measurement> rows = sets[0].rows;
  for (int copy = 0; copy < 3; ++copy) sets[0].rows.insert(sets[0].rows.end(), rows.begin(), rows.end());
  const ArrayGroup set = to_arrays(sets).groups.at("sets").groups.at("0000");
  EXPECT_EQ(set.arrays.at("latency").values.size(), 8u);
  EXPECT_EQ(set.arrays.at("latency").unit, "s");
  EXPECT_EQ(set.arrays.at("peak_power_std").unit, "W");
  EXPECT_EQ(set.texts.at("architectures").size(), 2u);
  EXPECT_EQ(set.groups.at("workloads").texts.at("task").size(), 2u);
}

TEST(MeasurementArrays, ReadMeasurementsTakesStores) {
  const Folder folder;
  const std::vector<MeasurementSet> sets = read_measurements({made("wmt14ende_cpu_raspberrypi_made.csv")});
  const fs::path file = folder / "set.h5";
  write_store(file, "measurements", to_arrays(sets), {});
  EXPECT_EQ(measurement_format(file), "store");
  EXPECT_EQ(read_measurements({file}), sets);
  EXPECT_EQ(read_measurements({file}, "store"), sets);
  write_store(file, "calibration", {}, {});
  EXPECT_EQ(error_of([&] { read_measurements({file}); }),
            file.string() + ": expected a store of kind 'measurements', found 'calibration'");
}

TEST(MeasurementArrays, WrongContentIsPlaced) {
  const auto complaint = [](auto change) {
    std::vector<MeasurementSet> sets = read_measurements({made("table/table.csv")});
    Store store{.kind = "measurements", .root = to_arrays(sets), .file = "a.h5"};
    change(store.root.groups.at("sets").groups.at("0000"));
    return error_of([&] { measurement_sets(store); });
  };
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.attributes.erase("device"); }).substr(0, 47),
            "a.h5: sets/0000/device: missing attribute; ther");
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.attributes["ordered"] = "maybe"; }),
            "a.h5: sets/0000/ordered: expected true or false, found 'maybe'");
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.attributes["precision"] = "fp23"; }).substr(0, 68),
            "a.h5: sets/0000/precision: unknown value 'fp23'; did you mean 'fp32'");
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.arrays["architecture"].values[0] = 2; }),
            "a.h5: sets/0000/architecture: expected whole numbers from 0 to 1, found 2");
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.arrays["energy"].unit = "mJ"; }),
            "a.h5: sets/0000/energy: is in mJ, not in J");
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.arrays["energy"] = vector_array({1}, "J"); }),
            "a.h5: sets/0000/energy: expected 2 numbers, found 1 numbers");
  EXPECT_EQ(complaint([](ArrayGroup& set) {
              set.texts["architectures"][1] = "ridgeline: model\nlayers: 3\n";
            }).substr(0, 58),
            "a.h5: sets/0000/architectures[1]:2:1: unknown key 'layers'");
  EXPECT_EQ(complaint([](ArrayGroup& set) { set.texts["architectures"].clear(); }),
            "a.h5: sets/0000/architectures: rows without models or workloads");
}

TEST(MeasurementArrays, PublicSetsSurvive) {
  RIDGELINE_NEEDS_DATA("edgetran/dataset.json");
  std::vector<MeasurementSet> sets = read_measurements({shared_data() / "edgetran" / "dataset.json"});
  EXPECT_EQ(measurement_sets(stored(sets)), sets);
}

}  // namespace
}  // namespace ridgeline
