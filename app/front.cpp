#include "app/front.hpp"

#include <boost/algorithm/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "app/arguments.hpp"
#include "base/error.hpp"
#include "search/hypervolume.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kDrawn = 256;
constexpr double kSmallest = 1e-300;  // so that logarithms are finite

ArrayGroup::Array column(const Front& front, const char* unit, auto value) {
  std::vector<double> values;
  for (const FrontDesign& design : front.designs) values.push_back(value(design));
  return vector_array(std::move(values), unit);
}

std::vector<std::string> column_texts(const Front& front, auto text) {
  std::vector<std::string> texts;
  for (const FrontDesign& design : front.designs) texts.push_back(text(design));
  return texts;
}

std::uint64_t whole(const StoredGroup& group, std::string_view name) {
  const double value = group.scalar(name, "1");
  if (!(value >= 0 && value < 1e18) || value != std::floor(value)) group.fail(name, "is not a whole number");
  return static_cast<std::uint64_t>(value);
}

/// What `read` complains about, said of a part of the file.
template <class Read>
auto stored(const StoredGroup& root, std::string_view name, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    root.fail(name, error.what());
  }
}

std::vector<MovedDeployment> moved_from(const StoredGroup& root) {
  const std::vector<std::string>& devices = root.texts("moved_devices");
  const auto texts = [&](const char* name) -> const std::vector<std::string>& {
    return root.texts(name, devices.size());
  };
  const std::vector<std::size_t> batches = root.indices("moved_batches", 1, 1'000'000, devices.size());
  std::vector<MovedDeployment> all;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    all.push_back(
        {devices[i], texts("moved_clocks")[i], texts("moved_precisions")[i], static_cast<Size>(batches[i]), {}});
    std::vector<std::string> settings;
    boost::algorithm::split(settings, texts("moved_settings")[i], boost::algorithm::is_any_of(" "));
    for (const std::string& one : settings)
      all.back().settings.push_back(
          stored(root, "moved_settings", [&] { return parse_override("moved_settings", one); }));
  }
  return all;
}

void add_moved(ArrayGroup& root, const std::vector<MovedDeployment>& moved) {
  const auto texts = [&](auto text) {
    std::vector<std::string> all;
    for (const MovedDeployment& one : moved) all.push_back(text(one));
    return all;
  };
  root.texts["moved_devices"] = texts([](const MovedDeployment& one) { return one.device; });
  root.texts["moved_clocks"] = texts([](const MovedDeployment& one) { return one.clock; });
  root.texts["moved_precisions"] = texts([](const MovedDeployment& one) { return one.precision; });
  root.texts["moved_settings"] = texts([](const MovedDeployment& one) { return settings_text(one.settings); });
  std::vector<double> batches;
  for (const MovedDeployment& one : moved) batches.push_back(static_cast<double>(one.batch));
  root.arrays["moved_batches"] = vector_array(std::move(batches), "1");
}

/// A front that lacks these is of a version that knew data sheets and shipped calibrations, and moved nothing.
void read_what_is_newer(SearchWords& words, const StoredGroup& root) {
  if (!root.has_texts("asked_calibrations")) {
    if (root.attribute("predictor") == "datasheet") words.calibrations = {"none"};
    return;
  }
  words.calibrations = root.texts("asked_calibrations");
  words.accuracy_is_own = root.attribute("accuracy_is_own") == "True";
  for (const std::string& text : root.texts("asked_variables"))
    words.variables.push_back(stored(root, "asked_variables", [&] { return parse_variable(text); }));
  words.moved = moved_from(root);
}

SearchWords words_from(const StoredGroup& root) {
  SearchWords words;
  words.space = root.attribute("space");
  words.space_text = root.attribute("space_text");
  words.runtime = root.attribute("runtime");
  words.robust = root.attribute("robust") == "True";
  if (root.has_attribute("accuracy_source")) words.accuracy = root.attribute("accuracy_source");
  words.devices = root.texts("asked_devices");
  words.clocks = root.texts("asked_clocks");
  words.precisions = root.texts("asked_precisions");
  words.objectives = root.texts("asked_objectives");
  words.constraints = root.texts("asked_constraints");
  for (const std::size_t batch : root.indices("asked_batches", 1, 1'000'000))
    words.batches.push_back(static_cast<Size>(batch));
  if (const std::uint64_t length = whole(root, "asked_length"); length > 0) words.length = static_cast<Size>(length);
  read_what_is_newer(words, root);
  return words;
}

