// Learning curves of rules of choice, as text for people and as JSON.
#pragma once

#include <string>

#include "app/replay.hpp"
#include "app/session.hpp"
#include "data/measurement.hpp"

namespace ridgeline {

struct ReplayResult {
  MeasurementSet set;
  ReplayCommandOptions options;
  Replay replay;
};

ReplayResult compute_replay(const ReplayCommandOptions& options, const Session& session);

std::string replay_text(const ReplayResult& result, const Style& style);
/// Schema "ridgeline.replay/1", documented in docs/json.md.
std::string replay_json(const ReplayResult& result);
/// One line for each seed, rule and size.
std::string replay_csv(const ReplayResult& result);

}  // namespace ridgeline
