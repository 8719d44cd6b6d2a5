// Comma-separated values as RFC 4180 has them; numbers with the shortest digits that read back equal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ridgeline {

class CsvLine {
 public:
  CsvLine& add(std::string_view text);
  CsvLine& add(const char* text) { return add(std::string_view(text)); }
  CsvLine& add(double number);
  CsvLine& add(long number);
  CsvLine& add(bool yes) { return add(std::string_view(yes ? "True" : "False")); }
  /// Empty field where there is no number.
  CsvLine& add(const std::optional<double>& number);
  /// The line with its line feed.
  std::string text() const { return text_ + "\n"; }

 private:
  CsvLine& field(std::string_view raw);
  std::string text_;
  bool first_ = true;
};

}  // namespace ridgeline
