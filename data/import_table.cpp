// Ridgeline's own form of measurements: any device, any model, units in the names. docs/data.md documents it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "data/import.hpp"
#include "data/sets.hpp"
#include "data/table_graphs.hpp"
#include "data/table_rows.hpp"
#include "hwdesc/device_file.hpp"
#include "model/lowering.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

struct Figure {
  std::string_view name;
  Dimension dimension;
  std::string_view unit;  ///< for messages
};
constexpr Figure kLatency{"latency", Dimension{.second = 1}, "ms"};
constexpr Figure kEnergy{"energy", Dimension{.joule = 1}, "J"};
constexpr Figure kPeakPower{"peak_power", Dimension{.second = -1, .joule = 1}, "W"};

const std::vector<std::string> kPlainNames{"set",        "source",     "device", "runtime", "precision",
                                           "power_mode", "protocol",   "model",  "task",    "batch",
                                           "length",     "new_tokens", "beams",  "order"};
const std::vector<std::string> kFigureNames{"latency",    "latency_std", "energy",
                                            "energy_std", "peak_power",  "peak_power_std"};

bool is_one_of(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const TableCell& needed(const TableRow& row, std::string_view name) {
  if (const TableCell* cell = row.find(name)) return *cell;
  throw InputError(row.place, fmt::format("missing '{}'", name));
}

template <class Number>
Number parse(const TableCell& cell, std::string_view kind) {
  Number value{};
  const std::string_view text = cell.text;
  const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw InputError(cell.place, fmt::format("expected {}, found '{}'", kind, text));
  return value;
}

Size size(const TableRow& row, std::string_view name, std::optional<Size> otherwise) {
  const TableCell* cell = row.find(name);
  if (cell == nullptr && otherwise) return *otherwise;
  const Size value = parse<Size>(needed(row, name), "an integer");
  if (value < 1) throw InputError(cell->place, fmt::format("expected a positive integer, found {}", value));
  return value;
}

/// NaN and what is not positive is read as it stands: exclude_unusable names it.
std::optional<double> si_value(const TableRow& row, std::string_view name, const Figure& figure) {
  const TableCell* cell = row.find(name);
  if (cell == nullptr) return std::nullopt;
  const auto unit = parse_quantity("1 " + cell->unit);
  if (cell->unit.empty())
    throw InputError(cell->place, fmt::format("'{}' does not say its unit", name),
                     fmt::format("write it into the name, for example '{} [{}]'", name, figure.unit));
  if (!unit || unit->dimension != figure.dimension)
    throw InputError(cell->place, fmt::format("'{}' is no unit of {}", cell->unit, figure.name),
                     fmt::format("write for example '{} [{}]'", name, figure.unit));
  return unit->si * parse<double>(*cell, "a number");
}

/// `shares`: what one figure of the file is divided by.
std::optional<MeasuredValue> figure(const TableRow& row, const Figure& figure, double shares) {
  const std::string deviation = fmt::format("{}_std", figure.name);
  const auto value = si_value(row, figure.name, figure);
  auto standard_deviation = si_value(row, deviation, figure);
  if (!value && standard_deviation)
    throw InputError(row.find(deviation)->place, fmt::format("there is no {} that this belongs to", figure.name));
  if (!value) return std::nullopt;
  if (standard_deviation) *standard_deviation /= shares;
  return MeasuredValue{*value / shares, standard_deviation};
}

std::map<std::string, std::string> conditions(const TableRow& row) {
  std::map<std::string, std::string> result;
  std::vector<std::string> known = kPlainNames;
  known.insert(known.end(), kFigureNames.begin(), kFigureNames.end());
  for (const TableCell& cell : row.cells) {
    const bool is_plain = is_one_of(kPlainNames, cell.name);
    if (is_plain && !cell.unit.empty())
      throw InputError(cell.place, fmt::format("'{}' takes no unit, found '{}'", cell.name, cell.unit));
    if (is_plain || is_one_of(kFigureNames, cell.name)) continue;
    if (const std::string nearest = nearest_name(cell.name, known); !nearest.empty())
      throw InputError(cell.place, fmt::format("unknown name '{}'", cell.name),
                       fmt::format("did you mean '{}'? a condition of your own needs a name less like it", nearest));
    result[cell.name] = cell.unit.empty() ? cell.text : cell.text + " " + cell.unit;
  }
  return result;
}

/// Reads rows one after the other; descriptions and models that many rows share are read once.
class TableReader {
 public:
  explicit TableReader(const fs::path& file) : folder_(file.parent_path()) {}

  Measurement measurement(const TableRow& row, const MeasurementSet& set) {
    Measurement result;
    result.id = row.id;
    const NamedModel& model = model_of(row);
    result.model = model.name;
    result.definition = model.definition;
    result.workload = workload(row, result.definition, set);
    const double batch = static_cast<double>(result.workload.batch);
    result.latency = figure(row, kLatency, batch);
    result.energy = figure(row, kEnergy, batch);
    result.peak_power = figure(row, kPeakPower, 1);
    if (!result.latency && !result.energy && !result.peak_power)
      throw InputError(row.place, "nothing was measured", "at least one of latency, energy and peak_power is needed");
    result.conditions = conditions(row);
    return result;
  }

  /// Everything about the set that the row belongs to but its rows.
  MeasurementSet set_of(const TableRow& row) {
    MeasurementSet set;
    if (const TableCell* cell = row.find("set")) set.name = cell->text;
    if (const TableCell* cell = row.find("source")) set.source = cell->text;
    const TableCell& device = needed(row, "device");
    set.device = resolved(devices_, device, device_name);
    set.runtime = resolved(runtimes_, needed(row, "runtime"), runtime_name);
    if (const TableCell* cell = row.find("precision")) {
      const auto precision = parse_precision(cell->text);
      if (!precision) throw_unknown_name(cell->place, "precision", cell->text, precision_names());
      set.precision = *precision;
    }
    if (const TableCell* cell = row.find("power_mode")) set.power_mode = power_mode(*cell, device.text);
    if (const TableCell* cell = row.find("protocol")) {
      const auto protocol = parse_protocol(cell->text);
      if (!protocol) throw_unknown_name(cell->place, "protocol", cell->text, {"warm", "whole-process"});
      set.protocol = *protocol;
    }
    return set;
  }

 private:
  struct NamedModel {
    std::string name;
    Model definition;
  };

  static std::vector<std::string> precision_names() {
    std::vector<std::string> names;
    for (const Precision precision : kPrecisions) names.emplace_back(name(precision));
    return names;
  }

  template <class Resolve>
  static std::string resolved(std::map<std::string, std::string>& known, const TableCell& cell, Resolve resolve) {
    const auto found = known.find(cell.text);
    if (found != known.end()) return found->second;
    return known[cell.text] = resolve(cell.text, cell.place);
  }

  static std::string power_mode(const TableCell& cell, const std::string& device) {
    std::vector<std::string> names;
    for (const PowerMode& mode : load_device(device).power_modes) {
      if (mode.name == cell.text) return cell.text;
      names.push_back(mode.name);
    }
    if (names.empty()) throw InputError(cell.place, fmt::format("{} has no power modes", device));
    throw_unknown_name(cell.place, "power mode", cell.text, names);
  }

  const NamedModel& model_of(const TableRow& row) {
    const TableCell& cell = needed(row, "model");
    if (cell.map) {
      inline_model_ = {row.id, parse_model(*cell.map, row.id)};
      return inline_model_;
    }
    const auto found = models_.find(cell.text);
    if (found != models_.end()) return found->second;
    try {
      return models_[cell.text] = {cell.text, load_model_or_graph(located(cell.text))};
    } catch (const InputError& error) {
      if (!error.location().file.empty()) throw;
      throw InputError(cell.place, error.what());
    }
  }

  /// Names of files stand relative to the table; names of the zoo hold neither slash nor ending.
  std::string located(const std::string& model) const {
    const fs::path path(model);
    const std::string ending = path.extension().string();
    const bool is_path =
        model.find('/') != std::string::npos || ending == ".yaml" || ending == ".yml" || ending == ".json";
    return is_path ? (folder_.empty() ? "." / path : folder_ / path).string() : model;
  }

  Workload workload(const TableRow& row, const Model& model, const MeasurementSet& set) {
    if (const auto* graph = std::get_if<GivenGraph>(&model)) {
      Workload result = workload_in(row, *graph, set.precision);
      set_runtime(result, set.runtime);
      return result;
    }
    return workload(row, std::get<Architecture>(model), set);
  }

  Workload workload(const TableRow& row, const Architecture& model, const MeasurementSet& set) {
    Workload result;
    result.task = task(row, model);
    result.batch = size(row, "batch", 1);
    result.length = size(row, "length", std::nullopt);
    if (result.task == Task::generate) result.new_tokens = size(row, "new_tokens", std::nullopt);
    if (const TableCell* cell = row.find("new_tokens"); cell != nullptr && result.task != Task::generate)
      throw InputError(cell->place,
                       fmt::format("'new_tokens' goes with the task generate, not with {}", name(result.task)));
    result.beams = size(row, "beams", 1);
    result.numerics = uniform_numerics(set.precision);
    set_runtime(result, set.runtime);
    try {
      plan(model, result);
    } catch (const InputError&) {
      throw;
    } catch (const Error& error) {
      throw InputError(row.place, error.what());
    }
    return result;
  }

  static Task task(const TableRow& row, const Architecture& model) {
    const TableCell* cell = row.find("task");
    return cell == nullptr ? usual_task(model) : parse_task(cell->place, cell->text);
  }

  fs::path folder_;
  std::map<std::string, std::string> devices_, runtimes_;
  std::map<std::string, NamedModel> models_;
  NamedModel inline_model_;
};

using SetKey = std::tuple<std::string, std::string, std::string, Precision, std::string, Protocol>;

SetKey key_of(const MeasurementSet& set) {
  return {set.name, set.device, set.runtime, set.precision, set.power_mode, set.protocol};
}

/// Sets without a name of their own take the file's, followed by what tells them apart.
void name_sets(std::vector<MeasurementSet>& sets, const fs::path& file) {
  const auto differ = [&](auto member) {
    return std::any_of(sets.begin(), sets.end(),
                       [&](const MeasurementSet& set) { return set.*member != sets.front().*member; });
  };
  const bool devices = differ(&MeasurementSet::device), runtimes = differ(&MeasurementSet::runtime),
             precisions = differ(&MeasurementSet::precision), modes = differ(&MeasurementSet::power_mode),
             protocols = differ(&MeasurementSet::protocol);
  for (MeasurementSet& set : sets) {
    if (set.source.empty()) set.source = file.filename().string();
    if (!set.name.empty()) continue;
    set.name = file.stem().string();
    if (devices) set.name += "/" + set.device;
    if (runtimes) set.name += "/" + set.runtime;
    if (precisions) set.name += "/" + std::string(name(set.precision));
    if (modes) set.name += "/" + (set.power_mode.empty() ? "default mode" : set.power_mode);
    if (protocols) set.name += "/" + std::string(name(set.protocol));
  }
}

/// With an `order` in every row they are in measuring order, whatever their order in the file.
struct OrderOfRows {
  std::size_t given = 0;
  std::set<std::int64_t> seen;

  std::int64_t next(const TableRow& row, std::size_t rows_before) {
    const TableCell* cell = row.find("order");
    if ((cell != nullptr) != (given == rows_before) && rows_before > 0)
      throw InputError(cell != nullptr ? cell->place : row.place,
                       "some rows of this set have an 'order' and others have none");
    if (cell == nullptr) return static_cast<std::int64_t>(rows_before);
    ++given;
    const auto order = parse<std::int64_t>(*cell, "an integer");
    if (order < 0) throw InputError(cell->place, fmt::format("expected 0 or more, found {}", order));
    if (!seen.insert(order).second) throw InputError(cell->place, fmt::format("order {} is there twice", order));
    return order;
  }
};

}  // namespace

