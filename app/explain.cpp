#include "app/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "app/arguments.hpp"
#include "app/csv.hpp"
#include "app/format.hpp"
#include "app/json.hpp"
#include "app/option_groups.hpp"
#include "app/search.hpp"
#include "app/table.hpp"
#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr std::uint32_t kAllValues = 64;  ///< of a choice with more, so many near ones are tried
constexpr std::size_t kChangesShown = 6, kDifferencesShown = 8;

/// The design with another value of one choice, evaluated.
struct OneChange {
  std::size_t gene = 0;
  std::string from, to;
  std::vector<double> ratios;  ///< of objectives: after / before
  bool feasible = true;
  bool better = false;  ///< in no objective worse, in one better
};

/// A design of the front that is next to the explained one in an objective.
struct Neighbour {
  std::size_t design = 0;
  std::size_t objective = 0;  ///< in which it is the next better one
  std::vector<double> ratios;
  std::vector<std::string> differences;
};

struct Explanation {
  std::unique_ptr<SearchSetup> setup;
  Front front;
  std::size_t design = 0;
  bool changed = false;             ///< descriptions, calibrations or the program, since the search
  std::vector<std::size_t> places;  ///< 1 for the best of the front, by objective
  std::vector<OneChange> changes;
  std::vector<Neighbour> neighbours;
};

std::vector<Gene> alternatives(const Domain& domain, Gene gene) {
  std::set<Gene> values;
  if (domain.size() <= kAllValues)
    for (std::uint32_t value = 0; value < domain.size(); ++value) values.insert(static_cast<Gene>(value));
  Random random(1);
  for (std::uint32_t draw = 0; domain.size() > kAllValues && draw < kAllValues; ++draw)
    values.insert(domain.near(gene, random));
  values.erase(gene);
  return {values.begin(), values.end()};
}

std::vector<double> ratios(std::span<const double> after, std::span<const double> before) {
  std::vector<double> all;
  for (std::size_t m = 0; m < after.size(); ++m) all.push_back(after[m] / before[m]);
  return all;
}

std::vector<OneChange> one_change_each(const SearchSetup& setup, const Genome& design) {
  const Space& space = *setup.space;
  Population designs{.genome_length = design.size(), .objective_count = setup.problem.objectives.size()};
  std::vector<OneChange> changes;
  designs.resize(1);
  std::ranges::copy(design, designs.genome(0).begin());
  for (std::size_t g = 0; g < design.size(); ++g) {
    if (!space.active(g, design)) continue;
    for (const Gene value : alternatives(space.domain(g), design[g])) {
      const std::size_t at = designs.size();
      designs.resize(at + 1);
      const auto changed = designs.genome(at);
      std::ranges::copy(design, changed.begin());
      changed[g] = value;
      space.canonicalise(changed);
      OneChange& change = changes.emplace_back();
      change.gene = g;
      change.from = space.domain(g).text(design[g]);
      change.to = space.domain(g).text(value);
    }
  }
  evaluate_of(setup.problem)(designs);
  for (std::size_t c = 0; c < changes.size(); ++c) {
    changes[c].ratios = ratios(designs.values(c + 1), designs.values(0));
    changes[c].feasible = !(designs.violations[c + 1] > 0);
    changes[c].better = changes[c].feasible && pareto_dominates(designs.values(c + 1), designs.values(0));
  }
  return changes;
}

std::vector<std::string> differences(const Space& space, const Genome& from, const Genome& to) {
  std::vector<std::string> all;
  for (std::size_t g = 0; g < from.size(); ++g) {
    const bool here = space.active(g, from), there = space.active(g, to);
    if (!(here || there) || (here == there && from[g] == to[g])) continue;
    const auto value = [&](bool active, Gene gene) {
      return active ? space.domain(g).text(gene) : std::string("none");
    };
    all.push_back(fmt::format("{} {} → {}", space.gene_name(g), value(here, from[g]), value(there, to[g])));
  }
  return all;
}

/// For each objective the design that is better there by the least.
std::vector<Neighbour> neighbours_of(const Front& front, std::size_t design, const Space& space) {
  std::vector<Neighbour> all;
  const FrontDesign& from = front.designs[design];
  for (std::size_t m = 0; m < from.objectives.size(); ++m) {
    std::optional<std::size_t> next;
    for (std::size_t i = 0; i < front.designs.size(); ++i) {
      const double value = front.designs[i].objectives[m];
      if (value < from.objectives[m] && (!next || value > front.designs[*next].objectives[m])) next = i;
    }
    if (!next) continue;
    all.push_back({*next, m, ratios(front.designs[*next].objectives, from.objectives),
                   differences(space, from.genome, front.designs[*next].genome)});
  }
  return all;
}

