#include "app/search_moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "search/parallel.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kMoved = 12;  ///< designs of the front
constexpr std::string_view kNominalClock = "nominal", kClockKey = "clock";

/// Thrown through an optimisation that is to end.
struct TimeIsUp {};

/// One design, and its figures anywhere in the ranges of its deployment's variables.
class Movable {
 public:
  Movable(const SearchSetup& searched, const DeploymentMaker& maker, Genome genome)
      : genome_(std::move(genome)),
        number_(genome_[searched.problem.deployment_gene]),
        start_(searched.deployments[number_]),
        asked_(searched.asked[number_]),
        source_(maker.source(asked_, start_.precision, start_.workload.batch)),
        setup_(make_setup_of_one(searched, source_.make(start_.clock))),
        design_{.genome_length = genome_.size(), .objective_count = setup_->problem.objectives.size()} {
    design_.resize(1);
    std::ranges::copy(genome_, design_.genome(0).begin());
    if (searched.problem.accuracy) searched.problem.accuracy(design_, std::span(&accuracy_, 1));
    design_.genome(0)[setup_->problem.deployment_gene] = 0;
  }

  struct Values {
    std::vector<double> objectives;
    std::vector<double> excess;  ///< of each constraint over its limit, relative to it: negative where met
  };

  const Genome& genome() const { return genome_; }
  const std::vector<ContinuousVariable>& variables() const { return start_.variables; }
  std::uint64_t points() const { return known_.size(); }

  /// As the description has it, or the nearest within the ranges.
  std::vector<double> begin() const {
    std::vector<double> at;
    for (const ContinuousVariable& variable : variables()) {
      const double factor = variable.name == kClockKey ? source_.clock_factor(start_.clock) : 1;
      at.push_back(std::clamp(factor, variable.from, variable.to));
    }
    return at;
  }

  MovedDeployment moved(std::span<const double> point) const {
    MovedDeployment moved{asked_, start_.clock, start_.precision, start_.workload.batch, {}};
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (variables()[i].name == kClockKey) moved.clock = kNominalClock;
      moved.settings.push_back({variables()[i].name, fmt::format("x{:.9g}", point[i])});
    }
    return moved;
  }

  /// Looked up where one was before: every move begins with the same starts.
  const Values& at(std::span<const double> point) {
    const auto [entry, is_new] = known_.try_emplace(std::vector<double>(point.begin(), point.end()));
    if (is_new) entry->second = evaluate(point);
    return entry->second;
  }

 private:
  Values evaluate(std::span<const double> point) {
    const MovedDeployment where = moved(point);
    MadeDeployment made = source_.make(where.clock, where.settings);
    setup_->evaluator->replace(0, std::move(made.deployment));
    Valuation value = valuations(setup_->problem, design_).front();
    value.accuracy = accuracy_;
    Values values;
    for (const SearchObjective& objective : setup_->problem.objectives)
      values.objectives.push_back(value_of(objective, value.figures, value.accuracy, value.factors));
    for (const SearchConstraint& constraint : setup_->problem.constraints) {
      const double ratio = value.of(constraint.measure) / constraint.limit;
      values.excess.push_back(constraint.at_most ? ratio - 1 : 1 - ratio);
    }
    values.excess.push_back(value.figures.beyond_memory > 0 ? value.figures.beyond_memory : -1);
    return values;
  }

  Genome genome_;
  std::size_t number_;
  const Deployment& start_;
  std::string asked_;
  DeploymentSource source_;
  std::unique_ptr<SearchSetup> setup_;  ///< of the one deployment, replaced at each point
  Population design_;
  double accuracy_ = std::numeric_limits<double>::quiet_NaN();  ///< of the model alone
  std::map<std::vector<double>, Values> known_;
};

double log_of(double value) { return std::log(std::max(value, std::numeric_limits<double>::min())); }

