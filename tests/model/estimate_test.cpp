#include "model/estimate.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "model/zoo.hpp"
#include "tests/model/programs.hpp"
#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

using synthetic::NamedParameters;

Program bert(Workload workload = {}) { return lower(zoo_model("bert-base").architecture, workload); }

Program generation(Size new_tokens) {
  return lower(synthetic::small_decoder(), {.task = Task::generate, .length = 16, .new_tokens = new_tokens});
}

std::vector<Program> programs() {
  Random random(1);
  std::vector<Program> all{bert(), bert({.batch = 8, .length = 384}), generation(100),
                           lower(zoo_model("bert-base").architecture, {.task = Task::train, .batch = 2})};
  for (int i = 0; i < 5; ++i) all.push_back(lower(synthetic::random_flexibert(random, 4), {}));
  return all;
}

TEST(Estimate, ObeysTheLawsOnEverySyntheticDevice) {
  for (const NamedParameters& device : synthetic::devices())
    for (const Program& program : programs()) {
      SCOPED_TRACE(device.name);
      const CostParameters& p = device.parameters;
      const Estimate e = estimate(program, p, Seconds(1e-3));
      EXPECT_TRUE(std::isfinite(e.latency.si()));
      constexpr double kMore = 1 + 1e-12, kLess = 1 - 1e-12;
      EXPECT_GE(e.latency.si(), e.host_time.si() * kLess);
      EXPECT_GE(e.latency.si(), e.device_time.si() * kLess);
      EXPECT_LE(e.latency.si(), (e.host_time + e.device_time + p.launch).si() * kMore);
      EXPECT_EQ(e.energy.has_value(), p.has_power);
      EXPECT_EQ(e.peak_power.has_value(), p.has_power);
      if (!p.has_power) continue;
      EXPECT_EQ(*e.static_energy, p.static_power * e.latency);
      EXPECT_GE(*e.energy, *e.static_energy);
      EXPECT_GE(e.peak_power->si(), e.average_power->si() * kLess);
      EXPECT_LE(e.peak_power->si(), p.power_limit.si() * kMore);
    }
}

TEST(Estimate, ASynchronousDeviceAddsUpEverything) {
  const Estimate e = estimate(bert(), synthetic::cpu(), Seconds(0));
  EXPECT_NEAR(e.latency.si(), (e.host_time + e.device_time).si(), 1e-12 * e.latency.si());
}

TEST(Estimate, LongKernelsHideDispatchShortOnesAreBoundByIt) {
  const CostParameters gpu = synthetic::gpu();
  const Estimate large = estimate(bert({.batch = 64, .length = 512}), gpu, Seconds(0));
  EXPECT_NEAR(large.latency / large.device_time, 1, 0.01);
  const Estimate small = estimate(bert({.length = 8}), gpu, Seconds(0));
  EXPECT_NEAR(small.latency / small.host_time, 1, 0.02);
}

TEST(Estimate, DetailsAddUpToTheTotal) {
  for (const NamedParameters& device : synthetic::devices())
    for (const Program& program : programs()) {
      const DetailedEstimate d = estimate_in_detail(program, device.parameters, Seconds(1e-3));
      const Estimate e = estimate(program, device.parameters, Seconds(1e-3));
      EXPECT_EQ(d.total.latency, e.latency);
      EXPECT_EQ(d.total.energy, e.energy);
      EXPECT_EQ(d.total.peak_power, e.peak_power);
      const auto sum = [](const auto& times) { return std::accumulate(times.begin(), times.end(), Seconds(0)).si(); };
      EXPECT_NEAR(sum(d.time_by_kind), e.device_time.si(), 1e-9 * e.device_time.si());
      EXPECT_NEAR(sum(d.time_by_bound), e.latency.si(), 1e-9 * e.latency.si());
      std::size_t operators = 0;
      for (const Phase& phase : program.phases) operators += num_vertices(phase.graph);
      EXPECT_EQ(d.operators.size(), operators);
    }
}

TEST(Estimate, OperatorsRunInOrderAndOneAtATime) {
  for (const NamedParameters& device : synthetic::devices()) {
    const DetailedEstimate d = estimate_in_detail(bert(), device.parameters, Seconds(0));
    Seconds busy_until;
    for (const OperatorReport& op : d.operators) {
      if (op.cost.duration.si() == 0) continue;
      EXPECT_GE(op.when.start, busy_until);
      EXPECT_NEAR((op.when.end - op.when.start).si(), op.cost.duration.si(), 1e-12 * op.when.end.si());
      busy_until = op.when.end;
    }
    EXPECT_LE(busy_until.si(), d.total.latency.si() * (1 + 1e-12));
  }
}

