#include "app/search_moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <set>

#include "app/arguments.hpp"
#include "base/units.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kMoved = 12;  ///< designs of the front
constexpr std::string_view kNominalClock = "nominal", kClockKey = "clock";

/// What moving one design needs: its deployment as a starting point, and its figures anywhere in the ranges.
class Movable {
 public:
  Movable(const SearchSetup& setup, const SearchWords& words, Genome genome)
      : setup_(setup),
        words_(words),
        deployment_(setup.deployments[genome[setup.problem.deployment_gene]]),
        genome_(std::move(genome)) {
    if (!setup.problem.accuracy) return;
    Population design = population();
    std::ranges::copy(genome_, design.genome(0).begin());
    setup.problem.accuracy(design, std::span(&accuracy_, 1));
  }

  const std::vector<ContinuousVariable>& variables() const { return deployment_.variables; }

  /// As the description has it, or the nearest within the ranges.
  std::vector<double> begin() const {
    std::vector<double> at;
    for (const ContinuousVariable& variable : variables()) {
      double factor = 1;
      if (variable.name == kClockKey && deployment_.clock != kNominalClock) {
        const Device device = load_device(device_name());
        const auto clock = parse_quantity(deployment_.clock);
        if (clock && clock->dimension == Dimension{.second = -1}) factor = clock->si / device.nominal_clock.si();
        if (deployment_.clock.starts_with('x')) factor = std::stod(deployment_.clock.substr(1));
      }
      at.push_back(std::clamp(factor, variable.from, variable.to));
    }
    return at;
  }

  MovedDeployment moved(std::span<const double> point) const {
    MovedDeployment moved{
        deployment_.device, deployment_.clock, deployment_.precision, deployment_.workload.batch, {}};
    for (std::size_t i = 0; i < point.size(); ++i) {
      if (variables()[i].name == kClockKey) moved.clock = kNominalClock;
      moved.settings.push_back({variables()[i].name, fmt::format("x{:.9g}", point[i])});
    }
    return moved;
  }

  /// Objectives at a point, and by how much each constraint is exceeded, relative to its limit: negative where met.
  void evaluate(std::span<const double> point, std::vector<double>& objectives, std::vector<double>& excess) const {
    const auto setup = make_moved_setup(setup_, words_, moved(point));
    Population design = population();
    std::ranges::copy(genome_, design.genome(0).begin());
    design.genome(0)[setup->problem.deployment_gene] = 0;
    Valuation value = valuations(setup->problem, design).front();
    value.accuracy = accuracy_;
    objectives.clear();
    for (const SearchObjective& objective : setup->problem.objectives)
      objectives.push_back(value_of(objective, value.figures, value.accuracy, value.factors));
    excess.clear();
    for (const SearchConstraint& constraint : setup->problem.constraints) {
      const double ratio = value.of(constraint.measure) / constraint.limit;
      excess.push_back(constraint.at_most ? ratio - 1 : 1 - ratio);
    }
    excess.push_back(value.figures.beyond_memory > 0 ? value.figures.beyond_memory : -1);
  }

  const Genome& genome() const { return genome_; }

 private:
  std::string device_name() const { return deployment_.device.substr(0, deployment_.device.find(':')); }

  Population population() const {
    Population one{.genome_length = genome_.size(), .objective_count = setup_.problem.objectives.size()};
    one.resize(1);
    return one;
  }

  const SearchSetup& setup_;
  const SearchWords& words_;
  const Deployment& deployment_;
  Genome genome_;
  double accuracy_ = std::numeric_limits<double>::quiet_NaN();  ///< of the model alone
};

/// All that moving one design finds.
std::vector<MovedDesign> move_one(const Movable& design) {
  const std::vector<double> begin = design.begin();
  std::vector<double> before, excess;
  design.evaluate(begin, before, excess);
  std::vector<MovedDesign> found;
  const auto minimise = [&](auto objective, std::ptrdiff_t kept_but) {
    const ContinuousFunction function = [&](std::span<const double> point) {
      ContinuousValues values;
      std::vector<double> objectives;
      design.evaluate(point, objectives, values.constraints);
      values.objective = objective(objectives);
      for (std::size_t k = 0; kept_but >= 0 && k < objectives.size(); ++k)
        if (static_cast<std::ptrdiff_t>(k) != kept_but) values.constraints.push_back(objectives[k] / before[k] - 1);
      return values;
    };
    const ContinuousOptions options{.starts = 8, .evaluations = 60, .tolerance = 1e-4};
    const ContinuousOptimum best = optimise_continuous(design.variables(), begin, function, options);
    if (!best.feasible) return;
    MovedDesign moved{design.genome(), design.moved(best.point), {}};
    design.evaluate(best.point, moved.objectives, excess);
    found.push_back(std::move(moved));
  };
  minimise(
      [](std::span<const double> objectives) {
        double sum = 0;
        for (const double value : objectives) sum += std::log(std::max(value, std::numeric_limits<double>::min()));
        return sum;
      },
      -1);
  for (std::size_t m = 0; m < before.size() && before.size() > 1; ++m)
    minimise([m](std::span<const double> objectives) { return std::log(std::max(objectives[m], 1e-300)); },
             static_cast<std::ptrdiff_t>(m));
  return found;
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

}  // namespace

bool can_move(const SearchSetup& setup) {
  return std::ranges::any_of(setup.deployments, [](const Deployment& d) { return !d.variables.empty(); });
}

std::vector<MovedDesign> move_freely(const SearchSetup& setup, const SearchWords& words, const ParetoArchive& archive,
                                     int threads) {
  const std::vector<std::uint32_t> chosen = chosen_members(setup, archive);
  std::vector<Movable> designs;  // sources of accuracies are asked one after the other
  for (const std::uint32_t i : chosen) {
    const auto genome = archive.members().genome(i);
    designs.emplace_back(setup, words, Genome(genome.begin(), genome.end()));
  }
  std::vector<std::vector<MovedDesign>> found(chosen.size());
  std::exception_ptr failure;
  std::mutex failing;
  parallel_for(chosen.size(), threads, [&](std::size_t first, std::size_t last) {
    try {
      for (std::size_t i = first; i < last; ++i) found[i] = move_one(designs[i]);
    } catch (...) {
      const std::scoped_lock lock(failing);
      failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
  std::vector<MovedDesign> all;
  for (std::vector<MovedDesign>& of_design : found)
    for (MovedDesign& moved : of_design) all.push_back(std::move(moved));
  // Of what is found more than once, or dominated, nothing is kept.
  std::vector<MovedDesign> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto better = [&](std::span<const double> values) { return pareto_dominates(values, all[i].objectives); };
    bool dominated = false;
    for (std::size_t k = 0; k < archive.members().size() && !dominated; ++k) {
      const auto member = archive.members().values(k);
      dominated = better(member) || std::ranges::equal(member, all[i].objectives);
    }
    for (std::size_t k = 0; k < all.size() && !dominated; ++k)
      dominated = better(all[k].objectives) || (k < i && all[k].objectives == all[i].objectives);
    if (!dominated) kept.push_back(all[i]);
  }
  return kept;
}

}  // namespace ridgeline
