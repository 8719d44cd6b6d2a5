// The plan of a measuring campaign for ridgeline-agent (calib/live/ridgeline_agent.cpp), which runs on boards that
// this cannot be built on: each model with its workload and every call of libtorch that it makes
// (calib/live/recording.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/measure_plan.hpp"

namespace ridgeline {

/// JSON: `ridgeline` ("agent plan"), `device`, `runtime`, `models`: a list of `id`, `model` (YAML), `task`, `batch`,
/// `length`, `new_tokens`, `beams`, `calls`. Models that cannot be recorded are left out with a warning. Error when
/// the program that records is not there.
std::string agent_plan(const MeasuringTarget& target, const std::vector<PlannedModel>& plan, std::uint64_t seed,
                       const Session& session);

}  // namespace ridgeline