void add_words(ArrayGroup& root, const SearchWords& words, const SearchSetup& setup) {
  root.attributes["space"] = words.space;
  root.attributes["space_text"] = setup.description.text;
  root.attributes["runtime"] = words.runtime;
  root.attributes["robust"] = words.robust ? "True" : "False";
  root.attributes["accuracy_source"] = words.accuracy;
  root.attributes["accuracy_is_own"] = words.accuracy_is_own ? "True" : "False";
  root.texts["asked_devices"] = words.devices;
  root.texts["asked_clocks"] = words.clocks;
  root.texts["asked_precisions"] = words.precisions;
  root.texts["asked_calibrations"] = words.calibrations;
  root.texts["asked_objectives"] = words.objectives;
  root.texts["asked_constraints"] = words.constraints;
  root.texts["asked_variables"] = {};
  for (const ContinuousVariable& variable : words.variables)
    root.texts["asked_variables"].push_back(to_text(variable));
  add_moved(root, words.moved);
  root.arrays["asked_batches"] = vector_array({words.batches.begin(), words.batches.end()}, "1");
  root.arrays["asked_length"] = scalar_array(static_cast<double>(words.length.value_or(0)), "1");
}

}  // namespace

std::vector<double> reference_of(const SearchSetup& setup) {
  Population designs = drawn_designs(setup, kDrawn);
  evaluate_of(setup.problem)(designs);
  std::vector<double> worst(designs.objective_count, kSmallest);
  for (std::size_t i = 0; i < designs.size(); ++i)
    for (std::size_t m = 0; m < worst.size(); ++m)
      if (designs.values(i)[m] < std::numeric_limits<double>::max())
        worst[m] = std::max(worst[m], designs.values(i)[m]);
  return worst;
}

double log_hypervolume(const Population& members, std::span<const std::uint32_t> order,
                       std::span<const double> reference) {
  constexpr std::size_t kMostOfMany = 150;
  const std::size_t objectives = reference.size();
  if (objectives < 2 || order.empty()) return 0;
  const std::size_t count = objectives <= 3 ? order.size() : std::min(order.size(), kMostOfMany);
  std::vector<double> logs, corner;
  for (std::size_t k = 0; k < count; ++k)
    for (const double value : members.values(order[k * order.size() / count]))
      logs.push_back(std::log(std::max(value, kSmallest)));
  for (const double value : reference) corner.push_back(std::log(std::max(value, kSmallest)));
  return hypervolume(logs, corner);
}

std::optional<std::size_t> knee(const std::vector<FrontDesign>& designs, std::span<const std::size_t> among) {
  if (among.empty()) return std::nullopt;
  std::vector<double> sums(among.size(), 0);
  const auto logarithm = [&](std::size_t i, std::size_t m) {
    return std::log(std::max(designs[i].objectives[m], kSmallest));
  };
  for (std::size_t m = 0; m < designs[among.front()].objectives.size(); ++m) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const std::size_t i : among) low = std::min(low, logarithm(i, m)), high = std::max(high, logarithm(i, m));
    if (!(high > low)) continue;
    for (std::size_t k = 0; k < among.size(); ++k) sums[k] += (logarithm(among[k], m) - low) / (high - low);
  }
  return among[static_cast<std::size_t>(std::ranges::min_element(sums) - sums.begin())];
}

