#include "model/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

/// Costs as programs have them: short and long kernels, views, fused operators.
std::vector<OperatorCost> random_costs(Random& random, std::size_t count) {
  std::vector<OperatorCost> costs(count);
  for (OperatorCost& c : costs) {
    const double kind = random.uniform();
    if (kind < 0.8) c.dispatch = Seconds(1e-6 * (1 + 20 * random.uniform()));
    if (kind > 0.2) c.duration = Seconds(1e-6 * std::exp(6 * random.uniform() - 1));
    c.energy = Joules(c.duration.si() * 100 * random.uniform());
  }
  return costs;
}

CostParameters device(bool asynchronous) {
  CostParameters p = asynchronous ? synthetic::gpu() : synthetic::cpu();
  return p;
}

class Schedule : public testing::TestWithParam<bool> {};

TEST_P(Schedule, MatricesEqualStepByStepSimulation) {
  const CostParameters parameters = device(GetParam());
  Random random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const auto costs = random_costs(random, 1 + random.below(300));
    QueueStep whole;
    QueueState simulated;
    for (const OperatorCost& c : costs) {
      whole = whole.then(queue_step(c, parameters));
      schedule(c, parameters, simulated);
    }
    const QueueState composed = whole(QueueState{});
    EXPECT_NEAR(composed.host.si(), simulated.host.si(), 1e-12 * simulated.host.si());
    EXPECT_NEAR(composed.device.si(), simulated.device.si(), 1e-12 * simulated.finished().si());
  }
}

TEST_P(Schedule, CompositionIsAssociative) {
  const CostParameters parameters = device(GetParam());
  Random random(2);
  const auto product = [&](const std::vector<OperatorCost>& costs) {
    QueueStep step;
    for (const OperatorCost& c : costs) step = step.then(queue_step(c, parameters));
    return step;
  };
  for (int trial = 0; trial < 200; ++trial) {
    const QueueStep a = product(random_costs(random, 20)), b = product(random_costs(random, 20)),
                    c = product(random_costs(random, 20));
    const QueueStep left = a.then(b).then(c), right = a.then(b.then(c));
    EXPECT_NEAR(left.host_host.si(), right.host_host.si(), 1e-12 * left.host_host.si());
    EXPECT_NEAR(left.host_device.si(), right.host_device.si(), 1e-12 * left.host_device.si());
    EXPECT_NEAR(left.device_device.si(), right.device_device.si(), 1e-12 * std::abs(left.device_device.si()));
  }
}

TEST_P(Schedule, IdentityAndRepetition) {
  const CostParameters parameters = device(GetParam());
  Random random(3);
  QueueStep step;
  for (const OperatorCost& c : random_costs(random, 15)) step = step.then(queue_step(c, parameters));
  const QueueState start{Seconds(1e-5), Seconds(1e-5)};
  EXPECT_EQ(repeated(step, 0)(start).finished(), start.finished());
  QueueState state = start;
  for (int i = 1; i <= 100; ++i) {
    state = step(state);
    EXPECT_NEAR(repeated(step, i)(start).finished().si(), state.finished().si(), 1e-12 * state.finished().si());
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, Schedule, testing::Bool(),
                         [](const auto& p) { return p.param ? "asynchronous" : "synchronous"; });

TEST(Schedule, AnAsynchronousDeviceHidesDispatchBehindLongKernels) {
  const CostParameters gpu = synthetic::gpu();
  OperatorCost kernel;
  kernel.dispatch = Seconds(5e-6);
  kernel.duration = Seconds(100e-6);
  QueueState state;
  for (int i = 0; i < 10; ++i) schedule(kernel, gpu, state);
  EXPECT_NEAR(state.finished().si(), 5e-6 + gpu.launch.si() + 10 * 100e-6, 1e-15);
}

TEST(Schedule, ShortKernelsAreBoundByDispatch) {
  const CostParameters gpu = synthetic::gpu();
  OperatorCost kernel;
  kernel.dispatch = Seconds(5e-6);
  kernel.duration = Seconds(1e-6);
  QueueState state;
  for (int i = 0; i < 10; ++i) schedule(kernel, gpu, state);
  EXPECT_NEAR(state.finished().si(), 10 * 5e-6 + gpu.launch.si() + 1e-6, 1e-15);
}

TEST(Schedule, ASynchronousDeviceAddsDispatchAndDuration) {
  const CostParameters cpu = synthetic::cpu();
  OperatorCost kernel;
  kernel.dispatch = Seconds(5e-6);
  kernel.duration = Seconds(7e-6);
  QueueState state;
  schedule(kernel, cpu, state);
  const ScheduledOperator second = schedule(kernel, cpu, state);
  EXPECT_NEAR(second.start.si(), 17e-6, 1e-18);
  EXPECT_NEAR(second.end.si(), 24e-6, 1e-18);
  EXPECT_EQ(state.host, state.device);
}

TEST(Schedule, DynamicPowerIsEnergyOverDuration) {
  OperatorCost kernel;
  kernel.duration = Seconds(2);
  kernel.energy = Joules(30);
  QueueState state;
  EXPECT_DOUBLE_EQ(schedule(kernel, synthetic::gpu(), state).dynamic_power.si(), 15);
}

}  // namespace
}  // namespace ridgeline
