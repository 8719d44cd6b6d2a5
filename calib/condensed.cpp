#include "calib/condensed.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>

#include "base/error.hpp"

namespace ridgeline {
namespace {

constexpr double kStep = 1e-4;  // of logarithms, for central differences

std::size_t hash_of(const Operator& op) {
  const Work todo = work(op, Numerics{});
  std::size_t seed = op.index();
  for (const double x : {todo.matrix.si(), todo.vector.si(), todo.bytes().si(), todo.weights.si()})
    boost::hash_combine(seed, x);
  return seed;
}

/// Where the latency of an asynchronous program comes from: the host's dispatches up to the last operator before
/// which the device waited, then the durations from there on; or all dispatches, when the host is done last.
struct CriticalPath {
  std::size_t waited = 0;  ///< position in the program
  double latency = 0;
  bool host_ends = false;
};

/// visit(i) for every operator in the order in which it runs; i is a position in part.operators.
template <class Visit>
void for_each_operator(const CondensedPart& part, Visit visit) {
  for (const CondensedPhase& phase : part.phases)
    for (Size r = 0; r < phase.repeats; ++r)
      for (const std::uint32_t i : phase.operators) visit(i);
}

/// As schedule() of model/schedule.hpp does it.
CriticalPath critical_path(const CondensedPart& part, const OperatorCosts& costs, double launch) {
  CriticalPath path;
  std::vector<double> dispatch, duration;
  for (const std::uint32_t u : part.operators) {
    dispatch.push_back(costs.dispatch[u]);
    duration.push_back(costs.duration[u]);
  }
  double host = 0, device = 0;
  std::size_t position = 0;
  for_each_operator(part, [&](std::uint32_t i) {
    host += dispatch[i];
    if (duration[i] > 0) {
      if (host + launch >= device) device = host + launch, path.waited = position;
      device += duration[i];
    }
    ++position;
  });
  path.host_ends = host > device;
  path.latency = std::max(host, device);
  return path;
}

/// How often the dispatch and the duration of each operator of a part stand on the way that decides its latency.
struct Counts {
  std::vector<double> dispatch, duration;
};

Counts counts(const CondensedPart& part, const CriticalPath& path) {
  Counts result{std::vector<double>(part.operators.size()), std::vector<double>(part.operators.size())};
  std::size_t position = 0;
  for_each_operator(part, [&](std::uint32_t i) {
    if (path.host_ends || position <= path.waited) result.dispatch[i] += 1;
    if (!path.host_ends && position >= path.waited) result.duration[i] += 1;
    ++position;
  });
  return result;
}

}  // namespace

const Operator& operator_of(const Program& program, const MeasuredOperator& op) {
  const auto phase =
      std::find_if(program.phases.begin(), program.phases.end(), [&](const Phase& p) { return p.name == op.phase; });
  const auto v = static_cast<OperatorVertex>(op.vertex);
  if (phase == program.phases.end() || v >= num_vertices(phase->graph) || phase->graph[v].label != op.label)
    throw Error("the program has no operator '" + to_text(op) +
                "'; was it measured by another version of Ridgeline?");
  return phase->graph[v].op;
}

Condenser::Condenser(const CostParameters& data_sheet) : parameters_(data_sheet), roofline_(parameters_) {}

std::uint32_t Condenser::number_of(const Operator& op) {
  const std::size_t hash = hash_of(op);
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (operators_[it->second] == op) return it->second;
  const auto number = static_cast<std::uint32_t>(operators_.size());
  operators_.push_back(op);
  bounds_.push_back(std::holds_alternative<View>(op) ? OperatorBounds{} : roofline_.bounds(op));
  by_hash_.emplace(hash, number);
  return number;
}

CondensedRow Condenser::condense(const Program& program, std::span<const std::string> part_names) {
  CondensedRow row;
  row.parts.resize(std::max<std::size_t>(1, part_names.size()));
  row.sequences = static_cast<double>(program.sequences);
  row.weights = program.weights;
  std::vector<std::unordered_map<std::uint32_t, std::uint32_t>> positions(row.parts.size());
  for (const Phase& phase : program.phases) {
    std::size_t part = 0;
    if (!part_names.empty()) {
      const auto found = std::find(part_names.begin(), part_names.end(), phase.name);
      if (found == part_names.end()) continue;
      part = static_cast<std::size_t>(found - part_names.begin());
    }
    CondensedPart& condensed = row.parts[part];
    CondensedPhase run{{}, phase.repeats};
    for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v) {
      const std::uint32_t u = number_of(phase.graph[v].op);
      const auto [known, is_new] =
          positions[part].try_emplace(u, static_cast<std::uint32_t>(condensed.operators.size()));
      if (is_new) condensed.operators.push_back(u), condensed.times.push_back(0);
      condensed.times[known->second] += static_cast<double>(phase.repeats);
      run.operators.push_back(known->second);
    }
    if (parameters_.asynchronous) condensed.phases.push_back(std::move(run));
  }
  for (std::size_t p = 0; p < row.parts.size(); ++p)
    if (row.parts[p].operators.empty())
      throw Error("the program has no phase '" + (part_names.empty() ? std::string() : part_names[p]) + "'");
  return row;
}

