#include "calib/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ridgeline {
namespace {

/// References where data sheets say nothing: orders of magnitude, which their wide priors leave to measurements.
constexpr Seconds kKernelFloor{2e-6};            // a short kernel of a GPU
constexpr SecondsPerByte kAllocation{1e-11};     // some results in fresh memory
constexpr SecondsPerByte kFreshMemory{1e-10};    // a page fault and clearing the page: 0.4 us for 4 KiB
constexpr Seconds kStartup{0.1};                 // a sequence's part of starting a process
constexpr SecondsPerByte kStartupPerByte{1e-9};  // reading weights at 1 GB/s
constexpr SecondsPerByte2 kPaging{1e-20};        // 10 ms for a gigabyte: most devices have memory enough
constexpr Seconds kResponse{0.1};                // of a power sensor that is polled
constexpr double kBusyShare = 0.1;  // busy power of a device without one, of the power of products at full rate

constexpr double kFar = 12;  // bounds of what may be anything: e^12 = 160,000 times

double highest_utilisation(const CostParameters& cost, std::size_t first, std::size_t last) {
  double highest = 0;
  for (std::size_t l = first; l < last; ++l) highest = std::max(highest, cost.memory[l].utilisation);
  return highest;
}

std::size_t kind(const Operator& op) { return op.index(); }

}  // namespace

DeviceModel data_sheet_model(CostParameters cost, Protocol protocol) {
  DeviceModel model{std::move(cost), {}};
  if (protocol == Protocol::warm) return model;
  model.observation.startup = kStartup;
  model.observation.startup_per_byte = kStartupPerByte;
  model.observation.paging = kPaging;
  model.observation.startup_power = model.cost.static_power;
  model.observation.response = kResponse;
  return model;
}

void ParameterSpace::add(Parameter parameter, Apply apply, std::size_t which) {
  parameters_.push_back(std::move(parameter));
  actions_.push_back({apply, which});
}

