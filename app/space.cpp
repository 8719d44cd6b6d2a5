#include "app/space.hpp"

#include <fmt/format.h>

#include <cmath>

#include "app/arguments.hpp"
#include "app/csv.hpp"
#include "app/format.hpp"
#include "app/json.hpp"
#include "app/option_groups.hpp"
#include "app/table.hpp"
#include "search/family.hpp"
#include "search/space_file.hpp"

namespace ridgeline {
namespace {

struct SpaceEntry {
  SpaceDescription description;
  Space space;
};

SpaceEntry entry_of(const std::string& name) {
  SpaceDescription description = load_space(name);
  Space space = make_space(description);
  return {std::move(description), std::move(space)};
}

std::vector<Genome> draw(const Space& space, const SpaceOptions& options) {
  Random random(options.seed);
  std::vector<Genome> designs(static_cast<std::size_t>(options.samples), Genome(space.genome_length()));
  for (Genome& design : designs)
    options.balanced ? space.sample_balanced(random, design) : space.sample_uniform(random, design);
  return designs;
}

/// "1,056" or "1.69 × 10^88".
std::string size_text(const Space& space) {
  constexpr double kExactDigits = 12;
  const double digits = space.log10_size();
  if (digits < kExactDigits) return format_count(static_cast<long long>(space.size()));
  const double power = std::floor(digits);
  return fmt::format("{:.2f} × 10^{:.0f}", std::pow(10, digits - power), power);
}

std::string domain_text(const Domain& domain) {
  const auto joined = [](const auto& list, std::string_view separator) {
    return fmt::format("{}", fmt::join(list, separator));
  };
  if (const auto* d = std::get_if<OneOf>(&domain.kind())) return joined(d->values, ", ");
  if (const auto* d = std::get_if<Multiset>(&domain.kind()))
    return fmt::format("{} of: {}", joined(d->counts, ", "), joined(d->of, ", "));
  if (const auto* d = std::get_if<Sequence>(&domain.kind()))
    return fmt::format("{} in a row of: {}", joined(d->counts, ", "), joined(d->of, ", "));
  return fmt::format("{} values", domain.size());
}

std::string condition_text(const Choice& choice, std::span<const Choice> scope) {
  if (!choice.when) return "";
  std::string values;
  for (const Choice& other : scope)
    if (other.name == choice.when->choice)
      for (const Gene gene : choice.when->values) values += (values.empty() ? "" : ", ") + other.domain.text(gene);
  return fmt::format(" (when {} is {})", choice.when->choice, values);
}

std::string design_text(const Space& space, const Genome& design, const Style& style) {
  Table table{2, {{}, {.wraps = true}}, {}};
  std::string line;
  const auto add = [&](std::size_t gene, const std::string& name) {
    if (!space.active(gene, design)) return;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", name, space.domain(gene).text(design[gene]));
  };
  for (std::size_t c = 0; c < space.choices().size(); ++c) add(c, space.choices()[c].name);
  table.rows.push_back({{"design", Emphasis::dim}, line});
  for (std::size_t g = 0; g < space.groups().size(); ++g) {
    const Repeated& group = space.groups()[g];
    for (std::size_t l = 0; l < space.layers(g, design); ++l) {
      line.clear();
      for (std::size_t c = 0; c < group.choices.size(); ++c) add(space.gene(g, l, c), group.choices[c].name);
      table.rows.push_back({{fmt::format("{} {}", group.name, l), Emphasis::dim}, line});
    }
  }
  return render(table, style);
}

std::string detail_text(const SpaceEntry& entry, const SpaceOptions& options, const Style& style) {
  const SpaceDescription& d = entry.description;
  std::string text = styled(style, Emphasis::bold, d.name) + "  " + d.title + "\n";
  text += fmt::format("{} architectures, {} genes\n\n", size_text(entry.space), entry.space.genome_length());
  Table table{2, {{}, {.right = true}, {.wraps = true}}, {{"choice", "values", "which"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  const auto add = [&](const Choice& choice, std::span<const Choice> scope, const std::string& prefix) {
    table.rows.push_back({prefix + choice.name, format_count(choice.domain.size()),
                          domain_text(choice.domain) + condition_text(choice, scope)});
  };
  for (const Choice& choice : d.choices) add(choice, d.choices, "");
  for (const Repeated& group : d.groups)
    for (const Choice& choice : group.choices) add(choice, group.choices, group.name + ".");
  text += render(table, style);
  const Workload& w = d.workload;
  text += fmt::format("\nWorkload: {}, length {}", name(w.task), w.length);
  if (w.new_tokens > 0) text += fmt::format(", {} new tokens, {} beams", w.new_tokens, w.beams);
  text += "\n";
  for (const DeploymentRequest& request : d.deployments)
    text += paragraph(fmt::format("Deployments: {}; clocks {}; {}; batch {}", fmt::join(request.devices, ", "),
                                  fmt::join(request.clocks, ", "), fmt::join(request.precisions, ", "),
                                  fmt::join(request.batches, ", ")),
                      0, style);
  text += paragraph("Source: " + d.source, 0, style);
  if (options.samples > 0)
    text += fmt::format("\nDrawn so that every {} is equally likely (seed {}):\n",
                        options.balanced ? "value of a choice" : "design", options.seed);
  for (const Genome& design : draw(entry.space, options)) text += "\n" + design_text(entry.space, design, style);
  return text;
}

Json choices_json(std::span<const Choice> choices) {
  Json list = Json::array();
  for (const Choice& choice : choices) {
    list.push_back({{"name", choice.name},
                    {"values", choice.domain.size()},
                    {"which", domain_text(choice.domain) + condition_text(choice, choices)}});
  }
  return list;
}

Json design_json(const Space& space, const Genome& design) {
  Json values = Json::object();
  for (std::size_t i = 0; i < design.size(); ++i)
    if (space.active(i, design)) values[space.gene_name(i)] = space.domain(i).text(design[i]);
  return {{"genome", design}, {"choices", values}};
}

std::string detail_json(const SpaceEntry& entry, const SpaceOptions& options) {
  const SpaceDescription& d = entry.description;
  Json json = json_document("space");
  json["name"] = d.name;
  json["title"] = d.title;
  json["source"] = d.source;
  json["family"] = d.family;
  json["size"] = entry.space.size().str();
  json["log10_size"] = entry.space.log10_size();
  json["genome_length"] = entry.space.genome_length();
  json["choices"] = choices_json(d.choices);
  json["repeated"] = Json::array();
  for (const Repeated& group : d.groups)
    json["repeated"].push_back(
        {{"name", group.name}, {"times", group.times}, {"choices", choices_json(group.choices)}});
  json["workload"] = {{"task", name(d.workload.task)},
                      {"length", d.workload.length},
                      {"new_tokens", d.workload.new_tokens},
                      {"beams", d.workload.beams}};
  json["deployments"] = Json::array();
  for (const DeploymentRequest& request : d.deployments)
    json["deployments"].push_back({{"devices", request.devices},
                                   {"clocks", request.clocks},
                                   {"precisions", request.precisions},
                                   {"batches", request.batches}});
  json["seed"] = options.seed;
  json["samples"] = Json::array();
  for (const Genome& design : draw(entry.space, options)) json["samples"].push_back(design_json(entry.space, design));
  return dump(json);
}

std::string list_text(const Style& style) {
  Table table{
      0, {{}, {.right = true}, {.right = true}, {.wraps = true}}, {{"name", "architectures", "genes", "what"}}};
  for (Cell& cell : table.rows.front()) cell.emphasis = Emphasis::bold;
  for (const std::string& name : space_names()) {
    const SpaceEntry entry = entry_of(name);
    table.rows.push_back({name, size_text(entry.space),
                          format_count(static_cast<long long>(entry.space.genome_length())),
                          entry.description.title});
  }
  return render(table, style);
}

std::string list_json() {
  Json json = json_document("spaces");
  json["spaces"] = Json::array();
  for (const std::string& name : space_names()) {
    const SpaceEntry entry = entry_of(name);
    json["spaces"].push_back({{"name", name},
                              {"title", entry.description.title},
                              {"family", entry.description.family},
                              {"size", entry.space.size().str()},
                              {"log10_size", entry.space.log10_size()},
                              {"genome_length", entry.space.genome_length()}});
  }
  return dump(json);
}

/// One line a choice, or a space.
std::string csv(const SpaceOptions& options) {
  if (options.name.empty()) {
    std::string text = "name,title,family,log10_size,genome_length\n";
    for (const std::string& name : space_names()) {
      const SpaceEntry entry = entry_of(name);
      text += CsvLine()
                  .add(name)
                  .add(entry.description.title)
                  .add(entry.description.family)
                  .add(entry.space.log10_size())
                  .add(static_cast<long>(entry.space.genome_length()))
                  .text();
    }
    return text;
  }
  const SpaceEntry entry = entry_of(options.name);
  std::string text = "repeated,choice,values,which\n";
  const auto add = [&](const std::string& group, std::span<const Choice> choices) {
    for (const Choice& choice : choices)
      text += CsvLine()
                  .add(group)
                  .add(choice.name)
                  .add(static_cast<long>(choice.domain.size()))
                  .add(domain_text(choice.domain) + condition_text(choice, choices))
                  .text();
  };
  add("", entry.description.choices);
  for (const Repeated& group : entry.description.groups) add(group.name, group.choices);
  return text;
}

Outcome run_space(const SpaceOptions& options, const Session& session) {
  if (options.output == Output::csv) return {csv(options)};
  if (options.name.empty()) return {options.output == Output::json ? list_json() : list_text(session.style)};
  const SpaceEntry entry = entry_of(options.name);
  if (options.output == Output::json) return {detail_json(entry, options)};
  return {detail_text(entry, options, session.style)};
}

constexpr std::array kSpaceExamples{
    Example{"ridgeline space", "All design spaces known by name."},
    Example{"ridgeline space flexibert2", "Its size, its choices, and three designs."},
    Example{"ridgeline space hat --samples 1000 --balanced --json", "A thousand designs for a script."}};

constexpr CommandHelp kSpaceHelp{"space", "ridgeline space [NAME] [OPTIONS]",
                                 "design spaces: their size, choices and samples",
                                 "Lists the design spaces, or shows one with designs drawn from it. NAME may be a "
                                 "file of your own: docs/search.md.",
                                 kSpaceExamples};

void declare_space(OptionSet& set, SpaceOptions& o) {
  const std::string group = "Samples";
  set.word("NAME", o.name);
  set.value(group, "--samples", "N", "designs to draw; default 3",
            [&o](const std::string& s) { o.samples = parse_count("--samples", s, 0, 1'000'000); });
  set.value(group, "--seed", "N", "of the random numbers; default 1",
            [&o](const std::string& s) { o.seed = parse_count("--seed", s, 0, 1'000'000'000'000); });
  set.flag(group, "--balanced", "every value of a choice equally likely, every depth too; default: every design",
           o.balanced);
  add_output(set, o.output);
}

}  // namespace

Command space_command() { return make_command(kSpaceHelp, declare_space, run_space); }

}  // namespace ridgeline
