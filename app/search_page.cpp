#include "app/search_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "app/page.hpp"
#include "search/domain.hpp"

namespace ridgeline {
namespace {

/// A number as `width` digits of base 64.
std::string digits(std::size_t number, std::size_t width) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  std::string text(width, kDigits.front());
  for (std::size_t i = width; i-- > 0; number /= kDigits.size()) text[i] = kDigits[number % kDigits.size()];
  return text;
}

std::size_t width_of(std::size_t count) { return count <= 64 ? 1 : count <= 4096 ? 2 : 3; }

/// The values of one choice that designs have, numbered as they are met.
class ValueColumn {
 public:
  explicit ValueColumn(const Domain& domain) : domain_(&domain) {}

  std::size_t number(Gene gene) { return numbers_.try_emplace(gene, numbers_.size()).first->second; }
  std::size_t width() const { return width_of(numbers_.size()); }
  /// {"words": [...]}, or of composite choices also {"of": [...], "kind": "multiset"}, where a word has two digits of
  /// base 64 for each member.
  Json json() const {
    Json words = Json::array();
    const auto* multiset = std::get_if<Multiset>(&domain_->kind());
    const auto* sequence = std::get_if<Sequence>(&domain_->kind());
    std::vector<Gene> by_number(numbers_.size());
    for (const auto& [gene, number] : numbers_) by_number[number] = gene;
    for (const Gene gene : by_number) {
      if (!multiset && !sequence) {
        words.push_back(domain_->text(gene));
        continue;
      }
      std::vector<int> members;
      domain_->members(gene, members);
      std::string word;
      for (const int member : members) word += digits(static_cast<std::size_t>(member), member_width());
      words.push_back(word);
    }
    Json json{{"words", words}, {"width", width()}};
    if (multiset || sequence) {
      json["of"] = multiset ? multiset->of : sequence->of;
      json["kind"] = multiset ? "multiset" : "sequence";
      json["member_width"] = member_width();
    }
    return json;
  }

 private:
  std::size_t member_width() const {
    const auto* multiset = std::get_if<Multiset>(&domain_->kind());
    return width_of(multiset ? multiset->of.size() : std::get<Sequence>(domain_->kind()).of.size());
  }

  const Domain* domain_;
  std::map<Gene, std::size_t> numbers_;
};

/// The choices of all designs: what each gene is, and of each design a string with a fixed number of characters a
/// gene, dots for those that it does not use.
Json choices_json(const SearchResult& result) {
  const SearchSetup& setup = *result.setup;
  const Space& space = *setup.space;
  const std::size_t genes = space.genome_length();
  std::vector<ValueColumn> columns;
  std::map<const Domain*, std::size_t> column_of;
  std::vector<std::size_t> column(genes);
  for (std::size_t g = 0; g < genes; ++g) {
    const auto [known, added] = column_of.try_emplace(&space.domain(g), columns.size());
    if (added) columns.emplace_back(space.domain(g));
    column[g] = known->second;
  }
  const auto& designs = result.front.designs;
  for (const FrontDesign& design : designs)
    for (std::size_t g = 0; g < genes; ++g)
      if (space.active(g, design.genome)) columns[column[g]].number(design.genome[g]);

  Json described = Json::array(), texts = Json::array(), values = Json::array();
  for (std::size_t g = 0; g < genes; ++g) {
    if (g == setup.problem.deployment_gene) continue;
    const GenePlace& place = space.place(g);
    const bool repeated = place.group >= 0;
    const auto choice = static_cast<std::size_t>(place.choice);
    const auto group = static_cast<std::size_t>(std::max(place.group, 0));
    described.push_back(
        {{"name", repeated ? space.groups()[group].choices[choice].name : space.choices()[choice].name},
         {"group", repeated ? Json(space.groups()[group].name) : Json()},
         {"layer", place.layer},
         {"column", column[g]}});
  }
  for (const FrontDesign& design : designs) {
    std::string text;
    for (std::size_t g = 0; g < genes; ++g) {
      if (g == setup.problem.deployment_gene) continue;
      ValueColumn& of_gene = columns[column[g]];
      text += space.active(g, design.genome) ? digits(of_gene.number(design.genome[g]), of_gene.width())
                                             : std::string(of_gene.width(), '.');
    }
    texts.push_back(text);
  }
  for (const ValueColumn& one : columns) values.push_back(one.json());
  return {{"genes", described}, {"columns", values}, {"designs", texts}};
}

/// Figures as columns. Average power and energy-delay product follow from them.
Json designs_json(const SearchResult& result) {
  const SearchSetup& setup = *result.setup;
  Json deployment = Json::array(), latency = Json::array(), energy = Json::array(), peak_power = Json::array(),
       memory = Json::array(), parameters = Json::array(), accuracy = Json::array();
  for (const FrontDesign& design : result.front.designs) {
    const DesignFigures& f = design.valuation.figures;
    deployment.push_back(design.genome[setup.problem.deployment_gene]);
    latency.push_back(chart_number(f.latency));
    energy.push_back(chart_number(f.energy));
    peak_power.push_back(chart_number(f.peak_power));
    memory.push_back(chart_number(f.memory));
    parameters.push_back(chart_number(f.parameters));
    if (setup.problem.accuracy) accuracy.push_back(chart_number(design.valuation.accuracy));
  }
  Json json{{"deployment", deployment},   {"latency_s", latency}, {"energy_J", energy},
            {"peak_power_W", peak_power}, {"memory_B", memory},   {"parameters", parameters}};
  if (setup.problem.accuracy) json["accuracy"] = accuracy;
  // Of sums; every other objective is a figure.
  json["sums"] = Json::array();
  for (std::size_t m = 0; m < setup.problem.objectives.size(); ++m) {
    if (!setup.problem.objectives[m].sum) continue;
    Json values = Json::array();
    for (const FrontDesign& design : result.front.designs) values.push_back(chart_number(design.objectives[m]));
    json["sums"].push_back({{"name", setup.problem.objectives[m].name}, {"values", values}});
  }
  return json;
}

/// What the figures of a deployment rest on: origins, and factors that make intervals of them.
Json basis_json(const SearchSetup& setup) {
  const auto figure = [](Origin origin, const std::optional<Spread>& spread) {
    return Json{{"origin", name(origin)}, {"factors", spread ? Json{spread->low, spread->high} : Json()}};
  };
  Json list = Json::array();
  for (const DeploymentBasis& basis : setup.basis)
    list.push_back({{"latency", figure(basis.latency, basis.latency_spread)},
                    {"energy", figure(basis.energy, basis.energy_spread)},
                    {"peak_power", figure(basis.peak_power, basis.peak_power_spread)}});
  return list;
}

Json convergence_json(const SearchResult& result) {
  Json list = Json::array();
  for (const SearchProgress& point : result.convergence) {
    Json best = Json::array();
    for (const double value : point.best) best.push_back(chart_number(value));
    list.push_back({{"evaluations", point.evaluations},
                    {"designs", point.designs},
                    {"hypervolume", chart_number(point.hypervolume)},
                    {"best", best}});
  }
  return list;
}

}  // namespace

std::string search_page(const SearchResult& result) {
  const Json details = {{"designs", designs_json(result)},
                        {"choices", choices_json(result)},
                        {"basis", basis_json(*result.setup)},
                        {"convergence", convergence_json(result)}};
  return html_page("Search of " + result.setup->description.name, search_document(result), details);
}

}  // namespace ridgeline
