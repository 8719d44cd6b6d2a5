#include "app/gates.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace ridgeline {
namespace {

template <Dimension D>
void judge_one(const std::optional<Quantity<D>>& limit, std::string_view option, std::string_view metric,
               const Figure& figure, bool upper, std::vector<GateResult>& results) {
  if (!limit) return;
  const std::optional<double>& found = upper ? figure.high : figure.value;
  if (!found)
    throw InputError({std::string(option), 0, 0, ""},
                     fmt::format("cannot be answered: {} of the {}: {}", upper ? "no interval" : "no estimate",
                                 metric, figure.reason));
  results.push_back({std::string(metric), limit->si(), *found, figure.unit, *found > limit->si()});
}

}  // namespace

std::vector<GateResult> judge(const Gates& gates, const Report& report) {
  std::vector<GateResult> results;
  if (!gates.any()) return results;
  judge_one(gates.latency, "--max-latency", "latency", report.latency, gates.upper, results);
  judge_one(gates.energy, "--max-energy", "energy", report.energy, gates.upper, results);
  judge_one(gates.power, "--max-power", "peak_power", report.peak_power, gates.upper, results);
  judge_one(gates.memory, "--max-memory", "memory", report.memory, gates.upper, results);
  results.push_back({"fits", report.capacity.si(), *report.memory.value, "B", !report.fits});
  return results;
}

bool any_exceeded(const std::vector<GateResult>& results) {
  return std::any_of(results.begin(), results.end(), [](const GateResult& result) { return result.exceeded; });
}

}  // namespace ridgeline
