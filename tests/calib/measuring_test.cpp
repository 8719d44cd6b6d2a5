// The measuring protocol with a fake clock and fake models; machine states, sensors and journals from recorded trees.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "base/random.hpp"
#include "base/statistics.hpp"
#include "calib/child_process.hpp"
#include "calib/measuring/measure.hpp"
#include "calib/measuring/plan.hpp"
#include "data/store.hpp"
#include "model/lowering_parts.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

// --- repeats

TEST(Repeats, AMediansIntervalIsThatOfOrderStatistics) {
  const std::vector<double> six{3, 1, 6, 2, 5, 4};
  const MedianInterval i = median_interval(six);
  EXPECT_EQ(i.median, 3.5);
  EXPECT_EQ(i.low, 1);
  EXPECT_EQ(i.high, 6);
  std::vector<double> hundred;
  for (int k = 1; k <= 100; ++k) hundred.push_back(k);
  EXPECT_EQ(median_interval(hundred).low, 40);  // ranks 40 and 61: Hahn & Meeker 1991, table A.15a
  EXPECT_EQ(median_interval(hundred).high, 61);
}

TEST(Repeats, TheIntervalHoldsTheMedianAsOftenAsItSays) {
  Random random(3);
  int held = 0;
  constexpr int kTimes = 2000;
  for (int t = 0; t < kTimes; ++t) {
    std::vector<double> values;
    for (int i = 0; i < 15; ++i) values.push_back(std::exp(random.normal()));  // skewed; its median is 1
    const MedianInterval i = median_interval(values);
    held += i.low <= 1 && 1 <= i.high;
  }
  EXPECT_GE(held, static_cast<int>(0.94 * kTimes));
}

/// Adds times until it is done, at most `most`.
Repeats repeated(const RepeatOptions& options, const std::function<double(int)>& time, int most = 100000) {
  Repeats repeats(options);
  for (int i = 0; i < most && !repeats.done(); ++i) repeats.add(time(i));
  return repeats;
}

TEST(Repeats, WarmingRunsAreNotTimed) {
  const Repeats r = repeated({}, [](int i) { return i < 10 ? 0.1 / (1 + i) : 0.01; });
  EXPECT_GE(r.summary().warming, 10u);
  EXPECT_EQ(r.summary().median, 0.01);
  EXPECT_EQ(r.summary().deviation, 0);
}

TEST(Repeats, WarmingEndsWhereItMustEvenIfNothingSettles) {
  RepeatOptions options;
  options.longest_warming = 1;
  const Repeats r = repeated(options, [](int i) { return i % 4 < 2 ? 0.1 : 0.3; });
  EXPECT_LE(r.summary().warming, 11u);
  EXPECT_FALSE(r.summary().reached);
}

TEST(Repeats, QuietModelsTakeTheFewestRunsAndNoisyOnesMore) {
  Random random(1);
  const Repeats quiet = repeated({}, [&](int) { return 0.01 * (1 + 0.002 * random.normal()); });
  EXPECT_EQ(quiet.summary().runs, RepeatOptions{}.fewest);
  const Repeats noisy = repeated({}, [&](int) { return 0.01 * (1 + 0.1 * std::abs(random.normal())); });
  EXPECT_GT(noisy.summary().runs, 20u);
  EXPECT_TRUE(noisy.summary().reached);
  EXPECT_LE(noisy.summary().high - noisy.summary().low, 0.04 * noisy.summary().median);
}

TEST(Repeats, SlowModelsEndAfterTheFewestRuns) {
  Random random(1);
  const Repeats r = repeated({}, [&](int) { return 2 * (1 + random.uniform()); });
  EXPECT_EQ(r.summary().runs, RepeatOptions{}.fewest);
}

