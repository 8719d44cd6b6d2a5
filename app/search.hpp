// Searches a space of designs for the best trades.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/command.hpp"
#include "app/front.hpp"

namespace ridgeline {

struct SearchOptions {
  SearchWords words;
  std::string optimiser = "nsga2";
  std::size_t population = 200;
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores
  std::optional<Seconds> time;
  std::optional<std::uint64_t> evaluations;
  std::size_t designs = 1000;  ///< that the front has at most
  std::string journal;         ///< empty: beside `out`, where there is one
  bool resume = false;
  std::string out;   ///< as in CommonOptions
  std::string html;  ///< file of the report; empty: none
  Output output = Output::text;
};

/// What a search had found after so many evaluations.
struct SearchProgress {
  std::uint64_t evaluations = 0;
  std::size_t designs = 0;   ///< on the front
  double hypervolume = 0;    ///< of logarithms; NaN with one objective
  std::vector<double> best;  ///< by objective, as minimised
};

/// What was moved freely after a search.
struct MoveSummary {
  std::size_t designs = 0;   ///< of the front that were moved
  std::size_t of = 0;        ///< that were to be; the time was up where it is more
  std::uint64_t points = 0;  ///< that were evaluated
};

/// A finished search, with what it searched.
struct SearchResult {
  std::unique_ptr<SearchSetup> setup;
  Front front;
  std::uint64_t repeats = 0;
  std::uint64_t replayed = 0;  ///< of the front's evaluations: known from the journal
  double seconds = 0;          ///< that evaluating took, without moving
  bool interrupted = false;
  std::optional<MoveSummary> moves;         ///< where anything can be moved
  std::vector<SearchProgress> convergence;  ///< where a report is asked for
  std::string journal;                      ///< where to go on from, after an interruption
  std::string out;
};

/// InputError when nothing can be searched or no design meets the constraints; Error when it is interrupted before
/// one does, and for a journal that cannot be written.
SearchResult search(const SearchOptions& options, const Session& session);

std::string search_text(const SearchResult& result, const Style& style);
std::string search_json(const SearchResult& result);
std::string search_csv(const SearchResult& result);
/// What search_json() prints, without the designs.
nlohmann::ordered_json search_document(const SearchResult& result);

/// Where a design of the front runs.
const Deployment& deployment_of(const SearchSetup& setup, const FrontDesign& design);
/// Designs by device, in the order of the setup.
std::vector<std::pair<std::string, std::vector<std::size_t>>> by_device(const SearchResult& result);
/// That of `among` whose objective is least.
std::size_t best_in(const SearchResult& result, std::span<const std::size_t> among, std::size_t objective);

/// Figures of a design of the front, with interval and origin.
struct FrontFigures {
  Figure latency, energy, peak_power, average_power, edp, memory;
};
FrontFigures figures_of(const SearchSetup& setup, const FrontDesign& design);
/// "raspberry-pi-4, 1 GHz, fp32, batch 1"
std::string deployment_text(const Deployment& deployment);
/// What people want more of is said so: "capacity", though its inverse is minimised.
std::string objective_heading(const SearchObjective& objective);
/// Of what was minimised: "50.0 ms", of capacity "4.09 M", of accuracy what it is, of a sum a bare number.
std::string objective_text(const SearchObjective& objective, double value);
/// "minimises latency, energy; latency <= 50 ms"
std::string problem_text(const SearchProblem& problem);

/// The whole command, its files included but for that of --out.
Outcome run_search_command(const SearchOptions& options, const Session& session);
Command search_command();

}  // namespace ridgeline
