// docs/edgetran.md: what a search finds beside EdgeTran's published designs, its measured models and random ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>

#include "base/document.hpp"
#include "base/error.hpp"
#include "bench/codesign.hpp"
#include "data/import.hpp"
#include "model/readers.hpp"
#include "search/accuracy.hpp"
#include "search/measure.hpp"
#include "search/nsga2.hpp"
#include "search/random_search.hpp"
#include "search/space_file.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Deployment> deployments_of(const std::vector<Bench>& benches) {
  std::vector<Deployment> list;
  for (const Bench& bench : benches) list.push_back(bench.deployment);
  return list;
}

/// A design of others, and what it comes to.
struct Rival {
  std::string name, device;
  DesignFigures figures;
  double hardware = 0;   ///< EdgeTran's objective without its accuracy term
  double objective = 0;  ///< with accuracy by the law of parameters
};

struct EdgeTran {
  std::vector<MeasurementSet> sets;
  std::vector<Bench> benches;
  TrainedScores scores;
  AccuracyLaw law;
  double hardware(const DesignFigures& f) const {
    static const SearchObjective whole = parse_objective("edgetran");
    return value_of(whole, f, 1);  // accuracy 1 adds nothing
  }
  /// Of the law of parameters: features other than parameters have no slope.
  double glue(double parameters) const {
    return law.predict(ShapeFeatures{std::log(parameters), 0, 0, 0}, "flexibert");
  }
  double objective(const DesignFigures& f) const { return hardware(f) + 0.5 * (1 - glue(f.parameters)); }
  Rival rival(std::string name, const Bench& bench, const Architecture& architecture) const {
    Rival r{std::move(name), bench.deployment.device, bench.observed(architecture)};
    r.hardware = hardware(r.figures), r.objective = objective(r.figures);
    return r;
  }
};

Json json_of(const Rival& r) {
  return {{"name", r.name},
          {"device", r.device},
          {"parameters", r.figures.parameters},
          {"latency_s", r.figures.latency},
          {"energy_J", r.figures.energy},
          {"peak_power_W", r.figures.peak_power},
          {"hardware", r.hardware},
          {"objective", r.objective}};
}

/// The design of a front that is best under the objective, and those that beat each rival at its own capacity.
struct Front {
  Rival best;
  std::string design;
  std::vector<std::pair<double, double>> points;  ///< hardware, parameters
  std::vector<Rival> members;                     ///< parallel
  std::vector<Genome> genomes;                    ///< parallel
  /// The least hardware cost with at least so many parameters; infinite where there is none.
  double least(double parameters) const {
    double value = std::numeric_limits<double>::infinity();
    for (const auto& [hardware, capacity] : points)
      if (capacity >= parameters) value = std::min(value, hardware);
    return value;
  }
  /// The member that it belongs to.
  std::size_t at(double parameters) const {
    for (std::size_t i = 0; i < points.size(); ++i)
      if (points[i].second >= parameters && points[i].first == least(parameters)) return i;
    throw Error(fmt::format("no design with {} parameters", parameters));
  }
};

/// BERT-Base's 109.5 million divided by the 2.8 of the paper's abstract.
constexpr double kEdgeTranParameters = 109.5e6 / 2.8;

Front front_of(const EdgeTran& study, const Run& run, const Space& space, Evaluator& evaluator) {
  Front front;
  const Population& members = run.archive.members();
  std::vector<DesignFigures> figures(members.size());
  evaluator.evaluate(members, figures);
  front.best.objective = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Bench& bench = study.benches[members.genome(i)[space.gene("deployment")]];
    Rival r{"", bench.deployment.device, bench.observed(figures[i])};
    r.hardware = study.hardware(r.figures), r.objective = study.objective(r.figures);
    front.points.emplace_back(r.hardware, r.figures.parameters);
    front.members.push_back(r);
    front.genomes.emplace_back(members.genome(i).begin(), members.genome(i).end());
    if (r.objective < front.best.objective) front.best = r, front.design = describe(space, members.genome(i));
  }
  return front;
}

std::size_t beaten(const Front& front, std::span<const Rival> rivals) {
  return static_cast<std::size_t>(
      std::ranges::count_if(rivals, [&](const Rival& r) { return front.least(r.figures.parameters) < r.hardware; }));
}

}  // namespace

