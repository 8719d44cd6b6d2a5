// A front as text, and what its figures are.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "app/format.hpp"
#include "app/search.hpp"
#include "app/table.hpp"
#include "base/units.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kShown = 12;

Figure front_figure(double value, std::string_view unit, Origin origin, const std::optional<Spread>& spread) {
  if (std::isnan(value)) return no_basis(unit, "no power data is published for this device");
  Figure figure = data_sheet_figure(value, unit, spread);
  figure.origin = origin;
  return figure;
}

/// The knee, the ends, and designs evenly between them.
std::vector<std::size_t> shown(const SearchResult& result) {
  const std::size_t count = result.front.designs.size();
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (count <= kShown) return all;
  std::vector<std::size_t> some{*knee(result.front)};
  for (std::size_t m = 0; m < result.setup->problem.objectives.size(); ++m) some.push_back(best_in(result, all, m));
  for (std::size_t k = 0; some.size() < kShown; ++k) some.push_back((2 * k + 1) * count / (2 * kShown));
  std::ranges::sort(some);
  some.erase(std::unique(some.begin(), some.end()), some.end());
  return some;
}

/// What a search has no column for otherwise.
bool has_own_column(const SearchObjective& objective) {
  return objective.sum || (!objective.inverse && (objective.terms.front().measure == Measure::edp ||
                                                  objective.terms.front().measure == Measure::average_power ||
                                                  objective.terms.front().measure == Measure::latency_per_sequence ||
                                                  objective.terms.front().measure == Measure::energy_per_sequence));
}

/// Of all variables that designs of the front were moved by.
std::vector<std::string> moved_keys(const SearchResult& result) {
  std::vector<std::string> keys;
  for (const MovedDeployment& moved : result.front.words.moved)
    for (const Override& one : moved.settings)
      if (std::ranges::find(keys, one.key) == keys.end()) keys.push_back(one.key);
  return keys;
}

/// Which designs were moved, and what their figures are worth.
std::string moves_text(const SearchResult& result, const Style& style) {
  const SearchSetup& setup = *result.setup;
  const auto& designs = result.front.designs;
  const auto where = [&](const FrontDesign& d) -> const Deployment& { return deployment_of(setup, d); };
  const auto moved = std::ranges::count_if(designs, [&](const auto& d) { return !where(d).settings.empty(); });
  std::string text =
      moved == 0 ? fmt::format("Moving designs freely gave none that others do not beat: ")
                 : fmt::format("{} of them by moving {} freely: ", moved, fmt::join(moved_keys(result), ", "));
  text += fmt::format("{} of {} designs tried at {} points", result.moves->designs, result.moves->of,
                      format_count(static_cast<long long>(result.moves->points)));
  if (result.moves->designs < result.moves->of) text += "; the time was up before the others";
  const bool corrected = std::ranges::any_of(
      designs, [&](const FrontDesign& d) { return !where(d).settings.empty() && where(d).calibration.has_value(); });
  if (corrected)
    text +=
        ". Nobody has measured a calibrated device so: its designs keep the correction that they have on the device "
        "as it is described";
  return paragraph(text + ".", 0, style);
}

bool knows_accuracy(const SearchResult& result) { return static_cast<bool>(result.setup->problem.accuracy); }

std::vector<Cell> heading_cells(const SearchResult& result) {
  std::vector<Cell> cells{"#", "device"};
  for (const SearchObjective& objective : result.setup->problem.objectives)
    if (has_own_column(objective)) cells.push_back(objective_heading(objective));
  if (knows_accuracy(result)) cells.push_back(result.setup->accuracy->predicted ? "predicted accuracy" : "accuracy");
  for (const char* heading : {"latency", "energy", "peak power", "memory", "parameters", "design"})
    cells.push_back(heading);
  for (Cell& cell : cells) cell.emphasis = Emphasis::bold;
  return cells;
}

std::vector<Cell> design_cells(const SearchResult& result, std::size_t i, bool marked) {
  const SearchSetup& setup = *result.setup;
  const FrontDesign& design = result.front.designs[i];
  const Deployment& where = deployment_of(setup, design);
  const FrontFigures figures = figures_of(setup, design);
  std::vector<Cell> cells{fmt::format("{}{}", i + 1, marked ? "*" : ""), deployment_text(where)};
  for (std::size_t m = 0; m < setup.problem.objectives.size(); ++m) {
    const SearchObjective& objective = setup.problem.objectives[m];
    if (!has_own_column(objective)) continue;
    cells.push_back(objective_text(objective, design.objectives[m]));
  }
  if (knows_accuracy(result)) cells.push_back(fmt::format("{:.4f}", design.valuation.accuracy));
  for (const Figure* figure : {&figures.latency, &figures.energy, &figures.peak_power, &figures.memory})
    cells.push_back(format_value(*figure));
  cells.push_back(format_short_count(design.valuation.figures.parameters));
  cells.push_back(short_text(*setup.space, design.genome));
  return cells;
}

