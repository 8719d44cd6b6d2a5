#include "model/elasticity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/zoo.hpp"
#include "tests/model/programs.hpp"
#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

Program bert(Size batch, Size length) {
  return lower(zoo_model("bert-base").architecture, {.batch = batch, .length = length});
}

double latency_to(const std::vector<Elasticity>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Elasticity& e) { return e.parameter == name; });
  return found == all.end() ? 0 : found->latency;
}

TEST(Elasticities, RatesAndTimesAddUpToMinusOne) {
  // Doubling every rate and halving every time halves the latency (Euler's theorem on homogeneous functions).
  for (CostParameters p : {synthetic::cpu(), synthetic::gpu(), synthetic::npu()}) {
    p.power_limit = Watts(INFINITY);
    const auto all = elasticities(bert(2, 128), p);
    double sum = 0;
    for (const char* rate : {"matrix rate", "vector rate", "transcendental rate"}) sum += latency_to(all, rate);
    for (const MemoryParameters& level : p.memory) sum += latency_to(all, level.name + " bandwidth");
    for (const char* time : {"dispatch time", "launch latency", "kernel floor"}) sum -= latency_to(all, time);
    EXPECT_NEAR(sum, -1, 1e-3);
  }
}

TEST(Elasticities, TheClockIsWorthTheRatesThatFollowIt) {
  const CostParameters p = synthetic::cpu();
  const auto all = elasticities(bert(1, 128), p);
  EXPECT_NEAR(latency_to(all, "clock") + latency_to(all, "dram bandwidth"), -1, 1e-3);
}

TEST(Elasticities, NameWhatBinds) {
  const CostParameters gpu = synthetic::gpu();
  EXPECT_EQ(elasticities(bert(1, 8), gpu).front().parameter, "dispatch time");
  CostParameters uncapped = gpu;
  uncapped.power_limit = Watts(INFINITY);
  EXPECT_EQ(elasticities(bert(64, 512), uncapped).front().parameter, "clock");
  const Program decoding = lower(synthetic::small_decoder(), {.task = Task::decode_step, .length = 100});
  const auto all = elasticities(decoding, synthetic::cpu());
  EXPECT_EQ(all.front().parameter, "dram bandwidth");
  EXPECT_GT(latency_to(all, "weight bytes"), 0.5);
}

TEST(Elasticities, AreDerivatives) {
  const CostParameters p = synthetic::cpu();
  const Program program = bert(1, 128);
  const auto all = elasticities(program, p);
  const auto found =
      std::find_if(all.begin(), all.end(), [](const auto& e) { return e.parameter == "dram bandwidth"; });
  ASSERT_NE(found, all.end());
  CostParameters more = p;
  more.memory.back().bandwidth *= 1.02;
  const Totals before = totals(program, p), after = totals(program, more);
  EXPECT_NEAR(std::log(after.latency / before.latency) / std::log(1.02), found->latency, 0.01);
  EXPECT_NEAR(std::log(*after.energy / *before.energy) / std::log(1.02), *found->energy, 0.01);
}

TEST(Elasticities, ComeStrongestFirstAndWithoutEnergyWhereThereIsNoPower) {
  const auto all = elasticities(bert(1, 128), synthetic::npu());
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const Elasticity& a, const Elasticity& b) {
    return std::abs(a.latency) > std::abs(b.latency);
  }));
  for (const Elasticity& e : all) EXPECT_FALSE(e.energy.has_value());
}

}  // namespace
}  // namespace ridgeline
