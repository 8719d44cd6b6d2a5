#include "hwdesc/probe.hpp"

#include <unistd.h>

#include <fstream>

#include "hwdesc/device_file.hpp"
#include "hwdesc/rates.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// A copy of parts of /proc and /sys.
class Tree {
 public:
  Tree() : root_(std::filesystem::temp_directory_path() / ("ridgeline_probe_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  void write(const std::string& path, std::string_view text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void cpu(int number, const std::string& path, std::string_view text) {
    write("sys/devices/system/cpu/cpu" + std::to_string(number) + "/" + path, text);
  }
  void cache(int cpu, int index, int level, const char* type, const char* size, const char* shared) {
    const std::string folder = "cache/index" + std::to_string(index) + "/";
    this->cpu(cpu, folder + "level", std::to_string(level) + "\n");
    this->cpu(cpu, folder + "type", std::string(type) + "\n");
    this->cpu(cpu, folder + "size", std::string(size) + "\n");
    this->cpu(cpu, folder + "shared_cpu_list", std::string(shared) + "\n");
  }
  const std::filesystem::path& root() const { return root_; }
  Device device() const { return parse_device(parse_document(probe(root_), "probe.yaml")); }

 private:
  std::filesystem::path root_;
};

/// As a Raspberry Pi 4 with 4 GB shows itself under Raspberry Pi OS (64 bit).
void raspberry_pi(Tree& tree) {
  std::string cpuinfo;
  for (int cpu = 0; cpu < 4; ++cpu) {
    cpuinfo += "processor\t: " + std::to_string(cpu) +
               "\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n"
               "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n";
    tree.cpu(cpu, "cpufreq/cpuinfo_max_freq", "1500000\n");
    tree.cpu(cpu, "cpufreq/scaling_available_frequencies",
             "600000 700000 800000 900000 1000000 1100000 1200000 1300000 1400000 1500000 \n");
    tree.cpu(cpu, "topology/thread_siblings_list", std::to_string(cpu) + "\n");
    tree.cache(cpu, 0, 1, "Data", "32K", std::to_string(cpu).c_str());
    tree.cache(cpu, 1, 1, "Instruction", "48K", std::to_string(cpu).c_str());
    tree.cache(cpu, 2, 2, "Unified", "1024K", "0-3");
  }
  tree.write("proc/cpuinfo", cpuinfo + "Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n");
  tree.write("proc/device-tree/model", std::string("Raspberry Pi 4 Model B Rev 1.4\0", 31));
  tree.write("proc/meminfo", "MemTotal:        3884360 kB\nMemFree:         2000000 kB\n");
  tree.write("proc/sys/kernel/hostname", "Kitchen_Pi\n");
}

TEST(Probe, DescribesABoard) {
  Tree tree;
  raspberry_pi(tree);
  const Device board = tree.device();
  EXPECT_EQ(board.name, "kitchenpi");
  EXPECT_EQ(board.title, "Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(board.architecture, "armv8");
  EXPECT_EQ(board.units, 4);
  EXPECT_EQ(board.clock, Hertz(1.5e9));
  ASSERT_EQ(board.operating_points.size(), 10u);
  EXPECT_EQ(board.operating_points.front().clock, Hertz(600e6));
  ASSERT_EQ(board.memory.size(), 3u);
  EXPECT_EQ(board.memory[0].size, Bytes(32768));
  EXPECT_TRUE(board.memory[0].per_unit);
  EXPECT_EQ(board.memory[1].size, Bytes(1048576));
  EXPECT_FALSE(board.memory[1].per_unit);
  EXPECT_EQ(board.memory[2].size, Bytes(3884360.0 * 1024));
  EXPECT_NE(why_missing(board, "power"), "");
}

/// What is derived comes near the description that was made by hand from the literature.
TEST(Probe, AgreesWithTheShippedDescription) {
  Tree tree;
  raspberry_pi(tree);
  const Device probed = tree.device(), shipped = load_device("raspberry-pi-4");
  for (const Arithmetic kind : {Arithmetic::matrix, Arithmetic::vector, Arithmetic::transcendental})
    EXPECT_EQ(effective_rate(probed, kind, Precision::fp32).peak,
              effective_rate(shipped, kind, Precision::fp32).peak);
  EXPECT_NEAR(probed.host_speed / shipped.host_speed, 1, 0.01);
  EXPECT_EQ(total_bandwidth(probed, probed.memory[0]), total_bandwidth(shipped, shipped.memory[0]));
}

TEST(Probe, MarksWhatItReadAndWhatItAssumed) {
  Tree tree;
  raspberry_pi(tree);
  for (const Fact& fact : tree.device().facts) {
    const bool read = fact.path == "units" || fact.path == "clock" || fact.path.ends_with(".size") ||
                      fact.path.starts_with("operating_points");
    EXPECT_EQ(fact.derived, !read) << fact.path;
  }
}

MachineRates invented_rates() {
  MachineRates rates;
  rates.products = {{Precision::fp32, FlopsPerSecond(12e9)}};
  rates.product_share = 0.5;
  rates.caches = {BytesPerSecond(40e9), BytesPerSecond(20e9)};
  rates.dram = BytesPerSecond(4e9);
  rates.dram_read = Bytes(64e6);
  rates.dispatching = Seconds(6e-3), rates.reference_dispatching = Seconds(1.5e-3);
  rates.threads = 4, rates.with = "libtorch 1";
  return rates;
}

TEST(Probe, DescribesWhatWasMeasuredInThePlaceOfAssumptions) {
  Tree tree;
  raspberry_pi(tree);
  MachineRates rates = invented_rates();
  const auto described = [&] {
    return parse_device(parse_document(describe(read_machine(tree.root()), &rates), "probe.yaml"));
  };
  Device board = described();
  EXPECT_NEAR(effective_rate(board, Arithmetic::matrix, Precision::fp32).peak.si(), 24e9, 0.01e9);
  EXPECT_NEAR(total_bandwidth(board, board.memory[0]).si(), 40e9, 0.01e9);
  EXPECT_NEAR(total_bandwidth(board, board.memory[1]).si(), 20e9, 0.01e9);
  EXPECT_NEAR(board.memory[2].bandwidth.si(), 4e9, 0.01e9);
  EXPECT_EQ(achievable_share(board, board.memory[2]), 1);
  EXPECT_NEAR(board.host_speed, 0.25, 0.001);
  const auto source_of = [&](const std::string& path) {
    for (const Fact& fact : board.facts)
      if (fact.path == path) return fact.source;
    return std::string("(none)");
  };
  EXPECT_NE(source_of("memory.dram.bandwidth").find("by ridgeline probe --measure with 4 threads, libtorch 1"),
            std::string::npos);
  EXPECT_NE(source_of("matrix.fp32.per_cycle").find("12 GFLOP/s in products"), std::string::npos)
      << source_of("matrix.fp32.per_cycle");
  rates.dram = BytesPerSecond(30e9);  // noise: more than the cache inside passes
  board = described();
  EXPECT_NEAR(board.memory[2].bandwidth.si(), 20e9, 0.01e9);
}

/// Two sockets of four cores with two threads each, AVX2, a cache for each core and one for each socket.
TEST(Probe, CountsCoresOnceAndCachesByWhoSharesThem) {
  Tree tree;
  std::string cpuinfo;
  for (int cpu = 0; cpu < 16; ++cpu) {
    const int core = cpu % 8;
    cpuinfo += "processor\t: " + std::to_string(cpu) +
               "\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: Intel(R) Xeon(R) CPU \"v4\"\n"
               "cpu MHz\t\t: 1200.000\nflags\t\t: fpu sse sse2 avx fma avx2\n\n";
    const std::string pair = std::to_string(core) + "," + std::to_string(core + 8);
    tree.cpu(cpu, "topology/thread_siblings_list", pair + "\n");
    tree.cpu(cpu, "cpufreq/cpuinfo_max_freq", "3400000\n");
    tree.cache(cpu, 0, 1, "Data", "32K", pair.c_str());
    tree.cache(cpu, 1, 2, "Unified", "256K", pair.c_str());
    tree.cache(cpu, 2, 3, "Unified", "25600K", core < 4 ? "0-3,8-11" : "4-7,12-15");
  }
  tree.write("proc/cpuinfo", cpuinfo);
  tree.write("proc/meminfo", "MemTotal: 65536000 kB\n");
  const Device server = tree.device();
  EXPECT_EQ(server.name, "this-machine");
  EXPECT_EQ(server.title, "Intel(R) Xeon(R) CPU \"v4\"");
  EXPECT_EQ(server.architecture, "x86-64");
  EXPECT_EQ(server.units, 8);
  EXPECT_EQ(server.clock, Hertz(3.4e9));
  EXPECT_TRUE(server.operating_points.empty());
  EXPECT_NEAR(effective_rate(server, Arithmetic::matrix, Precision::fp32).peak.si(), 8 * 32 * 3.4e9, 1);
  EXPECT_TRUE(server.memory[1].per_unit);
  EXPECT_FALSE(server.memory[2].per_unit);
  EXPECT_EQ(server.memory[2].size, Bytes(2 * 25600.0 * 1024));
}

TEST(Probe, DescribesTheFastestCoresOfSeveralKinds) {
  Tree tree;
  std::string cpuinfo;
  for (int cpu = 0; cpu < 6; ++cpu) {
    const bool big = cpu >= 4;
    cpuinfo += "processor\t: " + std::to_string(cpu) +
               "\nFeatures\t: fp asimd fphp asimdhp asimddp\nCPU implementer\t: 0x41\nCPU part\t: " +
               (big ? "0xd0b" : "0xd05") + "\n\n";
    tree.cpu(cpu, "cpu_capacity", big ? "1024\n" : "436\n");
    tree.cpu(cpu, "cpufreq/cpuinfo_max_freq", big ? "2256000\n" : "1800000\n");
    tree.cpu(cpu, "topology/thread_siblings_list", std::to_string(cpu) + "\n");
  }
  tree.write("proc/cpuinfo", cpuinfo);
  tree.write("proc/meminfo", "MemTotal: 8000000 kB\n");
  const Device phone = tree.device();
  EXPECT_EQ(phone.units, 2);
  EXPECT_EQ(phone.clock, Hertz(2.256e9));
  EXPECT_EQ(phone.architecture, "armv8.2");
  EXPECT_EQ(supported_precisions(phone).size(), kPrecisionCount);
  EXPECT_NEAR(effective_rate(phone, Arithmetic::matrix, Precision::fp32).peak.si(), 2 * 16 * 2.256e9, 1);
  EXPECT_NEAR(effective_rate(phone, Arithmetic::matrix, Precision::int8).peak.si(), 2 * 64 * 2.256e9, 1);
  EXPECT_EQ(phone.memory.size(), 1u) << "no caches are listed";
}

TEST(Probe, ReadsTheWidthOfVectorInstructionsFromFlags) {
  const auto peak = [](const char* vendor, int family, const char* flags) {
    Tree tree;
    tree.write("proc/cpuinfo", "processor : 0\nvendor_id : " + std::string(vendor) + "\ncpu family : " +
                                   std::to_string(family) + "\nflags : " + flags + "\ncpu MHz : 1000\n");
    tree.write("proc/meminfo", "MemTotal: 1000000 kB\n");
    return effective_rate(tree.device(), Arithmetic::matrix, Precision::fp32).peak.si() / 1e9;
  };
  EXPECT_NEAR(peak("GenuineIntel", 6, "sse sse2"), 8, 1e-9);
  EXPECT_NEAR(peak("GenuineIntel", 6, "sse avx"), 16, 1e-9);
  EXPECT_NEAR(peak("GenuineIntel", 6, "avx fma avx2"), 32, 1e-9);
  EXPECT_NEAR(peak("GenuineIntel", 6, "avx fma avx2 avx512f"), 64, 1e-9);
  EXPECT_NEAR(peak("AuthenticAMD", 25, "avx fma avx2 avx512f"), 32, 1e-9);
}

TEST(Probe, AssumesOpenlyWhatIsMissing) {
  Tree tree;
  tree.write("proc/cpuinfo", "processor : 0\n");
  tree.write("proc/meminfo", "MemTotal: 1000000 kB\n");
  const Device box = tree.device();
  EXPECT_EQ(box.architecture, "unknown");
  EXPECT_EQ(box.clock, Hertz(1e9));
  EXPECT_NE(probe(tree.root()).find("clock: {value: 1 GHz, derived: \"not told by the kernel; assumed\"}"),
            std::string::npos);
}

TEST(Probe, SaysWhatItCannotDoWithout) {
  Tree tree;
  const std::string root = tree.root().string();
  EXPECT_EQ(error_of([&] { probe(tree.root()); }),
            root + "/proc/cpuinfo: no processors are listed; probing needs the /proc and /sys trees of Linux");
  tree.write("proc/cpuinfo", "processor : 0\n");
  EXPECT_EQ(error_of([&] { probe(tree.root()); }), root + "/proc/meminfo: no line 'MemTotal'");
}

TEST(Probe, DescribesThisMachine) {
  if (!std::filesystem::exists("/proc/cpuinfo")) GTEST_SKIP() << "not Linux";
  const Device here = parse_device(parse_document(probe(), "probe.yaml"));
  EXPECT_GE(here.units, 1);
  EXPECT_GT(here.memory.back().size, Bytes(1e6));
}

}  // namespace
}  // namespace ridgeline