std::string front_table(const SearchResult& result, std::span<const std::size_t> rows, const Style& style) {
  Table table{2, {}, {heading_cells(result)}};
  table.columns.assign(table.rows.front().size(), {.right = true});
  table.columns[1].right = false;
  table.columns.back() = {.wraps = true};
  const auto middle = knee(result.front);
  for (const std::size_t i : rows) table.rows.push_back(design_cells(result, i, i == middle));
  return render(table, style);
}

std::string device_table(const SearchResult& result, const Style& style) {
  const auto& objectives = result.setup->problem.objectives;
  Table table{2, {{}, {.right = true}, {.right = true}}, {{"device", "designs", "knee"}}};
  for (const SearchObjective& objective : objectives) {
    table.rows.front().push_back("best " + objective_heading(objective));
    table.columns.push_back({.right = true});
  }
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  std::vector<std::string> without;
  for (const auto& [device, designs] : by_device(result)) {
    if (designs.empty()) without.push_back(device);
    std::vector<Cell> row{device, format_count(static_cast<long long>(designs.size()))};
    if (!designs.empty()) {
      row.push_back(fmt::format("#{}", *knee(result.front.designs, designs) + 1));
      for (std::size_t m = 0; m < objectives.size(); ++m) {
        const std::size_t i = best_in(result, designs, m);
        row.push_back(
            fmt::format("{} (#{})", objective_text(objectives[m], result.front.designs[i].objectives[m]), i + 1));
      }
    }
    table.rows.push_back(std::move(row));
  }
  std::string text = render(table, style);
  if (!without.empty())
    text += paragraph(
        fmt::format("No design of {} is on the front: all that were met {}.", fmt::join(without, ", "),
                    result.setup->problem.constraints.empty() ? "are dominated"
                                                              : "are dominated or do not meet the constraints"),
        2, style);
  return text;
}

/// Which deployments rest on what, alike ones together.
std::string basis_text(const SearchSetup& setup, const Style& style) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (std::size_t d = 0; d < setup.basis.size(); ++d) {
    const DeploymentBasis& basis = setup.basis[d];
    const std::string key = fmt::format("latency: {}; energy: {}; peak power: {}; {}", name(basis.latency),
                                        name(basis.energy), name(basis.peak_power), basis.rests_on);
    const auto found = std::ranges::find(groups, key, [](const auto& g) { return g.first; });
    std::vector<std::string>& devices =
        found == groups.end() ? groups.emplace_back(key, std::vector<std::string>{}).second : found->second;
    if (std::ranges::find(devices, setup.deployments[d].device) == devices.end())
      devices.push_back(setup.deployments[d].device);
  }
  Table table{2, {{}, {.wraps = true}}, {}};
  for (const auto& [basis, devices] : groups)
    for (const std::string& device : devices)
      table.rows.push_back({device, {device == devices.front() ? basis : "the same", Emphasis::dim}});
  return render(table, style);
}

/// "in 25.2 ms: 39.7 k/s", and what the journal already knew.
std::string effort_text(const SearchResult& result) {
  const std::uint64_t live = result.front.evaluations - result.replayed;
  std::string known = result.replayed == 0 ? std::string()
                                           : fmt::format("{} known from the journal",
                                                         format_count(static_cast<long long>(result.replayed)));
  if (live == 0) return known;
  return fmt::format("{}in {}: {}/s", known.empty() ? known : known + ", the others ",
                     format_number(result.seconds, "s"),
                     format_short_count(static_cast<double>(live) / std::max(result.seconds, 1e-9)));
}

}  // namespace

const Deployment& deployment_of(const SearchSetup& setup, const FrontDesign& design) {
  return setup.deployments[design.genome[setup.problem.deployment_gene]];
}

std::vector<std::pair<std::string, std::vector<std::size_t>>> by_device(const SearchResult& result) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> groups;
  for (const Deployment& deployment : result.setup->deployments)
    if (std::ranges::find(groups, deployment.device, [](const auto& g) { return g.first; }) == groups.end())
      groups.push_back({deployment.device, {}});
  for (std::size_t i = 0; i < result.front.designs.size(); ++i) {
    const std::string& device = deployment_of(*result.setup, result.front.designs[i]).device;
    std::ranges::find(groups, device, [](const auto& g) { return g.first; })->second.push_back(i);
  }
  return groups;
}