TEST(PowerTrace, HoldsTheProgramsTimeAndEnergy) {
  for (const CostParameters& p : {synthetic::cpu(), synthetic::gpu()})
    for (const Program& program : {bert(), bert({.batch = 4})}) {
      const auto trace = power_trace(program, p, Seconds(1));
      const Estimate e = estimate(program, p, Seconds(1));
      double seconds = 0, joules = 0;
      for (const PowerSegment& s : trace) seconds += s.duration.si(), joules += (s.duration * s.power).si();
      EXPECT_NEAR(seconds, e.latency.si(), 1e-11 * seconds);
      EXPECT_NEAR(joules, e.energy->si(), 1e-11 * joules);
    }
}

TEST(PowerTrace, SteadyRepetitionsAreLeftOutWithoutChangingThePeak) {
  // One phase that repeats: the peak through the trace of every repetition must be the same.
  Random random(3);
  for (CostParameters p : {synthetic::cpu(), synthetic::gpu()}) {
    p.dispatch_power = Watts(2);
    for (int trial = 0; trial < 40; ++trial) {
      Program program = lower(synthetic::random_flexibert(random, 1), {.length = 16});
      const Size repeats = static_cast<Size>(1 + random.below(60));
      for (Seconds& d : p.dispatch) d = Seconds(1e-6 * std::exp(4 * random.uniform()));
      Program unrolled = program;
      program.phases[0].repeats = repeats;
      for (Size i = 1; i < repeats; ++i) unrolled.phases.push_back(unrolled.phases[0]);
      const Seconds once = estimate(lower(synthetic::random_flexibert(random, 1), {.length = 16}), p, {}).latency;
      const Seconds window = once * (3 * random.uniform());
      const Estimate compact = estimate(program, p, window), full = estimate(unrolled, p, window);
      EXPECT_NEAR(compact.latency.si(), full.latency.si(), 1e-11 * full.latency.si());
      EXPECT_NEAR(compact.energy->si(), full.energy->si(), 1e-11 * full.energy->si());
      EXPECT_NEAR(compact.peak_power->si(), full.peak_power->si(), 1e-9 * full.peak_power->si()) << repeats;
    }
  }
}

TEST(Estimate, PeakFallsFromTheHighestOperatorToTheAverageAsTheWindowGrows) {
  const Program program = bert();
  for (const CostParameters& p : {synthetic::cpu(), synthetic::gpu()}) {
    double before = estimate(program, p, Seconds(0)).peak_power->si();
    const Estimate e = estimate(program, p, Seconds(0));
    // Windows that are halves of one another: a longer mean is a mean of two shorter ones.
    for (double window = e.latency.si() / 1024; window < e.latency.si() * 5; window *= 2) {
      const double peak = estimate(program, p, Seconds(window)).peak_power->si();
      EXPECT_LE(peak, before * (1 + 1e-12));
      before = peak;
    }
    EXPECT_NEAR(estimate(program, p, e.latency * 3).peak_power->si(), e.average_power->si(),
                1e-9 * e.average_power->si());
  }
}

TEST(Estimate, MoreWorkTakesLonger) {
  for (const NamedParameters& device : synthetic::devices()) {
    Seconds before;
    for (const Size batch : {1, 2, 4, 8}) {
      const Estimate e = estimate(bert({.batch = batch}), device.parameters, Seconds(0));
      EXPECT_GT(e.latency, before);
      before = e.latency;
    }
    EXPECT_LT(estimate(generation(10), device.parameters, {}).latency,
              estimate(generation(20), device.parameters, {}).latency);
  }
}

TEST(Totals, AreThoseOfTheEstimate) {
  for (const NamedParameters& device : synthetic::devices())
    for (const Program& program : programs()) {
      const Totals t = totals(program, device.parameters);
      const Estimate e = estimate(program, device.parameters, Seconds(1));
      EXPECT_EQ(t.latency, e.latency);
      EXPECT_EQ(t.energy, e.energy);
    }
}

TEST(Estimate, EveryShippedDeviceGivesLawfulAnswers) {
  const Architecture bert_tiny = zoo_model("bert-base").architecture;
  for (const std::string& name : device_names()) {
    SCOPED_TRACE(name);
    const Device device = load_device(name);
    for (const std::string& runtime_name : runtime_names()) {
      const Runtime runtime = load_runtime(runtime_name);
      const Numerics numerics = uniform_numerics(default_precision(device));
      const CostParameters p = data_sheet_parameters(device, runtime, numerics);
      const Workload workload{.numerics = numerics, .fusion = runtime.fusion, .views = runtime.runs_views};
      const Seconds window = device.sensor ? device.sensor->window : Seconds(0);
      const Estimate e = estimate(lower(bert_tiny, workload), p, window);
      EXPECT_GT(e.latency.si(), 1e-5);
      EXPECT_LT(e.latency.si(), 1000);
      if (!p.has_power) continue;
      EXPECT_GE(*e.energy, *e.static_energy);
      EXPECT_GE(e.peak_power->si(), e.average_power->si() * (1 - 1e-12));
      EXPECT_LE(e.peak_power->si(), p.power_limit.si() * (1 + 1e-12));
    }
  }
}

}  // namespace
}  // namespace ridgeline
