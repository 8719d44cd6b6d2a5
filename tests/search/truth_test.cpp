// Searches against the truth: spaces small enough to visit every design × deployment with the real predictor.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hwdesc/device_file.hpp"
#include "search/archive.hpp"
#include "search/evaluator.hpp"
#include "search/exhaustive_search.hpp"
#include "search/hypervolume.hpp"
#include "search/nsga2.hpp"
#include "search/space_file.hpp"

namespace ridgeline {
namespace {

constexpr std::size_t kObjectives = 3;

Deployment deployment(const SpaceDescription& space, const char* device_name, double clock, Size batch) {
  const Device device = load_device(device_name);
  const Runtime runtime = load_runtime("pytorch-eager");
  Deployment d{
      .device = device_name, .clock = std::to_string(clock), .precision = "fp32", .workload = space.workload};
  d.workload.batch = batch;
  d.workload.fusion = runtime.fusion;
  d.workload.views = runtime.runs_views;
  d.parameters = at_clock_factor(data_sheet_parameters(device, runtime, d.workload.numerics), clock);
  return d;
}

/// Latency and energy of a sequence against capacity, all as logarithms, so that volumes are of ratios.
void evaluate(Evaluator& evaluator, Population& designs) {
  std::vector<DesignFigures> figures(designs.size());
  evaluator.evaluate(designs, figures);
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const DesignFigures& f = figures[i];
    double* row = designs.objectives.data() + i * kObjectives;
    row[0] = std::log(f.latency / f.batch), row[1] = std::log(f.energy / f.batch), row[2] = -std::log(f.parameters);
    designs.violations[i] = 0;
  }
}

/// The worst of five seeds after 1 % of the evaluations, as a share of the true front's hypervolume.
void expect_truth(const SpaceDescription& description, const std::vector<Deployment>& where) {
  const Space space = make_space(description, rows_of(where));
  ASSERT_GT(space.size(), 1'000'000);
  Evaluator evaluator(space, make_family(description.family, space), where);
  const auto score = [&](Population& designs) { evaluate(evaluator, designs); };
  ParetoArchive truth(space.genome_length(), kObjectives, 1'000'000);
  AnyOptimiser exhaustive(ExhaustiveSearch(space, kObjectives, 5000));
  const auto all = run_search(exhaustive, score, UINT64_MAX, [&](const Population& designs, const AnyOptimiser&) {
    truth.add(designs);
    return true;
  });
  ASSERT_EQ(all, space.size().convert_to<std::uint64_t>());
  std::vector<double> reference(kObjectives, -1e9);
  for (std::size_t i = 0; i < truth.members().size(); ++i)
    for (std::size_t m = 0; m < kObjectives; ++m)
      reference[m] = std::max(reference[m], truth.members().values(i)[m] + 0.1);
  const double whole = hypervolume(truth.members().objectives, reference);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    ParetoArchive found(space.genome_length(), kObjectives, 1'000'000);
    AnyOptimiser search(Nsga2(space, kObjectives, {.population = 200, .seed = seed}));
    run_search(search, score, all / 100, [&](const Population& designs, const AnyOptimiser&) {
      found.add(designs);
      return true;
    });
    EXPECT_GE(hypervolume(found.members().objectives, reference), 0.99 * whole)
        << "seed " << seed << ", " << all << " pairs, a front of " << truth.members().size();
  }
}

TEST(Truth, OfTwoHeterogeneousLayers) {
  const SpaceDescription space = parse_space(parse_document(R"(
ridgeline: space
name: two-layers
title: Two layers of FlexiBERT
source: a part of flexibert2
family: flexibert
workload: {task: encode, length: 128}
choices:
  layers: {one_of: [2]}
repeated:
  layer:
    times: layers
    choices:
      width: {one_of: [128, 256, 512, 768]}
      heads: {multiset_of: [sa_sdp, l_dft, c_9], count: [2, 4]}
      feed_forward: {sequence_of: [256, 1024, 4096], count: [1, 2]}
)",
                                                            "two-layers"));
  expect_truth(space, {deployment(space, "raspberry-pi-4", 1, 1), deployment(space, "jetson-nano-gpu", 1, 1)});
}

TEST(Truth, OfModelsClocksAndBatches) {
  const SpaceDescription space = load_space("bert-grid");
  std::vector<Deployment> where;
  for (const char* device : {"raspberry-pi-4", "jetson-nano-gpu", "t4", "m1-pro-gpu", "a100-pcie-40gb"})
    for (int clock = 0; clock < 20; ++clock)
      for (const Size batch : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32})
        where.push_back(deployment(space, device, 0.4 + 0.6 * clock / 19, batch));
  expect_truth(space, where);
}

}  // namespace
}  // namespace ridgeline
