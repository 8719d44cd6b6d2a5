// The words of ridgeline search.
#include <algorithm>
#include <array>
#include <filesystem>

#include "app/arguments.hpp"
#include "app/option_groups.hpp"
#include "app/search.hpp"
#include "app/search_page.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "search/optimisers.hpp"

namespace ridgeline {
namespace {

constexpr int kInterrupted = 130;

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
    "a file of your own: docs/search.md.",
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
