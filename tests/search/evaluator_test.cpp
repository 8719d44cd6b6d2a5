#include "search/evaluator.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hwdesc/device_file.hpp"
#include "model/estimate.hpp"
#include "search/space_file.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Deployment deployment(const SpaceDescription& space, const char* device_name, Precision precision, Size batch) {
  const Device device = load_device(device_name);
  const Runtime runtime = load_runtime("pytorch-eager");
  Deployment d{.device = device_name, .precision = std::string(name(precision)), .workload = space.workload};
  d.workload.batch = batch;
  d.workload.numerics = uniform_numerics(precision);
  d.workload.fusion = runtime.fusion;
  d.workload.views = runtime.runs_views;
  d.parameters = data_sheet_parameters(device, runtime, d.workload.numerics);
  if (device.sensor) d.sensor_window = device.sensor->window;
  return d;
}

std::vector<Deployment> deployments(const SpaceDescription& space) {
  return {deployment(space, "raspberry-pi-4", Precision::fp32, 1),
          deployment(space, "jetson-nano-gpu", Precision::fp16, 4), deployment(space, "mi100", Precision::fp32, 2)};
}

Population sample(const Space& space, std::size_t count, std::uint64_t seed) {
  Population designs{.genome_length = space.genome_length(), .objective_count = 1};
  designs.resize(count);
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) space.sample_balanced(random, designs.genome(i));
  return designs;
}

void expect_same(double found, double expected) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(found));
  else
    EXPECT_NEAR(found / expected, 1, 1e-9);
}

void check_space(const std::string& name, std::size_t count) {
  SCOPED_TRACE(name);
  const SpaceDescription description = load_space(name);
  const std::vector<Deployment> where = deployments(description);
  const Space space = make_space(description, rows_of(where));
  const Family family = make_family(description.family, space);
  Evaluator evaluator(space, family, where, {.peak_power = true, .memory = true}, 2);
  Evaluator power(space, family, where, {.peak_power = true}), quick_evaluator(space, family, where);
  const Population designs = sample(space, count, 1);
  std::vector<DesignFigures> full(count), peaks(count), quick(count);
  evaluator.evaluate(designs, full);
  power.evaluate(designs, peaks);
  quick_evaluator.evaluate(designs, quick);
  for (std::size_t i = 0; i < count; ++i) {
    const Deployment& d = evaluator.deployment_of(designs.genome(i));
    const Architecture model = family.architecture(designs.genome(i));
    const Estimate e = estimate(lower(model, d.workload), d.parameters, d.sensor_window);
    SCOPED_TRACE(testing::Message() << "design " << i << " on " << d.device);
    const double nan = std::nan("");
    expect_same(full[i].latency, e.latency.si());
    expect_same(full[i].energy, e.energy ? e.energy->si() : nan);
    expect_same(full[i].peak_power, e.peak_power ? e.peak_power->si() : nan);
    expect_same(full[i].memory, e.memory.total().si());
    EXPECT_EQ(full[i].parameters, static_cast<double>(parameter_count(model)));
    EXPECT_EQ(full[i].batch, static_cast<double>(d.workload.batch));
    expect_same(peaks[i].peak_power, e.peak_power ? e.peak_power->si() : nan);
    expect_same(quick[i].latency, e.latency.si());
    expect_same(quick[i].energy, e.energy ? e.energy->si() : nan);
    EXPECT_TRUE(std::isnan(quick[i].peak_power));
    EXPECT_EQ(quick[i].parameters, full[i].parameters);
  }
}

TEST(Evaluator, EqualsTheEstimateOfEveryShippedSpace) {
  check_space("flexibert2", 40);
  check_space("bert-grid", 60);
  check_space("gpt2", 40);
  check_space("hat", 8);
}

TEST(Evaluator, DependsNeitherOnThreadsNorOnThePast) {
  const SpaceDescription description = load_space("flexibert2");
  const std::vector<Deployment> where = deployments(description);
  const Space space = make_space(description, rows_of(where));
  const Population designs = sample(space, 200, 2), others = sample(space, 50, 3);
  const auto run = [&](int threads, bool past) {
    Evaluator evaluator(space, make_family("flexibert", space), where, {.peak_power = true}, threads);
    std::vector<DesignFigures> figures(designs.size()), unused(others.size());
    if (past) evaluator.evaluate(others, unused);
    evaluator.evaluate(designs, figures);
    return figures;
  };
  const auto one = run(1, false), three = run(3, true);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].latency, three[i].latency);
    if (!std::isnan(one[i].energy)) {
      EXPECT_EQ(one[i].energy, three[i].energy);
      EXPECT_EQ(one[i].peak_power, three[i].peak_power);
    }
  }
}

