// Aligned columns of text. Widths count UTF-8 characters, each one column wide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/session.hpp"

namespace ridgeline {

struct Cell {
  std::string text;
  Emphasis emphasis = Emphasis::none;
  Cell() = default;
  Cell(std::string cell_text, Emphasis cell_emphasis = Emphasis::none)
      : text(std::move(cell_text)), emphasis(cell_emphasis) {}
  Cell(const char* cell_text) : text(cell_text) {}
};

struct Column {
  bool right = false;  ///< aligned to the right: numbers
  bool wraps = false;  ///< takes what is left of the width and breaks at spaces; at most one column
};

struct Table {
  int indent = 2;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< shorter rows leave the rest empty
};

/// Two spaces between columns, no trailing spaces, one line a row (more where a cell wraps).
std::string render(const Table& table, const Style& style);

/// Number of characters on screen.
std::size_t display_width(std::string_view text);
/// Breaks at spaces into lines of at most `width` characters; a longer word stands alone.
std::vector<std::string> wrap(std::string_view text, std::size_t width);
/// wrap() with every line indented.
std::string paragraph(std::string_view text, int indent, const Style& style);

}  // namespace ridgeline
