#include "hwdesc/probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/units.hpp"

namespace ridgeline {
namespace {

/// Arithmetic of one core a cycle, and how fast it runs code, as far as its name tells.
struct Core {
  std::string architecture;
  double fp32 = 0;           // FLOP a cycle
  int lanes = 4;             // fp32 lanes of one instruction
  double loads = 16;         // bytes a cycle from the first cache
  double speed_per_ghz = 0;  // of a host core, relative to the reference host (Kaby Lake, 3.6 GHz)
  std::string why;           // derivation of fp32
  std::string speed_why;
};

/// 7-zip on one core, MIPS a GHz, from sbc-bench's table; the reference host makes 4448 at 3.6 GHz.
constexpr double kReferenceMips = 4448;

struct ArmPart {
  int part;
  std::string_view name;
  double fp32;   // Arm's software optimisation guides, fused multiply-adds of 128 bit a cycle x 8
  double loads;  // the same guides
  double mips;   // sbc-bench, 7-zip single-threaded a GHz; 0: not listed
};
constexpr std::array kArmParts{
    ArmPart{0xc07, "Cortex-A7", 2, 8, 689},     ArmPart{0xc0f, "Cortex-A15", 8, 16, 853},
    ArmPart{0xd03, "Cortex-A53", 8, 8, 747},    ArmPart{0xd05, "Cortex-A55", 8, 8, 799},
    ArmPart{0xd07, "Cortex-A57", 8, 16, 1066},  ArmPart{0xd08, "Cortex-A72", 8, 16, 1107},
    ArmPart{0xd09, "Cortex-A73", 8, 16, 1048},  ArmPart{0xd0a, "Cortex-A75", 8, 16, 0},
    ArmPart{0xd0b, "Cortex-A76", 16, 32, 1339}, ArmPart{0xd0c, "Neoverse N1", 16, 32, 1281},
    ArmPart{0xd0d, "Cortex-A77", 16, 32, 1373}, ArmPart{0xd41, "Cortex-A78", 16, 32, 0},
    ArmPart{0xd49, "Neoverse N2", 16, 32, 0},   ArmPart{0xd40, "Neoverse V1", 32, 64, 0}};
constexpr double kOtherArmMips = 1000;

bool has(const Machine& machine, const char* flag) { return machine.flags.contains(flag); }

Core arm_core(const Machine& machine) {
  Core core;
  const bool wide = has(machine, "asimd");  // 64-bit Arm
  core.architecture = !wide ? "armv7" : has(machine, "asimddp") ? "armv8.2" : "armv8";
  const auto part = std::find_if(kArmParts.begin(), kArmParts.end(),
                                 [&](const ArmPart& known) { return known.part == machine.model; });
  const bool known = part != kArmParts.end() && machine.vendor == "0x41";
  core.fp32 = known ? part->fp32 : 8;
  core.loads = known ? part->loads : 16;
  core.why = known ? fmt::format(
                         "{} by its part number [probe]; multiply-adds a cycle by Arm's software "
                         "optimisation guide",
                         part->name)
                   : fmt::format("unknown part {:#x} of {} [probe]; one 128-bit multiply-add a cycle assumed",
                                 machine.model, machine.vendor);
  const double mips = known && part->mips > 0 ? part->mips : kOtherArmMips;
  core.speed_per_ghz = mips / kReferenceMips;
  core.speed_why = fmt::format("{} MIPS a GHz, 7-zip on one core {} [sbc-bench], against 4448 of the reference host",
                               mips, known && part->mips > 0 ? "of this kind" : "of its class");
  return core;
}

Core x86_core(const Machine& machine) {
  Core core;
  core.architecture = "x86-64";
  core.speed_per_ghz = 1 / 3.6;
  core.speed_why = "clock against 3.6 GHz of the reference host, instructions per clock taken as equal [sbc-bench]";
  if (has(machine, "avx512f")) {
    // Zen 4 (family 25) runs 512-bit instructions in two halves.
    const bool halves = machine.vendor == "AuthenticAMD" && machine.model == 25;
    core.fp32 = halves ? 32 : 64;
    core.lanes = 16;
    core.loads = halves ? 64 : 128;
    core.why = halves ? "avx512f on AMD family 25 (Zen 4) [probe]: two 256-bit multiply-adds a cycle"
                      : "avx512f [probe]: two 512-bit multiply-adds a cycle, as most processors with it have";
  } else if (has(machine, "fma") && has(machine, "avx2")) {
    core.fp32 = 32;
    core.lanes = 8;
    core.loads = 64;
    core.why = "fma and avx2 [probe]: two 256-bit multiply-adds a cycle, as Intel since Haswell and AMD since Zen 2";
  } else if (has(machine, "avx")) {
    core.fp32 = 16;
    core.lanes = 8;
    core.loads = 32;
    core.why = "avx without fma [probe]: one 256-bit multiplication and one addition a cycle";
  } else {
    core.fp32 = 8;
    core.loads = 16;
    core.why = "sse [probe]: one 128-bit multiplication and one addition a cycle";
  }
  return core;
}

Core core_of(const Machine& machine) {
  if (machine.family == Machine::Family::x86) return x86_core(machine);
  if (machine.family == Machine::Family::arm) return arm_core(machine);
  Core core;
  core.architecture = "unknown";
  core.fp32 = 2;
  core.lanes = 1;
  core.why = "processor of an unknown kind [probe]: one scalar multiply-add a cycle assumed";
  core.speed_per_ghz = kOtherArmMips / kReferenceMips;
  core.speed_why = "1000 MIPS a GHz assumed, against 4448 of the reference host [sbc-bench]";
  return core;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') continue;
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

/// Per cycle and core, as what was measured and the share that the library reaches say; nothing where it was not.
struct MeasuredEngine {
  double per_cycle;
  std::string why;
};
std::optional<MeasuredEngine> measured_engine(const Machine& machine, const MachineRates* measured,
                                              Precision precision) {
  if (measured == nullptr) return std::nullopt;
  for (const auto& [known, rate] : measured->products) {
    if (known != precision) continue;
    const double cycles = machine.cores * machine.clock.si();
    return MeasuredEngine{
        rate.si() / measured->product_share / cycles,
        fmt::format("{:.4g} GFLOP/s in products of libtorch with {} threads [measured], which reach "
                    "{:.2g} of peak as its description has it; by {} cores and the clock",
                    rate.si() / 1e9, measured->threads, measured->product_share, machine.cores)};
  }
  return std::nullopt;
}

std::string compute(const Machine& machine, const Core& core, const MachineRates* measured) {
  constexpr double kWorthIt = 1.2;  // times fp32: slower products are emulated
  std::string matrix, vector;
  const auto fp32 = measured_engine(machine, measured, Precision::fp32);
  const auto engine = [&](Precision precision, double factor, int depth, std::string_view flag) {
    const std::string told = factor == 1 ? core.why : fmt::format("{} [probe]: {} times fp32", flag, factor);
    const auto found = measured_engine(machine, measured, precision);
    const bool believed = found && (factor == 1 || (fp32 && found->per_cycle > kWorthIt * fp32->per_cycle));
    matrix += fmt::format("  {}:\n    per_cycle: {{value: {}, derived: {}}}\n", name(precision),
                          believed ? fmt::format("{:.4g}", found->per_cycle) : fmt::format("{}", core.fp32 * factor),
                          in_quotes(believed ? found->why : told));
    // A BLAS blocks four columns by two vector registers of rows, and row-major code hands it products transposed.
    matrix += fmt::format(
        "    tile: {{rows: 4, columns: {}, depth: {}, derived: \"four rows by two vector registers, the "
        "usual blocking of a BLAS\"}}\n",
        2 * core.lanes, depth);
  };
  const auto plain = [&](std::string_view precision, int factor) {
    vector += fmt::format("  {}: {{per_cycle: {}, lanes: {}, derived: \"half of the multiply-add rate\"}}\n",
                          precision, core.fp32 / 2 * factor, core.lanes * factor);
  };
  engine(Precision::fp32, 1, 1, "");
  plain("fp32", 1);
  if (has(machine, "asimdhp")) {
    engine(Precision::fp16, 2, 1, "asimdhp");
    plain("fp16", 2);
  }
  for (const char* flag : {"avx512_bf16", "bf16"}) {
    if (!has(machine, flag)) continue;
    engine(Precision::bf16, 2, 2, flag);
    break;
  }
  for (const char* flag : {"avx512_vnni", "avx_vnni", "asimddp"}) {
    if (!has(machine, flag)) continue;
    engine(Precision::int8, 4, 4, flag);
    break;
  }
  return fmt::format(
      "matrix:\n{}\nvector:\n{}\ntranscendental:\n  fp32: {{per_cycle: {:.4g}, lanes: {}, derived: \"about 20 vector "
      "instructions for a polynomial exp, tanh or erf\"}}\n",
      matrix, vector, core.fp32 / 2 / 20, core.lanes);
}

std::string memory(const Machine& machine, const Core& core, const MachineRates* measured) {
  // What passes between levels is not told by the kernel: transfers a cycle and core that are usual at each level.
  const double ghz = machine.clock.si() / 1e9;
  double passed = measured != nullptr ? std::numeric_limits<double>::infinity() : core.loads * ghz * machine.cores;
  std::string text = "memory:\n";
  for (std::size_t i = 0; i < machine.caches.size(); ++i) {
    const Machine::Cache& cache = machine.caches[i];
    const double bytes = cache.level == 1 ? core.loads : std::min(core.loads, cache.level == 2 ? 32.0 : 16.0);
    const double assumed = bytes * ghz * machine.cores;
    passed = std::min(passed, measured != nullptr ? measured->caches[i].si() / 1e9 : assumed);
    const Bytes size = cache.per_core ? cache.size : cache.size * cache.instances;
    text += fmt::format("  l{}:\n    size: {{value: {} B, source: probe}}\n", cache.level, size.si());
    if (cache.per_core) text += "    per_unit: true\n";
    const double shown = cache.per_core ? passed / machine.cores : passed;
    if (measured != nullptr)
      text += fmt::format(
          "    bandwidth: {{value: {:.4g} GB/s, source: measured}}\n    achievable: {{value: 1, source: measured}}\n",
          shown);
    else
      text += fmt::format(
          "    bandwidth: {{value: {:.4g} GB/s, derived: \"not told by the kernel; {} B a cycle and core "
          "assumed\"}}\n",
          cache.per_core ? assumed / machine.cores : assumed, bytes);
  }
  text += fmt::format("  dram:\n    size: {{value: {} B, source: probe}}\n", machine.memory.si());
  if (measured != nullptr)
    return text + fmt::format(
                      "    bandwidth: {{value: {:.4g} GB/s, source: measured}}\n    achievable: {{value: 1, source: "
                      "measured}}\n",
                      std::min(passed, measured->dram.si() / 1e9));
  const int channels = (machine.cores + 7) / 8;
  return text +
         fmt::format(
             "    bandwidth: {{value: {:.4g} GB/s, derived: \"not told by the kernel; {} channel{} of DDR4-3200 "
             "assumed, one for eight cores, and no more than the caches pass\"}}\n",
             std::min(passed, 25.6 * channels), channels, channels == 1 ? "" : "s");
}

std::string host(const Machine& machine, const Core& core, const MachineRates* measured) {
  if (measured == nullptr)
    return fmt::format("\nhost: {{speed: {:.3g}, derived: {}}}\n", core.speed_per_ghz * machine.clock.si() / 1e9,
                       in_quotes(core.speed_why));
  const double here = 1e3 * measured->dispatching.si(), there = 1e3 * measured->reference_dispatching.si();
  return fmt::format(
      "\nhost: {{speed: {:.3g}, derived: \"a BERT of 24 layers of width 8 on two tokens: {:.3g} ms "
      "[measured]; {:.3g} ms on the reference host, by the description of libtorch\"}}\n",
      there / here, here, there);
}

}  // namespace

std::string architecture_of(const Machine& machine) { return core_of(machine).architecture; }

std::string describe(const Machine& machine, const MachineRates* measured) {
  const Core core = core_of(machine);
  Machine clocked = machine;
  const bool told = machine.clock > Hertz{};
  if (!told) clocked.clock = Hertz(1e9);

  std::string text = fmt::format(
      "# Written by `ridgeline probe`. Everything marked `derived` is an assumption, or rests on one.\n"
      "name: {}\ntitle: {}\nkind: cpu\narchitecture: {}\n\nsources:\n"
      "  probe: \"read by ridgeline probe from /proc and /sys of this machine\"\n"
      "  sbc-bench: \"sbc-bench results (github.com/ThomasKaiser/sbc-bench, Sorted-Results.md): 7-zip "
      "single-threaded; "
      "4448 MIPS on the reference host (Pentium G4600, Kaby Lake, 3.6 GHz)\"\n",
      machine.name, in_quotes(machine.title), core.architecture);
  if (measured != nullptr)
    text += fmt::format(
        "  measured: {}\n",
        in_quotes(fmt::format("by ridgeline probe --measure with {} threads, {}: the fastest product of two "
                              "matrices of 1024 x 1024, reading half of each cache, {:.3g} MB of memory",
                              measured->threads, measured->with, measured->dram_read.si() / 1e6)));
  text += "\n";
  text += fmt::format("units: {{value: {}, source: probe}}\n", machine.cores);
  text += told ? fmt::format("clock: {{value: {:.6g} MHz, source: probe}}\n", machine.clock.si() / 1e6)
               : "clock: {value: 1 GHz, derived: \"not told by the kernel; assumed\"}\n";
  if (machine.clocks.size() > 1 && machine.clocks.back() >= machine.clock &&
      machine.clocks.front() <= machine.clock) {
    text += "operating_points:\n  source: probe\n  points:\n";
    Hertz before{};
    for (const Hertz clock : machine.clocks) {
      if (clock > before) text += fmt::format("    - {{clock: {:.6g} MHz}}\n", clock.si() / 1e6);
      before = clock;
    }
  }
  text += "\n" + compute(clocked, core, measured) + "\n" + memory(clocked, core, measured) +
          host(clocked, core, measured);
  text += "\nnot_published:\n  power: \"the kernel does not tell; a power sensor has to measure it\"\n";
  return text;
}

std::string probe(const std::filesystem::path& root) { return describe(read_machine(root)); }

}  // namespace ridgeline
