// Measurement sets as arrays: one group a set, columns rather than rows, so that h5py reads them as a table. Models
// and workloads that many rows share are kept once; rows refer to them by number. docs/data.md lists names and units.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "data/store.hpp"
#include "model/readers.hpp"

namespace ridgeline {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

constexpr std::array kFusions{Fusion::none, Fusion::typical, Fusion::flash_attention};
constexpr std::array kOptimisers{Optimiser::sgd, Optimiser::adam};
constexpr std::array kProtocols{Protocol::warm, Protocol::whole_process};

std::string_view word(Fusion fusion) {
  switch (fusion) {
    case Fusion::none:
      return "none";
    case Fusion::typical:
      return "typical";
    case Fusion::flash_attention:
      return "flash-attention";
  }
  return "";
}
std::string_view word(Optimiser optimiser) { return optimiser == Optimiser::sgd ? "sgd" : "adam"; }
std::string_view word(Precision precision) { return name(precision); }
std::string_view word(Protocol protocol) { return name(protocol); }

/// The member of a closed set that a text names.
template <class Choices>
auto choice(const StoredGroup& group, std::string_view where, std::string_view text, const Choices& choices) {
  std::vector<std::string> words;
  for (const auto& value : choices) {
    if (word(value) == text) return value;
    words.emplace_back(word(value));
  }
  throw_unknown_name(group.place(where), "value", text, words);
}

bool truth(const StoredGroup& group, std::string_view name) {
  const std::string& text = group.attribute(name);
  if (text != "true" && text != "false") group.fail(name, fmt::format("expected true or false, found '{}'", text));
  return text == "true";
}

/// Documents or words, each kept once.
class Distinct {
 public:
  double number(const std::string& text) {
    const auto [found, is_new] = numbers_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return static_cast<double>(found->second);
  }
  std::vector<std::string> take() { return std::move(texts_); }

 private:
  std::vector<std::string> texts_;
  std::map<std::string, std::size_t> numbers_;
};

/// A table under construction: columns by name.
struct StoredColumns {
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, std::vector<std::string>> texts;

