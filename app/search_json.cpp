// A front as JSON and CSV.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "app/csv.hpp"
#include "app/json.hpp"
#include "app/search.hpp"

namespace ridgeline {
namespace {

Json front_design_json(const SearchResult& result, std::size_t i) {
  const SearchSetup& setup = *result.setup;
  const FrontDesign& design = result.front.designs[i];
  const Deployment& where = deployment_of(setup, design);
  const FrontFigures figures = figures_of(setup, design);
  Json json{{"number", i + 1},
            {"device", where.device},
            {"clock", where.clock},
            {"precision", where.precision},
            {"batch", where.workload.batch},
            {"settings", where.settings},
            {"objectives", design.objectives}};
  if (setup.problem.accuracy) json["accuracy"] = design.valuation.accuracy;
  json["latency"] = to_json(figures.latency);
  json["energy"] = to_json(figures.energy);
  json["average_power"] = to_json(figures.average_power);
  json["peak_power"] = to_json(figures.peak_power);
  json["energy_delay_product"] = to_json(figures.edp);
  json["memory"] = to_json(figures.memory);
  json["parameters"] = static_cast<Size>(design.valuation.figures.parameters);
  json["genome"] = design.genome;
  Json choices = Json::object();
  for (std::size_t g = 0; g < design.genome.size(); ++g)
    if (setup.space->active(g, design.genome) && setup.space->gene_name(g) != "deployment")
      choices[setup.space->gene_name(g)] = setup.space->domain(g).text(design.genome[g]);
  json["choices"] = choices;
  return json;
}

}  // namespace

Json search_document(const SearchResult& result) {
  const SearchSetup& setup = *result.setup;
  const Front& front = result.front;
  Json json = json_document("search");
  json["space"] = setup.description.name;
  json["objectives"] = Json::array();
  for (const SearchObjective& objective : setup.problem.objectives)
    json["objectives"].push_back(
        {{"name", objective.name},
         {"unit", objective.sum || objective.inverse ? "1" : unit(objective.terms.front().measure)}});
  json["constraints"] = Json::array();
  for (const SearchConstraint& constraint : setup.problem.constraints)
    json["constraints"].push_back(to_text(constraint));
  json["robust"] = !setup.problem.factors.empty();
  json["accuracy_source"] = nullptr;
  if (const auto& accuracy = setup.accuracy)
    json["accuracy_source"] = {{"source", accuracy->source},
                               {"metric", accuracy->metric},
                               {"predicted", accuracy->predicted},
                               {"supported", accuracy->supported},
                               {"verdict", accuracy->verdict}};
  json["notes"] = setup.notes;
  json["optimiser"] = {{"name", front.optimiser}, {"population", front.population}, {"seed", front.seed}};
  json["evaluations"] = front.evaluations;
  json["met_before"] = result.repeats;
  json["seconds"] = result.seconds;
  json["moves"] = nullptr;
  if (result.moves)
    json["moves"] = {{"designs", result.moves->designs}, {"of", result.moves->of}, {"points", result.moves->points}};
  json["interrupted"] = result.interrupted;
  json["hypervolume"] = front.reference.size() > 1 ? Json(front.hypervolume) : Json();
  json["reference"] = front.reference;
  json["resolution"] = front.resolution;
  json["knee"] = *knee(front) + 1;
  json["designs"] = Json::array();
  json["devices"] = Json::array();
  for (const auto& [device, designs] : by_device(result)) {
    Json entry{{"device", device}, {"designs", designs.size()}, {"knee", nullptr}, {"best", Json::array()}};
    if (!designs.empty()) {
      entry["knee"] = *knee(front.designs, designs) + 1;
      for (std::size_t m = 0; m < setup.problem.objectives.size(); ++m)
        entry["best"].push_back(best_in(result, designs, m) + 1);
    }
    json["devices"].push_back(entry);
  }
  json["deployments"] = Json::array();
  for (std::size_t d = 0; d < setup.deployments.size(); ++d)
    json["deployments"].push_back({{"device", setup.deployments[d].device},
                                   {"clock", setup.deployments[d].clock},
                                   {"precision", setup.deployments[d].precision},
                                   {"batch", setup.deployments[d].workload.batch},
                                   {"settings", setup.deployments[d].settings},
                                   {"rests_on", setup.basis[d].rests_on}});
  json["excluded"] = Json::array();
  for (const ExcludedDeployment& one : setup.excluded)
    json["excluded"].push_back({{"device", one.device}, {"reason", one.reason}});
  json["out"] = result.out.empty() ? Json() : Json(result.out);
  return json;
}

std::string search_json(const SearchResult& result) {
  Json json = search_document(result);
  for (std::size_t i = 0; i < result.front.designs.size(); ++i)
    json["designs"].push_back(front_design_json(result, i));
  return dump(json);
}

std::string search_csv(const SearchResult& result) {
  const SearchSetup& setup = *result.setup;
  std::string text = "number,knee,device,clock,precision,batch";
  for (const SearchObjective& objective : setup.problem.objectives) {
    CsvLine quoted;
    std::string field = quoted.add("objective " + objective.name).text();
    field.pop_back();
    text += "," + field;
  }
  text +=
      ",accuracy,latency_s,latency_origin,energy_J,energy_origin,peak_power_W,peak_power_origin,memory_B,parameters,"
      "design\n";
  const auto middle = knee(result.front);
  const auto finite = [](double value) { return std::isnan(value) ? std::optional<double>() : value; };
  for (std::size_t i = 0; i < result.front.designs.size(); ++i) {
    const FrontDesign& design = result.front.designs[i];
    const Deployment& where = deployment_of(setup, design);
    const FrontFigures figures = figures_of(setup, design);
    CsvLine line;
    line.add(static_cast<long>(i + 1)).add(i == middle).add(where.device).add(where.clock).add(where.precision);
    line.add(static_cast<long>(where.workload.batch));
    for (const double value : design.objectives) line.add(value);
    line.add(finite(design.valuation.accuracy));
    for (const Figure* figure : {&figures.latency, &figures.energy, &figures.peak_power})
      line.add(figure->value).add(figure->value ? name(figure->origin) : std::string_view());
    line.add(figures.memory.value).add(design.valuation.figures.parameters);
    text += line.add(design_text(*setup.space, design.genome)).text();
  }
  return text;
}

}  // namespace ridgeline
