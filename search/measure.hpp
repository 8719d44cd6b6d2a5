// What a search may look at: measures of designs, objectives made of them, constraints on them.
//
// Objectives are minimised. A single measure is taken as it is, but for accuracy, of which 1 - accuracy is minimised.
// "capacity" is the wish for more parameters, minimised as 1 / parameters: what a search looks at where nobody can
// say how accurate a model is. A weighted sum adds weight × measure / scale, of accuracy weight × (1 - accuracy /
// scale). "edgetran" is such a sum, the one that EdgeTran minimises (jha-lab/edgetran, co-design/run_codesign.py):
//   y = 0.5 (1 - GLUE) + 0.2 latency / 1000 s + 0.2 energy / 2000 J + 0.1 peak power / 300 W, per sequence.
//
// A constraint is `measure <= limit` or `measure >= limit`; it is violated by how far the measure is beyond its
// limit, relative to the limit, and violations add up.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantity.hpp"
#include "search/evaluator.hpp"

namespace ridgeline {

enum class Measure {
  accuracy,
  latency,  ///< s, of a batch
  latency_per_sequence,
  energy,  ///< J, of a batch
  energy_per_sequence,
  peak_power,
  average_power,
  edp,  ///< J·s, of a batch
  memory,
  parameters,
};
inline constexpr std::size_t kMeasureCount = 10;

std::string_view name(Measure measure);
std::vector<std::string> measure_names();
/// Error naming the nearest.
Measure parse_measure(std::string_view name);
/// "s", "J", "W", "J·s", "B", "" (accuracy, parameters).
std::string_view unit(Measure measure);
Dimension dimension(Measure measure);
/// "50.0 ms", of parameters "4.09 M".
std::string amount_text(Measure measure, double value);

/// NaN where there is no basis; so is accuracy when `accuracy` is.
double value_of(Measure measure, const DesignFigures& figures, double accuracy);

/// By Measure. Those of a design's device that take its figures to the upper ends of their intervals; else 1.
using MeasureFactors = std::array<double, kMeasureCount>;
inline constexpr MeasureFactors kNoFactors{1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

struct Term {
  Measure measure;
  double weight = 1;
  double scale = 1;  ///< SI
};

struct SearchObjective {
  std::string name;
  std::vector<Term> terms;
  bool sum = false;      ///< a weighted sum; else the one measure
  bool inverse = false;  ///< 1 / the one measure: "capacity"
};

/// The name of a measure, "capacity", "edgetran", or a sum such as "0.7*latency/50ms+0.3*energy/1J". Error for
/// unknown measures, weights that are not positive, and units that do not fit.
SearchObjective parse_objective(std::string_view text);
double value_of(const SearchObjective& objective, const DesignFigures& figures, double accuracy,
                const MeasureFactors& factors = kNoFactors);

struct SearchConstraint {
  Measure measure;
  bool at_most = true;
  double limit = 0;  ///< SI
};

/// "latency<=50ms", "accuracy>=0.8". Error as above, and for limits that are not positive.
SearchConstraint parse_constraint(std::string_view text);
/// "latency <= 50 ms"
std::string to_text(const SearchConstraint& constraint);
/// 0 when it is met; 10^9 where there is no basis.
double violation(const SearchConstraint& constraint, const DesignFigures& figures, double accuracy,
                 const MeasureFactors& factors = kNoFactors);

/// What all of them need beyond latency, energy and parameters.
Needs needs_of(std::span<const SearchObjective> objectives, std::span<const SearchConstraint> constraints);
bool uses(Measure measure, std::span<const SearchObjective> objectives,
          std::span<const SearchConstraint> constraints);

}  // namespace ridgeline
