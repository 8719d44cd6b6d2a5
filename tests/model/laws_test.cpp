// The laws of the cost model over every shipped device, in every precision it can do, and every operator kind.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hwdesc/device_file.hpp"
#include "hwdesc/energy.hpp"
#include "hwdesc/rates.hpp"
#include "model/roofline.hpp"
#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

class Laws : public testing::TestWithParam<std::string> {
 protected:
  Device device_ = load_device(GetParam());

  CostParameters parameters(const Device& device, Precision precision) const {
    return data_sheet_parameters(device, load_runtime("ideal"), uniform_numerics(precision));
  }
  template <class Check>
  void over_everything(Check check) const {
    for (const Precision precision : supported_precisions(device_)) {
      const CostParameters p = parameters(device_, precision);
      for (const Size scale : {1, 7, 64, 512})
        for (const Operator& op : synthetic::operators(scale)) {
          SCOPED_TRACE(testing::Message() << name(precision) << ", " << kind_name(op) << ", scale " << scale);
          check(p, op);
        }
    }
  }
};

TEST_P(Laws, DurationIsFinitePositiveAndAtLeastEachBound) {
  over_everything([](const CostParameters& p, const Operator& op) {
    const OperatorCost c = cost(op, p);
    const OperatorBounds b = bounds(op, p);
    ASSERT_TRUE(std::isfinite(c.duration.si()));
    ASSERT_GT(c.duration.si(), 0);
    ASSERT_GE(c.duration, p.kernel_floor);
    for (const Seconds t : b.compute) ASSERT_GE(c.duration, t);
    for (const Seconds t : b.memory) ASSERT_GE(c.duration, t);
  });
}

TEST_P(Laws, UtilisationIsAShareOfThePeak) {
  over_everything([](const CostParameters& p, const Operator& op) {
    const OperatorCost c = cost(op, p);
    const OperatorBounds b = bounds(op, p);
    for (std::size_t k = 0; k < kArithmeticCount; ++k) {
      ASSERT_GT(b.shape(static_cast<Arithmetic>(k)), 0);
      ASSERT_LE(b.shape(static_cast<Arithmetic>(k)), 1 + 1e-12);
      ASSERT_LE(b.flops[k].si(), (p.arithmetic[k].peak * c.duration).si() * (1 + 1e-12));
    }
    for (std::size_t l = 0; l < p.memory.size(); ++l)
      ASSERT_LE(b.traffic[l].si(), (p.memory[l].bandwidth * c.duration).si() * (1 + 1e-12));
  });
}

TEST_P(Laws, EnergyIsFiniteAndPowerStaysUnderTheCap) {
  over_everything([](const CostParameters& p, const Operator& op) {
    const OperatorCost c = cost(op, p);
    ASSERT_TRUE(std::isfinite(c.energy.si()));
    ASSERT_GE(c.energy.si(), 0);
    if (!p.has_power) {
      ASSERT_EQ(c.energy.si(), 0);
      return;
    }
    ASSERT_GE((c.energy / c.duration).si(), p.busy_power.si() * (1 - 1e-12));
    ASSERT_LE((p.static_power + c.energy / c.duration).si(), p.power_limit.si() * (1 + 1e-12));
  });
}

TEST_P(Laws, FasterDevicesAreNeverSlower) {
  for (const Precision precision : supported_precisions(device_)) {
    const CostParameters before = parameters(device_, precision);
    std::vector<std::pair<std::string, CostParameters>> better;
    for (std::size_t l = 0; l < device_.memory.size(); ++l) {
      Device faster = device_;
      faster.memory[l].bandwidth *= 2;
      better.emplace_back(faster.memory[l].name + " bandwidth", parameters(faster, precision));
    }
    Device wider = with_energies(device_);
    wider.units *= 2;
    better.emplace_back("units", parameters(wider, precision));
    better.emplace_back("clock", at_clock_factor(before, 1.25));
    for (const auto& [what, after] : better)
      for (const Size scale : {1, 7, 64, 512})
        for (const Operator& op : synthetic::operators(scale))
          EXPECT_LE(cost(op, after).duration.si(), cost(op, before).duration.si() * (1 + 1e-9))
              << name(precision) << ", " << kind_name(op) << ", scale " << scale << ", more " << what;
  }
}

/// Decoding reads each weight once: on a GPU no arithmetic takes longer than that, whatever the format.
TEST_P(Laws, AMatrixTimesAVectorIsBoundByMemoryOnGpus) {
  if (device_.kind != DeviceKind::gpu) GTEST_SKIP() << "CPU libraries pack and tile";
  for (const Precision precision : supported_precisions(device_)) {
    const CostParameters p = parameters(device_, precision);
    for (const Operator& op : {Operator(MatMul{.rows = 1, .columns = 4096, .inner = 4096}),
                               Operator(MatMul{.rows = 1, .columns = 32000, .inner = 4096})}) {
      const OperatorBounds terms = bounds(op, p);
      EXPECT_LT(terms.compute[index(Arithmetic::matrix)], terms.memory[p.memory.size() - 1]) << name(precision);
    }
  }
}

TEST_P(Laws, LargerShapesAreNeverFaster) {
  for (const Precision precision : supported_precisions(device_)) {
    const CostParameters p = parameters(device_, precision);
    std::vector<Operator> small = synthetic::operators(1);
    for (Size scale = 2; scale < 700; scale += scale < 70 ? 1 : 37) {
      const std::vector<Operator> large = synthetic::operators(scale);
      for (std::size_t i = 0; i < small.size(); ++i)
        ASSERT_LE(cost(small[i], p).duration.si(), cost(large[i], p).duration.si() * (1 + 1e-12))
            << name(precision) << ", " << kind_name(small[i]) << ", scale " << scale;
      small = large;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, Laws, testing::ValuesIn(device_names()), [](const auto& p) {
  std::string word = p.param;
  std::replace(word.begin(), word.end(), '-', '_');
  return word;
});

}  // namespace
}  // namespace ridgeline
