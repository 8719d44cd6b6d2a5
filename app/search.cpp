#include "app/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "app/arguments.hpp"
#include "app/format.hpp"
#include "app/interrupt.hpp"
#include "app/option_groups.hpp"
#include "app/search_moves.hpp"
#include "app/search_page.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "search/optimisers.hpp"
#include "search/recorder.hpp"

namespace ridgeline {
namespace {

constexpr int kInterrupted = 130;
constexpr Seconds kUsualTime{10};
constexpr std::uint64_t kExplainingEvaluations = 20'000;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string variables_text(const std::vector<ContinuousVariable>& variables) {
  std::string text;
  for (const ContinuousVariable& variable : variables) text += (text.empty() ? "" : ", ") + to_text(variable);
  return text;
}

SearchIdentity identity_of(const SearchOptions& options, const SearchSetup& setup, const std::string& fingerprint) {
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
          {"the fingerprint of space, devices and calibrations", fingerprint}};
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

/// Speaks of the search from time to time, the more rarely the longer it takes.
class Reporter {
 public:
  Reporter(const SearchOptions& options, const SearchSetup& setup, const Session& session,
           std::vector<double> reference)
      : options_(options), setup_(setup), session_(session), reference_(std::move(reference)) {}

  void round(std::uint64_t evaluations, std::uint64_t live, double elapsed, const ParetoArchive& archive) {
    constexpr double kSoonest = 1, kShare = 0.02;
    if (!session_.progress || elapsed - last_ < std::max(kSoonest, kShare * elapsed)) return;
    last_ = elapsed;
    const double share = options_.evaluations
                             ? static_cast<double>(evaluations) / static_cast<double>(*options_.evaluations)
                             : elapsed / options_.time.value_or(kUsualTime).si();
    session_.progress(step(evaluations, static_cast<double>(live) / elapsed, archive), std::min(share, 0.999));
  }
  void finish() {
    if (session_.progress && last_ > 0) session_.progress("done", 1);
  }

 private:
  std::string step(std::uint64_t evaluations, double rate, const ParetoArchive& archive) const {
    std::string text = fmt::format("{} designs, {}/s", format_short_count(static_cast<double>(evaluations)),
                                   format_short_count(rate));
    const Population& members = archive.members();
    if (members.size() == 0) return text + ", none meets the constraints yet";
    if (reference_.size() > 1)
      text += fmt::format(", hypervolume {:.4g}", log_hypervolume(members, archive.sorted(), reference_));
    for (std::size_t m = 0; m < setup_.problem.objectives.size(); ++m) {
      double best = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < members.size(); ++i) best = std::min(best, members.values(i)[m]);
      const SearchObjective& objective = setup_.problem.objectives[m];
      text += fmt::format(", {} {}", objective.sum ? "sum" : objective_heading(objective),
                          objective_text(objective, best));
    }
    return text;
  }

  const SearchOptions& options_;
  const SearchSetup& setup_;
  const Session& session_;
  std::vector<double> reference_;
  double last_ = 0;
};

/// Remembers how the front grew, at numbers of evaluations that grow by a quarter: the same whenever the search runs.
class Convergence {
 public:
  Convergence(bool wanted, std::vector<double> reference) : wanted_(wanted), reference_(std::move(reference)) {}

  void round(std::uint64_t evaluations, const ParetoArchive& archive, bool last = false) {
    constexpr double kStep = 1.25;
    if (!wanted_ || (!last && evaluations < next_) || archive.members().size() == 0) return;
    if (!points_.empty() && points_.back().evaluations == evaluations) return;
    next_ = static_cast<std::uint64_t>(kStep * static_cast<double>(evaluations));
    const Population& members = archive.members();
    SearchProgress& point = points_.emplace_back();
    point.evaluations = evaluations;
    point.designs = members.size();
    point.hypervolume = reference_.size() > 1 ? log_hypervolume(members, archive.sorted(), reference_)
                                              : std::numeric_limits<double>::quiet_NaN();
    point.best.assign(members.objective_count, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < members.size(); ++i)
      for (std::size_t m = 0; m < point.best.size(); ++m)
        point.best[m] = std::min(point.best[m], members.values(i)[m]);
  }
  std::vector<SearchProgress> points() { return std::move(points_); }

