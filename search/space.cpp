#include "search/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kMostCases = 100'000;
constexpr std::size_t kMostLayers = 1024;
constexpr std::size_t kMostGroups = 8;  // Variation counts on it

std::vector<std::string> names_of(const std::vector<Choice>& choices) {
  std::vector<std::string> names;
  for (const Choice& choice : choices) names.push_back(choice.name);
  return names;
}

int position(const std::vector<Choice>& choices, std::string_view name, std::string_view user) {
  for (std::size_t i = 0; i < choices.size(); ++i)
    if (choices[i].name == name) return static_cast<int>(i);
  throw_unknown_name({"", 0, 0, std::string(user)}, "choice", name, names_of(choices));
}

void check_names(const std::vector<Choice>& choices) {
  std::set<std::string> seen;
  for (const Choice& choice : choices)
    if (!seen.insert(choice.name).second) throw Error(fmt::format("the choice '{}' is there twice", choice.name));
}

/// Layers by the gene of the choice that counts them.
std::vector<std::size_t> layer_counts(const Choice& times) {
  const OneOf* values = std::get_if<OneOf>(&times.domain.kind());
  std::vector<std::size_t> counts;
  if (values != nullptr)
    for (const std::string& value : values->values) {
      std::size_t count = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
      if (error == std::errc() && end == value.data() + value.size() && count <= kMostLayers) counts.push_back(count);
    }
  if (values == nullptr || counts.size() != values->values.size())
    throw Error(
        fmt::format("'{}' counts layers: it must be one of a list of numbers up to {}", times.name, kMostLayers));
  return counts;
}

double ratio(const ExactCount& part, const ExactCount& whole) {
  // Both scaled down to what a double can hold.
  const auto bits = boost::multiprecision::msb(whole);
  if (bits < 1000) return part.convert_to<double>() / whole.convert_to<double>();
  const auto shift = bits - 1000;
  return ExactCount(part >> shift).convert_to<double>() / ExactCount(whole >> shift).convert_to<double>();
}

}  // namespace

Space::Space(std::string name, std::vector<Choice> choices, std::vector<Repeated> groups)
    : name_(std::move(name)), choices_(std::move(choices)), groups_(std::move(groups)) {
  check_names(choices_);
  if (choices_.empty()) throw Error(fmt::format("the space '{}' has no choices", name_));
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    places_.push_back({static_cast<int>(i), -1, 0});
    domains_.push_back(&choices_[i].domain);
  }
  if (groups_.size() > kMostGroups)
    throw Error(fmt::format("the space '{}' has {} lists of repeated choices, {} at most", name_, groups_.size(),
                            kMostGroups));
  design_list_ = list_of(choices_);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Repeated& group = groups_[g];
    check_names(group.choices);
    const auto times = static_cast<std::size_t>(position(choices_, group.times, group.name));
    if (choices_[times].when) throw Error(fmt::format("'{}' counts layers: it cannot have a condition", group.times));
    design_list_.decides[times] = true;
    group_times_.push_back(times);
    layers_of_.push_back(layer_counts(choices_[times]));
    most_layers_.push_back(std::ranges::max(layers_of_.back()));
    group_first_.push_back(places_.size());
    for (std::size_t layer = 0; layer < most_layers_.back(); ++layer)
      for (std::size_t c = 0; c < group.choices.size(); ++c) {
        places_.push_back({static_cast<int>(c), static_cast<int>(g), static_cast<int>(layer)});
        domains_.push_back(&group.choices[c].domain);
      }
    layer_lists_.push_back(list_of(group.choices));
    layer_.push_back(scope_of(layer_lists_.back(), false));
  }
  design_ = scope_of(design_list_, true);
  size_ = design_.count;
}

Space::List Space::list_of(const std::vector<Choice>& choices) const {
  List list{choices, std::vector<int>(choices.size(), -1), std::vector<bool>(choices.size(), false)};
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (!choices[i].when) continue;
    const int on = position(choices, choices[i].when->choice, choices[i].name);
    if (on >= static_cast<int>(i))
      throw Error(
          fmt::format("'{}' depends on '{}', which must come before it", choices[i].name, choices[i].when->choice));
    list.depends_on[i] = on;
    list.decides[static_cast<std::size_t>(on)] = true;
  }
  return list;
}

