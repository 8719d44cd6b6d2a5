#include "app/import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "app/csv.hpp"
#include "app/json.hpp"
#include "app/measured.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "base/error.hpp"
#include "data/import.hpp"
#include "data/store.hpp"

namespace ridgeline {
namespace {

/// How many rows hold that figure.
std::size_t count(const MeasurementSet& set, std::optional<MeasuredValue> Measurement::*figure) {
  return static_cast<std::size_t>(std::count_if(set.rows.begin(), set.rows.end(),
                                                [&](const Measurement& row) { return (row.*figure).has_value(); }));
}

std::string conditions_text(const MeasurementSet& set) {
  std::string text = fmt::format("{}, {}, {}", set.device, set.runtime, name(set.precision));
  if (!set.power_mode.empty()) text += ", " + set.power_mode;
  if (set.protocol != Protocol::warm) text += fmt::format(", {}", name(set.protocol));
  if (set.ordered) text += ", in order";
  return text;
}

std::string exclusions_text(const std::vector<MeasurementSet>& sets, const Style& style) {
  Table table{2, {{}, {.wraps = true}}, {}};
  for (const MeasurementSet& set : sets) add_exclusions(table, set.excluded, " of " + set.name);
  return table.rows.empty() ? std::string() : "\nExcluded\n" + render(table, style);
}

std::string sources_text(const std::vector<MeasurementSet>& sets, const Style& style) {
  std::vector<std::string> sources;
  for (const MeasurementSet& set : sets)
    if (std::find(sources.begin(), sources.end(), set.source) == sources.end()) sources.push_back(set.source);
  std::string text = "\nSource\n";
  for (const std::string& source : sources) text += paragraph(source, 2, style);
  return text;
}

std::string text_of(const std::vector<MeasurementSet>& sets, const std::string& out, const Style& style) {
  Table table{
      0, {{}, {.wraps = true}, {.right = true}, {.right = true}}, {{"set", "measured on", "rows", "excluded"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const MeasurementSet& set : sets)
    table.rows.push_back({{set.name, Emphasis::bold},
                          conditions_text(set),
                          fmt::format("{}", set.rows.size()),
                          fmt::format("{}", set.excluded.size())});
  return render(table, style) + exclusions_text(sets, style) + sources_text(sets, style) +
         (out.empty() ? "\nNothing was written: --out FILE keeps the sets.\n"
                      : fmt::format("\nWrote {} set{} to {}\n", sets.size(), sets.size() == 1 ? "" : "s", out));
}

std::string json_of(const std::vector<MeasurementSet>& sets, const std::string& out) {
  Json json = json_document("import");
  json["out"] = out.empty() ? Json() : Json(out);
  json["sets"] = Json::array();
  for (const MeasurementSet& set : sets) {
    Json entry = {{"name", set.name}, {"device", set.device}, {"runtime", set.runtime}};
    entry["precision"] = name(set.precision);
    entry["power_mode"] = set.power_mode.empty() ? Json() : Json(set.power_mode);
    entry["protocol"] = name(set.protocol);
    entry["ordered"] = set.ordered;
    entry["rows"] = set.rows.size();
    entry["measured"] = {{"latency", count(set, &Measurement::latency)},
                         {"energy", count(set, &Measurement::energy)},
                         {"peak_power", count(set, &Measurement::peak_power)}};
    entry["excluded"] = Json::array();
    for (const Exclusion& exclusion : set.excluded)
      entry["excluded"].push_back({{"id", exclusion.id}, {"reason", exclusion.reason}});
    entry["source"] = set.source;
    json["sets"].push_back(std::move(entry));
  }
  return dump(json);
}

std::string csv_of(const std::vector<MeasurementSet>& sets) {
  std::string text = "name,device,runtime,precision,power_mode,protocol,ordered,rows,excluded,source\n";
  for (const MeasurementSet& set : sets)
    text += CsvLine()
                .add(set.name)
                .add(set.device)
                .add(set.runtime)
                .add(name(set.precision))
                .add(set.power_mode)
                .add(name(set.protocol))
                .add(set.ordered)
                .add(static_cast<long>(set.rows.size()))
                .add(static_cast<long>(set.excluded.size()))
                .add(set.source)
                .text();
  return text;
}

void require_rows(const std::vector<MeasurementSet>& sets) {
  for (const MeasurementSet& set : sets)
    if (!set.rows.empty()) return;
  std::string why;
  for (const MeasurementSet& set : sets)
    if (!set.excluded.empty() && why.empty())
      why = fmt::format("the first ({}): {}", set.excluded.front().id, set.excluded.front().reason);
  throw InputError({}, "no row can be used", why);
}

Outcome run_import(const ImportOptions& options, const Session& session) {
  const std::vector<std::filesystem::path> files(options.files.begin(), options.files.end());
  const std::vector<MeasurementSet> sets = read_measurements(files, options.format);
  require_rows(sets);
  Outcome outcome;
  if (options.output == Output::json)
    outcome.output = json_of(sets, options.out);
  else if (options.output == Output::csv)
    outcome.output = csv_of(sets);
  else
    outcome.output = text_of(sets, options.out, session.style);
  outcome.file = to_image({.kind = "measurements",
                           .provenance = provenance_of(session.command, RIDGELINE_VERSION),
                           .root = to_arrays(sets)});
  return outcome;
}

constexpr std::array kImportExamples{
    Example{"ridgeline import measurements.csv", "What is in this file, and which rows cannot be used?"},
    Example{"ridgeline import table measurements.csv --out mine.h5", "Keep it as a store."},
    Example{"ridgeline import mine.h5 measurements.csv --json", "Several files, rows of equal sets merged."}};

constexpr CommandHelp kImportHelp{
    "import", "ridgeline import [FORMAT] FILE... [--out STORE.h5] [OPTIONS]",
    "measurement files into one store, and what is wrong with them",
    "Reads measurements of models on devices, lists the sets (one for each device, runtime, precision and "
    "power mode) and the rows that cannot be used, and writes all of it to an HDF5 store with --out. FORMAT "
    "is edgetran, hat, neusight, table (CSV or JSON of your own: docs/data.md) or store; without it, or "
    "with auto, each file is recognised by what it holds.",
    kImportExamples};

/// "hat FILE...": the first word may name the form of the files.
void take_format(ImportOptions& o) {
  const Words forms{"auto", "edgetran", "hat", "neusight", "table", "store"};
  Words& words = o.files;
  if (!words.empty() && std::find(forms.begin(), forms.end(), words.front()) != forms.end()) {
    if (words.front() != "auto") o.format = words.front();
    words.erase(words.begin());
  } else if (!words.empty() && words.front().find_first_of("./") == std::string::npos &&
             !std::filesystem::exists(words.front())) {
    throw_unknown_name({}, "format", words.front(), forms);
  }
  if (words.empty()) refuse("import", "missing FILE", fmt::format("import takes: {}", kImportHelp.usage));
}

void declare_import(OptionSet& set, ImportOptions& o) {
  set.many_words("FILE", o.files);
  add_output(set, o.output);
  set.check([&o](const CommonOptions& common) {
    take_format(o);
    o.out = common.out;
  });
}

}  // namespace

Command import_command() {
  return make_command(kImportHelp, declare_import, run_import,
                      "write the sets to FILE, a store in HDF5, all of it or nothing");
}

}  // namespace ridgeline