 private:
  bool wanted_;
  std::vector<double> reference_;
  std::uint64_t next_ = 0;
  std::vector<SearchProgress> points_;
};

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

/// Moves what can be moved freely and puts what is better, or somewhere between, into the archive.
void move_designs(SearchResult& result, const SearchOptions& options, int threads, ParetoArchive& archive) {
  Front& front = result.front;
  if (!can_move(*result.setup)) return;
  const std::vector<MovedDesign> moved = move_freely(*result.setup, options.words, archive, threads);
  if (moved.empty()) return;
  const std::size_t fixed = result.setup->deployments.size();
  std::vector<MovedDeployment>& deployments = front.words.moved;
  std::vector<std::size_t> place;  // designs that were moved alike share a deployment
  for (const MovedDesign& one : moved) {
    const auto found = std::ranges::find(deployments, one.deployment);
    place.push_back(fixed + static_cast<std::size_t>(found - deployments.begin()));
    if (found == deployments.end()) deployments.push_back(one.deployment);
  }
  result.setup = make_search_setup(front.words, threads);
  SearchSetup& setup = *result.setup;
  Population designs{.genome_length = setup.space->genome_length(),
                     .objective_count = setup.problem.objectives.size()};
  designs.resize(moved.size());
  for (std::size_t i = 0; i < moved.size(); ++i) {
    std::ranges::copy(moved[i].genome, designs.genome(i).begin());
    designs.genome(i)[setup.problem.deployment_gene] = static_cast<Gene>(place[i]);
  }
  evaluate_of(setup.problem)(designs);
  archive.add(designs);
  front.fingerprint = fingerprint(setup);
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

SearchResult search(const SearchOptions& options, const Session& session) {
  const int threads =
      options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  SearchResult result;
  result.setup = make_search_setup(options.words, threads);
  SearchSetup& setup = *result.setup;
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
  Recorder recorder(evaluate_of(setup.problem),
                    open_journal(options, file, identity_of(options, setup, front.fingerprint), session));
  AnyOptimiser optimiser =
      make_optimiser(options.optimiser, *setup.space, objectives,
                     {.population = options.population, .seed = options.seed, .threads = threads});
  ParetoArchive archive(setup.space->genome_length(), objectives, options.designs);
  const std::uint64_t budget = options.evaluations.value_or(std::numeric_limits<std::uint64_t>::max());
  std::uint64_t& done = front.evaluations;
  done = recorder.restore(optimiser, archive);

  Interrupt interrupt;
  Reporter reporter(options, setup, session, front.reference);
  Convergence convergence(!options.html.empty(), front.reference);
  std::uint64_t& replayed = result.replayed;
  replayed = done;
  double start = now();
  const auto evaluate = [&](Population& designs) { recorder.evaluate(designs); };
  run_search(
      optimiser, evaluate, budget - std::min(budget, done), [&](const Population& designs, const AnyOptimiser& told) {
        archive.add(designs);
        done += designs.size();
        convergence.round(done, archive);
        if (recorder.replaying()) {
          replayed = done, start = now();
          return !(result.interrupted = interrupt.asked());
        }
        if (done < budget) recorder.settle(done, told, archive);
        const double elapsed = now() - start;
        reporter.round(done, done - replayed, elapsed, archive);
        result.interrupted = interrupt.asked() && done < budget;
        return !result.interrupted && (options.evaluations || elapsed < options.time.value_or(kUsualTime).si()) &&
               !(options.time && elapsed >= options.time->si());
      });
  result.seconds = now() - start;
  reporter.finish();
  result.repeats = recorder.repeats();
  if (result.interrupted) result.journal = file;
  if (archive.members().size() == 0) {
    if (result.interrupted) throw Error("interrupted before a design was found that meets the constraints");
    explain_nothing_found(setup, front);
  }
  if (!result.interrupted) move_designs(result, options, threads, archive);
  front.resolution = archive.resolution();
  front.hypervolume = log_hypervolume(archive.members(), archive.sorted(), front.reference);
  convergence.round(done, archive, true);
  result.convergence = convergence.points();
  add_designs(result, archive, threads);
  return result;
}

constexpr std::array kSearchExamples{
    Example{"ridgeline search --space flexibert2 --objective latency,energy,capacity --time 2s",
            "Encoders of any shape on seven devices: how fast, how frugal, how large?"},
    Example{"ridgeline search --space bert-grid --devices raspberry-pi-4 --clock all --objective energy,capacity "
            "--constraint 'latency<=500ms' --evaluations 5000 --out front.h5",
            "Which clock and which BERT for half a second? Keep the answer for explain."},
    Example{"ridgeline search --space hat --objective latency,capacity --evaluations 2000 --seed 7 --json",
            "The same designs whenever it runs, for scripts."}};

constexpr CommandHelp kSearchHelp{
    "search", "ridgeline search --space NAME [--out FRONT.h5] [OPTIONS]", "the best trades of a design space",
    "Searches models and devices (with their clocks, precisions, batches) for designs that no other beats in every "
    "objective, and says which trade is the most balanced, what is best on each device, and which devices cannot be "
    "judged. A search that was stopped, even by kill -9, goes on with --resume. NAME is a space (ridgeline space) or "
    "a "
    "file of your own: docs/search.md.",
    kSearchExamples};

ContinuousVariable parse_variable_argument(const std::string& text) {
  try {
    return parse_variable(text);
  } catch (const Error& error) {
    throw InputError({"--vary", 0, 0, ""}, error.what());
  }
}

void declare_search(OptionSet& set, SearchOptions& o) {
  const std::string what = "What to search", goal = "What for", how = "How";
  const auto names = [](const char* option, std::vector<std::string>& into) {
    return [option, &into](const Words& words) { into = parse_names(option, words); };
  };
  set.value(what, "--space", "NAME", "a design space (ridgeline space) or a file of your own", o.words.space);
  set.repeatable(what, "--devices", "NAME[:RUNTIME]", "devices instead of the space's own; repeatable, or a,b,c; all",
                 names("--devices", o.words.devices));
  set.repeatable(what, "--clock", "CLOCK", "nominal, all operating points, or 600MHz, x0.5; default: the space's",
                 names("--clock", o.words.clocks));
  set.repeatable(what, "--precision", "FORMAT", "default (the device's usual), fp32, fp16, ...",
                 names("--precision", o.words.precisions));
  set.repeatable(what, "--batch", "N", "sequences at a time", [&o](const Words& words) {
    for (const std::string& word : parse_names("--batch", words))
      o.words.batches.push_back(parse_count("--batch", word, 1, 1'000'000));
  });
  set.value(what, "--length", "N", "tokens of a sequence; default: the space's",
            [&o](const std::string& s) { o.words.length = parse_count("--length", s, 1, 1'000'000); });
  set.value(what, "--runtime", "NAME", "software that runs the models (ridgeline runtimes)", o.words.runtime);
  set.repeatable(
      what, "--calibration", "FILE",
      "parameters fitted on a board, for its device; none: data sheets alone; default shipped: Ridgeline's "
      "own, where they are of this work; repeatable",
      names("--calibration", o.words.calibrations));
  set.repeatable(what, "--vary", "KEY=xA..xB",
                 "move this freely after the search, as a factor on the description: clock=x0.4..x1, or any key of "
                 "--set; repeatable",
                 [&o](const Words& words) {
                   for (const std::string& word : words) o.words.variables.push_back(parse_variable_argument(word));
                 });
  set.repeatable(goal, "--objective", "WHAT",
                 "latency, energy, peak_power, edp, memory, capacity, edgetran, sums such as "
                 "0.7*latency/50ms+0.3*energy/1J; repeatable, or a,b; default latency,energy,capacity",
                 names("--objective", o.words.objectives));
  set.repeatable(goal, "--constraint", "LIMIT", "latency<=50ms, memory<=2GB, parameters>=30M; repeatable",
                 names("--constraint", o.words.constraints));
  set.value(
      goal, "--accuracy", "SOURCE",
      "what predicts accuracies: glue, glue:FILE, bleu:FOLDER, csv:FILE or command:CMD (docs/accuracy_sources.md)",
      o.words.accuracy);
  set.flag(goal, "--robust", "look at the upper ends of the intervals instead of the estimates", o.words.robust);
  set.value(how, "--time", "TIME", "search so long; default 10s, where --evaluations is not given",
            [&o](const std::string& s) { read_positive("--time", s, o.time); });
  set.value(how, "--evaluations", "N", "search until so many designs have been evaluated",
            [&o](const std::string& s) {
              o.evaluations = static_cast<std::uint64_t>(parse_count("--evaluations", s, 1, 1'000'000'000'000));
            });
  set.value(how, "--optimiser", "NAME", "nsga2 (default), regularised-evolution, random, sobol or exhaustive",
            [&o](const std::string& s) {
              const std::vector<std::string> known = optimiser_names();
              if (std::ranges::find(known, s) == known.end())
                throw_unknown_name({"--optimiser", 0, 0, ""}, "optimiser", s, known);
              o.optimiser = s;
            });
  set.value(how, "--population", "N", "members of the optimiser, or designs a round; default 200",
            [&o](const std::string& s) {
              o.population = static_cast<std::size_t>(parse_count("--population", s, 8, 100'000));
            });
  set.value(how, "--designs", "N", "that the front has at most; default 1000", [&o](const std::string& s) {
    o.designs = static_cast<std::size_t>(parse_count("--designs", s, 32, 100'000));
  });
  set.value(how, "--seed", "N", "of all random numbers; default 1", [&o](const std::string& s) {
    o.seed = static_cast<std::uint64_t>(parse_count("--seed", s, 0, 4'294'967'295));
  });
  set.value(how, "--threads", "N", "results do not depend on it; default: all cores",
            [&o](const std::string& s) { o.threads = static_cast<int>(parse_count("--threads", s, 1, 1024)); });
  set.value(how, "--journal", "FILE",
            "what was evaluated, for --resume; default: FILE of --out with .journal behind, "
            "removed at the end",
            o.journal);
  set.flag(how, "--resume", "go on where the journal ends", o.resume);
  add_output(set, o.output);
  add_html(set, o.html);
  set.check([&o](const CommonOptions& common) {
    require(!o.words.space.empty(), "search", "--space", "space");
    if (o.words.objectives.empty()) o.words.objectives = {"latency", "energy", "capacity"};
    o.out = common.out;
  });
}

}  // namespace

Outcome run_search_command(const SearchOptions& options, const Session& session) {
  const SearchResult result = search(options, session);
  Outcome outcome;
  outcome.output = options.output == Output::json  ? search_json(result)
                   : options.output == Output::csv ? search_csv(result)
                                                   : search_text(result, session.style);
  outcome.file = to_image({.kind = "front",
                           .provenance = provenance_of(session.command, RIDGELINE_VERSION),
                           .root = to_arrays(result.front, *result.setup)});
  if (!options.html.empty()) outcome.also.push_back({options.html, search_page(result)});
  if (result.interrupted) outcome.exit_code = kInterrupted;
  if (!result.interrupted && options.journal.empty() && !options.out.empty()) {
    write_file_atomically(options.out, *outcome.file);  // now, for the journal may go only when the front is safe
    std::filesystem::remove(options.out + ".journal");
  }
  return outcome;
}

Command search_command() {
  return make_command(kSearchHelp, declare_search, run_search_command,
                      "write the front to FILE, a store in HDF5, all of it or nothing");
}

}  // namespace ridgeline
