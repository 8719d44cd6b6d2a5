// Rows of Ridgeline's own CSV and JSON form of measurements, before anybody asks what they mean: cells with a name, a
// unit and a place. docs/data.md documents the form, data/import_table.cpp reads it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"

namespace ridgeline {

struct TableCell {
  std::string name;           ///< "latency"
  std::string unit;           ///< "ms" of "latency [ms]"; may be empty
  std::string text;           ///< without surrounding blanks, never empty unless there is a map
  std::optional<Node> map{};  ///< JSON only: an architecture written in place
  InputLocation place{};
};

struct TableRow {
  std::string id;  ///< "file.csv:17", "file.json: row 3"
  InputLocation place;
  std::vector<TableCell> cells;  ///< those that are filled in

  const TableCell* find(std::string_view name) const;
};

/// CSV: one line of names, then rows. JSON: {"ridgeline": "measurements", KEY: VALUE for all rows, "rows": [{...}]}.
/// InputError for what read_csv and read_document complain about, two columns that differ in their unit only, JSON
/// without `rows` or with lists inside.
std::vector<TableRow> read_table_rows(const std::filesystem::path& file);

/// The first character that is not blank opens a JSON document.
bool is_json(const std::filesystem::path& file);

}  // namespace ridgeline