std::optional<std::size_t> knee(const Front& front) {
  std::vector<std::size_t> all(front.designs.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return knee(front.designs, all);
}

std::string short_text(const Space& space, std::span<const Gene> genome) {
  std::string text;
  for (std::size_t c = 0; c < space.choices().size(); ++c) {
    const Choice& choice = space.choices()[c];
    if (choice.name == "deployment" || !space.active(c, genome)) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", choice.name, choice.domain.text(genome[c]));
  }
  return text;
}

std::string design_text(const Space& space, std::span<const Gene> genome) {
  std::string text = short_text(space, genome);
  for (std::size_t g = 0; g < space.groups().size(); ++g)
    for (std::size_t l = 0; l < space.layers(g, genome); ++l) {
      text += fmt::format("; {} {}:", space.groups()[g].name, l);
      for (std::size_t c = 0; c < space.groups()[g].choices.size(); ++c) {
        const std::size_t gene = space.gene(g, l, c);
        if (space.active(gene, genome))
          text += fmt::format(" {} {}", space.groups()[g].choices[c].name, space.domain(gene).text(genome[gene]));
      }
    }
  return text;
}

ArrayGroup to_arrays(const Front& front, const SearchSetup& setup) {
  ArrayGroup root;
  add_words(root, front.words, setup);
  root.attributes["optimiser"] = front.optimiser;
  root.attributes["fingerprint"] = front.fingerprint;
  root.arrays["seed"] = scalar_array(static_cast<double>(front.seed), "1");
  root.arrays["population"] = scalar_array(static_cast<double>(front.population), "1");
  root.arrays["evaluations"] = scalar_array(static_cast<double>(front.evaluations), "1");
  root.arrays["resolution"] = scalar_array(front.resolution, "1");
  root.arrays["hypervolume"] = scalar_array(front.hypervolume, "1");
  root.arrays["reference"] = vector_array(front.reference, "1");
  for (const SearchObjective& objective : setup.problem.objectives)
    root.texts["objectives"].push_back(objective.name);

  const std::size_t genes = setup.space->genome_length(), objectives = setup.problem.objectives.size();
  std::vector<double> genomes, values;
  for (const FrontDesign& design : front.designs) {
    genomes.insert(genomes.end(), design.genome.begin(), design.genome.end());
    values.insert(values.end(), design.objectives.begin(), design.objectives.end());
  }
  const std::size_t count = front.designs.size();
  root.arrays["genomes"] = matrix_array(count, genes, std::move(genomes), "1");
  root.arrays["objective_values"] = matrix_array(count, objectives, std::move(values), "1");
  const auto of = [&](auto member) {
    return [member](const FrontDesign& design) { return design.valuation.figures.*member; };
  };
  root.arrays["latency"] = column(front, "s", of(&DesignFigures::latency));
  root.arrays["energy"] = column(front, "J", of(&DesignFigures::energy));
  root.arrays["peak_power"] = column(front, "W", of(&DesignFigures::peak_power));
  root.arrays["memory"] = column(front, "B", of(&DesignFigures::memory));
  root.arrays["parameters"] = column(front, "1", of(&DesignFigures::parameters));
  root.arrays["batch"] = column(front, "1", of(&DesignFigures::batch));
  root.arrays["accuracy"] = column(front, "1", [](const FrontDesign& d) { return d.valuation.accuracy; });
  const auto deployment = [&](const FrontDesign& d) -> const Deployment& {
    return setup.deployments[d.genome[setup.problem.deployment_gene]];
  };
  root.texts["device"] = column_texts(front, [&](const FrontDesign& d) { return deployment(d).device; });
  root.texts["clock"] = column_texts(front, [&](const FrontDesign& d) { return deployment(d).clock; });
  root.texts["precision"] = column_texts(front, [&](const FrontDesign& d) { return deployment(d).precision; });
  root.texts["settings"] = column_texts(front, [&](const FrontDesign& d) { return deployment(d).settings; });
  root.texts["design"] =
      column_texts(front, [&](const FrontDesign& d) { return design_text(*setup.space, d.genome); });
  return root;
}

Front read_front(const std::string& file) {
  const Store store = read_store(file);
  const StoredGroup root = store.content("front");
  Front front;
  front.words = words_from(root);
  front.optimiser = root.attribute("optimiser");
  front.fingerprint = root.attribute("fingerprint");
  front.seed = whole(root, "seed");
  front.population = whole(root, "population");
  front.evaluations = whole(root, "evaluations");
  front.resolution = root.scalar("resolution", "1");
  front.hypervolume = root.scalar("hypervolume", "1");
  front.reference = root.vector("reference", "1");
  const std::size_t objectives = root.texts("objectives").size();
  const std::size_t count = root.vector("latency", "s").size();
  const ArrayGroup::Array& genomes = root.array("genomes");
  if (genomes.shape.size() != 2 || genomes.shape[0] != count) root.fail("genomes", "is not one row a design");
  const std::size_t genes = genomes.shape[1];
  const std::vector<double>& values = root.matrix("objective_values", "1", count, objectives);
  const auto figures = [&](const char* name, const char* unit) -> const std::vector<double>& {
    return root.vector(name, unit, count);
  };
  for (std::size_t i = 0; i < count; ++i) {
    FrontDesign& design = front.designs.emplace_back();
    for (std::size_t g = 0; g < genes; ++g) {
      const double gene = genomes.values[i * genes + g];
      if (!(gene >= 0 && gene < static_cast<double>(kMostValues))) root.fail("genomes", "has a number out of range");
      design.genome.push_back(static_cast<Gene>(gene));
    }
    for (std::size_t m = 0; m < objectives; ++m)
      if (!std::isfinite(values[i * objectives + m])) root.fail("objective_values", "has what is not a number");
    design.objectives.assign(values.begin() + static_cast<std::ptrdiff_t>(i * objectives),
                             values.begin() + static_cast<std::ptrdiff_t>((i + 1) * objectives));
    design.valuation.figures = {.latency = figures("latency", "s")[i],
                                .energy = figures("energy", "J")[i],
                                .peak_power = figures("peak_power", "W")[i],
                                .memory = figures("memory", "B")[i],
                                .parameters = figures("parameters", "1")[i],
                                .batch = figures("batch", "1")[i]};
    design.valuation.accuracy = figures("accuracy", "1")[i];
  }
  return front;
}

}  // namespace ridgeline
