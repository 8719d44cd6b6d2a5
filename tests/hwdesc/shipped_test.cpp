// Laws over every shipped description.
#include <algorithm>
#include <map>
#include <set>

#include "hwdesc/device_file.hpp"
#include "hwdesc/energy.hpp"
#include "hwdesc/rates.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

constexpr std::array kKinds{Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental};

std::filesystem::path shipped(std::string_view folder, const std::string& name) {
  return std::filesystem::path(RIDGELINE_SOURCE_DIR) / "hwdesc" / folder / (name + ".yaml");
}

/// The numbers and truth values below a node that need a source, as dotted paths.
std::vector<std::string> numbers(const std::filesystem::path& file) {
  std::vector<std::string> found;
  for (const std::string& path : read_document(file).scalar_paths()) {
    const std::string last = path.substr(path.rfind('.') + 1);
    const std::string first = path.substr(0, path.find('.'));
    const std::set<std::string> words{"name",    "title",         "kind",   "architecture", "aliases",
                                      "sources", "not_published", "fusion", "runs_views"};
    if (words.contains(first) || last == "source" || last == "derived") continue;
    if (path.find(".source.") != std::string::npos || path == "sensor.name") continue;
    if (last == "per_unit" || last == "follows_clock" || last == "capped") continue;
    found.push_back(path);
  }
  std::sort(found.begin(), found.end());
  return found;
}