TEST(Repeats, TrimmingLeavesOutAnInterruption) {
  const Repeats r =
      repeated({.target = 1e-9, .most = 20}, [](int i) { return i % 20 == 19 ? 5.0 : 0.01 + 1e-5 * i; });
  EXPECT_LT(r.summary().trimmed_mean, 0.02);
  EXPECT_LT(r.summary().deviation, 0.001);
}

TEST(Repeats, ASlowSensorGetsTheTimeItNeeds) {
  RepeatOptions options;
  options.shortest = 3;
  const Repeats r = repeated(options, [](int) { return 0.1; });
  EXPECT_GE(r.summary().runs, 30u);
}

// --- the machine

class Tree {
 public:
  const fs::path& root() const { return folder_.path(); }
  void stat(double user, double idle) const {
    write(root() / "proc/stat", fmt_line("cpu", user, idle) + fmt_line("cpu0", user / 2, idle / 2) +
                                    fmt_line("cpu1", user / 2, idle / 2) + "intr 5\n");
  }
  void process(double seconds) const {
    const std::string ticks = std::to_string(static_cast<long>(100 * seconds));
    write(root() / "proc/42/stat", "42 (a (strange) name) S 1 1 1 0 -1 4194304 100 0 0 0 " + ticks + " 0 0 0\n");
  }

 private:
  static std::string fmt_line(const std::string& name, double user, double idle) {
    return name + " " + std::to_string(static_cast<long>(100 * user)) + " 0 0 " +
           std::to_string(static_cast<long>(100 * idle)) + " 0 0 0 0 0 0\n";
  }
  PrivateFolder folder_;
};

TEST(MachineState, ToldApartFromOthersWork) {
  const Tree tree;
  tree.stat(100, 500), tree.process(20);
  const MachineState before = read_machine_state(tree.root(), 42);
  tree.stat(110, 510), tree.process(25);  // 10 s on two processors: 5 s its own, 5 s of others
  const MachineState after = read_machine_state(tree.root(), 42);
  EXPECT_EQ(after.processors, 2);
  EXPECT_NEAR(between(before, after).other_load, 0.5, 1e-9);
  EXPECT_EQ(between(before, after).words(), std::vector<std::string>{"other programs kept 0.5 processors busy"});
}

TEST(MachineState, QuietMachinesAreNotRemarkedOn) {
  const Tree tree;
  tree.stat(100, 500), tree.process(20);
  const MachineState before = read_machine_state(tree.root(), 42);
  tree.stat(105.1, 514.9), tree.process(25);
  EXPECT_EQ(between(before, read_machine_state(tree.root(), 42)).words(), std::vector<std::string>{});
}

TEST(MachineState, SeesClocksThrottlingAndSwapping) {
  const Tree tree;
  tree.stat(1, 1);
  const fs::path cpu = tree.root() / "sys/devices/system/cpu/cpu0";
  write(cpu / "cpufreq/scaling_cur_freq", "1800000\n");
  write(cpu / "thermal_throttle/core_throttle_count", "3\n");
  write(tree.root() / "proc/vmstat", "nr_free_pages 12\npswpin 100\npswpout 50\n");
  write(tree.root() / "sys/class/thermal/thermal_zone0/temp", "61500\n");
  const MachineState before = read_machine_state(tree.root(), 0);
  EXPECT_EQ(before.clock, 1.8e9);
  EXPECT_EQ(before.temperature, 61.5);
  write(cpu / "cpufreq/scaling_cur_freq", "1200000\n");
  write(cpu / "thermal_throttle/core_throttle_count", "5\n");
  write(tree.root() / "proc/vmstat", "pswpin 110\npswpout 60\n");
  const std::vector<std::string> words = between(before, read_machine_state(tree.root(), 0)).words();
  EXPECT_EQ(words, (std::vector<std::string>{"the clock fell by 33 %", "the processor was throttled",
                                             "20 pages were swapped"}));
}

