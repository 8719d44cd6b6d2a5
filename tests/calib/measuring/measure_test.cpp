// Campaigns with a clock and models that are made up.
#include "calib/measuring/measure.hpp"

#include <gtest/gtest.h>

#include "data/store.hpp"
#include "model/lowering.hpp"
#include "tests/calib/measuring/fake_machine.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(Measure, RowsHoldTheMedianOfASequenceInOrder) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  FakeMachine machine;
  const auto plan = plan_of_lengths({32, 64, 96});
  MeasuringJournal journal(store, empty_set(), false);
  const MeasureSummary s = measure(plan, journal, machine.tools(), {}, {{"blas", "good"}});
  EXPECT_EQ(s.measured, 3u);
  EXPECT_GT(s.running, 0.99 * s.elapsed);
  for (std::size_t i = 0; i < 3; ++i) {
    const Measurement& row = journal.set().rows[i];
    EXPECT_EQ(row.id, plan[i].id);
    EXPECT_EQ(row.order, static_cast<std::int64_t>(i));
    EXPECT_NEAR(row.latency->value, 1e-3 * static_cast<double>(plan[i].workload.length) / 2, 1e-12);
    EXPECT_EQ(row.conditions.at("blas"), "good");
  }
}

TEST(Measure, PhasesArePartsOfTheLatency) {
  const PrivateFolder folder;
  FakeMachine machine;
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  measure(draw_models("t5", 1, 0, "libtorch"), journal, machine.tools(), {}, {});
  const Measurement& row = journal.set().rows.at(0);
  ASSERT_EQ(row.parts.size(), 2u);
  EXPECT_EQ(row.parts[1].phase, "decode");
  EXPECT_NEAR(row.parts[1].latency.value, 0.75 * row.latency->value, 1e-12);
}

TEST(Measure, TheBudgetEndsItAndAFailureIsARowOfItsOwn) {
  const PrivateFolder folder;
  FakeMachine machine;
  machine.fails = 64;
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  MeasureOptions options;
  options.budget = 5;
  const MeasureSummary s =
      measure(plan_of_lengths({32, 64, 96, 128, 160, 192, 224, 256}), journal, machine.tools(), options, {});
  EXPECT_EQ(s.failed, 1u);
  EXPECT_EQ(journal.set().excluded.at(0).reason, "out of memory");
  EXPECT_GT(s.left, 0u);
  EXPECT_EQ(s.measured + s.failed + s.left, 8u);
}

/// Of models whose length is the time of one run in ms.
MeasureSummary measured_within(double budget, const std::vector<Size>& lengths, FakeMachine& machine,
                               MeasuringJournal& journal) {
  MeasureOptions options;
  options.budget = budget;
  return measure(plan_of_lengths(lengths), journal, machine.tools(), options, {});
}

TEST(Measure, TheBudgetIsKeptWhateverAModelTakes) {
  const PrivateFolder folder;
  FakeMachine machine;
  machine.seconds = [](const Workload& w) { return static_cast<double>(w.length); };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = measured_within(300, {1, 200, 2, 1000}, machine, journal);
  EXPECT_LE(s.elapsed, 300);
  EXPECT_EQ(s.measured, 2u);
  EXPECT_EQ(s.left, 1u);
  ASSERT_EQ(journal.set().excluded.size(), 1u);
  EXPECT_NE(journal.set().excluded[0].id.find("length 200"), std::string::npos);
  EXPECT_TRUE(journal.set().excluded[0].reason.starts_with("skipped: no warm run in "))
      << journal.set().excluded[0].reason;
}

TEST(Measure, AModelThatIsCutOffKeepsTheRunsThatItHas) {
  const PrivateFolder folder;
  FakeMachine machine;
  machine.seconds = [](const Workload& w) { return static_cast<double>(w.length); };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = measured_within(70, {20}, machine, journal);  // 6 runs would take 120 s
  EXPECT_EQ(s.measured, 1u);
  EXPECT_EQ(s.unsettled, 1u);
  EXPECT_EQ(journal.set().rows.at(0).conditions.at("runs"), "2");
  EXPECT_EQ(journal.set().rows.at(0).conditions.at("took"), "70.000 s");
}

TEST(Measure, ABudgetForSeveralRunsCountsWhatTheEarlierOnesSpent) {
  const PrivateFolder folder;
  FakeMachine machine;
  const auto plan = plan_of_lengths({1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007});
  MeasureOptions options;
  options.budget = 20;
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  const std::size_t first = measure(plan, journal, machine.tools(), options, {}).measured;
  ASSERT_LT(first, plan.size());
  options.counts_earlier = true;
  EXPECT_LE(measure(plan, journal, machine.tools(), options, {}).measured, first + 1);
  options.counts_earlier = false;
  EXPECT_GT(measure(plan, journal, machine.tools(), options, {}).measured, first + 1);
}

