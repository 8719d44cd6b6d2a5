#include "data/table_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "data/csv.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kSpaces = " \t";

/// "latency [ms]" -> name and unit.
TableCell split(std::string_view heading) {
  TableCell cell;
  const std::size_t open = heading.find('[');
  if (open != std::string_view::npos && heading.ends_with(']')) {
    cell.unit = heading.substr(open + 1, heading.size() - open - 2);
    heading = heading.substr(0, open);
  }
  cell.name = heading.substr(0, heading.find_last_not_of(kSpaces) + 1);
  return cell;
}

void add(TableRow& row, TableCell cell) {
  if (row.find(cell.name) != nullptr)
    throw InputError(cell.place, fmt::format("'{}' is there twice, with different units", cell.name));
  row.cells.push_back(std::move(cell));
}

std::vector<TableRow> csv_rows(const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  std::vector<TableRow> rows;
  rows.reserve(table.rows.size());
  for (const CsvRow& line : table.rows) {
    TableRow row{fmt::format("{}:{}", file.filename().string(), line.line), {table.file, line.line, 0, {}}, {}};
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      TableCell cell = split(table.columns[column]);
      cell.text = table.text(line, column);
      cell.place = table.place(line, column);
      if (!cell.text.empty()) add(row, std::move(cell));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void add(TableRow& row, const std::string& key, const Node& value) {
  if (value.is_null()) return;
  TableCell cell = split(key);
  cell.place = value.location();
  if (value.is_map() && cell.name == "model")
    cell.map = value;
  else if (value.is_scalar())
    cell.text = value.text();
  else
    value.fail(fmt::format("'{}' takes a plain value", cell.name));
  if (cell.map || !cell.text.empty()) add(row, std::move(cell));
}

std::vector<TableRow> json_rows(const std::filesystem::path& file) {
  const Node document = read_document(file);
  const Node& list = document.at("rows");
  if (list.size() == 0) list.fail("there are no rows");
  TableRow common;
  for (const std::string& key : document.keys())
    if (key != "rows" && key != "ridgeline") add(common, key, document.at(key));

  std::vector<TableRow> rows;
  rows.reserve(list.size());
  for (const Node& node : list.items()) {
    if (!node.is_map()) node.fail("a row is a map of names and values");
    TableRow row{fmt::format("{}: row {}", file.filename().string(), rows.size() + 1), node.location(), {}};
    for (const std::string& key : node.keys()) add(row, key, node.at(key));
    for (const TableCell& cell : common.cells)
      if (row.find(cell.name) == nullptr) row.cells.push_back(cell);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

const TableCell* TableRow::find(std::string_view name) const {
  const auto found =
      std::find_if(cells.begin(), cells.end(), [&](const TableCell& cell) { return cell.name == name; });
  return found == cells.end() ? nullptr : &*found;
}

bool is_json(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  char first = 0;
  stream >> first;
  return first == '{' || first == '[';
}

std::vector<TableRow> read_table_rows(const std::filesystem::path& file) {
  return is_json(file) ? json_rows(file) : csv_rows(file);
}

}  // namespace ridgeline
