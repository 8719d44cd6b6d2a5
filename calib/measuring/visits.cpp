#include "calib/measuring/visits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "base/statistics.hpp"
#include "calib/measuring/measure.hpp"
#include "data/sets.hpp"

namespace ridgeline {
namespace {

constexpr const char* kVisits = "visits ";

std::vector<double> listed(const std::string& text) {
  std::vector<double> values;
  std::istringstream words(text);
  for (double value = 0; words >> value; words.ignore(1)) values.push_back(value);
  return values;
}

std::vector<double> values_of(const Measurement& row, const std::string& figure, double alone) {
  const auto found = row.conditions.find(kVisits + figure);
  return found == row.conditions.end() ? std::vector{alone} : listed(found->second);
}

/// Into `row`'s conditions, too.
MeasuredValue merged(const Measurement& known, const MeasuredValue& before, Measurement& row,
                     const MeasuredValue& now, const std::string& figure, const char* unit) {
  std::vector<double> values = values_of(known, figure, before.value);
  values.push_back(now.value);
  row.conditions[kVisits + figure] = fmt::format("{:.6g} {}", fmt::join(values, ", "), unit);
  MeasuredValue all{median(values), std::nullopt};
  if (now.standard_deviation)
    all.standard_deviation = std::hypot(*now.standard_deviation, trimmed(values, 0).deviation);
  return all;
}

}  // namespace

std::size_t visits_of(const Measurement& row) {
  std::size_t most = 1;
  for (const auto& [name, text] : row.conditions)
    if (name.starts_with(kVisits)) most = std::max(most, listed(text).size());
  return most;
}

Measurement merged_visits(const Measurement& known, Measurement row) {
  if (row.parts.empty()) {
    row.latency = merged(known, *known.latency, row, *row.latency, "latency", "s");
  } else {
    std::vector<MeasuredPart> parts;
    std::swap(parts, row.parts);
    for (std::size_t p = 0; p < parts.size(); ++p)
      add_part(row, parts[p].phase,
               merged(known, known.parts.at(p).latency, row, parts[p].latency, parts[p].phase, "s"));
  }
  if (row.energy && known.energy) row.energy = merged(known, *known.energy, row, *row.energy, "energy", "J");
  if (row.peak_power && known.peak_power)
    row.peak_power = merged(known, *known.peak_power, row, *row.peak_power, "peak power", "W");
  row.order = known.order;
  row.conditions["took"] = fmt::format("{:.3f} s", seconds_taken(known) + seconds_taken(row));
  if (!known.conditions.contains("disturbed")) row.conditions.erase("disturbed");
  return row;
}

}  // namespace ridgeline