TEST(Evaluator, ForgetsPartsBeforeTheyTakeAllMemory) {
  const SpaceDescription description = load_space("flexibert2");
  const std::vector<Deployment> where = deployments(description);
  const Space space = make_space(description, rows_of(where));
  Evaluator evaluator(space, make_family("flexibert", space), where);
  constexpr std::size_t kRound = 1000;
  const Population first = sample(space, kRound, 0);
  std::vector<DesignFigures> before(kRound), after(kRound);
  evaluator.evaluate(first, before);
  const std::size_t of_first = evaluator.part_count();
  std::vector<DesignFigures> others(kRound);
  for (std::uint64_t seed = 1; evaluator.part_count() < 140'000; ++seed)
    evaluator.evaluate(sample(space, kRound, seed), others);
  const std::size_t known = evaluator.part_count();
  evaluator.evaluate(first, after);
  EXPECT_GT(evaluator.part_count(), known + of_first / 2) << "nothing was forgotten";
  EXPECT_LE(evaluator.part_count(), known + of_first);
  for (std::size_t i = 0; i < kRound; ++i) EXPECT_EQ(after[i].latency, before[i].latency);
}

TEST(Evaluator, AnotherDeploymentTakesThePlaceOfOne) {
  const SpaceDescription description = load_space("bert-grid");
  const std::vector<Deployment> where = deployments(description);
  const Space space = make_space(description, rows_of(where));
  const Population designs = sample(space, 60, 3);
  std::vector<DesignFigures> before(60), after(60), expected(60);
  Evaluator evaluator(space, make_family("bert", space), where);
  evaluator.evaluate(designs, before);
  std::vector<Deployment> changed = where;
  for (MemoryParameters& level : changed[1].parameters.memory) level.utilisation *= 0.5;
  evaluator.replace(1, changed[1]);
  evaluator.evaluate(designs, after);
  Evaluator(space, make_family("bert", space), changed).evaluate(designs, expected);
  bool differs = false;
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(after[i].latency, expected[i].latency);
    EXPECT_EQ(after[i].parameters, before[i].parameters);
    const bool moved = designs.genome(i)[space.gene("deployment")] == 1;
    if (!moved) {
      EXPECT_EQ(after[i].latency, before[i].latency);
    }
    differs = differs || (moved && after[i].latency > before[i].latency);
  }
  EXPECT_TRUE(differs);
  Deployment longer = changed[1];
  longer.workload.length = 17;
  EXPECT_EQ(error_of([&] { evaluator.replace(1, longer); }),
            "all deployments of a search must have the same task and lengths");
}

TEST(Evaluator, CostsAPartOnce) {
  const SpaceDescription description = load_space("flexibert2");
  const std::vector<Deployment> where{deployment(description, "raspberry-pi-4", Precision::fp32, 1)};
  const Space space = make_space(description);
  Evaluator evaluator(space, make_family("flexibert", space), where);
  const Population designs = sample(space, 30, 4);
  std::vector<DesignFigures> figures(designs.size());
  evaluator.evaluate(designs, figures);
  const std::size_t parts = evaluator.part_count();
  EXPECT_GT(parts, 30u);
  evaluator.evaluate(designs, figures);
  EXPECT_EQ(evaluator.part_count(), parts);
}

TEST(Evaluator, SaysWhatItCannotDo) {
  const SpaceDescription description = load_space("hat");
  const Space space = make_space(description);
  const auto make = [&](Workload workload, std::size_t count) {
    Deployment d = deployment(description, "raspberry-pi-4", Precision::fp32, 1);
    workload.numerics = d.workload.numerics;
    d.workload = workload;
    return error_of([&] { Evaluator(space, make_family("hat", space), std::vector(count, d)); });
  };
  Workload workload = description.workload;
  EXPECT_EQ(make(workload, 2), "2 deployments for a space of 1");
  workload.new_tokens = 65;
  EXPECT_EQ(make(workload, 1), "a search generates at most 64 tokens, not 65");
  workload.task = Task::train;
  EXPECT_EQ(make(workload, 1), "a search cannot estimate training steps");
}

}  // namespace
}  // namespace ridgeline
