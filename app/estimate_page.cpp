#include "app/estimate_page.hpp"

#include <fmt/format.h>

#include "app/estimate_output.hpp"
#include "app/page.hpp"
#include "model/elasticity.hpp"
#include "model/liveness.hpp"
#include "model/roofline.hpp"

namespace ridgeline {
namespace {

struct ShapeText {
  std::string operator()(const MatMul& o) const {
    return fmt::format("{} × {} · {} × {}{}", o.rows, o.inner, o.inner, o.columns,
                       o.groups > 1 ? fmt::format(", {} groups", o.groups) : "");
  }
  std::string operator()(const BatchedMatMul& o) const {
    return fmt::format("{} of {} × {} · {} × {}", o.batch, o.rows, o.inner, o.inner, o.columns);
  }
  std::string operator()(const FusedAttention& o) const {
    return fmt::format("{} × {} heads, {} queries × {} keys of {}", o.batch, o.heads, o.queries, o.keys, o.head_dim);
  }
  std::string operator()(const Softmax& o) const { return fmt::format("{} × {}", o.rows, o.columns); }
  std::string operator()(const Normalisation& o) const { return fmt::format("{} × {}", o.rows, o.columns); }
  std::string operator()(const Elementwise& o) const {
    return fmt::format("{} of {} elements", name(o.function), o.elements);
  }
  std::string operator()(const Embedding& o) const {
    return fmt::format("{} rows of {} out of {}", o.lookups, o.width, o.vocabulary);
  }
  std::string operator()(const FourierMixing& o) const {
    return fmt::format("{} of {} × {}", o.batch, o.rows, o.columns);
  }
  std::string operator()(const DepthwiseConvolution& o) const {
    return fmt::format("{} × {} × {} channels, kernel {}", o.batch, o.length, o.channels, o.kernel);
  }
  std::string operator()(const DynamicConvolution& o) const {
    return fmt::format("{} × {} × {} channels, kernel {}", o.batch, o.length, o.channels, o.kernel);
  }
  std::string operator()(const Copy& o) const { return fmt::format("{} elements", o.elements); }
  std::string operator()(const View& o) const { return fmt::format("{} operations", o.operations); }
  std::string operator()(const Reduction& o) const { return fmt::format("{} × {}", o.rows, o.columns); }
  std::string operator()(const Routing& o) const {
    return fmt::format("{} tokens, {} of {} experts", o.tokens, o.chosen, o.experts);
  }
  std::string operator()(const OptimiserStep& o) const { return fmt::format("{} parameters", o.parameters); }
};

/// Columns of all operators, in program order.
Json operators_json(const Scenario& scenario) {
  const CostParameters& parameters = scenario.parameters;
  const Numerics& numerics = scenario.workload.numerics;
  const DetailedEstimate detail = estimate_in_detail(scenario.program, parameters, scenario.sensor_window);
  std::vector<std::vector<Bytes>> live;
  for (const Phase& phase : scenario.program.phases)
    live.push_back(live_activations(phase.graph, numerics, phase.results));

  const Roofline roofline(parameters);
  WordColumn phases, labels, kinds, bounds, shapes;
  Json repeats = Json::array(), layers = Json::array(), starts = Json::array(), durations = Json::array(),
       dispatches = Json::array(), energies = Json::array(), flops = Json::array(), bytes = Json::array(),
       dram = Json::array(), alive = Json::array();
  for (const OperatorReport& o : detail.operators) {
    const Phase& phase = scenario.program.phases[o.phase];
    const OperatorNode& node = phase.graph[o.vertex];
    const Work done = work(node.op, numerics);
    const bool launched = o.cost.duration.si() > 0;
    phases.add(phase.name);
    labels.add(node.label);
    kinds.add(std::string(kind_name(node.op)));
    bounds.add(std::string(name(o.cost.bound)));
    shapes.add(shape_text(node.op));
    repeats.push_back(phase.repeats);
    layers.push_back(node.layer);
    starts.push_back(chart_number(o.when.start.si()));
    durations.push_back(chart_number(o.cost.duration.si()));
    dispatches.push_back(chart_number(o.cost.dispatch.si()));
    energies.push_back(parameters.has_power ? chart_number(o.cost.energy.si()) : Json());
    flops.push_back(chart_number(done.flops().si()));
    bytes.push_back(chart_number(done.bytes().si()));
    dram.push_back(chart_number(launched ? roofline.bounds(node.op).traffic[parameters.memory.size() - 1].si() : 0));
    alive.push_back(chart_number(live[o.phase][o.vertex].si()));
  }
  return {{"phase", phases.json()},  {"label", labels.json()},   {"kind", kinds.json()}, {"bound", bounds.json()},
          {"shape", shapes.json()},  {"repeats", repeats},       {"layer", layers},      {"start_s", starts},
          {"duration_s", durations}, {"dispatch_s", dispatches}, {"energy_J", energies}, {"flops_FLOP", flops},
          {"bytes_B", bytes},        {"dram_B", dram},           {"live_B", alive}};
}

Json roofs_json(const CostParameters& parameters) {
  Json compute = Json::array(), memory = Json::array();
  for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector}) {
    const ArithmeticParameters& a = parameters.arithmetic[index(kind)];
    compute.push_back({{"name", name(kind)}, {"FLOP_per_s", a.peak.si()}, {"share", a.utilisation}});
  }
  for (const MemoryParameters& m : parameters.memory)
    memory.push_back({{"name", m.name}, {"B_per_s", m.bandwidth.si()}, {"share", m.utilisation}});
  return {{"compute", compute}, {"memory", memory}};
}

/// Power over time; a segment ends where the next begins.
Json power_json(const Scenario& scenario) {
  if (!scenario.parameters.has_power) return nullptr;
  Json durations = Json::array(), watts = Json::array();
  for (const PowerSegment& segment : power_trace(scenario.program, scenario.parameters, scenario.sensor_window)) {
    durations.push_back(chart_number(segment.duration.si()));
    watts.push_back(chart_number(segment.power.si()));
  }
  return {{"duration_s", durations}, {"power_W", watts}, {"window_s", scenario.sensor_window.si()}};
}

Json elasticities_json(const Scenario& scenario) {
  Json list = Json::array();
  for (const Elasticity& e : elasticities(scenario.program, scenario.parameters))
    list.push_back({{"parameter", e.parameter},
                    {"latency", chart_number(e.latency)},
                    {"energy", e.energy ? chart_number(*e.energy) : Json()}});
  return list;
}

}  // namespace

std::string shape_text(const Operator& op) { return std::visit(ShapeText{}, op); }

std::string estimate_page(const Scenario& scenario, const Report& report, const std::vector<GateResult>& gates) {
  Report headline = report;
  headline.operators.clear();
  const Json details = {{"operators", operators_json(scenario)},
                        {"roofs", roofs_json(scenario.parameters)},
                        {"power", power_json(scenario)},
                        {"elasticities", elasticities_json(scenario)}};
  return html_page(report.model + " on " + report.device_title, Json::parse(estimate_json(headline, gates)), details);
}

}  // namespace ridgeline