std::size_t best_in(const SearchResult& result, std::span<const std::size_t> among, std::size_t objective) {
  return *std::ranges::min_element(among, {},
                                   [&](std::size_t i) { return result.front.designs[i].objectives[objective]; });
}

FrontFigures figures_of(const SearchSetup& setup, const FrontDesign& design) {
  const DesignFigures& f = design.valuation.figures;
  const DeploymentBasis& basis = setup.basis[design.genome[setup.problem.deployment_gene]];
  return {front_figure(f.latency, "s", basis.latency, basis.latency_spread),
          front_figure(f.energy, "J", basis.energy, basis.energy_spread),
          front_figure(f.peak_power, "W", basis.peak_power, basis.peak_power_spread),
          front_figure(f.energy / f.latency, "W", basis.energy, {}),
          front_figure(f.energy * f.latency, "J·s", basis.energy, {}),
          front_figure(f.memory, "B", Origin::data_sheet, {})};
}

std::string objective_heading(const SearchObjective& objective) {
  return objective.inverse ? "capacity"
         : objective.sum   ? objective.name
                           : std::string(name(objective.terms.front().measure));
}

std::string objective_text(const SearchObjective& objective, double value) {
  if (objective.inverse) return amount_text(Measure::parameters, 1 / value);
  if (objective.sum) return fmt::format("{:.4g}", value);
  const Measure measure = objective.terms.front().measure;
  return amount_text(measure, measure == Measure::accuracy ? 1 - value : value);
}

std::string deployment_text(const Deployment& d) {
  std::string text = d.device;
  if (d.clock != "nominal") text += ", " + d.clock;
  text += ", " + d.precision;
  if (d.workload.batch != 1) text += fmt::format(", batch {}", d.workload.batch);
  if (!d.settings.empty()) text += ", " + d.settings;
  return text;
}

std::string problem_text(const SearchProblem& problem) {
  std::string text = "minimises ";
  for (std::size_t m = 0; m < problem.objectives.size(); ++m) {
    const SearchObjective& o = problem.objectives[m];
    text += (m == 0 ? "" : ", ") + (o.inverse ? std::string("1 / parameters (capacity)") : o.name);
  }
  for (const SearchConstraint& constraint : problem.constraints) text += "; " + to_text(constraint);
  return text + (problem.factors.empty() ? "" : "; of the upper ends of intervals");
}

std::string search_text(const SearchResult& result, const Style& style) {
  const SearchSetup& setup = *result.setup;
  const Front& front = result.front;
  std::string text = styled(style, Emphasis::bold, setup.description.name) + "  " + setup.description.title + "\n" +
                     paragraph(problem_text(setup.problem), 0, style) +
                     fmt::format("{} designs by {} with seed {}, {} of them met before, {}{}\n",
                                 format_count(static_cast<long long>(front.evaluations)), front.optimiser, front.seed,
                                 format_count(static_cast<long long>(result.repeats)), effort_text(result),
                                 result.interrupted ? "; interrupted" : "");
  text += fmt::format("{} {} on the front", format_count(static_cast<long long>(front.designs.size())),
                      front.designs.size() == 1 ? "design" : "designs");
  if (front.resolution > 0) text += fmt::format(", one for all within {:.2g} %", 100 * front.resolution);
  if (front.reference.size() > 1)
    text += fmt::format(", hypervolume {:.5g} (of natural logarithms, from the worst of drawn designs)",
                        front.hypervolume);
  text += "\n";
  if (result.moves) text += moves_text(result, style);
  text += "\n" + front_table(result, shown(result), style);
  text += fmt::format("  * the knee, the most balanced trade{}\n",
                      front.designs.size() > kShown ? "; --csv and --json have all designs" : "");
  text += "\n" + styled(style, Emphasis::bold, "Best of each device") + "\n" + device_table(result, style);
  text += "\n" + styled(style, Emphasis::bold, "Origins") + "\n" + basis_text(setup, style);
  if (setup.accuracy)
    text += paragraph(fmt::format("accuracy: {} by {}, {}", setup.accuracy->metric, setup.accuracy->source,
                                  setup.accuracy->verdict),
                      2, style);
  if (!setup.excluded.empty()) {
    Table table{2, {{}, {.wraps = true}}, {}};
    for (const ExcludedDeployment& one : setup.excluded) table.rows.push_back({one.device, one.reason});
    text += "\n" + styled(style, Emphasis::bold, "Left out") + "\n" + render(table, style);
  }
  if (!result.journal.empty())
    text += fmt::format("\nThe same command with --resume goes on ({}).\n", result.journal);
  if (!result.out.empty()) text += fmt::format("\nFront written to {}.\n", result.out);
  return text;
}

}  // namespace ridgeline