  ArrayGroup group(const std::map<std::string, std::string>& units) && {
    ArrayGroup result;
    for (auto& [name, values] : numbers) {
      const auto unit = units.find(name);
      result.arrays[name] = vector_array(std::move(values), unit == units.end() ? "1" : unit->second);
    }
    result.texts = std::move(texts);
    return result;
  }
};

const std::map<std::string, std::string> kUnits{{"latency", "s"},    {"latency_std", "s"}, {"energy", "J"},
                                                {"energy_std", "J"}, {"peak_power", "W"},  {"peak_power_std", "W"}};

struct NamedFigure {
  const char* name;
  std::optional<MeasuredValue> Measurement::*member;
};
constexpr std::array kFigures{NamedFigure{"latency", &Measurement::latency},
                              NamedFigure{"energy", &Measurement::energy},
                              NamedFigure{"peak_power", &Measurement::peak_power}};

void add(StoredColumns& columns, const std::string& name, const std::optional<MeasuredValue>& figure) {
  columns.numbers[name].push_back(figure ? figure->value : kAbsent);
  columns.numbers[name + "_std"].push_back(figure ? figure->standard_deviation.value_or(kAbsent) : kAbsent);
}

void add(StoredColumns& columns, const Workload& workload) {
  columns.texts["task"].emplace_back(name(workload.task));
  columns.texts["weights"].emplace_back(word(workload.numerics.weights));
  columns.texts["activations"].emplace_back(word(workload.numerics.activations));
  columns.texts["cache"].emplace_back(word(workload.numerics.cache));
  columns.texts["compute"].emplace_back(word(workload.numerics.compute));
  columns.texts["fusion"].emplace_back(word(workload.fusion));
  columns.texts["optimiser"].emplace_back(word(workload.optimiser));
  columns.numbers["batch"].push_back(static_cast<double>(workload.batch));
  columns.numbers["length"].push_back(static_cast<double>(workload.length));
  columns.numbers["new_tokens"].push_back(static_cast<double>(workload.new_tokens));
  columns.numbers["beams"].push_back(static_cast<double>(workload.beams));
  columns.numbers["reorder_beams"].push_back(workload.reorder_beams ? 1 : 0);
  columns.numbers["views"].push_back(workload.views ? 1 : 0);
}

std::vector<Workload> workloads(const StoredGroup& group) {
  constexpr std::size_t most = 1'000'000;
  const std::vector<std::string>& tasks = group.texts("task");
  const std::size_t n = tasks.size();
  const auto word_of = [&](const char* name, std::size_t i) { return group.texts(name, n)[i]; };
  const auto batch = group.indices("batch", 1, most, n), length = group.indices("length", 1, most, n),
             new_tokens = group.indices("new_tokens", 0, most, n), beams = group.indices("beams", 1, most, n),
             reorder = group.indices("reorder_beams", 0, 1, n), views = group.indices("views", 0, 1, n);
  std::vector<Workload> result(n);
  for (std::size_t i = 0; i < n; ++i) {
    Workload& workload = result[i];
    const auto precision = [&](const char* name) { return choice(group, name, word_of(name, i), kPrecisions); };
    workload.task = parse_task(group.place("task"), tasks[i]);
    workload.numerics = {precision("weights"), precision("activations"), precision("cache"), precision("compute")};
    workload.fusion = choice(group, "fusion", word_of("fusion", i), kFusions);
    workload.optimiser = choice(group, "optimiser", word_of("optimiser", i), kOptimisers);
    workload.batch = static_cast<Size>(batch[i]);
    workload.length = static_cast<Size>(length[i]);
    workload.new_tokens = static_cast<Size>(new_tokens[i]);
    workload.beams = static_cast<Size>(beams[i]);
    workload.reorder_beams = reorder[i] == 1;
    workload.views = views[i] == 1;
  }
  return result;
}

ArrayGroup set_group(const MeasurementSet& set) {
  StoredColumns rows, parts, operators, conditions, workload_columns;
  Distinct architectures;
  std::vector<Workload> seen;
  for (const auto& figure : kFigures) {  // columns that are there without rows too
    rows.numbers[figure.name];
    rows.numbers[std::string(figure.name) + "_std"];
  }
  for (std::size_t i = 0; i < set.rows.size(); ++i) {
    const Measurement& row = set.rows[i];
    const double number = static_cast<double>(i);
    rows.texts["id"].push_back(row.id);
    rows.texts["model"].push_back(row.model);
    rows.numbers["order"].push_back(static_cast<double>(row.order));
    rows.numbers["architecture"].push_back(architectures.number(to_yaml(row.definition)));
    const auto found = std::find(seen.begin(), seen.end(), row.workload);
    rows.numbers["workload"].push_back(static_cast<double>(found - seen.begin()));
    if (found == seen.end()) {
      add(workload_columns, row.workload);
      seen.push_back(row.workload);
    }
    for (const auto& figure : kFigures) add(rows, figure.name, row.*figure.member);
    for (const MeasuredPart& part : row.parts) {
      parts.numbers["row"].push_back(number);
      parts.texts["phase"].push_back(part.phase);
      add(parts, "latency", part.latency);
    }
    if (row.op) {
      operators.numbers["row"].push_back(number);
      operators.texts["phase"].push_back(row.op->phase);
      operators.numbers["vertex"].push_back(static_cast<double>(row.op->vertex));
      operators.texts["label"].push_back(row.op->label);
    }
    for (const auto& [name, value] : row.conditions) {
      conditions.numbers["row"].push_back(number);
      conditions.texts["name"].push_back(name);
      conditions.texts["value"].push_back(value);
    }
  }
  ArrayGroup group = std::move(rows).group(kUnits);
  group.attributes = {{"name", set.name},
                      {"device", set.device},
                      {"runtime", set.runtime},
                      {"precision", std::string(word(set.precision))},
                      {"power_mode", set.power_mode},
                      {"protocol", std::string(word(set.protocol))},
                      {"ordered", set.ordered ? "true" : "false"},
                      {"source", set.source}};
  group.texts["architectures"] = architectures.take();
  if (!seen.empty()) group.groups["workloads"] = std::move(workload_columns).group({});
  if (!parts.numbers.empty()) group.groups["parts"] = std::move(parts).group(kUnits);
  if (!operators.numbers.empty()) group.groups["operators"] = std::move(operators).group({});
  if (!conditions.numbers.empty()) group.groups["conditions"] = std::move(conditions).group({});
  if (!set.excluded.empty()) {
    ArrayGroup& excluded = group.groups["excluded"];
    for (const Exclusion& exclusion : set.excluded) {
      excluded.texts["id"].push_back(exclusion.id);
      excluded.texts["reason"].push_back(exclusion.reason);
    }
  }
  return group;
}

MeasuredValue value(double measured, double deviation) {
  return {measured, std::isnan(deviation) ? std::nullopt : std::optional(deviation)};
}

std::vector<Model> definitions(const StoredGroup& group) {
  std::vector<Model> result;
  const std::vector<std::string>& documents = group.texts("architectures");
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::string place = fmt::format("{}: {}", group.file(), group.place("architectures").key);
    const Node document = parse_document(documents[i], fmt::format("{}[{}]", place, i));
    if (is_given_graph(document))
      result.emplace_back(parse_given_graph(document, ""));
    else
      result.emplace_back(parse_ridgeline_model(document, ""));
  }
  return result;
}

