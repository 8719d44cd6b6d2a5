#include "app/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <thread>

#include "app/interrupt.hpp"
#include "app/search_moves.hpp"
#include "app/search_watch.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "search/optimisers.hpp"
#include "search/recorder.hpp"

namespace ridgeline {
namespace {

constexpr Seconds kUsualTime{10};
constexpr double kShareOfMoving = 0.2;  ///< of the time, where something can be moved
constexpr std::uint64_t kExplainingEvaluations = 20'000;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string variables_text(const std::vector<ContinuousVariable>& variables) {
  std::string text;
  for (const ContinuousVariable& variable : variables) text += (text.empty() ? "" : ", ") + to_text(variable);
  return text;
}

SearchIdentity identity_of(const SearchOptions& options, const SearchSetup& setup) {
  std::string objectives;
  for (const SearchObjective& objective : setup.problem.objectives)
    objectives += (objectives.empty() ? "" : ", ") + objective.name;
  return {{"the space", setup.description.name},
          {"the objective", objectives},
          {"the constraint", fmt::format("{}", fmt::join(options.words.constraints, ", "))},
          {"the variables", variables_text(options.words.variables)},
          {"the calibration", fmt::format("{}", fmt::join(options.words.calibrations, ", "))},
          {"robust", options.words.robust ? "True" : "False"},
          {"the source of accuracies", options.words.accuracy},
          {"the optimiser", options.optimiser},
          {"the population", std::to_string(options.population)},
          {"the seed", std::to_string(options.seed)},
          {"the size of the front", std::to_string(options.designs)},
          {"the number of deployments", std::to_string(setup.deployments.size())},
          {"the fingerprint of space, devices and calibrations", full_fingerprint(setup)}};
}

std::optional<Journal> open_journal(const SearchOptions& options, const std::string& file,
                                    const SearchIdentity& identity, const Session& session) {
  if (file.empty()) {
    if (options.resume)
      throw InputError({"--resume", 0, 0, ""}, "there is no journal to go on with", "give --out or --journal");
    return std::nullopt;
  }
  const bool exists = std::filesystem::exists(file);
  if (options.resume && exists) return Journal::resume(file, identity);
  if (options.resume) session.log->warn("{} is not there: the search begins anew", file);
  if (exists)
    throw InputError({file, 0, 0, ""}, "is the journal of an unfinished search",
                     "--resume goes on with it; remove it to begin anew");
  return Journal::create(file, identity);
}

[[noreturn]] void explain_nothing_found(const SearchSetup& setup, const Front& front) {
  if (setup.problem.constraints.empty())
    throw InputError({"--space", 0, 0, ""}, "no design that was met fits into the memory of its device");
  const Shortfall shortfall = explain_infeasible(setup.problem, *setup.space, kExplainingEvaluations, front.seed);
  const auto amount = [&](std::size_t c, double value) {
    return amount_text(setup.problem.constraints[c].measure, value);
  };
  std::string problem;
  for (const std::size_t c : shortfall.unreachable) {
    const SearchConstraint& constraint = setup.problem.constraints[c];
    problem += fmt::format("{}'{}' cannot be met: the {} {} found is {}", problem.empty() ? "" : "; ",
                           to_text(constraint), constraint.at_most ? "lowest" : "highest", name(constraint.measure),
                           amount(c, shortfall.best[c]));
  }
  if (!problem.empty()) throw InputError({"--constraint", 0, 0, ""}, problem);
  for (std::size_t c = 0; c < setup.problem.constraints.size(); ++c)
    problem += fmt::format("{}'{}' (alone {}, here {})", c == 0 ? "" : ", ", to_text(setup.problem.constraints[c]),
                           amount(c, shortfall.best[c]), amount(c, shortfall.compromise[c]));
  throw InputError({"--constraint", 0, 0, ""},
                   "each constraint can be met, but no design was found that meets all; nearest to it: " + problem);
}

/// Moves what can be moved freely and puts what is better, or somewhere between, into the archive. The setup of all
/// that is in the archive then; empty: nothing was moved.
std::unique_ptr<SearchSetup> move_designs(const SearchSetup& searched, SearchResult& result, int threads,
                                          ParetoArchive& archive, const std::function<bool()>& go_on) {
  Moves moves = move_freely(searched, result.front.words, archive, threads, go_on);
  result.moves = {moves.designs, moves.of, moves.points};
  if (moves.found.empty()) return nullptr;
  const std::size_t fixed = searched.deployments.size();
  std::vector<MovedDeployment>& deployments = result.front.words.moved;
  std::vector<std::size_t> place;  // designs that were moved alike share a deployment
  for (const MovedDesign& one : moves.found) {
    const auto found = std::ranges::find(deployments, one.deployment);
    place.push_back(fixed + static_cast<std::size_t>(found - deployments.begin()));
    if (found == deployments.end()) deployments.push_back(one.deployment);
  }
  std::unique_ptr<SearchSetup> setup = make_search_setup(result.front.words, threads);
  Population designs{.genome_length = setup->space->genome_length(),
                     .objective_count = setup->problem.objectives.size()};
  designs.resize(moves.found.size());
  for (std::size_t i = 0; i < moves.found.size(); ++i) {
    std::ranges::copy(moves.found[i].genome, designs.genome(i).begin());
    designs.genome(i)[setup->problem.deployment_gene] = static_cast<Gene>(place[i]);
  }
  evaluate_of(setup->problem)(designs);
  archive.add(designs);
  result.front.fingerprint = fingerprint(*setup);
  return setup;
}

void add_designs(SearchResult& result, const ParetoArchive& archive, int threads) {
  const SearchSetup& setup = *result.setup;
  Population members = archive.members();
  SearchProblem all = setup.problem;
  Evaluator everything(*setup.space, make_family(setup.description.family, *setup.space), setup.deployments,
                       {.peak_power = true, .memory = true}, threads);
  all.predict = [&](const Population& designs, std::span<DesignFigures> figures) {
    everything.evaluate(designs, figures);
  };
  const std::vector<Valuation> values = valuations(all, members);
  for (const std::uint32_t i : archive.sorted()) {
    const auto genome = members.genome(i);
    const auto objectives = members.values(i);
    result.front.designs.push_back(
        {{genome.begin(), genome.end()}, {objectives.begin(), objectives.end()}, values[i]});
  }
}

/// Seconds that a search may take, moving included; where evaluations alone end it, as long as it likes.
double time_limit(const SearchOptions& options) {
  if (options.time) return options.time->si();
  return options.evaluations ? std::numeric_limits<double>::infinity() : kUsualTime.si();
}

}  // namespace

