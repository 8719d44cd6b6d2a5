#include "app/search_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "app/arguments.hpp"
#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kAnyPrecision = "default";

/// The words, understood.
struct SearchRequest : SearchWords {
  std::vector<SearchObjective> parsed_objectives;
  std::vector<SearchConstraint> parsed_constraints;
};

/// What `parse` complains about, with the option's name before it.
template <class Parse>
auto parsed(const char* option, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw InputError({option, 0, 0, ""}, error.what());
  }
}

SearchRequest request_of(const SearchWords& words) {
  SearchRequest request{words, {}, {}};
  for (const std::string& text : words.objectives)
    request.parsed_objectives.push_back(parsed("--objective", [&] { return parse_objective(text); }));
  for (const std::string& text : words.constraints)
    request.parsed_constraints.push_back(parsed("--constraint", [&] { return parse_constraint(text); }));
  if (request.parsed_objectives.size() > kMostObjectives)
    throw InputError({"--objective", 0, 0, ""}, fmt::format("a search has at most {} objectives", kMostObjectives));
  std::set<std::string> names;
  for (const SearchObjective& objective : request.parsed_objectives)
    if (!names.insert(objective.name).second)
      throw InputError({"--objective", 0, 0, ""}, fmt::format("'{}' is given twice", objective.name),
                       "each objective once; weights belong into a sum");
  for (const std::string& precision : words.precisions)
    if (precision != kAnyPrecision) parse_precision_argument("--precision", precision);
  return request;
}

SpaceDescription description_of(const SearchWords& words) {
  if (words.space_text.empty()) return load_space(words.space);
  return parse_space_text(words.space_text, words.space);
}

bool needs_power(const SearchRequest& request) {
  constexpr std::array kOfPower{Measure::energy, Measure::energy_per_sequence, Measure::peak_power,
                                Measure::average_power, Measure::edp};
  return std::ranges::any_of(
      kOfPower, [&](Measure m) { return uses(m, request.parsed_objectives, request.parsed_constraints); });
}

/// Without somebody who knows how accurate models are, designs are compared at equal capacity. `why`: nobody does.
void replace_accuracy(SearchRequest& request, const std::string& why, std::vector<std::string>& notes) {
  for (const SearchConstraint& constraint : request.parsed_constraints)
    if (constraint.measure == Measure::accuracy)
      throw InputError({"--constraint", 0, 0, ""}, why, "ask for a capacity instead, such as parameters>=30M");
  if (!uses(Measure::accuracy, request.parsed_objectives, {})) {
    if (!request.accuracy.empty()) notes.push_back(why);
    return;
  }
  for (SearchObjective& objective : request.parsed_objectives)
    std::erase_if(objective.terms, [](const Term& term) { return term.measure == Measure::accuracy; });
  std::erase_if(request.parsed_objectives, [](const SearchObjective& objective) { return objective.terms.empty(); });
  const auto is_capacity = [](const SearchObjective& objective) { return objective.inverse; };
  if (std::ranges::none_of(request.parsed_objectives, is_capacity))
    request.parsed_objectives.push_back(parse_objective("capacity"));
  notes.push_back(why + ": the terms of accuracy are left out, and capacity (parameters) is an objective instead");
}

/// Asks a source once for each model, whatever it runs on: a source may take a minute for an answer.
class AccuracyOfDesigns {
 public:
  AccuracyOfDesigns(AnyAccuracySource source, const std::string& family, const Space& space)
      : source_(std::move(source)), family_(make_family(family, space)), deployment_(space.gene("deployment")) {}

  double operator()(std::span<const Gene> genome) {
    constexpr std::size_t kRemembered = 1u << 16;
    Genome model(genome.begin(), genome.end());
    model[deployment_] = 0;
    const auto known = answers_.find(model);
    if (known != answers_.end()) return known->second;
    if (answers_.size() >= kRemembered) answers_.clear();
    return answers_[std::move(model)] = source_.accuracy(family_.architecture(genome));
  }

 private:
  AnyAccuracySource source_;
  Family family_;
  std::size_t deployment_;
  std::map<Genome, double> answers_;
};

PredictAccuracy accuracy_by(AnyAccuracySource source, const std::string& family, const Space& space) {
  return [answer = std::make_shared<AccuracyOfDesigns>(std::move(source), family, space)](
             const Population& designs, std::span<double> accuracies) {
    for (std::size_t i = 0; i < designs.size(); ++i) accuracies[i] = (*answer)(designs.genome(i));
  };
}

/// Who knows how accurate designs are; empty: nobody, or nobody to be believed.
std::optional<AnyAccuracySource> accuracy_source(const SearchWords& words, SearchSetup& setup) {
  if (words.accuracy.empty()) return std::nullopt;
  if (words.accuracy_is_own && !words.own_accuracy) {
    setup.accuracy = {.source = words.accuracy,
                      .metric = "accuracy",
                      .predicted = false,
                      .supported = true,
                      .verdict = "the user's own, which cannot be asked again here"};
    return std::nullopt;
  }
  const AnyAccuracySource source =
      words.own_accuracy ? *words.own_accuracy : make_accuracy_source(words.accuracy, setup.description.family);
  setup.accuracy = source.info();
  return source.info().supported ? std::optional(source) : std::nullopt;
}