TEST(Measure, DisturbedRowsAreMeasuredAgainAndReplacedWhereThatIsBetter) {
  const PrivateFolder folder;
  FakeMachine machine;
  int states = 0;
  MeasuringTools tools = machine.tools();
  tools.state = [&] {  // around the first model others work, never again
    MachineState state;
    state.processors = 2;
    const int around = states++;
    state.busy = around == 0 ? 0 : 10, state.idle = 10.0 * around;
    return state;
  };
  machine.seconds = [&](const Workload&) { return states <= 1 ? 0.02 : 0.01; };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = measure(plan_of_lengths({32, 64}), journal, tools, {}, {});
  EXPECT_EQ(machine.lengths, (std::vector<Size>{32, 64, 32}));
  EXPECT_EQ(s.disturbed, 0u);
  ASSERT_EQ(journal.set().rows.size(), 2u);
  EXPECT_NEAR(journal.set().rows.back().latency->value, 0.005, 1e-12);
}

TEST(Measure, AModelByItsOperatorsGivesARowForEachDifferentOne) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  FakeMachine machine;
  PlannedModel block = draw_models("bert", 1, 0, "libtorch").front();
  block.by_operator = true;
  const Program program = lower(block.definition, block.workload);
  MeasuringTools tools = machine.tools();
  tools.runner.run_operators = [&](std::size_t times, double) {
    Runs runs;
    runs.start = machine.now;
    const OperatorGraph& graph = program.phases.front().graph;
    for (OperatorVertex v = 0; v < num_vertices(graph); ++v)
      runs.operators.push_back({{"encoder", static_cast<Size>(v), graph[v].label},
                                std::vector<double>(times, 1e-3 * static_cast<double>(v + 1))});
    const double all = 1e-3 * static_cast<double>(num_vertices(graph) * (num_vertices(graph) + 1)) / 2;
    runs.phases.assign(times, {{"encoder", all}});
    runs.end = machine.now += all * static_cast<double>(times);
    return runs;
  };
  MeasuringJournal journal(store, empty_set(), false);
  const MeasureSummary s = measure({block}, journal, tools, {}, {});
  const std::vector<Measurement>& rows = journal.set().rows;
  EXPECT_EQ(s.measured, rows.size());
  EXPECT_GT(rows.size(), 10u);
  EXPECT_LT(rows.size(), num_vertices(program.phases.front().graph)) << "its projections are equal";
  double took = 0;
  for (const Measurement& row : rows) {
    ASSERT_TRUE(row.op);
    EXPECT_EQ(row.id, block.id + ": " + to_text(*row.op));
    EXPECT_NEAR(row.latency->value * static_cast<double>(block.workload.batch),
                1e-3 * static_cast<double>(row.op->vertex + 1), 1e-12);
    took += seconds_taken(row);
  }
  EXPECT_NEAR(took, s.elapsed, 0.05);
  EXPECT_TRUE(journal.contains(block.id));
  EXPECT_FALSE(journal.contains(block.id.substr(0, block.id.size() - 1)));
  const Store stored = parse_image(to_image({.kind = "measurements", .root = to_arrays({journal.set()})}), "run.h5");
  EXPECT_EQ(measurement_sets(stored).front(), journal.set());
}

TEST(Measure, PhasesDeviationsLeaveInterruptionsOutToo) {
  const PrivateFolder folder;
  FakeMachine machine;
  int runs = 0;
  machine.seconds = [&](const Workload&) { return ++runs % 20 == 0 ? 5.0 : 0.01; };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  MeasureOptions options;
  options.repeats = {.target = -1, .most = 20, .longest = 1000};
  measure(draw_models("t5", 1, 0, "libtorch"), journal, machine.tools(), options, {});
  const Measurement& row = journal.set().rows.at(0);
  EXPECT_GE(std::stoi(row.conditions.at("runs")), 20);
  for (const MeasuredPart& part : row.parts) EXPECT_LT(part.latency.standard_deviation.value(), 1e-9) << part.phase;
}

TEST(Measure, AThrottledRowIsReplacedByAQuietOne) {
  const PrivateFolder folder;
  FakeMachine machine;
  std::uint64_t states = 0;
  MeasuringTools tools = machine.tools();
  tools.state = [&] {
    MachineState state;
    state.throttlings = states++ == 0 ? 0 : 1;  // while the first model ran, never again
    return state;
  };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  const MeasureSummary s = measure(plan_of_lengths({32, 64}), journal, tools, {}, {});
  EXPECT_EQ(machine.lengths, (std::vector<Size>{32, 64, 32}));
  EXPECT_EQ(s.disturbed, 0u);
  EXPECT_EQ(journal.set().rows.size(), 2u);
}

TEST(Measure, AStoreThatCannotBeWrittenIsNoFailureOfTheModel) {
  const PrivateFolder folder;
  FakeMachine machine;
  machine.seconds = [](const Workload&) { return 5.0; };  // long enough for the store to be brought up to date
  MeasuringTools tools = machine.tools();
  tools.checkpoint = [](const MeasurementSet&) { throw Error("no space left"); };
  MeasuringJournal journal(folder.path() / "run.h5", empty_set(), false);
  EXPECT_EQ(error_of([&] { measure(plan_of_lengths({32, 64}), journal, tools, {}, {}); }), "no space left");
  EXPECT_EQ(journal.set().rows.size(), 1u);
  EXPECT_TRUE(journal.set().excluded.empty());
}

}  // namespace
}  // namespace ridgeline