class EveryDevice : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Shipped, EveryDevice, testing::ValuesIn(device_names()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(EveryDevice, IsNamedAsItsFile) { EXPECT_EQ(load_device(GetParam()).name, GetParam()); }

TEST_P(EveryDevice, HasASourceForEveryNumber) {
  std::vector<std::string> sourced;
  for (const Fact& fact : load_device(GetParam()).facts) {
    EXPECT_GE(fact.source.size(), 10u) << fact.path;
    EXPECT_FALSE(fact.value.empty()) << fact.path;
    sourced.push_back(fact.path);
  }
  std::sort(sourced.begin(), sourced.end());
  EXPECT_EQ(sourced, numbers(shipped("devices", GetParam())));
}

TEST_P(EveryDevice, CitesEverySourceItLists) {
  const Node document = read_document(shipped("devices", GetParam()));
  std::string cited;
  for (const Fact& fact : load_device(GetParam()).facts) cited += fact.source + "\n";
  for (const std::string& id : document.at("sources").keys()) {
    const bool used = cited.find(document.at("sources").at(id).text()) != std::string::npos ||
                      cited.find("[" + id) != std::string::npos || cited.find(", " + id) != std::string::npos;
    EXPECT_TRUE(used) << id;
  }
}

TEST_P(EveryDevice, ComputesSomethingInEveryPrecisionItClaims) {
  const Device device = load_device(GetParam());
  const auto supported = supported_precisions(device);
  ASSERT_FALSE(supported.empty());
  EXPECT_TRUE(std::find(supported.begin(), supported.end(), default_precision(device)) != supported.end());
  for (const Precision precision : supported)
    for (const Arithmetic kind : kKinds) EXPECT_GT(effective_rate(device, kind, precision).peak.si(), 0);
}

TEST_P(EveryDevice, IsNoSlowerInANarrowerNativePrecision) {
  const Device device = load_device(GetParam());
  const auto peak = [&](Precision precision) { return effective_rate(device, Arithmetic::matrix, precision).peak; };
  const auto supported = supported_precisions(device);
  if (std::find(supported.begin(), supported.end(), Precision::fp32) == supported.end()) return;
  EXPECT_LE(peak(Precision::fp32), peak(Precision::tf32));
  EXPECT_LE(peak(Precision::tf32), peak(Precision::fp16));
  EXPECT_LE(peak(Precision::fp16), peak(Precision::int8));
  EXPECT_LE(peak(Precision::int8), peak(Precision::int4));
}

TEST_P(EveryDevice, HasLevelsThatGrowAndSlowOutwards) {
  const Device device = load_device(GetParam());
  for (std::size_t i = 1; i < device.memory.size(); ++i) {
    EXPECT_GE(device.memory[i].size, device.memory[i - 1].size) << i;
    EXPECT_LE(total_bandwidth(device, device.memory[i]).si(),
              total_bandwidth(device, device.memory[i - 1]).si() * (1 + 1e-9))
        << i;
  }
}

TEST_P(EveryDevice, SaysWhyItHasNoPower) {
  const Device device = load_device(GetParam());
  EXPECT_NE(device.power.has_value(), !why_missing(device, "power").empty());
}

TEST_P(EveryDevice, HasPositiveEnergiesWherePowerIsKnown) {
  const Device device = load_device(GetParam());
  for (const Arithmetic kind : kKinds) {
    for (const Precision precision : supported_precisions(device)) {
      const auto energy = dynamic_energy(device, kind, precision);
      ASSERT_EQ(energy.has_value(), device.power.has_value());
      EXPECT_GT(energy.value_or(JoulesPerFlop(1)).si(), 0);
    }
  }
  for (std::size_t level = 0; level < device.memory.size(); ++level) {
    const auto energy = transfer_energy(device, level);
    ASSERT_EQ(energy.has_value(), device.power.has_value());
    if (!energy) continue;
    EXPECT_GT(energy->si(), 0);
    EXPECT_GE(*energy, *transfer_energy(device, level > 0 ? level - 1 : level)) << level;
  }
}

/// Cards that lower their clock under load are described by the energies of their unthrottled siblings; for all
/// others a matrix product at the data-sheet peak may not draw more than their limit.
TEST_P(EveryDevice, ReachesItsPeakWithinItsLimitUnlessItThrottles) {
  const Device device = load_device(GetParam());
  if (!device.power) return;
  const std::set<std::string> throttled{"t4", "p4", "l4", "a100-pcie-40gb", "a100-pcie-80gb"};
  const Precision precision = default_precision(device);
  const Watts dynamic = *dynamic_energy(device, Arithmetic::matrix, precision) *
                        effective_rate(device, Arithmetic::matrix, precision).peak;
  const Watts load = device.power->idle + busy_power(device) * device.units + dynamic;
  if (throttled.contains(device.name)) return;
  EXPECT_LE(load.si(), device.power->limit.si() * 1.01);
}

TEST(Shipped, ThrottledCardsDrawMoreThanTheirLimitAtThePeak) {
  for (const char* name : {"t4", "p4", "l4"}) {
    const Device device = load_device(name);
    const Watts dynamic = *dynamic_energy(device, Arithmetic::matrix, Precision::fp32) *
                          effective_rate(device, Arithmetic::matrix, Precision::fp32).peak;
    EXPECT_GT(device.power->idle + dynamic, device.power->limit * 1.5) << name;
  }
}

TEST_P(EveryDevice, TakesEveryWhatIfOrSaysWhyNot) {
  const Device described = load_device(GetParam());
  for (const std::string& path : numbers(shipped("devices", GetParam()))) {
    for (const std::string value : {"x1", "x1.25", "x0.8"}) {
      std::string complaint;
      try {
        const Device device = load_device(GetParam(), {{path, value}});
        EXPECT_EQ(device.facts.size(), described.facts.size());
      } catch (const InputError& error) {
        complaint = error.what();
        EXPECT_FALSE(error.location().key.empty()) << path << " " << complaint;
      }
      EXPECT_TRUE(complaint.empty() || value != "x1") << path << " " << complaint;
    }
  }
}

TEST_P(EveryDevice, GetsNoSlowerByFasterParts) {
  const Device slow = load_device(GetParam());
  for (const Arithmetic kind : kKinds) {
    for (const Precision precision : kPrecisions) {
      if (!slow.compute[index(kind)][index(precision)]) continue;
      const std::string path = std::string(name(kind)) + "." + std::string(name(precision)) + ".per_cycle";
      const Device fast = load_device(GetParam(), {{path, "x2"}});
      EXPECT_NEAR(effective_rate(fast, kind, precision).peak / effective_rate(slow, kind, precision).peak, 2.0, 1e-9);
    }
  }
  for (std::size_t i = 0; i < slow.memory.size(); ++i) {
    const Device fast = load_device(GetParam(), {{"memory." + slow.memory[i].name + ".bandwidth", "x2"}});
    EXPECT_NEAR(total_bandwidth(fast, fast.memory[i]) / total_bandwidth(slow, slow.memory[i]), 2.0, 1e-9);
    EXPECT_EQ(fast.memory[i].energy, slow.memory[i].energy) << "a wider memory costs the same for each byte";
  }
}

TEST(Shipped, AliasesAreUniqueExceptWhereTheyAsk) {
  std::map<std::string, std::vector<std::string>> owners;
  for (const std::string& device : device_names()) {
    owners[device].push_back(device);
    for (const std::string& alias : load_device(device).aliases) owners[alias].push_back(device);
  }
  std::vector<std::string> shared;
  for (const auto& [alias, devices] : owners)
    if (devices.size() > 1) shared.push_back(alias);
  EXPECT_EQ(shared, (std::vector<std::string>{"jetson-nano", "jetson-tx2", "m1", "m1-pro", "odroid-xu3"}));
}

TEST(Shipped, NamesOfThePublicDataSetsFindTheirDevices) {
  const std::vector<std::pair<std::string, std::string>> names{{"a100", "a100-sxm-40gb"},
                                                               {"gpu_a100", "a100-sxm-40gb"},
                                                               {"cpu_m1-pro", "m1-pro-cpu"},
                                                               {"gpu_m1-pro", "m1-pro-gpu"},
                                                               {"cpu_rpi", "raspberry-pi-4"},
                                                               {"npu_ncs", "ncs2"},
                                                               {"cpu_jetson-nano", "jetson-nano-cpu"},
                                                               {"gpu_jetson-nano", "jetson-nano-gpu"},
                                                               {"raspberrypi", "raspberry-pi-4"},
                                                               {"xeon", "xeon-e5-2640"},
                                                               {"titanxp", "titan-xp"},
                                                               {"NVIDIA_A100-PCIE-40GB", "a100-pcie-40gb"},
                                                               {"NVIDIA_A100-SXM4-40GB", "a100-sxm-40gb"},
                                                               {"NVIDIA_A100_80GB_PCIe", "a100-pcie-80gb"},
                                                               {"NVIDIA_H100_80GB_HBM3", "h100-sxm"},
                                                               {"NVIDIA_L4", "l4"},
                                                               {"Tesla_P100-PCIE-16GB", "p100"},
                                                               {"Tesla_P4", "p4"},
                                                               {"Tesla_T4", "t4"},
                                                               {"Tesla_V100-PCIE-32GB", "v100-pcie-32gb"},
                                                               {"AMD_Instinct_MI100", "mi100"},
                                                               {"AMD_Instinct_MI210", "mi210"},
                                                               {"AMD_Instinct_MI250", "mi250"}};
  for (const auto& [alias, device] : names) EXPECT_EQ(load_device(alias).name, device) << alias;
}

/// Peaks as the vendors print them, in TFLOP/s.
TEST(Shipped, PeaksAreThoseOfTheDataSheets) {
  const auto peak = [](const char* device, Precision precision) {
    return effective_rate(load_device(device), Arithmetic::matrix, precision).peak.si() / 1e12;
  };
  using enum Precision;
  EXPECT_NEAR(peak("a100-pcie-40gb", fp32), 19.5, 0.05);     // A100 white paper
  EXPECT_NEAR(peak("a100-pcie-40gb", fp16), 312, 0.5);       // A100 white paper
  EXPECT_NEAR(peak("a100-sxm-40gb", int8), 624, 1);          // A100 white paper
  EXPECT_NEAR(peak("h100-sxm", fp32), 67, 0.2);              // H100 data sheet
  EXPECT_NEAR(peak("h100-sxm", fp16), 989.4, 1);             // H100 data sheet, dense
  EXPECT_NEAR(peak("v100-pcie-32gb", fp32), 14, 0.2);        // V100 data sheet
  EXPECT_NEAR(peak("v100-pcie-32gb", fp16), 112, 1.1);       // V100 data sheet
  EXPECT_NEAR(peak("t4", fp32), 8.1, 0.05);                  // T4 data sheet
  EXPECT_NEAR(peak("t4", int8), 130, 0.5);                   // T4 data sheet
  EXPECT_NEAR(peak("p100", fp32), 9.3, 0.05);                // P100 data sheet
  EXPECT_NEAR(peak("titan-xp", fp32), 12.15, 0.01);          // NVIDIA, TITAN Xp
  EXPECT_NEAR(peak("l4", fp32), 30.3, 0.05);                 // L4 data sheet
  EXPECT_NEAR(peak("mi100", fp32), 46.1, 0.1);               // MI100 data sheet
  EXPECT_NEAR(peak("mi210", fp16), 181, 0.2);                // MI210 data sheet
  EXPECT_NEAR(peak("m1-gpu", fp32), 2.617, 0.002);           // metal-benchmarks
  EXPECT_NEAR(peak("m1-pro-gpu", fp32), 5.308, 0.002);       // metal-benchmarks
  EXPECT_NEAR(peak("jetson-nano-gpu", fp16), 0.472, 0.001);  // Jetson Nano data sheet
  EXPECT_NEAR(peak("jetson-tx2-gpu", fp16), 1.33, 0.002);    // NVIDIA developer blog
  EXPECT_NEAR(peak("raspberry-pi-4", fp32), 0.048, 1e-6);    // 4 cores x 1.5 GHz x 8
}

TEST(Shipped, RuntimesLoadWithASourceForEveryNumber) {
  const std::vector<std::string> expected{
      "ideal",         "libtorch",        "onnxruntime", "openvino", "pytorch-compiled",
      "pytorch-eager", "pytorch-no-blas", "tensorflow",  "tensorrt", "tflite"};
  EXPECT_EQ(runtime_names(), expected);
  for (const std::string& name : runtime_names()) {
    const Runtime runtime = load_runtime(name);
    EXPECT_EQ(runtime.name, name);
    std::vector<std::string> sourced;
    for (const Fact& fact : runtime.facts) {
      EXPECT_GE(fact.source.size(), 10u) << fact.path;
      sourced.push_back(fact.path);
    }
    std::sort(sourced.begin(), sourced.end());
    EXPECT_EQ(sourced, numbers(shipped("runtimes", name))) << name;
    for (const std::string& alias : runtime.aliases) EXPECT_EQ(load_runtime(alias).name, name) << alias;
  }
}

TEST(Shipped, EveryDeviceHasKernelsInEveryRuntime) {
  for (const std::string& device : device_names()) {
    for (const std::string& runtime : runtime_names()) {
      const KernelQuality quality = load_runtime(runtime).kernels_on(load_device(device));
      EXPECT_GT(quality.matrix, 0);
      EXPECT_LE(quality.matrix, 1);
    }
  }
}

}  // namespace
}  // namespace ridgeline