/// The best point for one objective with no other worse than where it began; for none of them the least sum of
/// logarithms.
std::optional<MovedDesign> move_for(Movable& design, std::optional<std::size_t> objective,
                                    const std::function<bool()>& go_on) {
  const std::vector<double> begin = design.begin();
  const std::vector<double> before = design.at(begin).objectives;
  const ContinuousFunction function = [&](std::span<const double> point) {
    if (!go_on()) throw TimeIsUp();
    const Movable::Values& at = design.at(point);
    ContinuousValues values{0, at.excess};
    for (std::size_t m = 0; m < before.size(); ++m) {
      if (!objective || *objective == m) values.objective += log_of(at.objectives[m]);
      if (objective && *objective != m) values.constraints.push_back(at.objectives[m] / before[m] - 1);
    }
    return values;
  };
  const ContinuousOptions options{.starts = 8, .evaluations = 60, .tolerance = 1e-4};
  const ContinuousOptimum best = optimise_continuous(design.variables(), begin, function, options);
  if (!best.feasible) return std::nullopt;
  return MovedDesign{design.genome(), design.moved(best.point), design.at(best.point).objectives};
}

/// All that moving one design finds; false when the time was up before.
bool move_one(Movable& design, std::size_t objectives, const std::function<bool()>& go_on,
              std::vector<MovedDesign>& found) {
  try {
    for (std::size_t m = 0; m <= (objectives > 1 ? objectives : 0); ++m)
      if (auto moved = move_for(design, m == 0 ? std::nullopt : std::optional(m - 1), go_on))
        found.push_back(*std::move(moved));
    return true;
  } catch (const TimeIsUp&) {
    return false;
  }
}

/// The best in each objective, and others evenly between.
std::vector<std::uint32_t> chosen_members(const SearchSetup& setup, const ParetoArchive& archive) {
  const Population& members = archive.members();
  std::vector<std::uint32_t> movable;
  for (const std::uint32_t i : archive.sorted())
    if (!setup.deployments[members.genome(i)[setup.problem.deployment_gene]].variables.empty()) movable.push_back(i);
  if (movable.size() <= kMoved) return movable;
  std::set<std::uint32_t> chosen;
  for (std::size_t m = 0; m < members.objective_count; ++m)
    chosen.insert(*std::ranges::min_element(movable, {}, [&](std::uint32_t i) { return members.values(i)[m]; }));
  for (std::size_t k = 0; chosen.size() < kMoved && k < kMoved; ++k)
    chosen.insert(movable[(2 * k + 1) * movable.size() / (2 * kMoved)]);
  return {chosen.begin(), chosen.end()};
}

/// What neither a design of the archive nor another one dominates, each once.
std::vector<MovedDesign> undominated(const std::vector<MovedDesign>& all, const Population& archive) {
  std::vector<MovedDesign> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto better = [&](std::span<const double> values) { return pareto_dominates(values, all[i].objectives); };
    bool covered = false;
    for (std::size_t k = 0; k < archive.size() && !covered; ++k)
      covered = better(archive.values(k)) || std::ranges::equal(archive.values(k), all[i].objectives);
    for (std::size_t k = 0; k < all.size() && !covered; ++k)
      covered = better(all[k].objectives) || (k < i && all[k].objectives == all[i].objectives);
    if (!covered) kept.push_back(all[i]);
  }
  return kept;
}

}  // namespace

bool can_move(const SearchSetup& setup) {
  return std::ranges::any_of(setup.deployments, [](const Deployment& d) { return !d.variables.empty(); });
}

Moves move_freely(const SearchSetup& setup, const SearchWords& words, const ParetoArchive& archive, int threads,
                  const std::function<bool()>& go_on) {
  const std::vector<std::uint32_t> chosen = chosen_members(setup, archive);
  const DeploymentMaker maker(words, setup.description, false);
  std::vector<std::unique_ptr<Movable>> designs;  // sources of accuracies are asked one after the other
  for (const std::uint32_t i : chosen) {
    if (!go_on()) break;
    const auto genome = archive.members().genome(i);
    designs.push_back(std::make_unique<Movable>(setup, maker, Genome(genome.begin(), genome.end())));
  }
  std::vector<std::vector<MovedDesign>> found(designs.size());
  std::vector<char> whole(designs.size(), 0);
  const auto move = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i)
      whole[i] = move_one(*designs[i], setup.problem.objectives.size(), go_on, found[i]);
  };
  parallel_for(designs.size(), threads, move, 1);

  Moves moves;
  moves.of = chosen.size();
  std::vector<MovedDesign> all;
  for (std::size_t i = 0; i < designs.size(); ++i) {
    moves.designs += static_cast<std::size_t>(whole[i]);
    moves.points += designs[i]->points();
    all.insert(all.end(), found[i].begin(), found[i].end());
  }
  moves.found = undominated(all, archive.members());
  return moves;
}

}  // namespace ridgeline
