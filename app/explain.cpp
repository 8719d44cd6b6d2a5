#include "app/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "app/arguments.hpp"
#include "app/explain_output.hpp"
#include "app/option_groups.hpp"
#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr std::uint32_t kAllValues = 64;  ///< of a choice with more, so many near ones are tried

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

/// Objectives and violation as the search sees them, but that an accuracy which is not known here counts for nothing.
std::vector<double> evaluated(const SearchProblem& problem, const Valuation& v, bool& feasible) {
  double violated = v.figures.beyond_memory;
  for (const SearchConstraint& constraint : problem.constraints)
    if (constraint.measure != Measure::accuracy || !std::isnan(v.accuracy))
      violated += violation(constraint, v.figures, v.accuracy, v.factors);
  std::vector<double> values;
  for (const SearchObjective& objective : problem.objectives)
    values.push_back(value_of(objective, v.figures, v.accuracy, v.factors));
  feasible = !(violated > 0);
  return values;
}

std::vector<OneChange> one_change_each(const SearchSetup& setup, const FrontDesign& explained) {
  const Space& space = *setup.space;
  const Genome& design = explained.genome;
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
  std::vector<Valuation> values = valuations(setup.problem, designs);
  if (std::isnan(values.front().accuracy)) {
    values.front().accuracy = explained.valuation.accuracy;
    for (std::size_t c = 0; c < changes.size(); ++c)  // the same model elsewhere is as accurate
      if (changes[c].gene == setup.problem.deployment_gene) values[c + 1].accuracy = explained.valuation.accuracy;
  }
  bool feasible = true;
  const std::vector<double> before = evaluated(setup.problem, values.front(), feasible);
  for (std::size_t c = 0; c < changes.size(); ++c) {
    OneChange& change = changes[c];
    const std::vector<double> after = evaluated(setup.problem, values[c + 1], change.feasible);
    change.ratios = ratios(after, before);
    change.better = change.feasible && is_known(after, 0) && pareto_dominates(after, before);
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
  e.changes = one_change_each(*e.setup, e.front.designs[e.design]);
  e.neighbours = neighbours_of(e.front, e.design, *e.setup->space);
  return e;
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

bool accuracy_is_out_of_reach(const Explanation& explanation) {
  return explanation.setup->accuracy_is_own && !explanation.setup->problem.accuracy;
}

Command explain_command() { return make_command(kExplainHelp, declare_explain, run_explain); }

}  // namespace ridgeline