TEST(MachineState, KnowsARaspberryPisFlags) {
  const Tree tree;
  tree.stat(1, 1);
  const fs::path flags = tree.root() / "sys/devices/platform/soc/soc:firmware/get_throttled";
  write(flags, "50000\n");  // it happened once, before
  const MachineState state = read_machine_state(tree.root(), 0);
  EXPECT_TRUE(between(state, state).words().empty());
  write(flags, "50005\n");
  EXPECT_EQ(between(state, read_machine_state(tree.root(), 0)).words(),
            std::vector<std::string>{"the processor was throttled"});
}

// --- sensors

TEST(PowerSensors, CountersWrapAround) {
  UnwrappedCounter counter(1000);
  EXPECT_EQ(counter.add(900), 900);
  EXPECT_EQ(counter.add(100), 1100);
  EXPECT_EQ(counter.add(50), 2050);
}

TEST(PowerSensors, RaplSumsPackagesAndTheirMemory) {
  const Tree tree;
  const fs::path zones = tree.root() / "sys/class/powercap";
  for (const auto& [zone, name, energy] : {std::tuple{"intel-rapl:0", "package-0", "5000000"},
                                           {"intel-rapl:0:0", "core", "900000"},
                                           {"intel-rapl:0:1", "dram", "2000000"}}) {
    write(zones / zone / "name", std::string(name) + "\n");
    write(zones / zone / "energy_uj", std::string(energy) + "\n");
    write(zones / zone / "max_energy_range_uj", "262143328850\n");
  }
  const FoundSensors found = find_power_sensors(tree.root());
  ASSERT_EQ(found.sensors.size(), 1u);
  EXPECT_EQ(found.sensors[0].name, "RAPL (2 domains)");
  EXPECT_NEAR(found.sensors[0].joules().value(), 7, 1e-12);
}

TEST(PowerSensors, SaysWhatItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const Tree tree;
  const fs::path zone = tree.root() / "sys/class/powercap/intel-rapl:0";
  write(zone / "name", "package-0\n");
  write(zone / "energy_uj", "1\n");
  fs::permissions(zone / "energy_uj", fs::perms::none);
  const FoundSensors found = find_power_sensors(tree.root());
  EXPECT_TRUE(found.sensors.empty());
  EXPECT_EQ(found.problems, std::vector<std::string>{(zone / "energy_uj").string() + ": Permission denied"});
}

TEST(PowerSensors, ReadsAnIna219ByPowerOrByVoltsAndAmperes) {
  const Tree tree;
  const fs::path chip = tree.root() / "sys/class/hwmon/hwmon1";
  write(chip / "name", "ina219\n");
  write(chip / "in1_input", "5000\n");
  write(chip / "curr1_input", "600\n");
  FoundSensors found = find_power_sensors(tree.root());
  ASSERT_EQ(found.sensors.size(), 1u);
  EXPECT_NEAR(found.sensors[0].watts().value(), 3, 1e-12);
  write(chip / "power1_input", "3100000\n");
  write(chip / "update_interval", "2\n");
  found = find_power_sensors(tree.root());
  EXPECT_NEAR(found.sensors[0].watts().value(), 3.1, 1e-12);
  EXPECT_EQ(found.sensors[0].update, 0.002);
}

TEST(PowerSensors, TakesAJetsonsInputRailElseTheSumOfAll) {
  const Tree tree;
  const fs::path chip = tree.root() / "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0";
  for (const auto& [i, rail, milliwatts] :
       {std::tuple{"0", "POM_5V_IN", "2500"}, {"1", "POM_5V_GPU", "100"}, {"2", "POM_5V_CPU", "700"}}) {
    write(chip / (std::string("rail_name_") + i), std::string(rail) + "\n");
    write(chip / (std::string("in_power") + i + "_input"), std::string(milliwatts) + "\n");
  }
  FoundSensors found = find_power_sensors(tree.root());
  ASSERT_EQ(found.sensors.size(), 1u);
  EXPECT_EQ(found.sensors[0].name, "ina3221x POM_5V_IN");
  EXPECT_NEAR(found.sensors[0].watts().value(), 2.5, 1e-12);
  write(chip / "rail_name_0", "POM_OTHER\n");
  found = find_power_sensors(tree.root());
  EXPECT_NEAR(found.sensors[0].watts().value(), 3.3, 1e-12);
}

