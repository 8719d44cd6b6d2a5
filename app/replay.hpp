// How fast rules of choice learn a device, played again on measurements that are there.
#pragma once

#include "app/command.hpp"
#include "calib/replay.hpp"

namespace ridgeline {

struct ReplayCommandOptions {
  DataOptions data;
  std::vector<ChoiceRule> rules = ReplayOptions{}.rules;
  std::vector<std::size_t> sizes;  ///< empty: those of ReplayOptions
  std::size_t seeds = ReplayOptions{}.seeds;
  std::uint64_t seed = 0;  ///< the first
  Output output = Output::text;
};

Command replay_command();

}  // namespace ridgeline
