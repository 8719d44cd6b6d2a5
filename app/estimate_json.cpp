#include "app/estimate_output.hpp"
#include "app/json.hpp"

namespace ridgeline {
namespace {

Json gates_json(const std::vector<GateResult>& gates) {
  Json list = Json::array();
  for (const GateResult& gate : gates)
    list.push_back({{"metric", gate.metric},
                    {"limit", gate.limit},
                    {"found", gate.found},
                    {"unit", gate.unit},
                    {"exceeded", gate.exceeded}});
  return list;
}

Json operator_json(const OperatorLine& line) {
  Json json = {
      {"phase", line.phase}, {"repeats", line.repeats}, {"layer", line.layer < 0 ? Json() : Json(line.layer)},
      {"label", line.label}, {"kind", line.kind},       {"bound", line.bound}};
  json["start"] = {{"value", line.start.si()}, {"unit", "s"}};
  json["duration"] = {{"value", line.duration.si()}, {"unit", "s"}};
  json["dispatch"] = {{"value", line.dispatch.si()}, {"unit", "s"}};
  json["dynamic_energy"] = line.energy ? Json{{"value", line.energy->si()}, {"unit", "J"}} : Json();
  json["work"] = to_json(line.work);
  return json;
}

}  // namespace

std::string estimate_json(const Report& report, const std::vector<GateResult>& gates) {
  Json json = json_document("estimate");
  add_report(json, report);
  if (!gates.empty()) json["gates"] = gates_json(gates);
  if (!report.operators.empty()) {
    Json list = Json::array();
    for (const OperatorLine& line : report.operators) list.push_back(operator_json(line));
    json["operators"] = std::move(list);
  }
  return dump(json);
}

}  // namespace ridgeline
