#include "app/unknown_operators.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "app/format.hpp"

namespace ridgeline {
namespace {

constexpr const char* kWider =
    "the interval is wider for unknown operators: from nothing to what the known ones take a byte";
constexpr const char* kNoUpperEnd = "no operator is known, so nothing tells what they take at most";
constexpr const char* kUnknownPower = "what unknown operators draw is not known";

struct Cost {
  double bytes = 0, seconds = 0, joules = 0;
};

/// What the unknown ones would take on top at the rate of the known ones.
double extra(double unknown, double unknown_bytes, double known, double known_bytes) {
  return std::max(0.0, unknown_bytes * known / known_bytes - unknown);
}

}  // namespace

std::vector<UnknownShare> unknown_shares(const Scenario& scenario, const DetailedEstimate& detail) {
  std::vector<UnknownShare> shares;
  const auto* graph = std::get_if<GivenGraph>(&scenario.model);
  if (!graph) return shares;
  std::unordered_map<std::string, std::string> names;
  for (const GivenOperator& given : graph->operators)
    if (!given.unknown.empty()) names[given.name] = given.unknown;
  for (const OperatorReport& report : detail.operators) {
    const OperatorNode& node = scenario.program.phases[report.phase].graph[report.vertex];
    if (!is_unknown(node.op)) continue;
    const std::string& name = names.at(node.label);
    auto found = std::find_if(shares.begin(), shares.end(), [&](const UnknownShare& s) { return s.name == name; });
    if (found == shares.end()) found = shares.insert(found, {name, 0, Bytes(0), 0});
    ++found->count;
    found->bytes += work(node.op, scenario.workload.numerics).bytes();
    found->share += report.cost.duration / detail.total.latency;
  }
  return shares;
}

std::string unknown_note(const std::vector<UnknownShare>& shares) {
  std::vector<std::string> words;
  for (const UnknownShare& unknown : shares)
    words.push_back(
        fmt::format("{} × {} ({} of the latency)", unknown.count, unknown.name, format_share(unknown.share)));
  return fmt::format("not known, and costed by the bytes that they read and write: {}", fmt::join(words, ", "));
}

std::optional<Widening> widening(const Scenario& scenario, const DetailedEstimate& detail) {
  Cost known, unknown;
  bool any = false;
  for (const OperatorReport& report : detail.operators) {
    const Operator& op = scenario.program.phases[report.phase].graph[report.vertex].op;
    any = any || is_unknown(op);
    Cost& cost = is_unknown(op) ? unknown : known;
    cost.bytes += work(op, scenario.workload.numerics).bytes().si();
    cost.seconds += report.cost.duration.si();
    cost.joules += report.cost.energy.si();
  }
  if (!any) return std::nullopt;
  Widening result;
  result.known = known.bytes > 0;
  if (!result.known) return result;
  const double more_seconds = extra(unknown.seconds, unknown.bytes, known.seconds, known.bytes);
  const double latency = detail.total.latency.si();
  result.latency = {(latency - unknown.seconds) / latency, (latency + more_seconds) / latency};
  if (!detail.total.energy) return result;
  const double energy = detail.total.energy->si(), idle = scenario.parameters.static_power.si();
  const double less = unknown.joules + idle * unknown.seconds;
  const double more = extra(unknown.joules, unknown.bytes, known.joules, known.bytes) + idle * more_seconds;
  result.energy = {(energy - less) / energy, (energy + more) / energy};
  return result;
}

void widen(Figure& figure, const Spread& by, const Widening& widening) {
  if (!figure.low || !figure.high) return;
  if (!widening.known) {
    figure.low = figure.high = std::nullopt;
    figure.reason = kNoUpperEnd;
    return;
  }
  *figure.low *= by.low;
  *figure.high *= by.high;
  figure.reason = kWider;
}

void drop_interval(Figure& figure) {
  if (!figure.low) return;
  figure.low = figure.high = std::nullopt;
  figure.reason = kUnknownPower;
}

}  // namespace ridgeline
