// An explanation as JSON and CSV.
#include <cmath>
#include <optional>

#include "app/csv.hpp"
#include "app/explain_output.hpp"
#include "app/json.hpp"
#include "app/search.hpp"

namespace ridgeline {

std::string explain_json(const Explanation& e) {
  const FrontDesign& design = e.front.designs[e.design];
  Json json = json_document("explain");
  json["design"] = e.design + 1;
  json["of"] = e.front.designs.size();
  json["device"] = deployment_text(e.setup->deployments[design.genome[e.setup->problem.deployment_gene]]);
  json["choices"] = design_text(*e.setup->space, design.genome);
  json["changed_since"] = e.changed;
  json["accuracy"] = nullptr;
  if (e.setup->accuracy && !std::isnan(design.valuation.accuracy))
    json["accuracy"] = {{"value", design.valuation.accuracy},
                        {"source", e.setup->accuracy->source},
                        {"predicted", e.setup->accuracy->predicted}};
  json["objectives"] = Json::array();
  for (std::size_t m = 0; m < e.places.size(); ++m)
    json["objectives"].push_back(
        {{"name", e.setup->problem.objectives[m].name}, {"value", design.objectives[m]}, {"place", e.places[m]}});
  json["changes"] = Json::array();
  for (const OneChange& change : e.changes)
    json["changes"].push_back({{"choice", e.setup->space->gene_name(change.gene)},
                               {"from", change.from},
                               {"to", change.to},
                               {"ratios", change.ratios},
                               {"meets_constraints", change.feasible},
                               {"better_in_all", change.better}});
  json["neighbours"] = Json::array();
  for (const Neighbour& next : e.neighbours)
    json["neighbours"].push_back({{"design", next.design + 1},
                                  {"next_in", e.setup->problem.objectives[next.objective].name},
                                  {"ratios", next.ratios},
                                  {"differences", next.differences}});
  return dump(json);
}

std::string explain_csv(const Explanation& e) {
  std::string text = "choice,from,to,meets_constraints";
  for (const SearchObjective& objective : e.setup->problem.objectives) {
    std::string field = CsvLine().add("ratio of " + objective.name).text();
    field.pop_back();
    text += "," + field;
  }
  text += "\n";
  for (const OneChange& change : e.changes) {
    CsvLine line;
    line.add(e.setup->space->gene_name(change.gene)).add(change.from).add(change.to).add(change.feasible);
    for (const double ratio : change.ratios) line.add(std::isnan(ratio) ? std::optional<double>() : ratio);
    text += line.text();
  }
  return text;
}

}  // namespace ridgeline
