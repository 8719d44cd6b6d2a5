#include "hwdesc/rates.hpp"

#include "hwdesc/device_file.hpp"
#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

using enum Precision;

Precision computed_in(const Device& device, Precision asked, Arithmetic kind = Arithmetic::matrix) {
  return effective_rate(device, kind, asked).precision;
}

TEST(Rates, ArePerCycleTimesUnitsTimesClock) {
  const Device device = board();
  EXPECT_NEAR(effective_rate(device, Arithmetic::matrix, fp32).peak.si(), 8.0 * 4 * 1e9, 1);
  EXPECT_NEAR(effective_rate(device, Arithmetic::vector, fp32).peak.si(), 4.0 * 4 * 1e9, 1);
  EXPECT_NEAR(effective_rate(device, Arithmetic::matrix, fp32, 1).peak.si(), 8e9, 1);
  EXPECT_NEAR(effective_rate(device, Arithmetic::matrix, fp32, 99).peak.si(), 32e9, 1)
      << "no more units than there are";
}

TEST(Rates, FallBackToAWiderFormat) {
  const Device toy = board();  // fp32 and int8
  EXPECT_EQ(computed_in(toy, tf32), fp32);
  EXPECT_EQ(computed_in(toy, fp16), fp32);
  EXPECT_EQ(computed_in(toy, bf16), fp32);
  EXPECT_EQ(computed_in(toy, int8), int8);
  EXPECT_EQ(computed_in(toy, int4), int8);
  EXPECT_EQ(computed_in(toy, int8, Arithmetic::vector), fp32);

  const Device volta = load_device("v100-pcie-32gb");  // fp32 and fp16
  EXPECT_EQ(computed_in(volta, tf32), fp32);
  EXPECT_EQ(computed_in(volta, int8), fp16);
  EXPECT_EQ(computed_in(volta, fp16, Arithmetic::vector), fp16);
  EXPECT_EQ(computed_in(volta, fp16, Arithmetic::transcendental), fp32);

  const Device pascal = load_device("p4");  // half precision at 1/64 of the rate is left out of its description
  EXPECT_EQ(computed_in(pascal, fp16), fp32);
}

TEST(Rates, NeverFallToANarrowerFloat) {
  const Device stick = load_device("ncs2");
  EXPECT_EQ(default_precision(stick), fp16);
  EXPECT_EQ(supported_precisions(stick), (std::vector<Precision>{fp16, int8, int4}));
  EXPECT_EQ(error_of([&] { effective_rate(stick, Arithmetic::matrix, fp32); }),
            "ncs2: unsupported precision 'fp32'; ncs2 computes in fp16, int8, int4");
  EXPECT_EQ(error_of([&] { effective_rate(stick, Arithmetic::vector, bf16); }), "(no error)");
  EXPECT_EQ(default_precision(load_device("a100")), fp32);
}

TEST(Rates, TotalsCountInstances) {
  const Device device = board();
  EXPECT_EQ(total_size(device, device.memory[0]), Bytes(4 * 32768));
  EXPECT_EQ(total_size(device, device.memory[2]), Bytes(4e9));
  EXPECT_EQ(total_bandwidth(device, device.memory[0]), BytesPerSecond(64e9));
  EXPECT_EQ(achievable_share(device, device.memory[0]), 1);
  EXPECT_EQ(achievable_share(device, device.memory[2]), 0.5);
  const Device tx2 = load_device("jetson-tx2-gpu");
  EXPECT_EQ(achievable_share(tx2, tx2.memory.back()), 0.83);
}

}  // namespace
}  // namespace ridgeline
