// What is asked of the program that measures rates, and what is made of its answers.
#include "calib/measuring/rates.hpp"

#include <gtest/gtest.h>

namespace ridgeline {
namespace {

Machine two_cores() {
  Machine machine;
  machine.family = Machine::Family::x86;
  machine.flags = {"fma", "avx2"};
  machine.cores = 2;
  machine.clock = Hertz(2e9);
  machine.caches = {{.level = 1, .size = Bytes(24e3), .instances = 2, .per_core = true},
                    {.level = 3, .size = Bytes(120e3), .instances = 1, .per_core = false}};
  machine.memory = Bytes(4e9);
  return machine;
}

struct FakeRunner {
  std::vector<double> read;  ///< B
  std::vector<double> dispatching{5e-3, 3e-3, 4e-3};

  ModelRunner runner() {
    ModelRunner r;
    r.product_rate = [](Precision precision, double) {
      return precision == Precision::fp16 ? std::nullopt : std::optional(precision == Precision::bf16 ? 2e10 : 1e10);
    };
    r.read_rate = [this](Bytes bytes, double) {
      read.push_back(bytes.si());
      return 1e9 * static_cast<double>(10 - read.size());
    };
    r.load = [](const Model& model, const Workload& w, double) {
      EXPECT_EQ(architecture_of(model).encoder.layers.size(), 24u);
      EXPECT_EQ(w.length, 2);
    };
    r.run = [this](std::size_t, double) {
      Runs runs;
      runs.end = 1;
      for (const double s : dispatching) runs.phases.push_back({{"encoder", s}});
      return runs;
    };
    r.about = [] { return std::map<std::string, std::string>{{"libtorch", "1.13"}, {"threads", "2"}}; };
    return r;
  }
};

TEST(Rates, ReadsHalfOfEachCacheAndMuchMoreThanTheLast) {
  FakeRunner fake;
  const MachineRates rates = measure_rates(two_cores(), Runtime{}, fake.runner(), 2, 0.5);
  ASSERT_EQ(fake.read.size(), 3u);
  EXPECT_EQ(fake.read[0], 24e3);  // half of two instances
  EXPECT_EQ(fake.read[1], 96e3);  // twice what the first level holds: half of this one would be read from that
  EXPECT_EQ(fake.read[2], 64e6);
  EXPECT_EQ(rates.dram, BytesPerSecond(7e9));
  EXPECT_EQ(rates.dram_read, Bytes(64e6));
}

TEST(Rates, TheFastestRunIsTheTimeOfDispatching) {
  FakeRunner fake;
  Runtime runtime;
  runtime.dispatch_kernel = Seconds(3e-6), runtime.dispatch_view = Seconds(1e-6);
  runtime.kernels = {{.architecture = "x86-64", .matrix = 0.8}};
  const MachineRates rates = measure_rates(two_cores(), runtime, fake.runner(), 2, 0.5);
  EXPECT_EQ(rates.dispatching, Seconds(3e-3));
  EXPECT_NEAR(rates.reference_dispatching.si(), 24 * (16 * 3e-6 + 14 * 1e-6), 1e-12);
  EXPECT_EQ(rates.product_share, 0.8);
}

TEST(Rates, FormatsWithoutProductsAreLeftOut) {
  FakeRunner fake;
  const MachineRates rates = measure_rates(two_cores(), Runtime{}, fake.runner(), 2, 0.5);
  ASSERT_EQ(rates.products.size(), 2u);
  EXPECT_EQ(rates.products[1].first, Precision::bf16);
  EXPECT_EQ(rates.with, "libtorch 1.13");
}

}  // namespace
}  // namespace ridgeline
