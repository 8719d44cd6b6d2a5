// `ridgeline selftest` as far as it goes without running a model: what it asks for, and what it makes of
// measurements.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "app/measure_plan.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "calib/measuring/plan.hpp"
#include "data/store.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"
#include "model/roofline.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

/// A finished test on an invented board: a Raspberry Pi 4 whose products are slower and whose dispatches cost more
/// than its data sheet says, with 1 % of noise.
void write_finished_test(const fs::path& folder) {
  fs::create_directories(folder);
  const fs::path device = folder / "this-machine.yaml";
  fs::copy_file(fs::path(RIDGELINE_SOURCE_DIR) / "hwdesc/devices/raspberry-pi-4.yaml", device);
  write_file_atomically(folder / "selftest.json", R"({"budget [s]": 600, "threads": 1, "unseen": 12, "seed": 0})");
  MeasureCommandOptions options;
  options.device = device.string();
  const MeasuringTarget target = measuring_target(options);
  CostParameters real = target.data_sheet;
  real.arithmetic[index(Arithmetic::matrix)].utilisation *= 0.7;
  for (Seconds& dispatch : real.dispatch) dispatch = dispatch * 1.5;
  Random random(5);
  std::uint64_t seed = 0;
  const auto noise = [&] { return 1 + 0.02 * (random.uniform() - 0.5); };
  for (const auto& [name, count] : {std::pair("operators", 8u), std::pair("models", 24u), std::pair("unseen", 10u)}) {
    MeasurementSet set;
    set.name = name, set.device = device.string(), set.runtime = "libtorch", set.source = "invented",
    set.ordered = true;
    std::vector<PlannedModel> plan = draw_models("mixed", count, seed++, "libtorch");
    const bool by_operator = set.name == "operators";
    if (by_operator) plan = blocks_of(plan);
    for (const PlannedModel& planned : plan) {
      Measurement row;
      row.id = planned.id, row.model = planned.model;
      row.definition = planned.definition, row.workload = planned.workload;
      row.order = static_cast<std::int64_t>(set.rows.size());
      const Program program = lower(planned.definition, planned.workload);
      const double sequences = static_cast<double>(planned.workload.batch);
      if (by_operator) {
        const Phase& phase = program.phases.front();
        for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v) {
          const OperatorCost c = cost(phase.graph[v].op, real);
          row.op = MeasuredOperator{phase.name, static_cast<Size>(v), phase.graph[v].label};
          row.id = planned.id + ": " + to_text(*row.op);
          row.order = static_cast<std::int64_t>(set.rows.size());
          row.latency = MeasuredValue{(c.dispatch + c.duration).si() / sequences * noise(), {}};
          if (row.latency->value > 0) set.rows.push_back(row);
        }
        continue;
      }
      row.latency = MeasuredValue{estimate(program, real, Seconds(0)).latency.si() / sequences * noise(), {}};
      if (set.rows.empty()) row.conditions["disturbed"] = "other programs kept 1.0 processors busy";
      set.rows.push_back(std::move(row));
    }
    if (set.name == "unseen") set.excluded = {{"a large one", "out of memory"}};
    write_store(folder / (set.name + ".h5"), "measurements", to_arrays({set}), {});
  }
}

/// Numbers in the line that begins with `name`.
std::vector<double> numbers_after(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  " + name)) continue;
    std::istringstream words(line.substr(2 + name.size()));
    std::vector<double> numbers;
    for (std::string word; words >> word;)
      if (std::isdigit(static_cast<unsigned char>(word[0])) != 0) numbers.push_back(std::stod(word));
    return numbers;
  }
  return {};
}

TEST(SelftestCommand, ScoresModelsThatNoFitHasSeen) {
  const TemporaryFolder folder;
  const fs::path test = folder / "test";
  write_finished_test(test);
  const RunResult result = run_line("selftest --resume --folder " + quoted(test));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* from : {"whole models", "operators alone"}) {
    const std::vector<double> numbers = numbers_after(result.out, from);
    ASSERT_GE(numbers.size(), 4u) << result.out;
    EXPECT_GE(numbers[0], 24) << "rows";
    EXPECT_LT(numbers[1], 6) << "median APE\n" << result.out;
    EXPECT_GT(numbers[3], 0.98) << "rank correlation\n" << result.out;
  }
  EXPECT_NE(result.out.find("1 of the unseen models could not be measured. The first: a large one: out of memory."),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find("10 of 12 unseen models: there was no time for more"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("2 of "), std::string::npos) << "disturbed rows";
  const RunResult estimate =
      run_line("estimate bert-tiny --runtime libtorch --device " + quoted(test / "this-machine.yaml") +
               " --calibration " + quoted(test / "calibration.h5"));
  EXPECT_EQ(estimate.exit_code, 0) << estimate.err;
  EXPECT_NE(estimate.out.find("calibrat"), std::string::npos) << estimate.out;
}

TEST(SelftestCommand, RefusesABudgetThatTeachesNothingAndSaysWhatWould) {
  const TemporaryFolder folder;
  const fs::path test = folder / "test";
  const RunResult result = run_line("selftest --budget 0.1s --folder " + quoted(test));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(
      result.err.starts_with("error: --budget: 0 s are too few to learn anything of this machine; it takes "
                             "about "))
      << result.err;
  EXPECT_FALSE(fs::exists(test));
}

TEST(SelftestCommand, SaysWhatCannotGoOnAndWhatIsThereAlready) {
  const TemporaryFolder folder;
  const std::string named = " --folder " + quoted(folder / "test");
  EXPECT_EQ(run_line("selftest --resume" + named).err,
            "error: --resume: there is no test in " + (folder / "test").string() + "; --folder says where it is\n");
  EXPECT_EQ(run_line("selftest --resume --budget 5min" + named).err,
            "error: --resume: goes on with what the test was begun with; leave --budget, --threads, --unseen and "
            "--seed out\n");
  write_finished_test(folder / "test");
  EXPECT_EQ(run_line("selftest" + named).err,
            "error: --folder: " + (folder / "test").string() +
                " holds a test already; go on with --resume, or name another one\n");
  folder.write("test/selftest.json", "{");
  EXPECT_NE(run_line("selftest --resume" + named).err.find("selftest.json: damaged: "), std::string::npos);
}

}  // namespace
}  // namespace ridgeline