bool Space::open(const List& list, std::size_t choice, std::span<const Gene> genes) {
  const int on = list.depends_on[choice];
  if (on < 0) return true;
  const auto& values = list.choices[choice].when->values;
  return open(list, static_cast<std::size_t>(on), genes) &&
         std::find(values.begin(), values.end(), genes[static_cast<std::size_t>(on)]) != values.end();
}

void Space::close(const List& list, std::span<Gene> genes) {
  for (std::size_t i = 0; i < list.choices.size(); ++i)
    if (list.depends_on[i] >= 0 && !open(list, i, genes)) genes[i] = 0;
}

Space::Scope Space::scope_of(const List& list, bool design) const {
  Scope scope;
  std::vector<Gene> genes(list.choices.size(), 0);
  add_cases(list, 0, genes, design, scope);
  double sum = 0;
  for (const Case& one : scope.cases) scope.count += one.count;
  if (scope.count == 0) throw Error(fmt::format("the space '{}' is empty", name_));
  for (const Case& one : scope.cases) scope.cumulative.push_back(sum += ratio(one.count, scope.count));
  return scope;
}

void Space::add_cases(const List& list, std::size_t choice, std::vector<Gene>& genes, bool design,
                      Scope& scope) const {
  if (choice < list.choices.size()) {
    const std::uint32_t values =
        list.decides[choice] && open(list, choice, genes) ? list.choices[choice].domain.size() : 1;
    for (std::uint32_t value = 0; value < values; ++value) {
      genes[choice] = static_cast<Gene>(value);
      add_cases(list, choice + 1, genes, design, scope);
    }
    genes[choice] = 0;
    return;
  }
  if (scope.cases.size() == kMostCases)
    throw Error(fmt::format("the conditions of the space '{}' have more than {} cases", name_, kMostCases));
  Case& added = scope.cases.emplace_back();
  added.count = 1;
  for (std::size_t i = 0; i < list.choices.size(); ++i) {
    if (list.decides[i]) {
      added.fixed.emplace_back(i, genes[i]);
    } else if (open(list, i, genes)) {
      added.free.push_back(i);
      added.count *= list.choices[i].domain.size();
    }
  }
  if (design)
    for (std::size_t g = 0; g < groups_.size(); ++g)
      added.count *= boost::multiprecision::pow(layer_[g].count, static_cast<unsigned>(layers(g, genes)));
}

std::string Space::gene_name(std::size_t gene) const {
  const GenePlace& place = places_[gene];
  if (place.group < 0) return choices_[static_cast<std::size_t>(place.choice)].name;
  const Repeated& group = groups_[static_cast<std::size_t>(place.group)];
  return fmt::format("{}[{}].{}", group.name, place.layer,
                     group.choices[static_cast<std::size_t>(place.choice)].name);
}

std::size_t Space::gene(std::string_view choice) const {
  return static_cast<std::size_t>(position(choices_, choice, name_));
}

void Space::canonicalise(std::span<Gene> genome) const {
  close(design_list_, genome.first(choices_.size()));
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::size_t width = groups_[g].choices.size();
    const std::size_t used = layers(g, genome);
    for (std::size_t layer = 0; layer < used; ++layer)
      close(layer_lists_[g], genome.subspan(group_first_[g] + layer * width, width));
    std::ranges::fill(genome.subspan(group_first_[g] + used * width, (most_layers_[g] - used) * width), Gene{0});
  }
}

bool Space::active(std::size_t gene, std::span<const Gene> genome) const {
  const GenePlace& place = places_[gene];
  const auto choice = static_cast<std::size_t>(place.choice);
  if (place.group < 0) return open(design_list_, choice, genome.first(choices_.size()));
  const auto g = static_cast<std::size_t>(place.group);
  const std::size_t width = groups_[g].choices.size();
  return static_cast<std::size_t>(place.layer) < layers(g, genome) &&
         open(layer_lists_[g], choice, genome.subspan(gene - choice, width));
}

