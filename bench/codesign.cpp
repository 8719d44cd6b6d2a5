// The co-design studies of docs/edgetran.md and docs/hat.md: their every figure, as JSON.
//
//   ridgeline_codesign edgetran DATA [SEEDS] [SECONDS] [RANDOM]
//   ridgeline_codesign hat DATA [SEEDS] [SECONDS]
//
// DATA is a folder with the public sets (edgetran/, hat/). SECONDS are of this process's CPU time on one thread, for
// each seed; RANDOM is the number of random designs. scripts/codesign.py makes tables of what is printed.
//
// One noise-free evaluator for everybody: the search's own with calibrated parameters, seen as the data sets saw
// their runs (calib/observation.hpp: whole processes in EdgeTran's).
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>

#include "base/document.hpp"
#include "base/error.hpp"
#include "base/statistics.hpp"
#include "calib/calibration.hpp"
#include "calib/library.hpp"
#include "data/import.hpp"
#include "hwdesc/device_file.hpp"
#include "model/lowering.hpp"
#include "model/readers.hpp"
#include "search/accuracy.hpp"
#include "search/archive.hpp"
#include "search/evaluator.hpp"
#include "search/measure.hpp"
#include "search/nsga2.hpp"
#include "search/random_search.hpp"
#include "search/space_file.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// A deployment with its calibration, and how its runs were observed.
struct Bench {
  Deployment deployment;
  ObservationParameters observation;
  std::size_t rows = 0;  ///< that the calibration was fitted to
  /// Of a device whose description has no power (NCS2): medians of its measured rows.
  struct MeasuredPower {
    double mean, peak;  ///< W
  };
  std::optional<MeasuredPower> measured_power;

  /// Latency and energy of a sequence, peak power.
  DesignFigures observed(DesignFigures f) const {
    const CostParameters& cost = deployment.parameters;
    const Bytes weights(f.parameters * size_of(deployment.workload.numerics.weights).si());
    const double dynamic = cost.has_power ? f.energy - cost.static_power.si() * f.latency : 0;
    const Observation o =
        observe({Seconds(f.latency), Joules(dynamic), f.batch, weights}, observation, cost.static_power);
    f.latency = o.latency, f.energy = o.energy, f.peak_power = o.peak_power, f.batch = 1;
    if (measured_power) f.energy = measured_power->mean * f.latency, f.peak_power = measured_power->peak;
    return f;
  }
  DesignFigures observed(const Architecture& architecture) const {
    const Program program = lower(architecture, deployment.workload);
    const Totals t = totals(program, deployment.parameters);
    return observed({.latency = t.latency.si(),
                     .energy = t.energy ? t.energy->si() : std::nan(""),
                     .parameters = static_cast<double>(program.parameters),
                     .batch = static_cast<double>(deployment.workload.batch)});
  }
};

/// A device as a measurement set had it, with the calibration that ships.
Bench bench_of(const MeasurementSet& set) {
  const Device device = load_device(set.device);
  const Runtime runtime = load_runtime(set.runtime);
  Bench bench;
  Deployment& d = bench.deployment;
  d.device = set.device;
  d.precision = name(set.precision);
  d.workload = set.rows.front().workload;
  const std::optional<fs::path> file = shipped_calibration(key_of(set));
  if (!file) throw Error(fmt::format("no calibration of {} ships", describe(key_of(set))));
  const Calibration calibration = read_calibration(*file);
  const DeviceModel model =
      calibrated_model(calibration, data_sheet_parameters(device, runtime, d.workload.numerics));
  d.parameters = model.cost;
  bench.observation = model.observation;
  bench.rows = calibration.rows;
  if (!bench.deployment.parameters.has_power) {
    std::vector<double> means, peaks;
    for (const Measurement& row : set.rows) {
      if (row.energy) means.push_back(row.energy->value / row.latency->value);
      if (row.peak_power) peaks.push_back(row.peak_power->value);
    }
    if (!means.empty() && !peaks.empty()) bench.measured_power = {median(means), median(peaks)};
  }
  return bench;
}

std::vector<Deployment> deployments_of(const std::vector<Bench>& benches) {
  std::vector<Deployment> list;
  for (const Bench& bench : benches) list.push_back(bench.deployment);
  return list;
}

/// Two objectives of each design: a cost, and what capacity or accuracy it lacks.
using Score = std::function<std::array<double, 2>(std::span<const Gene> genome, const DesignFigures& figures)>;

/// Searches until the CPU time or the evaluations are used up; the designs that no other dominates.
struct Run {
  ParetoArchive archive;
  std::uint64_t evaluations = 0;
  double seconds = 0;
};

