#include "app/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/error.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

std::string read_data(std::string_view name) {
  const std::filesystem::path file = data_folder() / name;
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty()) throw Error(fmt::format("{}: cannot be read; reports need it", file.string()));
  return text;
}

/// JSON inside a script element: no tag may end there.
std::string embedded(const Json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '&')
      html += "&amp;";
    else if (c == '<')
      html += "&lt;";
    else
      html += c;
  }
  return html;
}

}  // namespace

std::string html_page(std::string_view title, const Json& document, const Json& details) {
  const Json data = {{"document", document}, {"details", details}};
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{} · Ridgeline</title>
<style>
{}</style>
</head>
<body>
<main id="report"></main>
<script type="application/json" id="data">{}</script>
<script>
{}
</script>
<script>
{}</script>
</body>
</html>
)",
                     escaped(title), read_data("app/html/report.css"), embedded(data),
                     read_data("third_party/echarts/echarts.common.min.js"), read_data("app/html/report.js"));
}

Json chart_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

void WordColumn::add(const std::string& word) {
  const auto found = std::find(words_.begin(), words_.end(), word);
  rows_.push_back(static_cast<std::size_t>(found - words_.begin()));
  if (found == words_.end()) words_.push_back(word);
}

Json WordColumn::json() const { return {{"words", words_}, {"rows", rows_}}; }

}  // namespace ridgeline
