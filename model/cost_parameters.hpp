// Everything the analytic model needs to know about device × runtime × numerics, as plain numbers.
//
// This is the seam between descriptions and physics: hwdesc gives the data-sheet values, a calibration replaces some
// of them, what-ifs change them; the cost functions see nothing else. Latency and energy are continuous in every
// number here, and smooth but for the kinks where another bound, tiling or cache takes over.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "base/quantity.hpp"
#include "hwdesc/device.hpp"
#include "hwdesc/runtime.hpp"
#include "model/numerics.hpp"
#include "model/operators.hpp"

namespace ridgeline {

/// One kind of arithmetic at the numerics' precision.
struct ArithmeticParameters {
  FlopsPerSecond peak;     ///< data sheet at the clock in force, all usable units
  double utilisation = 1;  ///< highest share of peak large shapes reach, (0, 1]; this is what calibration learns
  Size units = 1;          ///< parallel units that share the work (wave quantisation)
  Size tile_rows = 1, tile_columns = 1, tile_depth = 1;  ///< smallest block one unit computes at full rate
  JoulesPerFlop energy;                                  ///< dynamic, at the clock in force
};

/// One level of the memory hierarchy. Private levels have one instance a unit; a shared one keeps activations from
/// one operator to the next.
struct MemoryParameters {
  std::string name;
  Bytes size;  ///< total over instances
  Size instances = 1;
  bool shared = true;
  BytesPerSecond bandwidth;  ///< data sheet at the clock in force, total over instances
  double utilisation = 1;    ///< (0, 1]
  bool follows_clock = true;
  JoulesPerByte energy;
};

/// The roofline's most levels of memory; more than any device has.
inline constexpr std::size_t kMaxMemoryLevels = 8;

/// A product with a vocabulary has more columns than this, and more than this many times its depth. The smallest
/// vocabularies in use have some 6,600 words, the widest feed-forward layers 4 times as many columns as depth unless
/// they are narrow.
inline constexpr double kSmallestVocabulary = 5000;
inline constexpr double kVocabularyRatio = 5;

struct CostParameters {
  std::array<ArithmeticParameters, kArithmeticCount> arithmetic;
  std::vector<MemoryParameters> memory;  ///< innermost first; the last is DRAM; 1 to kMaxMemoryLevels
  Numerics numerics;

  /// p of the roofline's smooth maximum. 4: arithmetic and memory traffic overlap, but not perfectly. 1: they follow
  /// one another and add, as where a library first packs operands and then multiplies them, or an in-order core
  /// computes.
  double overlap = 4;
  /// How much of a last, partly filled wave of tiles is lost: 1 all (every unit waits for the slowest), 0 nothing
  /// (tiles of different waves overlap perfectly). The data-sheet value is the middle, an assumption.
  double wave_quantisation = 0.5;
  /// Times that the weights of a matrix product pass the memory behind the caches. More than 1 where the library
  /// packs them into blocks of its own (KernelQuality::packs_weights) that spill from the last cache: only
  /// measurements tell.
  double weight_passes = 1;
  double weight_bytes = 1;  ///< stored weights ÷ what the numerics say: what-ifs on compression
  /// Share of the roofline's rate that kernels of each operator kind reach, (0, 1]: for kinds whose kernels are worse
  /// than the arithmetic's `utilisation` says.
  std::array<double, kOperatorKinds> kernel_share = filled_with_one();

  /// Rate of products with a vocabulary (see kSmallestVocabulary) relative to other
  /// matrix products: their weights stream from memory in one go, or miss caches that hold those of layers.
  double vocabulary_rate = 1;
  /// CPUs: what each product of a batched matrix product costs beyond its arithmetic, a call of the library. It adds
  /// to the roofline's time.
  Seconds batched_call;

  /// CPUs: what fresh memory for results costs a byte (page faults, clearing, or worse under memory pressure). It
  /// adds to the roofline's time. Zero from data sheets: only measurements tell.
  Quantity<Dimension{.second = 1, .byte = -1}> allocation;
  /// CPUs: what a byte of a large result costs on top, whose memory comes from the operating system and returns there
  /// each time (OperatorBounds::fresh). Zero from data sheets: only measurements tell.
  Quantity<Dimension{.second = 1, .byte = -1}> fresh_memory;

  /// Host time to dispatch one operator by its kind (View: one metadata operation).
  std::array<Seconds, kOperatorKinds> dispatch;
  Seconds launch;             ///< from dispatch to the earliest start on the device
  Seconds kernel_floor;       ///< what ramping up and draining adds to every launched kernel: the shortest one
  bool asynchronous = false;  ///< the host queues ahead (GPU, NPU); false: it waits for each operator (CPU)

  bool has_power = false;  ///< no basis for joules and watts otherwise
  Watts static_power;
  Watts busy_power;      ///< drawn on top while any operator runs, whatever it does
  Watts dispatch_power;  ///< ... while a synchronous host dispatches
  Watts power_limit{std::numeric_limits<double>::infinity()};  ///< infinite when not capped
  double voltage_slope = 0;                                    ///< d ln V / d ln clock at the clock in force, [0, 1]
  double clock_scale = 1;                                      ///< clock / nominal, for the report
  Seconds startup;  ///< process start and loading, where known; never inside latency

 private:
  static constexpr std::array<double, kOperatorKinds> filled_with_one() {
    std::array<double, kOperatorKinds> ones{};
    ones.fill(1);
    return ones;
  }
};

/// From descriptions alone: peak rates, bandwidths times the share that streaming reaches, the runtime's kernel
/// quality as utilisation, its dispatch times over the host's speed, energies from the device's file or as
/// hwdesc/energy.hpp derives them. The kernel floor is zero and all kernel shares are one: only measurements tell.
/// InputError when the device cannot compute in the precision asked for.
CostParameters data_sheet_parameters(const Device& device, const Runtime& runtime, const Numerics& numerics);

/// What dispatching draws above static power: only a host that waits for each operator is part of the device.
inline Watts waiting_power(const CostParameters& parameters) {
  return parameters.asynchronous ? Watts(0) : parameters.dispatch_power;
}

/// The same device with its clock multiplied by `factor`: compute rates and on-chip bandwidths follow it, DRAM does
/// not; dynamic energy of everything on chip follows V², V moving by `voltage_slope` times the clock's relative
/// change; where host and device are one processor, dispatch slows down with it.
CostParameters at_clock_factor(CostParameters parameters, double factor);

}  // namespace ridgeline
