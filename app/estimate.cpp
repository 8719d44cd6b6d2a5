#include "app/estimate.hpp"

#include <fmt/format.h>

#include "app/estimate_output.hpp"
#include "app/estimate_page.hpp"
#include "app/format.hpp"
#include "app/option_groups.hpp"
#include "app/scenario.hpp"
#include "app/trace.hpp"
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

Outcome run_estimate(const EstimateOptions& options, const Session& session) {
  const Model model = load_model_or_graph(options.model);
  const Device device = prepare_device(options.device, options.what_if);
  const Scenario scenario = make_scenario(model, device, prepare_runtime(options.what_if, device), options.workload,
                                          options.what_if, session);
  const Report report = make_report(scenario, load_data_sheet_spread(), options.operators);
  const std::vector<GateResult> gates = judge(options.gates, report);
  for (const GateResult& gate : gates)
    if (gate.exceeded)
      session.log->warn("{}: {} exceeds {}", gate.metric, format_number(gate.found, gate.unit),
                        format_number(gate.limit, gate.unit));
  Outcome outcome{print(options, report, gates, session.style), any_exceeded(gates) ? 3 : 0};
  if (!options.html.empty()) outcome.also.push_back({options.html, estimate_page(scenario, report, gates)});
  if (!options.trace.empty()) outcome.also.push_back({options.trace, trace_json(scenario)});
  return outcome;
}

constexpr std::array kEstimateExamples{
    Example{"ridgeline estimate bert-base --device raspberry-pi-4",
            "One sentence of 128 tokens on a Raspberry Pi 4."},
    Example{"ridgeline estimate gpt2 --device jetson-nano-gpu --task generate --length 64 --new-tokens 32",
            "Reading a prompt of 64 tokens and writing 32 more."},
    Example{"ridgeline estimate bert-large --device a100-pcie-40gb --batch 32 --length 384 --precision fp16 "
            "--runtime tensorrt",
            "Another batch, length, precision and runtime."},
    Example{"ridgeline estimate bert-base --device raspberry-pi-4 --clock 1GHz --set dram.bandwidth=x2",
            "What if the board ran at 1 GHz, with twice the memory bandwidth?"},
    Example{"ridgeline estimate bert-base --device raspberry-pi-4 --ops",
            "Every operator with its time and its limit."},
    Example{"ridgeline estimate bert-base --device raspberry-pi-4 --max-memory 4GB --json",
            "For scripts: exit code 3 when it takes more memory than that."}};

constexpr CommandHelp kEstimateHelp{
    "estimate", "ridgeline estimate MODEL --device NAME [OPTIONS]", "what a model would take on a device",
    "Estimates latency, energy, power and memory of a model on a device from published data alone, says what "
    "it assumed, what limits the model there and what would help most. MODEL is a name (ridgeline models), a "
    "file (Hugging Face config.json, FlexiBERT model_dict, HAT YAML, Ridgeline YAML, an operator graph that "
    "`convert` made) or a folder with a "
    "config.json.",
    kEstimateExamples};

void declare_estimate(OptionSet& set, EstimateOptions& o) {
  set.word("MODEL", o.model);
  set.value("Device", "--device", "NAME", "a device (ridgeline devices) or a file of your own", o.device);
  add_workload(set, o.workload);
  add_what_if(set, o.what_if);
  add_gates(set, o.gates);
  set.flag("Output", "--ops", "every operator", o.operators);
  add_output(set, o.output);
  add_html(set, o.html);
  set.value("Output", "--trace", "FILE", "the simulated schedule, for Perfetto or chrome://tracing", o.trace);
  set.check([&o](const CommonOptions&) {
    require(!o.model.empty(), "estimate", "MODEL", "models");
    require(!o.device.empty(), "estimate", "--device", "devices");
  });
}

}  // namespace

Command estimate_command() { return make_command(kEstimateHelp, declare_estimate, run_estimate); }

}  // namespace ridgeline
