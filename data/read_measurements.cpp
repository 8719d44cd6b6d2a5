// Whichever form of measurements a file holds.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "data/csv.hpp"
#include "data/import.hpp"
#include "data/sets.hpp"
#include "data/store.hpp"
#include "data/table_rows.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kForms =
    "known are EdgeTran's and NeuSight's JSON, HAT's CSV, tables of Ridgeline's own in CSV or JSON (docs/data.md), "
    "and stores that `ridgeline import` wrote";

const std::vector<std::string> kFormats{"edgetran", "hat", "neusight", "table", "store"};

std::string json_format(const fs::path& file) {
  const Node document = read_document(file);
  if (document.is_map()) {
    if (document.has("rows")) return "table";
    if (document.has("e2e_latency")) return "neusight";
    for (const std::string& key : document.keys()) {
      const Node& first = document.at(key);
      if (first.is_map() && first.has("model_dict") && first.has("performance")) return "edgetran";
      break;
    }
  }
  throw InputError({file.string(), 0, 0, {}}, "no form of measurements is recognised in this JSON file", kForms);
}

std::string csv_format(const fs::path& file) {
  const CsvTable table = read_csv(file);
  if (table.find("latency_mean_encoder") || table.find("encoder_embed_dim")) return "hat";
  if (table.find("OPName"))
    throw InputError({file.string(), 1, 0, {}}, "these are single operators, not models",
                     "whole models of NeuSight are the JSON files of its folder label");
  if (table.find("model")) return "table";
  throw InputError({file.string(), 1, 0, {}}, "no form of measurements is recognised in this CSV file", kForms);
}

/// Where the rows of a set came from decides how strictly it is looked at.
struct Read {
  std::vector<MeasurementSet> sets;
  bool own = false;  ///< a table of the user's
};

Read read(const fs::path& file, const std::string& format) {
  if (format == "edgetran") return {import_edgetran(file)};
  if (format == "hat") return {{import_hat(file)}};
  if (format == "table") return {read_table(file), true};
  return {measurement_sets(read_store(file))};
}

}  // namespace

std::string measurement_format(const fs::path& file) {
  if (is_store(file)) return "store";
  return is_json(file) ? json_format(file) : csv_format(file);
}

std::vector<MeasurementSet> read_measurements(const std::vector<fs::path>& files, std::string_view format) {
  if (!format.empty() && std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end())
    throw_unknown_name({}, "format", format, kFormats);
  if (files.empty()) throw Error("no file with measurements was named");
  std::vector<MeasurementSet> sets;
  std::map<std::string, fs::path> tables;  // sets' names to the file they were first seen in
  std::vector<fs::path> labels;
  for (const fs::path& file : files) {
    const std::string form = format.empty() ? measurement_format(file) : std::string(format);
    if (form == "neusight") {
      labels.push_back(file);
      continue;
    }
    Read found = read(file, form);
    for (MeasurementSet& set : found.sets) {
      if (found.own) tables.try_emplace(set.name, file);
      sets.push_back(std::move(set));
    }
  }
  if (!labels.empty())
    for (MeasurementSet& set : import_neusight(labels)) sets.push_back(std::move(set));
  sets = merged(std::move(sets));
  for (const MeasurementSet& set : sets)
    if (const auto found = tables.find(set.name); found != tables.end())
      check_comparable(set, {found->second.string(), 0, 0, {}});
  return sets;
}

}  // namespace ridgeline
