#include "app/trace.hpp"

#include "app/estimate_page.hpp"
#include "app/json.hpp"

namespace ridgeline {
namespace {

constexpr int kProcess = 1, kHost = 1, kDevice = 2;
constexpr double kMicroseconds = 1e6;

Json named(const char* what, int thread, const std::string& name) {
  return {{"ph", "M"}, {"pid", kProcess}, {"tid", thread}, {"name", what}, {"args", {{"name", name}}}};
}

Json power_event(Seconds when, Watts power) {
  return {{"ph", "C"},
          {"pid", kProcess},
          {"name", "power"},
          {"ts", when.si() * kMicroseconds},
          {"args", {{"W", power.si()}}}};
}

/// Where the dispatches of a phase begin: an asynchronous host runs ahead of the device, through all repetitions.
class HostClock {
 public:
  explicit HostClock(bool asynchronous) : asynchronous_(asynchronous) {}

  Seconds next(const OperatorReport& report, const Phase& phase) {
    if (phase_ != &phase) {
      now_ += (repeats_ - 1) * in_phase_;
      phase_ = &phase;
      repeats_ = static_cast<double>(phase.repeats);
      in_phase_ = Seconds{};
    }
    const Seconds dispatch = report.cost.dispatch;
    const Seconds begin = asynchronous_ ? now_ : report.when.start - dispatch;
    now_ += dispatch;
    in_phase_ += dispatch;
    return begin;
  }

 private:
  bool asynchronous_;
  const Phase* phase_ = nullptr;
  double repeats_ = 1;
  Seconds now_, in_phase_;
};

}  // namespace

std::string trace_json(const Scenario& scenario) {
  const DetailedEstimate detail = estimate_in_detail(scenario.program, scenario.parameters, scenario.sensor_window);
  Json events = Json::array();
  events.push_back(named("process_name", kHost, name_of(scenario.model) + " on " + scenario.device.title));
  events.push_back(named("thread_name", kHost, "host"));
  events.push_back(named("thread_name", kDevice, "device"));
  const CostParameters& parameters = scenario.parameters;
  const Watts waiting = parameters.static_power + waiting_power(parameters);
  if (parameters.has_power) events.push_back(power_event(Seconds(0), waiting));
  HostClock host(parameters.asynchronous);
  for (const OperatorReport& o : detail.operators) {
    const Phase& phase = scenario.program.phases[o.phase];
    const OperatorNode& node = phase.graph[o.vertex];
    const Seconds dispatched = host.next(o, phase);
    Json event = {{"ph", "X"}, {"pid", kProcess}, {"tid", kHost}, {"name", node.label}, {"cat", kind_name(node.op)}};
    event["ts"] = dispatched.si() * kMicroseconds;
    event["dur"] = o.cost.dispatch.si() * kMicroseconds;
    if (o.cost.dispatch.si() > 0) events.push_back(event);
    if (o.cost.duration.si() <= 0) continue;
    event["tid"] = kDevice;
    event["ts"] = o.when.start.si() * kMicroseconds;
    event["dur"] = o.cost.duration.si() * kMicroseconds;
    event["args"] = {{"kind", kind_name(node.op)},  {"shape", shape_text(node.op)},
                     {"bound", name(o.cost.bound)}, {"layer", node.layer < 0 ? Json() : Json(node.layer)},
                     {"phase", phase.name},         {"repeats", phase.repeats}};
    events.push_back(std::move(event));
    if (!parameters.has_power) continue;
    events.push_back(power_event(o.when.start, parameters.static_power + o.when.dynamic_power));
    events.push_back(power_event(o.when.start + o.cost.duration, waiting));
  }
  if (parameters.has_power) events.push_back(power_event(detail.total.latency, parameters.static_power));
  Json json = json_document("trace");
  json["displayTimeUnit"] = "ms";
  json["traceEvents"] = std::move(events);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ridgeline
