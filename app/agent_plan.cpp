#include "app/agent_plan.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "calib/measuring/runner.hpp"
#include "model/readers.hpp"

namespace ridgeline {

std::string agent_plan(const MeasuringTarget& target, const std::vector<PlannedModel>& plan, std::uint64_t seed,
                       const Session& session) {
  const ModelRunner runner = start_runner({.threads = 1, .seed = seed, .program = {}});
  std::string text =
      fmt::format("{{\"ridgeline\": \"agent plan\", \"device\": {}, \"runtime\": {}, \"models\": [",
                  nlohmann::json(target.device_name).dump(), nlohmann::json(target.runtime_name).dump());
  const std::size_t before = text.size();
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const PlannedModel& p = plan[i];
    if (session.progress)
      session.progress(fmt::format("{} of {}: {}", i + 1, plan.size(), p.id),
                       static_cast<double>(i) / static_cast<double>(plan.size()));
    const nlohmann::ordered_json about = {
        {"id", p.id},
        {"model", to_yaml(p.definition)},
        {"task", name(p.workload.task)},
        {"batch", p.workload.batch},
        {"length", p.workload.length},
        {"new_tokens", p.workload.task == Task::generate ? p.workload.new_tokens : 0},
        {"beams", p.workload.beams}};
    std::string line = about.dump();
    line.pop_back();
    try {
      line += ", \"calls\": " + runner.record(p.definition, p.workload) + "}";
    } catch (const Error& error) {
      session.log->warn("{} is left out: {}", p.id, error.what());
      continue;
    }
    text += (text.size() == before ? "\n" : ",\n") + line;
  }
  if (session.progress) session.progress("", 1);
  return text + "\n]}\n";
}

}  // namespace ridgeline
