#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/estimate_output.hpp"
#include "app/format.hpp"
#include "app/scenario.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

std::string print(const EstimateOptions& options, const Report& report, const std::vector<GateResult>& gates,
                  const Style& style) {
  switch (options.output) {
    case Output::json:
      return estimate_json(report, gates);
    case Output::csv:
      return options.operators ? operators_csv(report) : reports_csv({report});
    case Output::text:
      break;
  }
  return estimate_text(report, style);
}

}  // namespace

Outcome run_estimate(const EstimateOptions& options, const Session& session) {
  const Architecture architecture = load_model(options.model);
  const Device device = prepare_device(options.device, options.what_if);
  const Scenario scenario = make_scenario(architecture, device, prepare_runtime(options.what_if, device),
                                          options.workload, options.what_if, session);
  const Report report = make_report(scenario, load_data_sheet_spread(), options.operators);
  const std::vector<GateResult> gates = judge(options.gates, report);
  for (const GateResult& gate : gates)
    if (gate.exceeded)
      session.log->warn("{}: {} exceeds {}", gate.metric, format_number(gate.found, gate.unit),
                        format_number(gate.limit, gate.unit));
  return {print(options, report, gates, session.style), any_exceeded(gates) ? 3 : 0};
}

}  // namespace ridgeline
