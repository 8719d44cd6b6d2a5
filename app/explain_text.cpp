#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/explain_output.hpp"
#include "app/format.hpp"
#include "app/search.hpp"
#include "app/table.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kChangesShown = 6, kDifferencesShown = 8;

std::string relative(const SearchObjective& objective, double ratio) {
  if (std::isnan(ratio)) return "—";
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

/// "accuracy 0.8312 by a Python function, as the function says"
std::string accuracy_text(const Explanation& e) {
  const double accuracy = e.front.designs[e.design].valuation.accuracy;
  if (!e.setup->accuracy || std::isnan(accuracy)) return {};
  const AccuracyInfo& info = *e.setup->accuracy;
  return fmt::format("{}accuracy {:.4f} {} {}, {}", info.predicted ? "predicted " : "", accuracy,
                     info.predicted ? "by" : "of", info.source, info.verdict);
}

/// Objectives that one change can be looked for: of other models' accuracies there may be nothing to say.
std::string why_no_change(const Explanation& e, const SearchObjective& objective) {
  const bool unknown = accuracy_is_out_of_reach(e) &&
                       std::ranges::find(objective.terms, Measure::accuracy, &Term::measure) != objective.terms.end();
  if (!unknown) return "none that meets the constraints";
  return fmt::format("not known: it takes the accuracy of other models, which {} alone can say",
                     e.setup->accuracy->source);
}

}  // namespace

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
  if (const std::string accuracy = accuracy_text(e); !accuracy.empty()) text += paragraph(accuracy, 2, style);
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
      text += paragraph(why_no_change(e, objectives[m]), 2, style);
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

}  // namespace ridgeline