Explanation explain(const ExplainOptions& options) {
  Explanation e;
  e.front = read_front(options.front);
  const Size count = static_cast<Size>(e.front.designs.size());
  if (count == 0) throw InputError({options.front, 0, 0, ""}, "has no designs");
  if (options.design && *options.design > count)
    throw InputError({"--design", 0, 0, ""},
                     fmt::format("{} has designs 1 to {}, not {}", options.front, count, *options.design));
  e.design = options.design ? static_cast<std::size_t>(*options.design - 1) : *knee(e.front);
  e.setup = make_search_setup(e.front.words, 1);
  const Genome& genome = e.front.designs[e.design].genome;
  if (!e.setup->space->valid(genome))
    throw InputError({options.front, 0, 0, ""},
                     "its designs are none of the space as it is now: devices or clocks have changed");
  e.changed = fingerprint(*e.setup) != e.front.fingerprint;
  for (std::size_t m = 0; m < e.front.designs[e.design].objectives.size(); ++m)
    e.places.push_back(1 +
                       static_cast<std::size_t>(std::ranges::count_if(e.front.designs, [&](const FrontDesign& other) {
                         return other.objectives[m] < e.front.designs[e.design].objectives[m];
                       })));
  e.changes = one_change_each(*e.setup, genome);
  e.neighbours = neighbours_of(e.front, e.design, *e.setup->space);
  return e;
}

std::string relative(const SearchObjective& objective, double ratio) {
  const double change = (objective.inverse ? 1 / ratio : ratio) - 1;
  return std::abs(change) < 5e-5 ? "same" : fmt::format("{:+.1f} %", 100 * change);
}

/// The best change of every choice for that objective, the best of all first.
std::vector<const OneChange*> best_changes(const Explanation& e, std::size_t objective) {
  std::vector<const OneChange*> best(e.setup->space->genome_length(), nullptr);
  for (const OneChange& change : e.changes)
    if (change.feasible && change.ratios[objective] < 1 - 1e-9 &&
        (!best[change.gene] || change.ratios[objective] < best[change.gene]->ratios[objective]))
      best[change.gene] = &change;
  std::erase(best, nullptr);
  std::ranges::stable_sort(best, {}, [&](const OneChange* change) { return change->ratios[objective]; });
  return best;
}

std::vector<Cell> relative_cells(const Explanation& e, std::span<const double> all) {
  std::vector<Cell> cells;
  for (std::size_t m = 0; m < all.size(); ++m) cells.push_back(relative(e.setup->problem.objectives[m], all[m]));
  return cells;
}

Table table_of_changes(const Explanation& e) {
  Table table{2, {}, {{"choice"}}};
  for (const SearchObjective& objective : e.setup->problem.objectives)
    table.rows.front().push_back(objective_heading(objective));
  table.rows.front().push_back("change");
  table.columns.assign(table.rows.front().size(), {.right = true});
  table.columns.front() = {};
  table.columns.back() = {.wraps = true};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  return table;
}