Run search(AnyOptimiser optimiser, const Space& space, Evaluator& evaluator, const Score& score, double seconds,
           std::uint64_t evaluations) {
  Run result{ParetoArchive(space.genome_length(), 2, 20'000)};
  std::vector<DesignFigures> figures;
  const auto evaluate = [&](Population& designs) {
    figures.resize(designs.size());
    evaluator.evaluate(designs, figures);
    for (std::size_t i = 0; i < designs.size(); ++i) {
      std::ranges::copy(score(designs.genome(i), figures[i]), designs.objectives.begin() + static_cast<long>(2 * i));
      designs.violations[i] = 0;
    }
  };
  const double start = cpu_seconds();
  result.evaluations = run_search(optimiser, evaluate, evaluations, [&](const Population& designs, const auto&) {
    result.archive.add(designs);
    return cpu_seconds() - start < seconds;
  });
  result.seconds = cpu_seconds() - start;
  return result;
}

// --- EdgeTran

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

std::string describe(const Space& space, std::span<const Gene> genome) {
  std::string text;
  for (std::size_t i = 0; i < genome.size(); ++i)
    if (space.active(i, genome))
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", space.gene_name(i), space.domain(i).text(genome[i]));
  return text;
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

Json edgetran(const fs::path& data, int seeds, double seconds, std::uint64_t random) {
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
      initial.push_back(study.rival(row.model, bench, row.architecture));
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

// --- HAT

Json hat(const fs::path& data, int seeds, double seconds) {
  const MeasurementSet set = import_hat(data / "hat/wmt14ende_cpu_raspberrypi_all.csv");
  const Bench bench = bench_of(set);
  const TrainedScores scores = read_bleu(data / "hat/subtransformers");
  const AccuracyLaw law(Law::shape, scores.models);
  Json json;
  json["accuracy"] = {{"verdict", verdict(leave_one_out(scores.models, "hat"), scores.metric)}};
  const std::vector<Deployment> where{bench.deployment};
  const SpaceDescription description = load_space("hat");
  const double margin = leave_one_out(scores.models, "hat").root_mean_square[static_cast<std::size_t>(Law::shape)];
  // The published designs under HAT's own decoding, each on the device that it was made for.
  for (const auto& [file, device] :
       {std::pair{"wmt14ende_cpu_raspberrypi_all.csv", "raspberrypi"},
        std::pair{"wmt14ende_cpu_xeon_all.csv", "xeon"}, std::pair{"wmt14ende_gpu_titanxp_all.csv", "titanxp"}}) {
    const Bench own = bench_of(import_hat(data / "hat" / file));
    for (const ScoredModel& model : scores.models)
      if (model.architecture.name.find(device) != std::string::npos)
        json["published"].push_back({{"name", model.architecture.name},
                                     {"device", own.deployment.device},
                                     {"latency_s", own.observed(model.architecture).latency}});
  }
  json["margin"] = margin;
  json["seeds"] = Json::array();
  // The published designs of the Raspberry Pi are 512 wide: what the law says of 640 rests on one design of another
  // device.
  for (const bool any_width : {false, true})
    for (int seed = 1; seed <= seeds; ++seed) {
      SpaceDescription narrowed = description;
      if (!any_width)
        for (Choice& choice : narrowed.choices)
          if (choice.name.ends_with("_width")) choice.domain = Domain(OneOf{{"512"}, true});
      const Space space = make_space(narrowed, rows_of(where));
      const Family family = make_family(description.family, space);
      const Score score = [&](std::span<const Gene> genome, const DesignFigures& f) -> std::array<double, 2> {
        return {bench.observed(f).latency, 1 - law.predict(family.architecture(genome), "hat")};
      };
      Evaluator evaluator(space, family, where);
      const Run run = search(Nsga2(space, 2, {.seed = static_cast<std::uint64_t>(seed)}), space, evaluator, score,
                             seconds, UINT64_MAX);
      const Population& members = run.archive.members();
      const auto fastest = [&](double level) -> Json {
        std::size_t best = SIZE_MAX;
        for (std::size_t i = 0; i < members.size(); ++i)
          if (1 - members.values(i)[1] >= level &&
              (best == SIZE_MAX || members.values(i)[0] < members.values(best)[0]))
            best = i;
        if (best == SIZE_MAX) return nullptr;
        return {{"latency_s", members.values(best)[0]},
                {"predicted_bleu", 1 - members.values(best)[1]},
                {"parameters", parameter_count(family.architecture(members.genome(best)))},
                {"design", describe(space, members.genome(best))}};
      };
      Json one{{"any_width", any_width},
               {"seed", seed},
               {"evaluations", run.evaluations},
               {"cpu_seconds", run.seconds},
               {"levels", Json::array()}};
      for (const ScoredModel& model : scores.models) {
        if (model.architecture.name.find("raspberrypi") == std::string::npos) continue;
        const DesignFigures theirs = bench.observed(model.architecture);
        one["levels"].push_back({{"name", model.architecture.name},
                                 {"bleu", model.score},
                                 {"predicted_bleu", law.predict(model.architecture, "hat")},
                                 {"latency_s", theirs.latency},
                                 {"parameters", theirs.parameters},
                                 {"ours", fastest(model.score)},
                                 {"ours_with_margin", fastest(model.score + margin)}});
      }
      json["seeds"].push_back(std::move(one));
    }
  return json;
}

}  // namespace
}  // namespace ridgeline

int main(int count, char** words) {
  using namespace ridgeline;
  const auto number = [&](int i, double otherwise) { return i < count ? std::strtod(words[i], nullptr) : otherwise; };
  const std::string study = count > 2 ? words[1] : "";
  const int seeds = static_cast<int>(number(3, 10));
  try {
    if (study == "edgetran")
      std::cout << edgetran(words[2], seeds, number(4, 10), static_cast<std::uint64_t>(number(5, 1e7))).dump(2)
                << "\n";
    else if (study == "hat")
      std::cout << hat(words[2], seeds, number(4, 10)).dump(2) << "\n";
    else
      throw Error("usage: ridgeline_codesign edgetran|hat DATA [SEEDS] [SECONDS] [RANDOM]");
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 2;
  }
}
