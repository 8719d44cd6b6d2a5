// A measurement set made ready for costing it hundreds of times: programs as lists of numbers of distinct operators.
//
// Rows share most of their operators, so their bounds (model/roofline.hpp) are computed once, under the data sheet's
// rates, and rescaled to whatever rates a fit tries; tiling and traffic stay as the data sheet has them. A row is one
// or more parts that were timed by themselves, or a single operator.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "calib/parameters.hpp"
#include "data/measurement.hpp"
#include "model/lowering.hpp"

namespace ridgeline {

/// A run of operators, `repeats` times over.
struct CondensedPhase {
  std::vector<std::uint32_t> operators;  ///< in program order, as positions in CondensedPart::operators
  Size repeats = 1;
};

struct CondensedPart {
  std::vector<std::uint32_t> operators;  ///< numbers of the distinct ones
  std::vector<double> times;             ///< how often each runs
  std::vector<CondensedPhase> phases;    ///< empty on synchronous devices, where the order does not matter
};

struct CondensedRow {
  std::vector<CondensedPart> parts;  ///< at least one
  double sequences = 1;
  Bytes weights;
};

/// The operator that was measured. Error when the program has no such one.
const Operator& operator_of(const Program& program, const MeasuredOperator& op);

class Condenser {
 public:
  /// Keeps a copy of the data sheet's parameters.
  explicit Condenser(const CostParameters& data_sheet);
  Condenser(const Condenser&) = delete;

  /// A row with one part for each of `part_names` (phases of those names; others were not timed), or with one part of
  /// all phases. Error when there is no phase of a name.
  CondensedRow condense(const Program& program, std::span<const std::string> part_names);
  /// A row of one operator, as operator_of() finds it.
  CondensedRow condense(const Program& program, const MeasuredOperator& op);
  CondensedRow condense(const Measurement& row);

  std::span<const Operator> operators() const { return operators_; }
  std::span<const OperatorBounds> bounds() const { return bounds_; }
  const Roofline& reference() const { return roofline_; }
  const Numerics& numerics() const { return parameters_.numerics; }

 private:
  std::uint32_t number_of(const Operator& op);

  CostParameters parameters_;
  Roofline roofline_;
  std::vector<Operator> operators_;
  std::vector<OperatorBounds> bounds_;
  std::unordered_multimap<std::size_t, std::uint32_t> by_hash_;
};

/// Costs of every operator at one model, with derivatives by the parameters that move them.
struct OperatorGradient {
  std::uint32_t parameter;
  double dispatch, duration, energy;  ///< d/d ln parameter, in s, s, J
};
struct OperatorCosts {
  std::vector<double> dispatch, duration, energy;  ///< s, s, J (dispatching included) by operator
  std::vector<std::uint32_t> first;                ///< gradients of operator u: [first[u], first[u + 1])
  std::vector<OperatorGradient> gradients;
};

/// For the operators that are `used`, zeros for all others. `theta` is in `space`; derivatives are central
/// differences of step 1e-4 in the logarithm, taken operator by operator (the roofline is piecewise smooth; their
/// error is about 1e-8).
OperatorCosts operator_costs(const Condenser& condenser, const std::vector<bool>& used, const ParameterSpace& space,
                             const Eigen::VectorXd& theta, bool with_gradients);

/// Warm latency and dynamic energy of one part, and their gradients.
struct PartCost {
  double latency = 0, dynamic = 0;
  Eigen::VectorXd latency_gradient, dynamic_gradient;  ///< empty unless asked for
};
PartCost part_cost(const CondensedPart& part, const OperatorCosts& costs, const CostParameters& parameters,
                   Eigen::Index parameter_count, bool with_gradients);

}  // namespace ridgeline