Json edgetran_study(const std::filesystem::path& data, int seeds, double seconds, std::uint64_t random) {
  EdgeTran study{import_edgetran(data / "edgetran/dataset.json"),
                 {},
                 read_glue(data / "edgetran/glue_measured.json"),
                 AccuracyLaw(Law::parameters, read_glue(data / "edgetran/glue_measured.json").models)};
  Json json;
  json["accuracy"] = {{"verdict", verdict(leave_one_out(study.scores.models, "flexibert"), study.scores.metric)},
                      {"slope_per_ln_parameters", study.law.slopes()[0]}};
  json["deployments"] = Json::array();
  std::map<std::string, std::size_t> bench_of_code;
  std::vector<Rival> initial;
  for (const MeasurementSet& set : study.sets) {
    const Bench bench = bench_of(set);
    json["deployments"].push_back({{"device", set.device},
                                   {"runtime", set.runtime},
                                   {"precision", name(set.precision)},
                                   {"batch", bench.deployment.workload.batch},
                                   {"measured_rows", set.rows.size()},
                                   {"fitted_rows", bench.rows},
                                   {"power", bench.measured_power ? "medians of the measured rows" : "calibrated"}});
    bench_of_code[set.name.substr(set.name.find('/') + 1)] = study.benches.size();
    study.benches.push_back(bench);
    for (const Measurement& row : set.rows) {
      initial.push_back(study.rival(row.model, bench, architecture_of(row.definition)));
      json["measured"].push_back({{"model", row.model},
                                  {"device", set.device},
                                  {"parameters", initial.back().figures.parameters},
                                  {"latency_s", row.latency->value},
                                  {"energy_J", row.energy->value},
                                  {"peak_power_W", row.peak_power->value}});
    }
  }
  std::vector<Rival> published;
  const Node document = read_document(data / "edgetran/published_designs.json");
  for (const std::string& method : document.keys()) {
    const Node& entry = document.at(method);
    const Bench& bench = study.benches[bench_of_code.at(entry.at("device").text())];
    published.push_back(study.rival(method, bench, parse_flexibert(entry.at("model_dict"), method)));
  }
  const Rival& best_initial = *std::ranges::min_element(initial, {}, &Rival::objective);
  json["published"] = Json::array();
  for (const Rival& r : published) json["published"].push_back(json_of(r));
  json["initial"] = {{"pairs", initial.size()}, {"best", json_of(best_initial)}};

  const std::vector<Deployment> where = deployments_of(study.benches);
  const SpaceDescription description = load_space("flexibert2");
  const Space space = make_space(description, rows_of(where));
  const Family family = make_family(description.family, space);
  const std::size_t deployment = space.gene("deployment");
  const Score score = [&](std::span<const Gene> genome, const DesignFigures& f) -> std::array<double, 2> {
    return {study.hardware(study.benches[genome[deployment]].observed(f)), 1 / f.parameters};
  };
  const auto report = [&](const Run& run, const Front& front) {
    Json least = Json::array();
    for (const Rival& r : published) least.push_back(front.least(r.figures.parameters));
    return Json{{"evaluations", run.evaluations},
                {"cpu_seconds", run.seconds},
                {"front", front.points.size()},
                {"best", json_of(front.best)},
                {"design", front.design},
                {"least_hardware_at_published", least},
                {"beats_published", beaten(front, published)},
                {"beats_initial", beaten(front, initial)}};
  };
  Front random_front;
  if (random > 0) {
    Evaluator evaluator(space, family, where);
    const Run run =
        search(RandomSearch(space, 2, {.seed = 1, .balanced = true}), space, evaluator, score, 1e9, random);
    random_front = front_of(study, run, space, evaluator);
    json["random"] = report(run, random_front);
  }
  json["seeds"] = Json::array();
  for (int seed = 1; seed <= seeds; ++seed) {
    Evaluator evaluator(space, family, where);  // nothing known at the start
    const Run run = search(Nsga2(space, 2, {.seed = static_cast<std::uint64_t>(seed)}), space, evaluator, score,
                           seconds, UINT64_MAX);
    const Front front = front_of(study, run, space, evaluator);
    Json one = report(run, front);
    one["seed"] = seed;
    std::size_t better = 0;
    for (const auto& [hardware, parameters] : random_front.points) better += front.least(parameters) <= hardware;
    one["covers_random_front"] = better;
    one["random_front"] = random_front.points.size();
    // The least hardware cost at the size of EdgeTran's model, over all devices.
    const std::size_t pair = front.at(kEdgeTranParameters);
    one["pair"] = json_of(front.members[pair]);
    Architecture model = family.architecture(front.genomes[pair]);
    model.name = fmt::format("pair-{}", seed);
    one["pair"]["design"] = describe(space, front.genomes[pair]);
    one["pair"]["yaml"] = to_yaml(model);
    json["seeds"].push_back(std::move(one));
    std::cerr << "seed " << seed << " done\n";
  }
  return json;
}

}  // namespace ridgeline
