#include "app/table.hpp"

#include <algorithm>

namespace ridgeline {
namespace {

constexpr std::size_t kGap = 2;

std::vector<std::size_t> column_widths(const Table& table, const Style& style) {
  std::vector<std::size_t> widths(table.columns.size(), 0);
  for (const std::vector<Cell>& row : table.rows)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c].text));
  const auto wrapping = std::find_if(table.columns.begin(), table.columns.end(), [](Column c) { return c.wraps; });
  if (wrapping == table.columns.end()) return widths;
  const auto at = static_cast<std::size_t>(wrapping - table.columns.begin());
  std::size_t others = static_cast<std::size_t>(table.indent);
  for (std::size_t c = 0; c < widths.size(); ++c) others += (c == at ? 0 : widths[c]) + (c == 0 ? 0 : kGap);
  const auto width = static_cast<std::size_t>(style.width);
  constexpr std::size_t narrowest = 20;
  widths[at] = std::min(widths[at], width > others + narrowest ? width - others : narrowest);
  return widths;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{""};
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return lines;
}

std::string paragraph(std::string_view text, int indent, const Style& style) {
  std::string result;
  for (const std::string& line : wrap(text, static_cast<std::size_t>(style.width - indent)))
    result += std::string(static_cast<std::size_t>(indent), ' ') + line + "\n";
  return result;
}

std::string render(const Table& table, const Style& style) {
  const std::vector<std::size_t> widths = column_widths(table, style);
  std::string result;
  for (const std::vector<Cell>& row : table.rows) {
    std::vector<std::vector<std::string>> cells;
    std::size_t height = 1;
    for (std::size_t c = 0; c < row.size(); ++c) {
      cells.push_back(table.columns[c].wraps ? wrap(row[c].text, widths[c]) : std::vector{row[c].text});
      height = std::max(height, cells.back().size());
    }
    for (std::size_t l = 0; l < height; ++l) {
      std::string line(static_cast<std::size_t>(table.indent), ' ');
      for (std::size_t c = 0; c < row.size(); ++c) {
        const std::string text = l < cells[c].size() ? cells[c][l] : std::string();
        const std::string padding(widths[c] - std::min(widths[c], display_width(text)), ' ');
        const std::string shown = text.empty() ? text : styled(style, row[c].emphasis, text);
        line += (c == 0 ? "" : std::string(kGap, ' ')) + (table.columns[c].right ? padding + shown : shown + padding);
      }
      result += trimmed(std::move(line)) + "\n";
    }
  }
  return result;
}

}  // namespace ridgeline
