#include "app/json.hpp"

#include <fmt/format.h>

#include "app/arguments.hpp"

namespace ridgeline {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json quantity(double value, std::string_view unit) { return {{"value", value}, {"unit", unit}}; }

Json shares(const std::vector<Share>& entries, std::string_view key) {
  Json list = Json::array();
  for (const Share& entry : entries)
    list.push_back({{key, entry.name}, {"share", entry.share}, {"time", quantity(entry.time.si(), "s")}});
  return list;
}

Json calibration_json(const std::optional<CalibrationNote>& calibration) {
  if (!calibration) return nullptr;
  return {{"file", calibration->file},
          {"shipped", calibration->shipped},
          {"changed_description", calibration->changed},
          {"protocol", name(calibration->protocol)},
          {"set", calibration->set},
          {"source", calibration->source},
          {"rows", calibration->rows},
          {"residual", calibration->has_residual}};
}

Json assumptions_json(const Report& report) {
  const Workload& w = report.workload;
  Json overrides = Json::array();
  for (const Override& change : report.overrides) overrides.push_back({{"key", change.key}, {"value", change.value}});
  return {{"task", name(w.task)},
          {"batch", w.batch},
          {"length", w.length},
          {"new_tokens", w.new_tokens},
          {"beams", w.beams},
          {"precision",
           {{"weights", name(w.numerics.weights)},
            {"activations", name(w.numerics.activations)},
            {"cache", name(w.numerics.cache)},
            {"compute", name(w.numerics.compute)}}},
          {"fusion", name(w.fusion)},
          {"clock", quantity(report.clock.si(), "Hz")},
          {"nominal_clock", quantity(report.nominal_clock.si(), "Hz")},
          {"power_mode", text_or_null(report.power_mode)},
          {"sensor", text_or_null(report.sensor)},
          {"sensor_window", quantity(report.sensor_window.si(), "s")},
          {"overrides", overrides},
          {"calibration", calibration_json(report.calibration)}};
}

Json memory_json(const Report& report) {
  Json memory = to_json(report.memory);
  const MemoryUse& parts = report.memory_parts;
  memory["parts"] = {{"weights", quantity(parts.weights.si(), "B")},
                     {"cache", quantity(parts.cache.si(), "B")},
                     {"activations", quantity(parts.activations.si(), "B")},
                     {"optimiser_state", quantity(parts.optimiser_state.si(), "B")}};
  memory["capacity"] = quantity(report.capacity.si(), "B");
  return memory;
}

Json changes_json(const std::vector<Change>& changes) {
  Json list = Json::array();
  for (const Change& change : changes)
    list.push_back({{"parameter", change.parameter},
                    {"factor", change.factor},
                    {"latency_elasticity", change.latency_elasticity},
                    {"energy_elasticity", number_or_null(change.energy_elasticity)},
                    {"latency_change", change.latency_change},
                    {"energy_change", number_or_null(change.energy_change)}});
  return list;
}

Json sustained_json(const SustainedFigures& sustained) {
  return {{"latency", to_json(sustained.latency)},
          {"clock_factor", sustained.clock_factor},
          {"temperature", quantity(sustained.temperature.si(), "K")},
          {"full_clock_for", quantity(sustained.full_clock.si(), "s")}};
}

}  // namespace

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json json_document(std::string_view name) {
  return {{"schema", fmt::format("ridgeline.{}/1", name)}, {"version", RIDGELINE_VERSION}};
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json to_json(const Figure& figure) {
  return {{"value", number_or_null(figure.value)},
          {"unit", figure.unit},
          {"low", number_or_null(figure.low)},
          {"high", number_or_null(figure.high)},
          {"origin", figure.value ? Json(name(figure.origin)) : Json(nullptr)},
          {"reason", text_or_null(figure.reason)}};
}

Json to_json(const Work& work) {
  return {{"flops", quantity(work.flops().si(), "FLOP")},
          {"matrix_flops", quantity(work.matrix.si(), "FLOP")},
          {"vector_flops", quantity(work.vector.si(), "FLOP")},
          {"transcendental_flops", quantity(work.transcendental.si(), "FLOP")},
          {"bytes", quantity(work.bytes().si(), "B")},
          {"weight_bytes", quantity(work.weights.si(), "B")},
          {"arithmetic_intensity", quantity(work.arithmetic_intensity().si(), "FLOP/B")}};
}

Json to_json(const MeasurementSet& set) {
  return {{"name", set.name},
          {"device", set.device},
          {"runtime", set.runtime},
          {"precision", name(set.precision)},
          {"power_mode", text_or_null(set.power_mode)},
          {"protocol", name(set.protocol)},
          {"rows", set.rows.size()},
          {"excluded", set.excluded.size()},
          {"source", set.source}};
}

void add_report(Json& json, const Report& report) {
  json["model"] = {{"name", report.model},
                   {"family", text_or_null(report.family)},
                   {"parameters", report.parameters},
                   {"work", to_json(report.work)}};
  json["device"] = {{"name", report.device}, {"title", report.device_title}};
  json["runtime"] = {{"name", report.runtime}, {"title", report.runtime_title}};
  json["assumptions"] = assumptions_json(report);
  json["coverage"] = report.coverage > 0 ? Json(report.coverage) : Json(nullptr);
  json["notes"] = report.notes;
  json["fits"] = report.fits;
  json["latency"] = to_json(report.latency);
  json["latency_per_sequence"] = to_json(report.latency_per_sequence);
  json["throughput"] = to_json(report.throughput);
  json["token_throughput"] = to_json(report.token_throughput);
  json["energy"] = to_json(report.energy);
  json["energy_per_sequence"] = to_json(report.energy_per_sequence);
  json["average_power"] = to_json(report.average_power);
  json["peak_power"] = to_json(report.peak_power);
  json["energy_delay_product"] = to_json(report.energy_delay_product);
  json["memory"] = memory_json(report);
  json["startup"] = to_json(report.startup);
  json["sustained"] = report.sustained ? sustained_json(*report.sustained) : Json();
  json["phases"] = Json::array();
  for (const PhaseLine& phase : report.phases)
    json["phases"].push_back(
        {{"phase", phase.name}, {"repeats", phase.repeats}, {"latency", quantity(phase.latency.si(), "s")}});
  json["bounds"] = shares(report.bounds, "bound");
  json["operator_kinds"] = shares(report.kinds, "kind");
  json["changes"] = changes_json(report.changes);
  if (report.unknown.empty()) return;
  json["unknown_operators"] = Json::array();
  for (const UnknownShare& unknown : report.unknown)
    json["unknown_operators"].push_back({{"operator", unknown.name},
                                         {"operators", unknown.count},
                                         {"bytes", quantity(unknown.bytes.si(), "B")},
                                         {"share", unknown.share}});
}

}  // namespace ridgeline