std::vector<MeasurementSet> read_table(const fs::path& file) {
  std::vector<MeasurementSet> sets;
  std::vector<OrderOfRows> orders;  // parallel to sets
  std::map<SetKey, std::size_t> set_of_key;
  TableReader reader(file);
  for (const TableRow& row : read_table_rows(file)) {
    MeasurementSet fresh = reader.set_of(row);
    const auto [found, is_new] = set_of_key.try_emplace(key_of(fresh), sets.size());
    if (is_new) {
      sets.push_back(std::move(fresh));
      orders.emplace_back();
    }
    MeasurementSet& set = sets[found->second];
    Measurement measurement = reader.measurement(row, set);
    measurement.order = orders[found->second].next(row, set.rows.size());
    set.rows.push_back(std::move(measurement));
  }
  for (std::size_t i = 0; i < sets.size(); ++i) {
    sets[i].ordered = orders[i].given > 0;
    std::stable_sort(sets[i].rows.begin(), sets[i].rows.end(),
                     [](const Measurement& a, const Measurement& b) { return a.order < b.order; });
    exclude_unusable(sets[i]);
  }
  name_sets(sets, file);
  return sets;
}

std::vector<MeasurementSet> import_table(const fs::path& file) {
  std::vector<MeasurementSet> sets = read_table(file);
  for (const MeasurementSet& set : sets) check_comparable(set, {file.string(), 0, 0, {}});
  return sets;
}

}  // namespace ridgeline
