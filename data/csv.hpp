// Comma-separated values (RFC 4180) with a header line, read so that every complaint names file, line and column.
//
// Fields may stand in double quotes and then hold commas, line breaks and doubled quotes; lines end in LF or CRLF;
// a UTF-8 byte order mark and empty lines are skipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace ridgeline {

struct CsvRow {
  int line = 0;  ///< where it begins, from 1
  std::vector<std::string> cells;
};

struct CsvTable {
  std::string file;
  std::vector<std::string> columns;  ///< trimmed, no two alike
  std::vector<CsvRow> rows;          ///< each with as many cells as there are columns

  std::optional<std::size_t> find(std::string_view column) const;
  /// InputError "missing column 'NAME'" with the columns that are there.
  std::size_t at(std::string_view column) const;

  InputLocation place(const CsvRow& row, std::size_t column) const;
  [[noreturn]] void fail(const CsvRow& row, std::size_t column, std::string_view problem,
                         std::string_view hint = {}) const;

  /// The cell without surrounding blanks.
  std::string_view text(const CsvRow& row, std::size_t column) const;
  /// "nan" and "inf" are numbers too: whoever reads them decides. InputError for anything else that is none.
  double number(const CsvRow& row, std::size_t column) const;
  std::int64_t integer(const CsvRow& row, std::size_t column) const;
};

/// InputError for a missing or empty file, a header alone, a column named twice, a row of another length, an open
/// quote.
CsvTable read_csv(const std::filesystem::path& file);
CsvTable parse_csv(std::string_view text, std::string name);

}  // namespace ridgeline