ParameterSpace::ParameterSpace(DeviceModel data_sheet, bool whole_process, bool has_power)
    : data_sheet_(std::move(data_sheet)) {
  CostParameters& cost = data_sheet_.cost;
  for (const Arithmetic a : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental}) {
    const double utilisation = cost.arithmetic[index(a)].utilisation;
    add(
        {fmt::format("{} utilisation", name(a)), "1", utilisation, -7, -std::log(utilisation),
         a == Arithmetic::matrix ? 0.5 : 0.7},
        [](DeviceModel& m, std::size_t k, double f) { m.cost.arithmetic[k].utilisation *= f; }, index(a));
  }
  if (cost.memory.size() > 1)
    add({"cache bandwidth", "1", 1, -9, -std::log(highest_utilisation(cost, 0, cost.memory.size() - 1)), 0.7},
        [](DeviceModel& m, std::size_t, double f) {
          for (std::size_t l = 0; l + 1 < m.cost.memory.size(); ++l) m.cost.memory[l].utilisation *= f;
        });
  add({"dram bandwidth", "1", cost.memory.back().utilisation, -7, -std::log(cost.memory.back().utilisation), 0.4},
      [](DeviceModel& m, std::size_t, double f) { m.cost.memory.back().utilisation *= f; });
  add({"share of all but products", "1", 1, -8, 0, 0.7}, [](DeviceModel& m, std::size_t, double f) {
    for (std::size_t k = 0; k < kOperatorKinds; ++k)
      if (k != kind(MatMul{}) && k != kind(BatchedMatMul{})) m.cost.kernel_share[k] *= f;
  });
  for (std::size_t k = 0; k < kOperatorKinds; ++k) {
    if (k == kind(View{})) continue;
    add(
        {fmt::format("kernel share of {}", kind_name(k)), "1", 1, -8, 0, 0.5, true, false, k},
        [](DeviceModel& m, std::size_t which, double f) { m.cost.kernel_share[which] *= f; }, k);
  }
  add({"vocabulary rate", "1", 1, -3, 3, 0.5},
      [](DeviceModel& m, std::size_t, double f) { m.cost.vocabulary_rate *= f; });

  add({"dispatch", "s", cost.dispatch.front().si(), -6, 6, 0.7}, [](DeviceModel& m, std::size_t, double f) {
    for (Seconds& dispatch : m.cost.dispatch) dispatch *= f;
  });
  // A pass looks tokens up once, so the embedding's dispatch stands for whatever a pass costs the host besides its
  // operators (Python between two decoding steps), of which data sheets say nothing.
  for (std::size_t k = 0; k < kOperatorKinds; ++k)
    add(
        {fmt::format("dispatch of {}", kind_name(k)), "1", 1, -5, 5, k == kind(Embedding{}) ? 1.5 : 0.35, true, false,
         k},
        [](DeviceModel& m, std::size_t which, double f) { m.cost.dispatch[which] *= f; }, k);
  if (cost.asynchronous) {
    if (!(cost.kernel_floor.si() > 0)) cost.kernel_floor = kKernelFloor;
    add({"kernel floor", "s", cost.kernel_floor.si(), -5, 5, 1},
        [](DeviceModel& m, std::size_t, double f) { m.cost.kernel_floor *= f; });
  } else {
    cost.allocation = kAllocation;
    add({"allocation", "s/B", cost.allocation.si(), -8, 8, 2},
        [](DeviceModel& m, std::size_t, double f) { m.cost.allocation *= f; });
    cost.fresh_memory = kFreshMemory;
    add({"fresh memory", "s/B", cost.fresh_memory.si(), -8, 8, 1},
        [](DeviceModel& m, std::size_t, double f) { m.cost.fresh_memory *= f; });
    add({"batched call", "s", cost.batched_call.si(), -5, 5, 1.2},
        [](DeviceModel& m, std::size_t, double f) { m.cost.batched_call *= f; });
  }

  ObservationParameters& observation = data_sheet_.observation;
  if (whole_process) {
    add({"start-up", "s", observation.startup.si(), -kFar, kFar, 3, false},
        [](DeviceModel& m, std::size_t, double f) { m.observation.startup *= f; });
    add({"start-up per byte", "s/B", observation.startup_per_byte.si(), -kFar, kFar, 3, false},
        [](DeviceModel& m, std::size_t, double f) { m.observation.startup_per_byte *= f; });
    add({"paging", "s/B²", observation.paging.si(), -kFar, kFar, 3, false},
        [](DeviceModel& m, std::size_t, double f) { m.observation.paging *= f; });
  }
  if (!has_power) return;
  if (whole_process) {
    add({"start-up power", "W", observation.startup_power.si(), -5, 5, 1.5, false},
        [](DeviceModel& m, std::size_t, double f) { m.observation.startup_power *= f; });
    add({"response of the power sensor", "s", observation.response.si(), -kFar, kFar, 3, false},
        [](DeviceModel& m, std::size_t, double f) { m.observation.response *= f; });
  }
  if (!(cost.busy_power.si() > 0)) {
    const ArithmeticParameters& products = cost.arithmetic[index(Arithmetic::matrix)];
    cost.busy_power = kBusyShare * (products.peak * products.energy);
  }
  add({"static power", "W", cost.static_power.si(), -4, 4, 0.5},
      [](DeviceModel& m, std::size_t, double f) { m.cost.static_power *= f; });
  add({"busy power", "W", cost.busy_power.si(), -6, 6, 1.5}, [](DeviceModel& m, std::size_t, double f) {
    m.cost.busy_power *= f;
    m.cost.dispatch_power *= f;
  });
  add({"energy per FLOP", "1", 1, -4, 4, 0.7}, [](DeviceModel& m, std::size_t, double f) {
    for (ArithmeticParameters& engine : m.cost.arithmetic) engine.energy *= f;
  });
  add({"energy per byte", "1", 1, -4, 4, 0.7}, [](DeviceModel& m, std::size_t, double f) {
    for (MemoryParameters& level : m.cost.memory) level.energy *= f;
  });
  add({"peak ratio", "1", observation.peak_ratio, -2, 3, 0.5, false},
      [](DeviceModel& m, std::size_t, double f) { m.observation.peak_ratio *= f; });
  const auto first_of_power = [&](const Parameter& p) {
    return p.name == "start-up power" || p.name == "static power";
  };
  for (auto p = std::find_if(parameters_.begin(), parameters_.end(), first_of_power); p != parameters_.end(); ++p)
    p->of_power = true;
}

DeviceModel ParameterSpace::at(const Eigen::VectorXd& theta) const {
  DeviceModel model = data_sheet_;
  for (std::size_t j = 0; j < actions_.size(); ++j)
    actions_[j].apply(model, actions_[j].which, std::exp(theta[static_cast<Eigen::Index>(j)]));
  return model;
}

Eigen::Index ParameterSpace::find(std::string_view name) const {
  for (std::size_t j = 0; j < parameters_.size(); ++j)
    if (parameters_[j].name == name) return static_cast<Eigen::Index>(j);
  return -1;
}

}  // namespace ridgeline
