#include "data/csv.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/file.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Cuts the text into rows; knows nothing of columns.
class Cutter {
 public:
  Cutter(std::string_view text, const std::string& file) : text_(text), file_(file) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (text_.starts_with(mark)) at_ = mark.size();
  }

  /// False at the end of the text.
  bool next(CsvRow& row) {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) end_of_line();
    if (at_ == text_.size()) return false;
    row = {line_, {}};
    do {
      row.cells.push_back(cell());
    } while (take(','));
    end_of_line();
    return true;
  }

 private:
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void end_of_line() {
    take('\r');
    if (take('\n')) ++line_;
  }
  std::string cell() {
    const std::size_t start = text_.find_first_not_of(kBlanks, at_);
    if (start != std::string_view::npos && text_[start] == '"') return quoted(start + 1);
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string plain(text_.substr(at_, end - at_));
    at_ = end;
    return plain;
  }
  std::string quoted(std::size_t start) {
    const int first_line = line_;
    std::string value;
    for (at_ = start; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        value += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        value += text_[at_++];
      } else {
        at_ = std::min(text_.find_first_not_of(kBlanks, at_ + 1), text_.size());
        if (at_ < text_.size() && std::string_view(",\r\n").find(text_[at_]) == std::string_view::npos)
          throw InputError({file_, line_, 0, {}}, "text behind a closing quote",
                           "a quote inside a quoted field is written twice");
        return value;
      }
    }
    throw InputError({file_, first_line, 0, {}}, "the quote that opens here is never closed");
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  int line_ = 1;
};

template <class Number>
bool parse(std::string_view text, Number& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<std::size_t> CsvTable::find(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

std::size_t CsvTable::at(std::string_view column) const {
  if (const auto found = find(column)) return *found;
  throw InputError({file, 1, 0, {}}, fmt::format("missing column '{}'", column),
                   fmt::format("there are: {}", fmt::join(columns, ", ")));
}

InputLocation CsvTable::place(const CsvRow& row, std::size_t column) const {
  return {file, row.line, 0, columns.at(column)};
}

void CsvTable::fail(const CsvRow& row, std::size_t column, std::string_view problem, std::string_view hint) const {
  throw InputError(place(row, column), problem, hint);
}

std::string_view CsvTable::text(const CsvRow& row, std::size_t column) const { return trimmed(row.cells.at(column)); }

double CsvTable::number(const CsvRow& row, std::size_t column) const {
  double value = 0;
  if (!parse(text(row, column), value))
    fail(row, column, fmt::format("expected a number, found '{}'", text(row, column)));
  return value;
}

std::int64_t CsvTable::integer(const CsvRow& row, std::size_t column) const {
  std::int64_t value = 0;
  if (!parse(text(row, column), value))
    fail(row, column, fmt::format("expected an integer, found '{}'", text(row, column)));
  return value;
}

CsvTable parse_csv(std::string_view text, std::string name) {
  CsvTable table{std::move(name), {}, {}};
  Cutter cutter(text, table.file);
  CsvRow row;
  if (!cutter.next(row)) throw InputError({table.file, 0, 0, {}}, "the file is empty");
  const int header = row.line;
  for (const std::string& cell : row.cells) {
    std::string column(trimmed(cell));
    if (column.empty())
      throw InputError({table.file, header, 0, {}}, fmt::format("column {} has no name", table.columns.size() + 1));
    if (table.find(column)) throw InputError({table.file, header, 0, column}, "a second column of that name");
    table.columns.push_back(std::move(column));
  }
  while (cutter.next(row)) {
    if (row.cells.size() != table.columns.size())
      throw InputError({table.file, row.line, 0, {}},
                       fmt::format("{} cells for {} columns", row.cells.size(), table.columns.size()));
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) throw InputError({table.file, 0, 0, {}}, "there are no rows below the header");
  return table;
}

CsvTable read_csv(const std::filesystem::path& file) { return parse_csv(read_file(file), file.string()); }

}  // namespace ridgeline
