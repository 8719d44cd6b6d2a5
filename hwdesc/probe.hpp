// A description of the machine that a program runs on, from the trees below /proc and /sys of Linux.
//
// What the kernel tells (cores, caches, clocks, memory size, instruction sets) is stated with `source: probe`; what
// it does not tell (arithmetic a cycle, bandwidths, host speed) is derived from that, openly, until somebody measures
// it (`ridgeline probe --measure`: calib/measuring/rates.hpp); power is left out. On processors with cores of several
// kinds the fastest ones are described.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/precision.hpp"
#include "base/quantity.hpp"

namespace ridgeline {

/// What the kernel tells about the processor and its memory.
struct Machine {
  enum class Family { x86, arm, other };

  struct Cache {
    int level = 0;
    Bytes size;         ///< of one instance
    int instances = 1;  ///< that the described cores use
    bool per_core = false;
  };

  std::string name;   ///< host name, made a word
  std::string title;  ///< board or processor as the kernel names it
  Family family = Family::other;
  std::string vendor;  ///< x86: "GenuineIntel", ...; Arm: the implementer, "0x41" for Arm itself
  int model = 0;       ///< x86: cpu family; Arm: part number, 0xd08 for Cortex-A72
  std::set<std::string> flags;
  int cores = 1;  ///< physical cores, threads of one core counted once
  Hertz clock;
  std::vector<Hertz> clocks;  ///< selectable, ascending; empty where the kernel does not list them
  std::vector<Cache> caches;  ///< data and unified, innermost first
  Bytes memory;
};

/// Reads the trees below `root` ("/" for this machine, a recorded copy in tests); InputError where even the list of
/// processors is missing.
Machine read_machine(const std::filesystem::path& root);

/// "x86-64", "armv8", ...: Device::architecture.
std::string architecture_of(const Machine& machine);

/// What was measured of it.
struct MachineRates {
  std::vector<std::pair<Precision, FlopsPerSecond>> products;  ///< large matrix products
  double product_share = 1;                                    ///< of peak that the library is known to reach in them
  std::vector<BytesPerSecond> caches;                          ///< as Machine::caches, all instances together
  BytesPerSecond dram;
  Bytes dram_read;                             ///< of how many bytes
  Seconds dispatching, reference_dispatching;  ///< of a model that does little else, here and on the reference host
  int threads = 1;
  std::string with;  ///< "libtorch 1.13.1, blas /usr/lib/..."
};

/// The text of a device file (docs/devices.md); parse_device accepts it. Numbers that were measured stand there with
/// `source: measured`, or with the derivation from what was; bandwidths are lowered to that of the level inside where
/// noise made them higher.
std::string describe(const Machine& machine, const MachineRates* measured = nullptr);

/// describe(read_machine(root)).
std::string probe(const std::filesystem::path& root = "/");

}  // namespace ridgeline
