#include "app/csv.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ridgeline {

CsvLine& CsvLine::field(std::string_view raw) {
  if (!first_) text_ += ',';
  first_ = false;
  text_ += raw;
  return *this;
}

CsvLine& CsvLine::add(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return field(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field(quoted + "\"");
}

CsvLine& CsvLine::add(double number) { return std::isfinite(number) ? field(fmt::format("{}", number)) : field(""); }

CsvLine& CsvLine::add(long number) { return field(fmt::format("{}", number)); }

CsvLine& CsvLine::add(const std::optional<double>& number) { return number ? add(*number) : field(""); }

}  // namespace ridgeline