PowerTrace trace_of(const std::function<double(double)>& watts, double step, double updates, double to) {
  PowerTrace trace;
  for (double t = 0; t <= to; t += step) trace.push_back({t, watts(std::floor(t / updates) * updates), {}});
  return trace;
}

TEST(PowerReading, EnergyIsTheIntegralBetweenTheTimes) {
  const PowerTrace trace = trace_of([](double t) { return 2 + t; }, 0.01, 0.01, 10);
  const PowerReading r = read_power(trace, {.name = "s"}, 2.003, 6.501);
  EXPECT_NEAR(r.energy.value(), 2 * 4.498 + (6.501 * 6.501 - 2.003 * 2.003) / 2, 0.05);
  EXPECT_NEAR(r.peak.value(), 8.5, 0.02);
}

TEST(PowerReading, TheWindowIsTheTimeBetweenNewValues) {
  const PowerTrace trace = trace_of([](double t) { return 3 + std::sin(t); }, 0.01, 0.2, 10);
  const PowerReading r = read_power(trace, {.name = "s"}, 1, 9);
  EXPECT_NEAR(r.window, 0.2, 0.011);
}

TEST(PowerReading, TooFewNewValuesAreNoEnergy) {
  const PowerTrace trace = trace_of([](double t) { return 3 + t; }, 0.01, 4, 10);
  const PowerReading r = read_power(trace, {.name = "slow"}, 1, 6);
  EXPECT_FALSE(r.energy);
  EXPECT_EQ(r.remark, "slow gave 2 new values in 5 s, too few for an energy");
}

TEST(PowerReading, ACounterIsDifferencedAndChecksATrace) {
  PowerTrace counted, both;
  for (double t = 0; t <= 10; t += 0.1) {
    counted.push_back({t, {}, 100 + 4 * t});
    both.push_back({t, 2 + 1e-3 * std::sin(7 * t), 100 + 4 * t});
  }
  const PowerReading r = read_power(counted, {.name = "s"}, 2.05, 7.05);
  EXPECT_NEAR(r.energy.value(), 20, 1e-9);
  EXPECT_NEAR(r.peak.value(), 4, 1e-6);
  EXPECT_EQ(read_power(both, {.name = "s"}, 2, 7).remark, "the trace gives 10 J, the counter 20 J");
}

TEST(PowerLog, IsLaidOverTheRunByItsOwnClock) {
  const PrivateFolder folder;
  const fs::path file = folder.path() / "power.csv";
  write(file, "time [s],power [W]\n1000000,2\n1000001,3\n1000002,4\n1000003,5\n1000004,6\n10000");
  const PowerSensor log = power_log(file, 999990);
  const PowerReading r = read_power(log.log(11, 13), log, 11, 13);
  EXPECT_NEAR(r.energy.value(), 8, 1e-9);
  write(file, "time [s],watts\n1,2\n");
  EXPECT_NE(error_of([&] { power_log(file, 0); }).find("missing column 'power [W]'"), std::string::npos);
}

// --- campaigns

/// Models that take as long as they are asked to, by a clock that only they move.
struct FakeMachine {
  double now = 1000;
  std::function<double(const Workload&)> seconds = [](const Workload& w) {
    return 1e-3 * static_cast<double>(w.length);
  };
  Workload loaded;
  std::vector<Size> lengths;  ///< of what was loaded
  Size fails = 0;             ///< the length that cannot be loaded
  std::function<void()> between_runs = [] {};

