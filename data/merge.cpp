// Sets that several files hold parts of, and whether a set tells anything.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "data/import.hpp"
#include "data/sets.hpp"

namespace ridgeline {
namespace {

using SetIdentity = std::tuple<std::string, std::string, std::string, Precision, std::string, Protocol, bool>;

SetIdentity identity_of(const MeasurementSet& set) {
  return {set.name, set.device, set.runtime, set.precision, set.power_mode, set.protocol, set.ordered};
}

void append(MeasurementSet& set, MeasurementSet more) {
  std::set<std::string, std::less<>> ids;
  std::int64_t next = 0;
  for (const Measurement& row : set.rows) {
    ids.insert(row.id);
    next = std::max(next, row.order + 1);
  }
  for (Measurement& row : more.rows) {
    const std::string id = row.id;
    for (int copy = 2; !ids.insert(row.id).second; ++copy) row.id = fmt::format("{} ({})", id, copy);
    row.order += next;
    set.rows.push_back(std::move(row));
  }
  std::move(more.excluded.begin(), more.excluded.end(), std::back_inserter(set.excluded));
  if (set.source.find(more.source) == std::string::npos) set.source += "; " + more.source;
}

bool same_figures(const Measurement& a, const Measurement& b) {
  const auto same = [](const std::optional<MeasuredValue>& x, const std::optional<MeasuredValue>& y) {
    return x.has_value() == y.has_value() && (!x || x->value == y->value);
  };
  return same(a.latency, b.latency) && same(a.energy, b.energy) && same(a.peak_power, b.peak_power);
}

}  // namespace

std::vector<MeasurementSet> merged(std::vector<MeasurementSet> sets) {
  std::vector<MeasurementSet> result;
  std::map<SetIdentity, std::size_t> set_of_key;
  std::set<std::size_t> grown;
  for (MeasurementSet& set : sets) {
    const auto [found, is_new] = set_of_key.try_emplace(identity_of(set), result.size());
    if (is_new) {
      result.push_back(std::move(set));
    } else {
      append(result[found->second], std::move(set));
      grown.insert(found->second);
    }
  }
  for (const std::size_t i : grown) exclude_unusable(result[i]);
  return result;
}

void check_comparable(const MeasurementSet& set, const InputLocation& place) {
  const std::size_t all = set.rows.size() + set.excluded.size();
  const std::string why = set.excluded.empty() ? std::string()
                                               : fmt::format("{} excluded, the first ({}): {}", set.excluded.size(),
                                                             set.excluded.front().id, set.excluded.front().reason);
  if (set.rows.empty()) throw InputError(place, fmt::format("set '{}' has no usable row", set.name), why);
  if (set.rows.size() == 1)
    throw InputError(place, fmt::format("set '{}' has one usable row of {}; two are the least", set.name, all), why);
  if (std::all_of(set.rows.begin(), set.rows.end(),
                  [&](const Measurement& row) { return same_figures(row, set.rows.front()); }))
    throw InputError(place, fmt::format("all {} rows of set '{}' have the same figures", set.rows.size(), set.name),
                     "models or workloads differ, so the figures must: were they copied?");
}

}  // namespace ridgeline