std::string explain_text(const Explanation& e, const Style& style) {
  const auto& objectives = e.setup->problem.objectives;
  const FrontDesign& design = e.front.designs[e.design];
  const FrontFigures figures = figures_of(*e.setup, design);
  const Deployment& where = e.setup->deployments[design.genome[e.setup->problem.deployment_gene]];
  std::string text =
      styled(style, Emphasis::bold, fmt::format("Design {} of {}", e.design + 1, e.front.designs.size())) + "  " +
      deployment_text(where) + "\n" + paragraph(design_text(*e.setup->space, design.genome), 2, style);
  text += fmt::format("  latency {}, energy {}, peak power {}, memory {}, {} parameters\n",
                      format_value(figures.latency), format_value(figures.energy), format_value(figures.peak_power),
                      format_value(figures.memory), format_short_count(design.valuation.figures.parameters));
  text += fmt::format("  The search {}.\n", problem_text(e.setup->problem));
  if (e.changed)
    text += paragraph(
        "Descriptions, calibrations or the program have changed since the search: what follows is of now.", 2, style);
  for (std::size_t m = 0; m < objectives.size(); ++m)
    text += fmt::format("  {}: {} of {} designs\n", objective_heading(objectives[m]),
                        e.places[m] == 1 ? "the best" : fmt::format("place {}", e.places[m]), e.front.designs.size());

  for (std::size_t m = 0; m < objectives.size(); ++m) {
    const auto best = best_changes(e, m);
    text += "\n" +
            styled(style, Emphasis::bold,
                   fmt::format("One change for {} {}", objectives[m].inverse ? "more" : "a better",
                               objective_heading(objectives[m]))) +
            "\n";
    if (best.empty()) {
      text += "  none that meets the constraints\n";
      continue;
    }
    Table table = table_of_changes(e);
    for (std::size_t k = 0; k < std::min(best.size(), kChangesShown); ++k) {
      std::vector<Cell> row{e.setup->space->gene_name(best[k]->gene)};
      for (Cell& cell : relative_cells(e, best[k]->ratios)) row.push_back(std::move(cell));
      row.push_back(fmt::format("{} → {}{}", best[k]->from, best[k]->to, best[k]->better ? " (better in all)" : ""));
      table.rows.push_back(std::move(row));
    }
    text += render(table, style);
  }
  text += "\n" + styled(style, Emphasis::bold, "The next designs of the front") + "\n";
  Table table = table_of_changes(e);
  table.rows.front().front().text = "next in";
  for (const Neighbour& next : e.neighbours) {
    std::vector<Cell> row{fmt::format("{}: #{}", objective_heading(objectives[next.objective]), next.design + 1)};
    for (Cell& cell : relative_cells(e, next.ratios)) row.push_back(std::move(cell));
    std::vector<std::string> some(
        next.differences.begin(),
        next.differences.begin() + static_cast<std::ptrdiff_t>(std::min(next.differences.size(), kDifferencesShown)));
    std::string words = fmt::format("{}", fmt::join(some, "; "));
    if (next.differences.size() > some.size())
      words += fmt::format("; and {} more", next.differences.size() - some.size());
    row.push_back(words);
    table.rows.push_back(std::move(row));
  }
  return text + (e.neighbours.empty() ? "  none is better in anything\n" : render(table, style));
}

std::string explain_json(const Explanation& e) {
  const FrontDesign& design = e.front.designs[e.design];
  Json json = json_document("explain");
  json["design"] = e.design + 1;
  json["of"] = e.front.designs.size();
  json["device"] = deployment_text(e.setup->deployments[design.genome[e.setup->problem.deployment_gene]]);
  json["choices"] = design_text(*e.setup->space, design.genome);
  json["changed_since"] = e.changed;
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
    for (const double ratio : change.ratios) line.add(ratio);
    text += line.text();
  }
  return text;
}

Outcome run_explain(const ExplainOptions& options, const Session& session) {
  const Explanation explanation = explain(options);
  if (options.output == Output::json) return {explain_json(explanation)};
  if (options.output == Output::csv) return {explain_csv(explanation)};
  return {explain_text(explanation, session.style)};
}

constexpr std::array kExplainExamples{
    Example{"ridgeline explain front.h5", "Why is the knee of this front where it is?"},
    Example{"ridgeline explain front.h5 --design 3 --json", "Every single change of one design, for scripts."}};

constexpr CommandHelp kExplainHelp{
    "explain", "ridgeline explain FRONT.h5 [--design N] [OPTIONS]", "why a design of a front is there",
    "Changes one choice of a design after the other and evaluates it again: what each choice costs and what it buys; "
    "then compares it with the next designs of the front in each objective. FRONT.h5 comes from ridgeline search "
    "--out.",
    kExplainExamples};

void declare_explain(OptionSet& set, ExplainOptions& o) {
  set.word("FRONT.h5", o.front);
  set.value("What", "--design", "N", "number of the design, as search lists it; default: the knee",
            [&o](const std::string& s) { o.design = parse_count("--design", s, 1, 1'000'000); });
  add_output(set, o.output);
  set.check([&o](const CommonOptions&) {
    if (o.front.empty()) refuse("explain", "missing FRONT.h5", "`ridgeline search --out FRONT.h5` writes one");
  });
}

}  // namespace

Command explain_command() { return make_command(kExplainHelp, declare_explain, run_explain); }

}  // namespace ridgeline
