#include <array>
#include <utility>

#include "app/arguments.hpp"
#include "app/csv.hpp"
#include "app/estimate_output.hpp"

namespace ridgeline {
namespace {

using ReportColumn = std::pair<std::string_view, Figure Report::*>;
constexpr ReportColumn kFigures[]{{"latency_s", &Report::latency},
                                  {"latency_per_sequence_s", &Report::latency_per_sequence},
                                  {"throughput_sequences_per_s", &Report::throughput},
                                  {"throughput_tokens_per_s", &Report::token_throughput},
                                  {"energy_J", &Report::energy},
                                  {"energy_per_sequence_J", &Report::energy_per_sequence},
                                  {"average_power_W", &Report::average_power},
                                  {"peak_power_W", &Report::peak_power},
                                  {"energy_delay_product_Js", &Report::energy_delay_product},
                                  {"memory_B", &Report::memory},
                                  {"startup_s", &Report::startup}};

constexpr std::array<std::string_view, 22> kPlainColumns{
    "model",      "device",     "runtime",    "task",          "batch",
    "length",     "new_tokens", "beams",      "precision",     "fusion",
    "clock_Hz",   "power_mode", "parameters", "flops",         "bytes",
    "fits",       "weights_B",  "cache_B",    "activations_B", "optimiser_state_B",
    "capacity_B", "calibration"};

std::string header() {
  CsvLine line;
  for (const std::string_view name : kPlainColumns) line.add(name);
  for (const auto& [name, figure] : kFigures)
    line.add(name)
        .add(std::string(name) + "_low")
        .add(std::string(name) + "_high")
        .add(std::string(name) + "_origin");
  return line.add("bound").add("problem").text();
}

void add_figure(CsvLine& line, const Figure& figure) {
  line.add(figure.value).add(figure.low).add(figure.high).add(figure.value ? name(figure.origin) : "");
}

/// Names, then empty fields up to the problem.
std::string problem_row(const Report& report) {
  CsvLine line;
  line.add(report.model).add(report.device);
  for (std::size_t i = 0; i < kPlainColumns.size() - 2 + 4 * std::size(kFigures) + 1; ++i) line.add("");
  return line.add(report.problem).text();
}

std::string row(const Report& report) {
  if (!report.problem.empty()) return problem_row(report);
  const Workload& w = report.workload;
  const MemoryUse& memory = report.memory_parts;
  CsvLine line;
  line.add(report.model).add(report.device).add(report.runtime).add(name(w.task));
  line.add(w.batch).add(w.length).add(w.new_tokens).add(w.beams).add(describe(w.numerics)).add(name(w.fusion));
  line.add(report.clock.si()).add(report.power_mode).add(report.parameters);
  line.add(report.work.flops().si()).add(report.work.bytes().si()).add(report.fits);
  line.add(memory.weights.si()).add(memory.cache.si()).add(memory.activations.si());
  line.add(memory.optimiser_state.si()).add(report.capacity.si());
  line.add(report.calibration ? report.calibration->set : "");
  for (const auto& [name, figure] : kFigures) add_figure(line, report.*figure);
  line.add(report.bounds.empty() ? "" : report.bounds.front().name);
  return line.add(report.problem).text();
}

}  // namespace

std::string reports_csv(const std::vector<Report>& reports) {
  std::string text = header();
  for (const Report& report : reports) text += row(report);
  return text;
}

std::string operators_csv(const Report& report) {
  CsvLine header;
  for (const char* name : {"phase", "repeats", "layer", "label", "kind", "start_s", "duration_s", "dispatch_s",
                           "dynamic_energy_J", "flops", "bytes", "arithmetic_intensity_FLOP_per_B", "bound"})
    header.add(name);
  std::string text = header.text();
  for (const OperatorLine& op : report.operators) {
    CsvLine line;
    line.add(op.phase).add(op.repeats);
    line.add(op.layer < 0 ? std::string() : std::to_string(op.layer)).add(op.label).add(op.kind);
    line.add(op.start.si()).add(op.duration.si()).add(op.dispatch.si());
    line.add(op.energy ? std::optional(op.energy->si()) : std::nullopt);
    line.add(op.work.flops().si()).add(op.work.bytes().si()).add(op.work.arithmetic_intensity().si()).add(op.bound);
    text += line.text();
  }
  return text;
}

}  // namespace ridgeline