  MeasuringTools tools() {
    MeasuringTools t;
    t.runner.load = [this](const Architecture&, const Workload& w) {
      if (w.length == fails) throw Error("out of memory");
      loaded = w;
      lengths.push_back(w.length);
    };
    t.runner.run = [this](std::size_t times) {
      between_runs();
      Runs runs;
      runs.start = now;
      for (std::size_t i = 0; i < times; ++i) {
        const double s = seconds(loaded);
        now += s;
        if (loaded.task == Task::generate)
          runs.phases.push_back({{"encoder", 0.25 * s}, {"decode", 0.75 * s}});
        else
          runs.phases.push_back({{"encoder", s}});
      }
      runs.end = now;
      return runs;
    };
    t.clock = [this] { return now; };
    t.state = [] { return MachineState{}; };
    return t;
  }
};

std::vector<PlannedModel> plan_of_lengths(const std::vector<Size>& lengths) {
  std::vector<PlannedModel> plan = draw_models("bert", lengths.size(), 0, "libtorch");
  for (std::size_t i = 0; i < plan.size(); ++i) {
    plan[i].workload.length = lengths[i];
    plan[i].workload.batch = 2;
    plan[i].id = planned_id(plan[i].model, plan[i].workload);
  }
  return plan;
}

MeasurementSet empty_set() {
  MeasurementSet set;
  set.name = "run", set.device = "raspberry-pi-4", set.runtime = "libtorch", set.source = "a test";
  return set;
}

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

TEST(MeasuringJournal, ResumesWithNothingLostButTheLineInFlight) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  FakeMachine machine;
  const auto plan = plan_of_lengths({32, 64, 96, 128});
  std::string whole;
  {
    MeasuringJournal journal(store, empty_set(), false);
    measure({plan[0], plan[1]}, journal, machine.tools(), {}, {});
    std::ifstream in(journal_of(store));
    whole.assign(std::istreambuf_iterator<char>(in), {});
  }
  Random random(5);
  for (int kill = 0; kill < 50; ++kill) {  // at every place of the file that a write may have come to
    const std::string left = whole.substr(0, random.below(whole.size() + 1));
    write(journal_of(store), left);
    const auto lines = static_cast<std::size_t>(std::count(left.begin(), left.end(), '\n'));
    MeasuringJournal journal(store, empty_set(), true);
    EXPECT_EQ(journal.set().rows.size(), lines == 0 ? 0 : lines - 1);
    machine.lengths.clear();
    measure(plan, journal, machine.tools(), {}, {});
    EXPECT_EQ(journal.set().rows.size(), 4u);
    EXPECT_EQ(machine.lengths.size(), 4 - (lines == 0 ? 0 : lines - 1));
  }
  MeasuringJournal journal(store, empty_set(), true);
  EXPECT_EQ(journal.set().rows.size(), 4u);
  const std::vector<MeasurementSet> sets{journal.set()};
  const Store stored = parse_image(to_image({.kind = "measurements", .root = to_arrays(sets)}), "run.h5");
  EXPECT_EQ(measurement_sets(stored), sets);
}

TEST(MeasuringJournal, SurvivesAKillAtAnyMoment) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  const auto plan = plan_of_lengths({32, 64, 96, 128});
  const pid_t child = ::fork();
  if (child == 0) {
    FakeMachine machine;
    machine.between_runs = [&] {
      if (machine.lengths.size() == 3) ::raise(SIGKILL);
    };
    MeasuringJournal journal(store, empty_set(), false);
    measure(plan, journal, machine.tools(), {}, {});
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  MeasuringJournal journal(store, empty_set(), true);
  EXPECT_EQ(journal.set().rows.size(), 2u);
}