bool Space::valid(std::span<const Gene> genome) const {
  if (genome.size() != genome_length()) return false;
  for (std::size_t i = 0; i < genome.size(); ++i)
    if (genome[i] >= domains_[i]->size() || (genome[i] != 0 && !active(i, genome))) return false;
  return true;
}

double Space::log10_size() const {
  const auto bits = boost::multiprecision::msb(size_);
  const auto shift = bits < 60 ? 0u : bits - 60;
  return std::log10(ExactCount(size_ >> shift).convert_to<double>()) + static_cast<double>(shift) * std::log10(2.0);
}

void Space::sample(const Scope& scope, const List& list, Random& random, std::span<Gene> genes) {
  const auto at = std::upper_bound(scope.cumulative.begin(), scope.cumulative.end(), random.uniform());
  const auto number = std::min(static_cast<std::size_t>(at - scope.cumulative.begin()), scope.cases.size() - 1);
  std::ranges::fill(genes, Gene{0});
  for (const auto& [place, value] : scope.cases[number].fixed) genes[place] = value;
  for (const std::size_t place : scope.cases[number].free) genes[place] = list.choices[place].domain.random(random);
}

void Space::sample_uniform(Random& random, std::span<Gene> genome) const {
  std::ranges::fill(genome, Gene{0});
  sample(design_, design_list_, random, genome.first(choices_.size()));
  for (std::size_t g = 0; g < groups_.size(); ++g)
    for (std::size_t layer = 0; layer < layers(g, genome); ++layer)
      sample(layer_[g], layer_lists_[g], random, genome.subspan(gene(g, layer, 0), groups_[g].choices.size()));
}

void Space::sample_balanced(Random& random, std::span<Gene> genome) const {
  for (std::size_t i = 0; i < genome.size(); ++i) genome[i] = domains_[i]->random(random);
  canonicalise(genome);
}

void Space::nth(std::uint64_t index, std::span<Gene> genome) const {
  if (size_ > ExactCount(std::uint64_t{1} << 63))
    throw Error(fmt::format("the space '{}' has 10^{:.0f} designs, too many to number", name_, log10_size()));
  if (index >= size_.convert_to<std::uint64_t>()) throw Error(fmt::format("no design {} in '{}'", index, name_));
  std::ranges::fill(genome, Gene{0});
  // Takes the case that `rest` falls into, then its free choices as digits; what is left numbers the layers.
  const auto take = [](const Scope& scope, const List& list, std::uint64_t& rest, std::span<Gene> genes) {
    const Case* chosen = &scope.cases.front();
    for (const Case& one : scope.cases) {
      chosen = &one;
      const auto count = one.count.convert_to<std::uint64_t>();
      if (rest < count) break;
      rest -= count;
    }
    for (const auto& [place, value] : chosen->fixed) genes[place] = value;
    for (const std::size_t place : chosen->free) {
      const std::uint32_t values = list.choices[place].domain.size();
      genes[place] = static_cast<Gene>(rest % values);
      rest /= values;
    }
  };
  take(design_, design_list_, index, genome.first(choices_.size()));
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const auto count = layer_[g].count.convert_to<std::uint64_t>();
    for (std::size_t layer = 0; layer < layers(g, genome); ++layer, index /= count) {
      std::uint64_t rest = index % count;
      take(layer_[g], layer_lists_[g], rest, genome.subspan(gene(g, layer, 0), groups_[g].choices.size()));
    }
  }
}

void Space::from_unit(std::span<const double> point, std::span<Gene> genome) const {
  for (std::size_t i = 0; i < genome.size(); ++i)
    genome[i] = static_cast<Gene>(std::min(point[i] * domains_[i]->size(), domains_[i]->size() - 1.0));
  canonicalise(genome);
}

}  // namespace ridgeline
