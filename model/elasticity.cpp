#include "model/elasticity.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace ridgeline {
namespace {

constexpr double kStep = 0.01;

struct Knob {
  std::string name;
  std::function<void(CostParameters&, double factor)> scale;
};

std::vector<Knob> knobs(const CostParameters& parameters) {
  std::vector<Knob> list;
  list.push_back({"clock", [](CostParameters& p, double x) { p = at_clock_factor(std::move(p), x); }});
  constexpr std::array names{"matrix rate", "vector rate", "transcendental rate"};
  for (std::size_t k = 0; k < kArithmeticCount; ++k)
    list.push_back({names[k], [k](CostParameters& p, double x) { p.arithmetic[k].peak *= x; }});
  for (std::size_t l = 0; l < parameters.memory.size(); ++l)
    list.push_back(
        {parameters.memory[l].name + " bandwidth", [l](CostParameters& p, double x) { p.memory[l].bandwidth *= x; }});
  list.push_back({"weight bytes", [](CostParameters& p, double x) { p.weight_bytes *= x; }});
  list.push_back({"dispatch time", [](CostParameters& p, double x) {
                    for (Seconds& d : p.dispatch) d *= x;
                  }});
  list.push_back({"launch latency", [](CostParameters& p, double x) { p.launch *= x; }});
  list.push_back({"kernel floor", [](CostParameters& p, double x) { p.kernel_floor *= x; }});
  list.push_back({"static power", [](CostParameters& p, double x) { p.static_power *= x; }});
  list.push_back({"power limit", [](CostParameters& p, double x) { p.power_limit *= x; }});
  return list;
}

}  // namespace

std::vector<Elasticity> elasticities(const Program& program, const CostParameters& parameters) {
  std::vector<Elasticity> result;
  const double width = std::log1p(kStep) - std::log1p(-kStep);
  for (const Knob& knob : knobs(parameters)) {
    CostParameters more = parameters, less = parameters;
    knob.scale(more, 1 + kStep);
    knob.scale(less, 1 - kStep);
    const Totals high = totals(program, more), low = totals(program, less);
    Elasticity elasticity{knob.name, std::log(high.latency / low.latency) / width, {}};
    if (parameters.has_power) elasticity.energy = std::log(*high.energy / *low.energy) / width;
    if (std::abs(elasticity.latency) > 1e-9 || std::abs(elasticity.energy.value_or(0)) > 1e-9)
      result.push_back(std::move(elasticity));
  }
  std::stable_sort(result.begin(), result.end(), [](const Elasticity& a, const Elasticity& b) {
    return std::abs(a.latency) > std::abs(b.latency);
  });
  return result;
}

}  // namespace ridgeline
