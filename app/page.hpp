// HTML reports: one file that holds the charting library, our script and style, and the result as JSON.
//
// What the page shows it computes from that JSON alone, by the `schema` of the document. Library, script and style
// are data (third_party/echarts, app/html), read when a report is made.
#pragma once

#include <string>
#include <string_view>

#include "app/json.hpp"

namespace ridgeline {

/// `document` is what --json prints, `details` what charts need besides. Error when the data are not installed.
std::string html_page(std::string_view title, const Json& document, const Json& details = Json::object());

/// Six significant digits, for points of charts; null where it is no number.
Json chart_number(double value);

/// Words as the numbers of their first appearance: long columns of few words stay small.
class WordColumn {
 public:
  void add(const std::string& word);
  /// {"words": [...], "rows": [...]}
  Json json() const;

 private:
  std::vector<std::string> words_;
  std::vector<std::size_t> rows_;
};

}  // namespace ridgeline