TEST(MeasuringJournal, RefusesASecondRunAndWhatItWasNotBegunWith) {
  const PrivateFolder folder;
  const fs::path store = folder.path() / "run.h5";
  const std::string name = journal_of(store).string();
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }),
            name + ": there is no unfinished run to resume");
  {
    const MeasuringJournal first(store, empty_set(), false);
    EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }), name + ": another run is writing to it");
  }
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), false); }),
            name + ": an unfinished run is there already; go on with --resume, or remove it");
  MeasurementSet other = empty_set();
  other.device = "t4";
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, other, true); }),
            name + ":1: its device is \"raspberry-pi-4\", not \"t4\"; resume it with what it was begun with");
  write(journal_of(store), "{}\n");
  EXPECT_EQ(error_of([&] { MeasuringJournal(store, empty_set(), true); }),
            name + ":1: this is no journal of this version of Ridgeline");
}

// --- plans

TEST(Plan, SpacesAreCoveredEvenlyFromTheStart) {
  const auto plan = draw_models("mixed", 64, 1, "libtorch");
  std::set<std::string> ids;
  std::map<std::string, int> families;
  std::map<Size, int> batches;
  for (const PlannedModel& p : plan) {
    ids.insert(p.id);
    ++families[p.architecture.family];
    ++batches[p.workload.batch];
    EXPECT_NO_THROW(check(p.architecture)) << p.id;
    EXPECT_GE(p.workload.length, 32);
    EXPECT_LE(p.workload.length, 512);
  }
  EXPECT_EQ(ids.size(), plan.size());
  EXPECT_EQ(families, (std::map<std::string, int>{{"bert", 16}, {"flexibert", 16}, {"gpt2", 16}, {"t5", 16}}));
  for (const Size batch : {1, 2, 4, 8}) EXPECT_NEAR(batches[batch], 16, 6) << batch;
  EXPECT_EQ(draw_models("mixed", 64, 1, "libtorch")[63].id, plan[63].id);
  EXPECT_NE(draw_models("mixed", 64, 2, "libtorch")[63].id, plan[63].id);
  EXPECT_EQ(error_of([] { draw_models("brt", 1, 0, "libtorch"); }).find("--models: unknown space 'brt'"), 0u);
}

TEST(Plan, BlocksAreDistinctLayersAndTheHeadGoesWithTheLast) {
  const auto blocks = blocks_of(draw_models("mixed", 32, 1, "libtorch"));
  std::map<std::string, int> heads;
  for (const PlannedModel& b : blocks) {
    EXPECT_NO_THROW(plan(b.architecture, b.workload)) << b.id;
    EXPECT_LE(b.architecture.encoder.layers.size(), 1u);
    EXPECT_LE(b.architecture.decoder.layers.size(), 1u);
    heads[b.architecture.family] += b.architecture.head == OutputHead{} ? 0 : 1;
  }
  EXPECT_EQ(heads, (std::map<std::string, int>{{"bert", 8}, {"flexibert", 8}, {"gpt2", 8}, {"t5", 8}}));
  EXPECT_GT(blocks.size(), 32u);
  EXPECT_LT(blocks.size(), 120u);
}

TEST(Plan, TablesAreThoseOfMeasurementsWithoutFigures) {
  const PrivateFolder folder;
  const fs::path file = folder.path() / "plan.csv";
  write(file, "model,task,length,batch,new_tokens\nbert-tiny,,64,4,\ngpt2,decode,128,,\nt5-small,,32,1,8\n");
  const auto plan = planned_in(file, "libtorch", Precision::fp32);
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].id, "bert-tiny, encode, batch 4, length 64");
  EXPECT_EQ(plan[1].id, "gpt2, decode, batch 1, length 128");
  EXPECT_EQ(plan[2].id, "t5-small, generate, batch 1, length 32, 8 new tokens");
  write(file, "model,length,task\nbert-tiny,64,generate\n");
  EXPECT_NE(error_of([&] { planned_in(file, "libtorch", Precision::fp32); }).find("plan.csv:2: "), std::string::npos);
}

}  // namespace
}  // namespace ridgeline
