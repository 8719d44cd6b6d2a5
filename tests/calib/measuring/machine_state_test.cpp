// What went on beside a measurement, from recorded trees of /proc and /sys.
#include "calib/measuring/machine_state.hpp"

#include <gtest/gtest.h>

#include "tests/calib/measuring/recorded_tree.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

TEST(MachineState, ToldApartFromOthersWork) {
  const RecordedTree tree;
  tree.stat(100, 500), tree.process(20);
  const MachineState before = read_machine_state(tree.root(), 42);
  tree.stat(110, 510), tree.process(25);  // 10 s on two processors: 5 s its own, 5 s of others
  const MachineState after = read_machine_state(tree.root(), 42);
  EXPECT_EQ(after.processors, 2);
  EXPECT_NEAR(between(before, after).other_load, 0.5, 1e-9);
  EXPECT_EQ(between(before, after).words(), std::vector<std::string>{"other programs kept 0.5 processors busy"});
}

TEST(MachineState, QuietMachinesAreNotRemarkedOn) {
  const RecordedTree tree;
  tree.stat(100, 500), tree.process(20);
  const MachineState before = read_machine_state(tree.root(), 42);
  tree.stat(105.1, 514.9), tree.process(25);
  EXPECT_EQ(between(before, read_machine_state(tree.root(), 42)).words(), std::vector<std::string>{});
}

TEST(MachineState, WhatMeasuresIsNotAnotherProgram) {
  const RecordedTree tree;
  tree.stat(100, 500), tree.process(20), tree.process(3, "self");
  const MachineState before = read_machine_state(tree.root(), 42);
  tree.stat(110, 510), tree.process(25), tree.process(8, "self");
  EXPECT_NEAR(between(before, read_machine_state(tree.root(), 42)).other_load, 0, 1e-9);
}

TEST(MachineState, NothingIsConcludedOnceTheModelsProcessHasEnded) {
  const RecordedTree tree;
  tree.stat(100, 500), tree.process(20);
  const MachineState before = read_machine_state(tree.root(), 42);
  tree.stat(110, 510);
  EXPECT_EQ(between(before, read_machine_state(tree.root(), 43)).words(), std::vector<std::string>{});
}

TEST(MachineState, SeesClocksThrottlingAndSwapping) {
  const RecordedTree tree;
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
  const RecordedTree tree;
  tree.stat(1, 1);
  const fs::path flags = tree.root() / "sys/devices/platform/soc/soc:firmware/get_throttled";
  write(flags, "50000\n");  // it happened once, before
  const MachineState state = read_machine_state(tree.root(), 0);
  EXPECT_TRUE(between(state, state).words().empty());
  write(flags, "50005\n");
  EXPECT_EQ(between(state, read_machine_state(tree.root(), 0)).words(),
            std::vector<std::string>{"the processor was throttled"});
}

}  // namespace
}  // namespace ridgeline
