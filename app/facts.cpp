#include "app/facts.hpp"

#include <algorithm>

#include "app/csv.hpp"
#include "app/table.hpp"

namespace ridgeline {

namespace {

constexpr std::string_view kPoints = "operating_points.points.";

/// A citation as the ids of its entries; what cites nothing known stays as it is.
std::string short_source(const Fact& fact, const std::vector<Source>& sources) {
  if (fact.derived) return fact.source;
  std::string ids, rest = fact.source;
  for (const Source& source : sources) {
    const std::size_t at = rest.find(source.text);
    if (at == std::string::npos) continue;
    rest.erase(at, source.text.size());
    ids += (ids.empty() ? "" : ", ") + source.id;
  }
  return ids.empty() ? fact.source : "[" + ids + "]";
}

/// "operating_points.points.3.clock" is row 3, column "clock".
std::string points_text(const std::vector<Fact>& points, const std::vector<Source>& sources, const Style& style) {
  std::vector<std::string> header;
  std::vector<std::vector<Cell>> rows;
  for (const Fact& fact : points) {
    const std::string rest = fact.path.substr(kPoints.size());
    const std::size_t dot = rest.find('.');
    const auto row = static_cast<std::size_t>(std::stoul(rest.substr(0, dot)));
    const std::string name = rest.substr(dot + 1);
    auto column = std::find(header.begin(), header.end(), name);
    if (column == header.end()) column = header.insert(header.end(), name);
    if (rows.size() <= row) rows.resize(row + 1);
    const auto at = static_cast<std::size_t>(column - header.begin());
    if (rows[row].size() <= at) rows[row].resize(at + 1);
    rows[row][at] = {fact.value, Emphasis::bold};
  }
  Table table{2, std::vector<Column>(header.size(), Column{.right = true}), {}};
  table.rows.emplace_back(header.begin(), header.end());
  table.rows.insert(table.rows.end(), rows.begin(), rows.end());
  return "\nOperating points  " + styled(style, Emphasis::dim, short_source(points.front(), sources)) + "\n" +
         render(table, style);
}

}  // namespace

std::string facts_text(const std::vector<Fact>& facts, const std::vector<Source>& sources, const Style& style) {
  Table table{2, {{}, {.right = true}, {.wraps = true}}, {}};
  std::vector<Fact> points;
  for (const Fact& fact : facts) {
    if (fact.path.starts_with(kPoints)) {
      points.push_back(fact);
      continue;
    }
    table.rows.push_back({fact.path, {fact.value, Emphasis::bold}, {short_source(fact, sources), Emphasis::dim}});
  }
  std::string text = render(table, style);
  if (!points.empty()) text += points_text(points, sources, style);
  if (sources.empty()) return text;
  Table list{2, {{}, {.wraps = true}}, {}};
  for (const Source& source : sources) list.rows.push_back({source.id, source.text});
  return text + "\nSources\n" + render(list, style);
}

Json facts_json(const std::vector<Fact>& facts) {
  Json list = Json::array();
  for (const Fact& fact : facts)
    list.push_back({{"key", fact.path}, {"value", fact.value}, {"source", fact.source}, {"derived", fact.derived}});
  return list;
}

Json sources_json(const std::vector<Source>& sources) {
  Json map = Json::object();
  for (const Source& source : sources) map[source.id] = source.text;
  return map;
}

std::string facts_csv(const std::vector<Fact>& facts) {
  std::string text = "key,value,source,derived\n";
  for (const Fact& fact : facts)
    text += CsvLine().add(fact.path).add(fact.value).add(fact.source).add(fact.derived).text();
  return text;
}

}  // namespace ridgeline