SearchResult search(const SearchOptions& options, const Session& session) {
  const int threads =
      options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  SearchResult result;
  std::unique_ptr<SearchSetup> searched = make_search_setup(options.words, threads);
  const SearchSetup& setup = *searched;
  for (const std::string& note : setup.notes) session.log->warn("{}", note);
  const std::size_t objectives = setup.problem.objectives.size();
  Front& front = result.front;
  front.words = options.words;
  front.optimiser = options.optimiser;
  front.seed = options.seed;
  front.population = options.population;
  front.fingerprint = fingerprint(setup);
  front.reference = reference_of(setup);
  result.out = options.out;

  std::string file = options.journal;
  if (file.empty() && !options.out.empty()) file = options.out + ".journal";
  Recorder recorder(evaluate_of(setup.problem), open_journal(options, file, identity_of(options, setup), session),
                    {.threads = threads});
  AnyOptimiser optimiser =
      make_optimiser(options.optimiser, *setup.space, objectives,
                     {.population = options.population, .seed = options.seed, .threads = threads});
  ParetoArchive archive(setup.space->genome_length(), objectives, options.designs);
  const std::uint64_t budget = options.evaluations.value_or(std::numeric_limits<std::uint64_t>::max());
  std::uint64_t& done = front.evaluations;
  done = recorder.restore(optimiser, archive);

  Interrupt interrupt;
  SearchReporter reporter(options, setup, session, front.reference);
  Convergence convergence(!options.html.empty(), front.reference);
  std::uint64_t& replayed = result.replayed;
  replayed = done;
  const bool moves = can_move(setup);
  const double limit = time_limit(options), searching = moves ? (1 - kShareOfMoving) * limit : limit;
  double start = now();
  const auto evaluate = [&](Population& designs) { recorder.evaluate(designs); };
  const auto keep = [&](const Population& designs) {
    recorder.record(designs);
    archive.add(designs);
  };
  run_search(optimiser, evaluate, budget - std::min(budget, done),
             [&](const Population& designs, const AnyOptimiser& told) {
               done += designs.size();
               convergence.round(done, archive);
               if (recorder.replaying()) {
                 replayed = done, start = now();
                 return !(result.interrupted = interrupt.asked());
               }
               if (done < budget) recorder.settle(done, told, archive);
               const double elapsed = now() - start;
               reporter.round(done, done - replayed, elapsed, limit, archive);
               result.interrupted = interrupt.asked() && done < budget;
               return !result.interrupted && elapsed < searching;
             },
             {keep, threads});
  result.seconds = now() - start;
  result.repeats = recorder.repeats();
  if (archive.members().size() == 0) {
    if (result.interrupted) throw Error("interrupted before a design was found that meets the constraints");
    explain_nothing_found(setup, front);
  }
  if (moves && !result.interrupted) {
    reporter.moving(result.seconds / limit);
    const auto go_on = [&] { return now() - start < limit && !interrupt.asked(); };
    result.setup = move_designs(setup, result, threads, archive, go_on);
    result.interrupted = interrupt.asked() && result.moves->designs < result.moves->of;
  }
  if (result.interrupted) result.journal = file;
  reporter.finish();
  if (!result.setup) result.setup = std::move(searched);
  front.resolution = archive.resolution();
  front.hypervolume = log_hypervolume(archive.members(), archive.sorted(), front.reference);
  convergence.round(done, archive, true);
  result.convergence = convergence.points();
  add_designs(result, archive, threads);
  return result;
}

}  // namespace ridgeline
