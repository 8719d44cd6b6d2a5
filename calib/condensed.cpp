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

/// What dispatching draws: only a host that waits for each operator is part of the device.
Watts waiting_power(const CostParameters& parameters) {
  return parameters.asynchronous ? Watts(0) : parameters.dispatch_power;
}

/// The last operator of a sequence before which the device waited for the host, and the latency from there.
struct CriticalPath {
  std::size_t waited = 0;  ///< position in the sequence; only launched operators count
  double latency = 0;
  bool host_ends = false;  ///< the host is done later than the device
};

/// As schedule() of model/schedule.hpp does it.
template <class Visit>
void for_each_operator(const CondensedPart& part, Visit visit) {
  for (const CondensedPhase& phase : part.phases)
    for (Size r = 0; r < phase.repeats; ++r)
      for (const std::uint32_t u : phase.operators) visit(u);
}

CriticalPath critical_path(const CondensedPart& part, const OperatorCosts& costs, double launch) {
  CriticalPath path;
  double host = 0, device = 0;
  std::size_t position = 0;
  for_each_operator(part, [&](std::uint32_t u) {
    host += costs.dispatch[u];
    if (costs.duration[u] > 0) {
      if (host + launch >= device) device = host + launch, path.waited = position;
      device += costs.duration[u];
    }
    ++position;
  });
  path.host_ends = host > device;
  path.latency = std::max(host, device);
  return path;
}

/// How often each operator's dispatch and duration stand on the way that decides the latency, and in the whole.
struct Counts {
  std::vector<std::uint32_t> touched;
  std::vector<double> dispatch, duration, all;

  explicit Counts(std::size_t operators) : dispatch(operators), duration(operators), all(operators) {}
  void add(std::uint32_t u, double dispatches, double durations, double times) {
    if (all[u] == 0) touched.push_back(u);
    dispatch[u] += dispatches;
    duration[u] += durations;
    all[u] += times;
  }
};

Counts count(const CondensedPart& part, const OperatorCosts& costs, const CostParameters& parameters,
             double& latency) {
  Counts counts(costs.dispatch.size());
  if (!parameters.asynchronous) {
    for (const CondensedPhase& phase : part.phases) {
      const auto n = static_cast<double>(phase.repeats);
      for (const std::uint32_t u : phase.operators) {
        counts.add(u, n, n, n);
        latency += n * (costs.dispatch[u] + costs.duration[u]);
      }
    }
    return counts;
  }
  const CriticalPath path = critical_path(part, costs, parameters.launch.si());
  latency = path.latency;
  std::size_t position = 0;
  for_each_operator(part, [&](std::uint32_t u) {
    const bool before = path.host_ends || position <= path.waited;
    const bool after = !path.host_ends && position >= path.waited;
    counts.add(u, before ? 1 : 0, after ? 1 : 0, 1);
    ++position;
  });
  return counts;
}

}  // namespace

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
  for (const Phase& phase : program.phases) {
    std::size_t part = 0;
    if (!part_names.empty()) {
      const auto found = std::find(part_names.begin(), part_names.end(), phase.name);
      if (found == part_names.end()) throw Error("no part of the latency is named '" + phase.name + "'");
      part = static_cast<std::size_t>(found - part_names.begin());
    }
    CondensedPhase condensed;
    condensed.repeats = phase.repeats;
    condensed.operators.reserve(num_vertices(phase.graph));
    for (OperatorVertex v = 0; v < num_vertices(phase.graph); ++v)
      condensed.operators.push_back(number_of(phase.graph[v].op));
    row.parts[part].phases.push_back(std::move(condensed));
  }
  return row;
}

CondensedRow Condenser::condense(const Measurement& row) {
  std::vector<std::string> names;
  for (const MeasuredPart& part : row.parts) names.push_back(part.phase);
  return condense(lower(row.architecture, row.workload), names);
}

OperatorCosts operator_costs(const Condenser& condenser, const ParameterSpace& space, const Eigen::VectorXd& theta,
                             bool with_gradients) {
  const std::span<const Operator> operators = condenser.operators();
  OperatorCosts result;
  const DeviceModel here = space.at(theta);
  const Roofline roofline(here.cost);
  const Watts waiting = waiting_power(here.cost);
  for (std::size_t u = 0; u < operators.size(); ++u) {
    const OperatorCost c =
        roofline.cost(operators[u], roofline.rescaled(condenser.bounds()[u], condenser.reference()));
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
  const Counts counts = count(part, costs, parameters, result.latency);
  for (const std::uint32_t u : counts.touched) result.dynamic += counts.all[u] * costs.energy[u];
  if (!with_gradients) return result;
  result.latency_gradient = Eigen::VectorXd::Zero(parameter_count);
  result.dynamic_gradient = Eigen::VectorXd::Zero(parameter_count);
  for (const std::uint32_t u : counts.touched) {
    for (std::uint32_t i = costs.first[u]; i < costs.first[u + 1]; ++i) {
      const OperatorGradient& g = costs.gradients[i];
      result.latency_gradient[g.parameter] += counts.dispatch[u] * g.dispatch + counts.duration[u] * g.duration;
      result.dynamic_gradient[g.parameter] += counts.all[u] * g.energy;
    }
  }
  return result;
}

}  // namespace ridgeline
