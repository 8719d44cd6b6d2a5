#include "app/measure_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/csv.hpp"
#include "base/error.hpp"
#include "data/sets.hpp"
#include "hwdesc/device_file.hpp"
#include "model/estimate.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

constexpr double kLargestShare = 1.0 / 100;  // of the budget for one run of a model that was drawn
constexpr double kFewestSecondsEach = 1;     // of a model, for how many to draw
constexpr Size kCandidates = 256;            // to choose from: enough to see what kinds there are

bool is_space(const std::string& models) {
  const std::vector<std::string> spaces = measured_spaces();
  return std::find(spaces.begin(), spaces.end(), models) != spaces.end();
}

std::vector<PlannedModel> at_level(std::vector<PlannedModel> plan, MeasureLevel level) {
  if (level == MeasureLevel::model) return plan;
  for (const PlannedModel& planned : plan)
    if (level == MeasureLevel::block && std::holds_alternative<GivenGraph>(planned.definition))
      throw InputError(
          {"--level", 0, 0, ""},
          fmt::format("{} is given by its operators, and nobody says which of them are a block", planned.model),
          "take --level model or op");
  plan = blocks_of(plan);
  for (PlannedModel& planned : plan) planned.by_operator = level == MeasureLevel::op;
  return plan;
}

}  // namespace

MeasuringTarget measuring_target(const MeasureCommandOptions& options) {
  MeasuringTarget t;
  t.device_name = device_name(options.device, {"--device", 0, 0, ""});
  t.runtime_name = runtime_name(options.runtime, {"--runtime", 0, 0, ""});
  t.device = load_device(t.device_name);
  if (!options.power_mode.empty()) t.device = in_power_mode(std::move(t.device), options.power_mode);
  t.runtime = load_runtime(t.runtime_name);
  if (t.runtime.fusion != Fusion::none || !t.runtime.runs_views)
    throw InputError({"--runtime", 0, 0, ""}, fmt::format("{} is not what runs here", t.runtime.name),
                     "models are run eagerly by libtorch: take libtorch");
  t.data_sheet = data_sheet_parameters(t.device, t.runtime, uniform_numerics(options.precision));
  return t;
}

std::vector<PlannedModel> quick_models(const std::string& space, std::size_t count, std::uint64_t seed,
                                       MeasureLevel level, double longest, const MeasuringTarget& target) {
  std::vector<PlannedModel> plan = draw_models(space, count, seed, target.runtime_name);
  for (PlannedModel& planned : plan) planned.workload.numerics = target.data_sheet.numerics;
  plan = at_level(std::move(plan), level);
  std::erase_if(plan, [&](const PlannedModel& p) {
    return estimate(lower(p.definition, p.workload), target.data_sheet, Seconds(0)).latency.si() > longest;
  });
  return plan;
}

std::vector<PlannedModel> models_to_measure(const MeasureCommandOptions& options, const MeasuringTarget& target) {
  if (!is_space(options.models)) {
    if (!std::filesystem::exists(options.models))
      throw_unknown_name({"--models", 0, 0, ""}, "space or file", options.models, measured_spaces());
    const std::string kind = std::filesystem::path(options.models).extension();
    const bool is_model = kind == ".yaml" || kind == ".yml";
    const auto planned = is_model ? planned_graph : planned_in;
    return at_level(planned(options.models, target.runtime_name, options.precision), options.level);
  }
  const auto lasting = std::clamp<Size>(static_cast<Size>(options.budget.si() / kFewestSecondsEach), 8, 1000);
  const Size count = options.count.value_or(options.choose ? kCandidates : lasting);
  return quick_models(options.models, static_cast<std::size_t>(count), options.seed, options.level,
                      options.budget.si() * kLargestShare, target);
}

std::string plan_csv(const std::vector<PlannedModel>& plan) {
  std::string text = "id,task,batch,length,new_tokens,beams\n";
  for (const PlannedModel& p : plan)
    text += CsvLine()
                .add(p.id)
                .add(name(p.workload.task))
                .add(static_cast<long>(p.workload.batch))
                .add(static_cast<long>(p.workload.length))
                .add(static_cast<long>(p.workload.new_tokens))
                .add(static_cast<long>(p.workload.beams))
                .text();
  return text;
}

}  // namespace ridgeline