CondensedRow Condenser::condense(const Program& program, const MeasuredOperator& op) {
  CondensedRow row;
  row.sequences = static_cast<double>(program.sequences);
  row.parts.push_back({{number_of(operator_of(program, op))}, {1}, {}});
  if (parameters_.asynchronous) row.parts.front().phases.push_back({{0}, 1});
  return row;
}

CondensedRow Condenser::condense(const Measurement& row) {
  if (row.op) return condense(lower(row.definition, row.workload), *row.op);
  std::vector<std::string> names;
  for (const MeasuredPart& part : row.parts) names.push_back(part.phase);
  return condense(lower(row.definition, row.workload), names);
}

OperatorCosts operator_costs(const Condenser& condenser, const std::vector<bool>& used, const ParameterSpace& space,
                             const Eigen::VectorXd& theta, bool with_gradients) {
  const std::span<const Operator> operators = condenser.operators();
  OperatorCosts result;
  const DeviceModel here = space.at(theta);
  const Roofline roofline(here.cost);
  const Watts waiting = waiting_power(here.cost);
  for (std::size_t u = 0; u < operators.size(); ++u) {
    const OperatorCost c =
        used[u] ? roofline.cost(operators[u], roofline.rescaled(condenser.bounds()[u], condenser.reference()))
                : OperatorCost{};
    result.dispatch.push_back(c.dispatch.si());
    result.duration.push_back(c.duration.si());
    result.energy.push_back((c.energy + waiting * c.dispatch).si());
  }
  if (!with_gradients) return result;

  struct Neighbour {
    DeviceModel below, above;
  };
  std::vector<Neighbour> neighbours;
  for (Eigen::Index j = 0; j < space.size(); ++j) {
    Eigen::VectorXd below = theta, above = theta;
    below[j] -= kStep;
    above[j] += kStep;
    neighbours.push_back({space.at(below), space.at(above)});
  }
  std::vector<Roofline> below, above;
  for (const Neighbour& n : neighbours) below.emplace_back(n.below.cost), above.emplace_back(n.above.cost);
  for (std::size_t u = 0; u < operators.size(); ++u) {
    result.first.push_back(static_cast<std::uint32_t>(result.gradients.size()));
    if (!used[u]) continue;
    for (std::size_t j = 0; j < neighbours.size(); ++j) {
      const auto& kind = space.parameters()[j].kind;
      if (!space.parameters()[j].in_cost || (kind && *kind != operators[u].index())) continue;
      const auto at = [&](const Roofline& r) {
        return r.cost(operators[u], r.rescaled(condenser.bounds()[u], condenser.reference()));
      };
      const OperatorCost low = at(below[j]), high = at(above[j]);
      OperatorGradient g{static_cast<std::uint32_t>(j), (high.dispatch - low.dispatch).si() / (2 * kStep),
                         (high.duration - low.duration).si() / (2 * kStep),
                         ((high.energy + waiting_power(neighbours[j].above.cost) * high.dispatch) -
                          (low.energy + waiting_power(neighbours[j].below.cost) * low.dispatch))
                                 .si() /
                             (2 * kStep)};
      if (g.dispatch != 0 || g.duration != 0 || g.energy != 0) result.gradients.push_back(g);
    }
  }
  result.first.push_back(static_cast<std::uint32_t>(result.gradients.size()));
  return result;
}

PartCost part_cost(const CondensedPart& part, const OperatorCosts& costs, const CostParameters& parameters,
                   Eigen::Index parameter_count, bool with_gradients) {
  PartCost result;
  CriticalPath path;
  if (parameters.asynchronous) path = critical_path(part, costs, parameters.launch.si());
  result.latency = path.latency;
  for (std::size_t i = 0; i < part.operators.size(); ++i) {
    const std::uint32_t u = part.operators[i];
    result.dynamic += part.times[i] * costs.energy[u];
    if (!parameters.asynchronous) result.latency += part.times[i] * (costs.dispatch[u] + costs.duration[u]);
  }
  if (!with_gradients) return result;
  const Counts on_path = parameters.asynchronous ? counts(part, path) : Counts{part.times, part.times};
  result.latency_gradient = Eigen::VectorXd::Zero(parameter_count);
  result.dynamic_gradient = Eigen::VectorXd::Zero(parameter_count);
  for (std::size_t i = 0; i < part.operators.size(); ++i) {
    const std::uint32_t u = part.operators[i];
    for (std::uint32_t g = costs.first[u]; g < costs.first[u + 1]; ++g) {
      const OperatorGradient& slope = costs.gradients[g];
      result.latency_gradient[slope.parameter] +=
          on_path.dispatch[i] * slope.dispatch + on_path.duration[i] * slope.duration;
      result.dynamic_gradient[slope.parameter] += part.times[i] * slope.energy;
    }
  }
  return result;
}

}  // namespace ridgeline