/// Space, evaluator and problem of the deployments that are there.
void make_problem(SearchSetup& setup, std::vector<SearchObjective> objectives,
                  std::vector<SearchConstraint> constraints, bool robust, int threads) {
  setup.space = std::make_unique<Space>(make_space(setup.description, rows_of(setup.deployments)));
  const Space& space = *setup.space;
  setup.evaluator = std::make_unique<Evaluator>(space, make_family(setup.description.family, space),
                                                setup.deployments, needs_of(objectives, constraints), threads);
  setup.problem.objectives = std::move(objectives);
  setup.problem.constraints = std::move(constraints);
  setup.problem.predict = [evaluator = setup.evaluator.get()](const Population& designs,
                                                              std::span<DesignFigures> figures) {
    evaluator->evaluate(designs, figures);
  };
  setup.problem.deployment_gene = space.gene("deployment");
  if (robust)
    for (const DeploymentBasis& basis : setup.basis) setup.problem.factors.push_back(basis.upper);
}

std::string hash_of_answers(const SearchSetup& setup, const SearchProblem& problem) {
  const Population designs = drawn_designs(setup, std::max<std::size_t>(64, 4 * setup.deployments.size()));
  std::uint64_t hash = genome_hash(designs.genes);
  for (const Valuation& v : valuations(problem, designs))
    for (const double value : {v.figures.latency, v.figures.energy, v.figures.peak_power, v.figures.memory,
                               v.figures.parameters, v.accuracy})
      hash = std::rotl(hash, 5) * 0x9e3779b97f4a7c15 + std::bit_cast<std::uint64_t>(std::isnan(value) ? -1 : value);
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::unique_ptr<SearchSetup> make_search_setup(const SearchWords& words, int threads) {
  auto setup = std::make_unique<SearchSetup>();
  SearchRequest request = request_of(words);
  setup->description = description_of(words);
  setup->accuracy_is_own = words.accuracy_is_own;
  const std::optional<AnyAccuracySource> source = accuracy_source(words, *setup);
  if (!source && !words.accuracy_is_own)
    replace_accuracy(request,
                     setup->accuracy ? fmt::format("{} is {}", setup->accuracy->source, setup->accuracy->verdict)
                                     : "nothing here knows how accurate designs are",
                     setup->notes);
  if (request.length) setup->description.workload.length = *request.length;
  const DeploymentMaker maker(request, setup->description, needs_power(request));
  for (const DeploymentRequest& own : setup->description.deployments) maker.add(own, *setup);
  for (const MovedDeployment& moved : request.moved) maker.add(moved, *setup);
  // Lists of one's own are the same for every entry of the space.
  const auto before = [](const ExcludedDeployment& a, const ExcludedDeployment& b) { return a.device < b.device; };
  const auto same = [](const ExcludedDeployment& a, const ExcludedDeployment& b) { return a.device == b.device; };
  std::ranges::stable_sort(setup->excluded, before);
  setup->excluded.erase(std::unique(setup->excluded.begin(), setup->excluded.end(), same), setup->excluded.end());
  if (setup->deployments.empty())
    throw InputError({"--devices", 0, 0, ""},
                     fmt::format("none is left to search on: {}: {}", setup->excluded.front().device,
                                 setup->excluded.front().reason));
  make_problem(*setup, request.parsed_objectives, request.parsed_constraints, request.robust, threads);
  if (source) setup->problem.accuracy = accuracy_by(*source, setup->description.family, *setup->space);
  return setup;
}

std::unique_ptr<SearchSetup> make_setup_of_one(const SearchSetup& searched, MadeDeployment made) {
  auto setup = std::make_unique<SearchSetup>();
  setup->description = searched.description;
  setup->deployments.push_back(std::move(made.deployment));
  setup->basis.push_back(std::move(made.basis));
  make_problem(*setup, searched.problem.objectives, searched.problem.constraints, !searched.problem.factors.empty(),
               1);
  return setup;
}

Population drawn_designs(const SearchSetup& setup, std::size_t count) {
  Population designs{.genome_length = setup.space->genome_length(),
                     .objective_count = setup.problem.objectives.size()};
  designs.resize(count);
  Random random(0);
  for (std::size_t i = 0; i < count; ++i) setup.space->sample_balanced(random, designs.genome(i));
  return designs;
}

std::string fingerprint(const SearchSetup& setup) {
  SearchProblem problem = setup.problem;
  if (setup.accuracy_is_own) problem.accuracy = {};
  return hash_of_answers(setup, problem);
}

std::string full_fingerprint(const SearchSetup& setup) { return hash_of_answers(setup, setup.problem); }

}  // namespace ridgeline