void read_rows(const StoredGroup& group, MeasurementSet& set) {
  const std::size_t n = group.vector("latency", "s").size();
  if (n == 0) return;
  const std::vector<Model> models = definitions(group);
  const std::vector<Workload> tasks = workloads(group.group("workloads"));
  if (models.empty() || tasks.empty()) group.fail("architectures", "rows without models or workloads");
  const auto model = group.indices("architecture", 0, models.size() - 1, n);
  const auto task = group.indices("workload", 0, tasks.size() - 1, n);
  const auto order = group.indices("order", 0, std::size_t{1} << 53, n);
  const auto& ids = group.texts("id", n);
  const auto& names = group.texts("model", n);
  set.rows.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    Measurement& row = set.rows[i];
    row.id = ids[i];
    row.model = names[i];
    row.definition = models[model[i]];
    row.workload = tasks[task[i]];
    row.order = static_cast<std::int64_t>(order[i]);
  }
  for (const auto& figure : kFigures) {
    const std::string unit = kUnits.at(figure.name);
    const auto& measured = group.vector(figure.name, unit, n);
    const auto& deviation = group.vector(std::string(figure.name) + "_std", unit, n);
    for (std::size_t i = 0; i < n; ++i)
      if (!std::isnan(measured[i])) set.rows[i].*figure.member = value(measured[i], deviation[i]);
  }
}

void read_parts(const StoredGroup& group, MeasurementSet& set) {
  const auto& phases = group.texts("phase");
  const auto row = group.indices("row", 0, set.rows.size() - 1, phases.size());
  const auto& latency = group.vector("latency", "s", phases.size());
  const auto& deviation = group.vector("latency_std", "s", phases.size());
  for (std::size_t i = 0; i < phases.size(); ++i)
    set.rows[row[i]].parts.push_back({phases[i], value(latency[i], deviation[i])});
}

void read_operators(const StoredGroup& group, MeasurementSet& set) {
  constexpr std::size_t most = 1'000'000;
  const auto& phases = group.texts("phase");
  const auto row = group.indices("row", 0, set.rows.size() - 1, phases.size());
  const auto vertex = group.indices("vertex", 0, most, phases.size());
  const auto& labels = group.texts("label", phases.size());
  for (std::size_t i = 0; i < phases.size(); ++i)
    set.rows[row[i]].op = MeasuredOperator{phases[i], static_cast<Size>(vertex[i]), labels[i]};
}

void read_conditions(const StoredGroup& group, MeasurementSet& set) {
  const auto& names = group.texts("name");
  const auto& values = group.texts("value", names.size());
  const auto row = group.indices("row", 0, set.rows.size() - 1, names.size());
  for (std::size_t i = 0; i < names.size(); ++i) set.rows[row[i]].conditions[names[i]] = values[i];
}

MeasurementSet read_set(const StoredGroup& group) {
  MeasurementSet set;
  set.name = group.attribute("name");
  set.device = group.attribute("device");
  set.runtime = group.attribute("runtime");
  set.precision = choice(group, "precision", group.attribute("precision"), kPrecisions);
  set.power_mode = group.attribute("power_mode");
  set.protocol = choice(group, "protocol", group.attribute("protocol"), kProtocols);
  set.ordered = truth(group, "ordered");
  set.source = group.attribute("source");
  read_rows(group, set);
  if (!set.rows.empty() && group.has_group("parts")) read_parts(group.group("parts"), set);
  if (!set.rows.empty() && group.has_group("operators")) read_operators(group.group("operators"), set);
  if (!set.rows.empty() && group.has_group("conditions")) read_conditions(group.group("conditions"), set);
  if (group.has_group("excluded")) {
    const StoredGroup excluded = group.group("excluded");
    const auto& ids = excluded.texts("id");
    const auto& reasons = excluded.texts("reason", ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) set.excluded.push_back({ids[i], reasons[i]});
  }
  return set;
}

}  // namespace

ArrayGroup to_arrays(const std::vector<MeasurementSet>& sets) {
  ArrayGroup root;
  ArrayGroup& all = root.groups["sets"];
  // Groups are read back by name, so numbers of equal width keep the order.
  for (std::size_t i = 0; i < sets.size(); ++i) all.groups[fmt::format("{:04}", i)] = set_group(sets[i]);
  return root;
}

std::vector<MeasurementSet> measurement_sets(const Store& store) {
  const StoredGroup all = store.content("measurements").group("sets");
  std::vector<MeasurementSet> sets;
  for (const auto& [name, group] : all.content().groups) sets.push_back(read_set(all.group(name)));
  return sets;
}

}  // namespace ridgeline
