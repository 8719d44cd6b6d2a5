#include "search/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/units.hpp"

namespace ridgeline {
namespace {

struct MeasureInfo {
  Measure measure;
  std::string_view name;
  Dimension dimension;
};
constexpr std::string_view kCapacity = "capacity";
constexpr Dimension kNone{}, kTime{.second = 1}, kEnergy{.joule = 1}, kPower{.second = -1, .joule = 1},
    kEnergyDelay{.second = 1, .joule = 1}, kSize{.byte = 1};
constexpr std::array<MeasureInfo, kMeasureCount> kMeasures{
    {{Measure::accuracy, "accuracy", kNone},
     {Measure::latency, "latency", kTime},
     {Measure::latency_per_sequence, "latency_per_sequence", kTime},
     {Measure::energy, "energy", kEnergy},
     {Measure::energy_per_sequence, "energy_per_sequence", kEnergy},
     {Measure::peak_power, "peak_power", kPower},
     {Measure::average_power, "average_power", kPower},
     {Measure::edp, "edp", kEnergyDelay},
     {Measure::memory, "memory", kSize},
     {Measure::parameters, "parameters", kNone}}};

const MeasureInfo& info(Measure measure) { return kMeasures[static_cast<std::size_t>(measure)]; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// "50ms" of a measure in SI; counts of parameters may have a prefix: "30M".
double positive_amount(std::string_view text, Measure measure) {
  const auto quantity = parse_quantity(text);
  if (quantity && quantity->dimension == dimension(measure) && quantity->si > 0) return quantity->si;
  if (measure == Measure::parameters && !text.empty()) {
    const std::size_t prefix = std::string_view("kMG").find(text.back());
    const auto number = prefix == std::string_view::npos ? quantity : parse_quantity(text.substr(0, text.size() - 1));
    if (prefix != std::string_view::npos && number && number->dimension == Dimension{} && number->si > 0)
      return number->si * std::pow(1000.0, static_cast<double>(prefix) + 1);
  }
  const std::string expected = info(measure).dimension == Dimension{}
                                   ? std::string("a positive number")
                                   : fmt::format("a positive amount in {}", unit(measure));
  throw Error(fmt::format("{}: expected {}, found '{}'", name(measure), expected, text));
}

SearchObjective edgetran() {
  return {"edgetran",
          {{Measure::accuracy, 0.5, 1},
           {Measure::latency_per_sequence, 0.2, 1000},
           {Measure::energy_per_sequence, 0.2, 2000},
           {Measure::peak_power, 0.1, 300}},
          true};
}

/// "0.7*latency/50ms"
Term parse_term(std::string_view text) {
  const std::size_t star = text.find('*'), slash = text.find('/', star);
  if (star == std::string_view::npos || slash == std::string_view::npos)
    throw Error(fmt::format("expected WEIGHT*MEASURE/SCALE, found '{}'", text));
  const auto weight = parse_quantity(trimmed(text.substr(0, star)));
  if (!weight || weight->dimension != Dimension{} || !(weight->si > 0))
    throw Error(fmt::format("expected a positive weight, found '{}'", trimmed(text.substr(0, star))));
  const Measure measure = parse_measure(trimmed(text.substr(star + 1, slash - star - 1)));
  return {measure, weight->si, positive_amount(trimmed(text.substr(slash + 1)), measure)};
}

}  // namespace

std::string_view name(Measure measure) { return info(measure).name; }

std::vector<std::string> measure_names() {
  std::vector<std::string> names;
  for (const MeasureInfo& one : kMeasures) names.emplace_back(one.name);
  return names;
}

Measure parse_measure(std::string_view text) {
  for (const MeasureInfo& one : kMeasures)
    if (one.name == text) return one.measure;
  throw_unknown_name({}, "measure", text, measure_names());
}

std::string_view unit(Measure measure) {
  const Dimension d = info(measure).dimension;
  if (d == kTime) return "s";
  if (d == kEnergy) return "J";
  if (d == kPower) return "W";
  if (d == kEnergyDelay) return "J·s";
  return d == kSize ? "B" : "";
}

Dimension dimension(Measure measure) { return info(measure).dimension; }

std::string amount_text(Measure measure, double value) {
  if (measure == Measure::accuracy) return fmt::format("{:.4g}", value);
  if (measure == Measure::edp) return format_quantity(value, kEnergy) + "·s";
  return measure == Measure::parameters ? format_prefixed(value) : format_quantity(value, dimension(measure));
}

double value_of(Measure measure, const DesignFigures& f, double accuracy) {
  switch (measure) {
    case Measure::accuracy:
      return accuracy;
    case Measure::latency:
      return f.latency;
    case Measure::latency_per_sequence:
      return f.latency / f.batch;
    case Measure::energy:
      return f.energy;
    case Measure::energy_per_sequence:
      return f.energy / f.batch;
    case Measure::peak_power:
      return f.peak_power;
    case Measure::average_power:
      return f.energy / f.latency;
    case Measure::edp:
      return f.energy * f.latency;
    case Measure::memory:
      return f.memory;
    case Measure::parameters:
      return f.parameters;
  }
  throw Error("no such measure");
}

SearchObjective parse_objective(std::string_view text) {
  text = trimmed(text);
  if (text == "edgetran") return edgetran();
  if (text == kCapacity)
    return {.name = std::string(kCapacity), .terms = {{Measure::parameters}}, .sum = false, .inverse = true};
  SearchObjective objective{.name = std::string(text), .terms = {}};
  if (text.find('*') == std::string_view::npos) {
    std::vector<std::string> names = measure_names();
    names.emplace_back(kCapacity);
    names.emplace_back("edgetran");
    if (std::ranges::find(names, text) == names.end()) throw_unknown_name({}, "objective", text, names);
    objective.terms = {{parse_measure(text)}};
    return objective;
  }
  objective.sum = true;
  while (!text.empty()) {
    const std::size_t plus = std::min(text.find('+'), text.size());
    objective.terms.push_back(parse_term(trimmed(text.substr(0, plus))));
    text.remove_prefix(std::min(plus + 1, text.size()));
  }
  return objective;
}

double value_of(const SearchObjective& objective, const DesignFigures& figures, double accuracy,
                const MeasureFactors& factors) {
  const auto factor = [&](Measure measure) { return factors[static_cast<std::size_t>(measure)]; };
  if (objective.inverse) {
    const Measure measure = objective.terms.front().measure;
    return 1 / (value_of(measure, figures, accuracy) * factor(measure));
  }
  double sum = 0;
  for (const Term& term : objective.terms) {
    const double value = value_of(term.measure, figures, accuracy) * factor(term.measure) / term.scale;
    sum += term.weight * (term.measure == Measure::accuracy ? 1 - value : value);
  }
  return sum;
}

SearchConstraint parse_constraint(std::string_view text) {
  const std::size_t at = text.find_first_of("<>");
  if (at == std::string_view::npos || at + 1 >= text.size() || text[at + 1] != '=')
    throw Error(fmt::format("expected MEASURE<=LIMIT or MEASURE>=LIMIT, found '{}'", text));
  SearchConstraint constraint{parse_measure(trimmed(text.substr(0, at))), text[at] == '<'};
  constraint.limit = positive_amount(trimmed(text.substr(at + 2)), constraint.measure);
  return constraint;
}

std::string to_text(const SearchConstraint& c) {
  return fmt::format("{} {} {}", name(c.measure), c.at_most ? "<=" : ">=", amount_text(c.measure, c.limit));
}

double violation(const SearchConstraint& constraint, const DesignFigures& figures, double accuracy,
                 const MeasureFactors& factors) {
  constexpr double kNoBasis = 1e9;
  const double value =
      value_of(constraint.measure, figures, accuracy) * factors[static_cast<std::size_t>(constraint.measure)];
  if (std::isnan(value)) return kNoBasis;
  const double beyond = constraint.at_most ? value - constraint.limit : constraint.limit - value;
  return std::clamp(beyond / constraint.limit, 0.0, kNoBasis);
}

bool uses(Measure measure, std::span<const SearchObjective> objectives,
          std::span<const SearchConstraint> constraints) {
  const auto in_terms = [&](const SearchObjective& objective) {
    return std::ranges::find(objective.terms, measure, &Term::measure) != objective.terms.end();
  };
  return std::ranges::any_of(objectives, in_terms) ||
         std::ranges::find(constraints, measure, &SearchConstraint::measure) != constraints.end();
}

Needs needs_of(std::span<const SearchObjective> objectives, std::span<const SearchConstraint> constraints) {
  return {.peak_power = uses(Measure::peak_power, objectives, constraints),
          .memory = uses(Measure::memory, objectives, constraints)};
}

}  // namespace ridgeline
